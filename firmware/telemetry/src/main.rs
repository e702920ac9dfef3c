//! Serves telemetry of the board itself as an event stream over HTTP, with a page that draws it.
//!
//! The tasks: one takes samples, one moves frames, and each worker serves one connection at a time.
//! They run in an interrupt, so that the main thread can put the processor to sleep when none of them
//! has anything to do.
#![no_std]
#![no_main]

mod ethernet;
mod history;
mod sampler;
mod stack;
mod stream;
mod time_driver;

use cortex_m::Peripherals;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use cortex_m_semihosting::{debug, syscall};
use defmt_semihosting as _;
use embassy_executor::{InterruptExecutor, Spawner};
use embassy_net::{Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_time::Duration;
use ethernet::{Ethernet, Frames};
use history::SharedHistory;
use lm3s6965::{Interrupt, interrupt};
use picoserve::response::custom::CustomResponse;
use picoserve::response::{File, StatusCode};
use picoserve::routing::{get, get_service};
use picoserve::{Config, Router, Server, Timeouts};
use sse_wire::RESPONSE_HEADERS;
use static_cell::{ConstStaticCell, StaticCell};
use stream::EventStream;

/// How many connections there can be: four streams, and two more, because there is no queue for those
/// that come when all are taken, and a browser takes one for the page and may open one ahead of time.
/// Each takes 7 kB of RAM, half of it picoserve's future.
const WORKERS: usize = 6;

const PAGE: File = File::html(include_str!("page.html"));

/// QEMU's network has this address for its only guest.
const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);

const TIMEOUTS: Timeouts = Timeouts {
    // A connection that was opened ahead of time is not to keep others out.
    start_read_request: Duration::from_secs(2),
    persistent_start_read_request: Duration::from_secs(1),
    read_request: Duration::from_secs(2),
    write: Duration::from_secs(5),
};

static HISTORY: SharedHistory = SharedHistory::new();
static EXECUTOR: InterruptExecutor = InterruptExecutor::new();

/// The buffers of a worker.
struct Memory {
    /// A request's head.
    http: [u8; 1536],
    received: [u8; 768],
    sent: [u8; 1024],
}

impl Memory {
    const fn new() -> Self {
        Self { http: [0; 1536], received: [0; 768], sent: [0; 1024] }
    }
}

/// Of a device that the program does not use: the executor's.
#[interrupt]
fn I2C0() {
    // SAFETY: the executor was started before its interrupt was, and is called nowhere else.
    unsafe { EXECUTOR.on_interrupt() }
}

#[entry]
fn main() -> ! {
    if let Some(mut core) = Peripherals::take() {
        // SAFETY: no critical section rests on priorities. Interrupts of devices come before tasks.
        unsafe { core.NVIC.set_priority(Interrupt::I2C0, u8::MAX) };
        time_driver::start(core.SYST);
        EXECUTOR.start(Interrupt::I2C0).spawn(start().unwrap());
    }
    loop {
        cortex_m::asm::wfi();
    }
}

#[embassy_executor::task]
async fn start() {
    static FRAMES: ConstStaticCell<Frames> = ConstStaticCell::new(Frames::new());
    static RESOURCES: StaticCell<StackResources<WORKERS>> = StaticCell::new();
    static MEMORY: ConstStaticCell<[Memory; WORKERS]> =
        ConstStaticCell::new([const { Memory::new() }; WORKERS]);

    let boot = boot_number();
    HISTORY.boot(boot);
    let config = embassy_net::Config::ipv4_static(StaticConfigV4 {
        address: ADDRESS,
        gateway: None,
        dns_servers: Default::default(),
    });
    let (stack, runner) = embassy_net::new(
        Ethernet::start(FRAMES.take()),
        config,
        RESOURCES.init(StackResources::new()),
        boot.into(),
    );

    // SAFETY: polled by embassy's executor itself, with its own context.
    let spawner = unsafe { Spawner::for_current_executor() }.await;
    spawner.spawn(network(runner).unwrap());
    spawner.spawn(sampler::run(&HISTORY).unwrap());
    for (worker, memory) in MEMORY.take().iter_mut().enumerate() {
        spawner.spawn(serve(worker, stack, memory).unwrap());
    }
    defmt::info!("boot {}: {} workers listen at {}", boot, WORKERS, ADDRESS);
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, Ethernet>) {
    runner.run().await;
}

#[embassy_executor::task(pool_size = WORKERS)]
async fn serve(worker: usize, stack: Stack<'static>, memory: &'static mut Memory) {
    let app = Router::new().route("/", get_service(PAGE)).route("/events", get(serve_events));
    let Memory { http, received, sent } = memory;
    Server::new(&app, &Config::new(TIMEOUTS), http)
        .listen_and_serve(worker, stack, 80, received, sent)
        .await
        .into_never()
}

async fn serve_events(stream: EventStream) -> impl picoserve::response::IntoResponse {
    CustomResponse::build(StatusCode::OK).with_headers(RESPONSE_HEADERS).with_body(stream)
}

/// A number that differs from boot to boot: seconds since the Unix epoch, from the host. The board
/// has nothing that would last, or be random, in QEMU; on real ones a counter in flash would do.
fn boot_number() -> u32 {
    // SAFETY: this call has no argument and does not touch memory.
    let seconds = unsafe { syscall!(TIME) };
    seconds as u32
}

/// An overflow of the stack ends here, too.
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    end()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    end()
}

/// Ends QEMU, with a status that tells.
fn end() -> ! {
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
