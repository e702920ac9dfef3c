//! What the programs need of QEMU's LM3S6965 board: time, network, tasks, the log, and an end.
//!
//! Tasks run in an interrupt, so that the main thread can put the processor to sleep when none of
//! them has anything to do.
#![no_std]

mod ethernet;
pub mod stack;
mod time_driver;

use cortex_m::Peripherals;
use cortex_m_rt::{ExceptionFrame, exception};
use cortex_m_semihosting::{debug, syscall};
use defmt_semihosting as _;
use embassy_executor::{InterruptExecutor, SpawnToken, Spawner};
use embassy_net::{Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use ethernet::{Ethernet, Frames};
use lm3s6965::{Interrupt, interrupt};
use static_cell::ConstStaticCell;

/// QEMU's network has this address for its only guest.
pub const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);

static EXECUTOR: InterruptExecutor = InterruptExecutor::new();

/// Of a device that no program uses: the executor's.
#[interrupt]
fn I2C0() {
    // SAFETY: the executor was started before its interrupt was, and is called nowhere else.
    unsafe { EXECUTOR.on_interrupt() }
}

/// Starts the clock and the first task.
pub fn run(first: SpawnToken<impl Send>) -> ! {
    if let Some(mut core) = Peripherals::take() {
        // SAFETY: no critical section rests on priorities. Interrupts of devices come before tasks.
        unsafe { core.NVIC.set_priority(Interrupt::I2C0, u8::MAX) };
        time_driver::start(core.SYST);
        EXECUTOR.start(Interrupt::I2C0).spawn(first);
    }
    loop {
        cortex_m::asm::wfi();
    }
}

/// Starts the network, once, with a task that moves frames.
pub fn network<const SOCKETS: usize>(
    spawner: Spawner,
    resources: &'static mut StackResources<SOCKETS>,
    seed: u64,
) -> Stack<'static> {
    static FRAMES: ConstStaticCell<Frames> = ConstStaticCell::new(Frames::new());

    let config = embassy_net::Config::ipv4_static(StaticConfigV4 {
        address: ADDRESS,
        gateway: None,
        dns_servers: Default::default(),
    });
    let ethernet = Ethernet::start(FRAMES.take());
    let (stack, runner) = embassy_net::new(ethernet, config, resources, seed);
    spawner.spawn(move_frames(runner).unwrap());
    stack
}

#[embassy_executor::task]
async fn move_frames(mut runner: Runner<'static, Ethernet>) {
    runner.run().await;
}

/// A number that differs from boot to boot: seconds since the Unix epoch, from the host. The board
/// has nothing that would last, or be random, in QEMU; on real ones a counter in flash would do.
pub fn boot_number() -> u32 {
    // SAFETY: this call has no argument and does not touch memory.
    let seconds = unsafe { syscall!(TIME) };
    seconds as u32
}

/// An overflow of the stack ends here, too.
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    end(debug::EXIT_FAILURE)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    end(debug::EXIT_FAILURE)
}

/// Ends QEMU, with a status that tells.
pub fn end(status: debug::ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}
