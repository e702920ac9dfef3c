//! Support for QEMU's LM3S6965 board: time, network, tasks, log and exit status.
//!
//! Tasks run in an interrupt, so that the main thread can sleep while no task is ready.
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

/// QEMU's network assigns this address to its only guest.
pub const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);

static EXECUTOR: InterruptExecutor = InterruptExecutor::new();

/// The executor uses the interrupt of a device that no program uses.
#[interrupt]
fn I2C0() {
    // SAFETY: the executor is started before its interrupt, and is called only here.
    unsafe { EXECUTOR.on_interrupt() }
}

/// Starts the clock and the first task.
pub fn run(first: SpawnToken<impl Send>) -> ! {
    if let Some(mut core) = Peripherals::take() {
        // SAFETY: no critical section depends on priorities. Device interrupts take precedence over tasks.
        unsafe { core.NVIC.set_priority(Interrupt::I2C0, u8::MAX) };
        time_driver::start(core.SYST);
        EXECUTOR.start(Interrupt::I2C0).spawn(first);
    }
    loop {
        cortex_m::asm::wfi();
    }
}

/// Starts the network and the task that moves frames. Call it once.
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

/// A number that differs at each boot: the host's seconds since the Unix epoch. QEMU's board has neither persistent
/// memory nor random numbers; a real one can keep a counter in flash.
pub fn boot_number() -> u32 {
    // SAFETY: this call has no argument and does not access memory.
    let seconds = unsafe { syscall!(TIME) };
    seconds as u32
}

/// A stack overflow ends here, too.
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    end(debug::EXIT_FAILURE)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    end(debug::EXIT_FAILURE)
}

/// Exits QEMU with a status.
pub fn end(status: debug::ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}
