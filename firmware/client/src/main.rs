//! Reads the event stream of the host's program `telemetry`, reconnects when the connection is lost, and reports what
//! it decodes. Exits after some events, successfully if none was lost or repeated.
//!
//! The report is text on standard error; the log on standard output is defmt's.
#![no_std]
#![no_main]

mod http;
mod report;

use core::time::Duration;
use cortex_m_rt::entry;
use embassy_executor::Spawner;
use embassy_net::{Stack, StackResources};
use embassy_time::{Instant, Timer};
use embedded_io_async::BufRead;
use http::Memory;
use report::Report;
use sse_wire::{Backoff, Decoder, EventSource, ReadyState};
use static_cell::{ConstStaticCell, StaticCell};

/// Limits an event: its lines on the wire, the last event ID and eight bytes must fit. A sample's lines take less than
/// 280 bytes.
const EVENT_BUFFER: usize = 512;

/// A server's mistake must not silence the board for long.
const BACKOFF: Backoff = Backoff::new().ceiling(Duration::from_secs(60));

type Source = EventSource<&'static mut [u8; EVENT_BUFFER]>;

#[entry]
fn main() -> ! {
    board::run(start().unwrap())
}

#[embassy_executor::task]
async fn start() {
    static RESOURCES: StaticCell<StackResources<1>> = StaticCell::new();
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static EVENT: ConstStaticCell<[u8; EVENT_BUFFER]> = ConstStaticCell::new([0; EVENT_BUFFER]);

    // SAFETY: embassy's own executor polls this task, with its own context.
    let spawner = unsafe { Spawner::for_current_executor() }.await;
    let resources = RESOURCES.init(StackResources::new());
    let stack = board::network(spawner, resources, board::boot_number().into());

    let memory = MEMORY.take();
    let mut source = EventSource::with_backoff(Decoder::new(EVENT.take()), BACKOFF);
    let mut report = Report::new(size_of_val(&source));
    while let Some(wait) = source.connect(random()) {
        if !wait.is_zero() {
            report.wait(wait);
        }
        Timer::after_micros(wait.as_micros() as u64).await;
        let why = receive(stack, memory, &mut source, &mut report).await;
        report.lost(why);
    }
    report.fail("the server does not want this client");
}

/// Spreads the time at which a connection ends over all bits.
fn random() -> u32 {
    (Instant::now().as_ticks() as u32).wrapping_mul(0x9E37_79B9)
}

/// Reads until the connection is lost, and returns the reason.
async fn receive(
    stack: Stack<'static>,
    memory: &mut Memory,
    source: &mut Source,
    report: &mut Report,
) -> &'static str {
    let (head, mut body) = match http::get(stack, memory, source.headers()).await {
        Ok(response) => response,
        Err(why) => return why,
    };
    if let Err(refused) = source.open(&head) {
        if refused.is_temporary() {
            source.retry(head.retry_after());
        }
        return "the response is not an event stream";
    }
    while source.ready_state() == ReadyState::Open {
        // embassy-net returns the same error for a connection that was closed cleanly.
        let Ok(bytes @ [_, ..]) = body.fill_buf().await else { break };
        let mut chunk = bytes;
        while let Some(event) = source.next(&mut chunk) {
            match event {
                Ok(event) => report.event(&event),
                Err(error) => report.left_out(error),
            }
        }
        let used = bytes.len();
        body.consume(used);
    }
    "the stream has ended"
}
