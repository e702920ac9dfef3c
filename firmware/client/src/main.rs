//! Reads the event stream of the host's `telemetry` example and reports what it decodes, reconnecting
//! when the connection is lost. Ends after some events, with success if none was lost or came twice.
//!
//! The report is text, on the error output; the log on the standard output is defmt's.
#![no_std]
#![no_main]

mod http;
mod report;

use core::time::Duration;
use cortex_m_rt::entry;
use embassy_executor::Spawner;
use embassy_net::StackResources;
use embassy_time::Timer;
use http::{Body, Failure, Memory};
use report::Report;
use sse_wire::Decoder;
use sse_wire::io::ReadError;
use sse_wire::io::asynch::EventReader;
use static_cell::{ConstStaticCell, StaticCell};

/// Bounds an event: its lines as they are on the wire, the last event ID and eight bytes must fit.
/// Those of a sample take less than 280 bytes.
const EVENT_BUFFER: usize = 512;

/// Until the stream sets another one.
const RECONNECTION_TIME: Duration = Duration::from_secs(3);

/// Whatever the stream sets, so that a server's mistake does not silence the board.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[entry]
fn main() -> ! {
    board::run(start().unwrap())
}

#[embassy_executor::task]
async fn start() {
    static RESOURCES: StaticCell<StackResources<1>> = StaticCell::new();
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    static EVENT: ConstStaticCell<[u8; EVENT_BUFFER]> = ConstStaticCell::new([0; EVENT_BUFFER]);

    // SAFETY: polled by embassy's executor itself, with its own context.
    let spawner = unsafe { Spawner::for_current_executor() }.await;
    let resources = RESOURCES.init(StackResources::new());
    let stack = board::network(spawner, resources, board::boot_number().into());

    let memory = MEMORY.take();
    let mut decoder = Decoder::new(&mut EVENT.take()[..]);
    let mut report = Report::new();
    loop {
        let why = match http::get(stack, memory, decoder.last_event_id()).await {
            Ok(body) => {
                let mut reader = EventReader::with_decoder(body, decoder);
                receive(&mut reader, &mut report).await;
                // The body borrows the buffers, which the next connection needs.
                (_, decoder) = reader.into_parts();
                "the stream has ended"
            }
            Err(Failure::Lost(why)) => why,
            Err(Failure::Refused(why)) => report.fail(why),
        };
        let wait = decoder.reconnection_time().unwrap_or(RECONNECTION_TIME).min(LONGEST_WAIT);
        report.lost(why, wait);
        Timer::after_micros(wait.as_micros() as u64).await;
    }
}

/// Reads until the connection is lost.
async fn receive(reader: &mut EventReader<Body<'_>, &'static mut [u8]>, report: &mut Report) {
    report.sizes(size_of_val(reader), size_of_val(&reader.next()));
    loop {
        match reader.next().await {
            Ok(Some(event)) => report.event(&event),
            Err(ReadError::Decode(error)) => report.left_out(error),
            // embassy-net has the same error for a connection that was closed in good order.
            Ok(None) | Err(_) => return,
        }
    }
}
