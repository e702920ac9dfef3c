//! Prints the codec's instructions a byte and an event, and its stack, on a Cortex-M3. Runs only on QEMU, with 16 ns
//! for each instruction (`-icount shift=4`).
#![no_std]
#![no_main]

mod counter;
mod stack;

use core::hint::black_box;
use cortex_m::Peripherals;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use cortex_m_semihosting::{debug, hprintln};
use counter::Counter;
use embassy_futures::block_on;
use lm3s6965 as _;
use sse_wire::io::asynch::{EventReader, EventWriter};
use sse_wire::{Decoder, Event, EventId, MessageEvent, Progress, event_type};

const STREAM: usize = 5 * 1024;
const BUFFER: usize = 1280;

/// A typical read on a microcontroller.
const SMALL_CHUNK: usize = 64;

static LARGE_DATA: [u8; 1000] = [b'x'; 1000];

/// A telemetry event of 46 to 49 bytes.
fn telemetry(number: u64) -> Event<'static> {
    let event = Event::new().event_type(event_type!("temp")).id(EventId::from_u64(number));
    event.data(r#"{"t":23.4,"h":41}"#)
}

/// An event of 1 KiB.
fn large(number: u64) -> Event<'static> {
    let event = Event::new().event_type(event_type!("log")).id(EventId::from_u64(number));
    event.data_bytes(&LARGE_DATA)
}

#[entry]
fn main() -> ! {
    let Some(core) = Peripherals::take() else { fail("the peripherals are taken") };
    let counter = Counter::start(core.SYST);
    if counter.nops() != 100 {
        fail("100 nops are not counted as 100 instructions: this needs -icount shift=4");
    }
    hprintln!("{:<40}{:>8}{:>10}{:>7}", "instructions", "a byte", "an event", "stack");
    measure(&counter, "46 B", telemetry);
    measure(&counter, "1 KiB", large);
    let (next, send) = futures();
    hprintln!("futures: EventReader::next {} B, EventWriter::send {} B", next, send);
    loop {
        debug::exit(debug::EXIT_SUCCESS);
    }
}

fn measure(counter: &Counter, size: &str, event: impl Fn(u64) -> Event<'static>) {
    let mut stream = [0; STREAM];
    let (mut len, mut events) = (0, 0);
    let cost = counter.measure(|| (len, events) = encode(&event, &mut stream));
    let report = |what, chunks, cost: counter::Cost| {
        let tenths = |total| (10 * cost.instructions + total / 2) / total;
        let (byte, each) = (tenths(len as u32), tenths(events));
        hprintln!(
            "{:<18}{:<6}{:<16}{:>6}.{}{:>8}.{}{:>7}",
            what,
            size,
            chunks,
            byte / 10,
            byte % 10,
            each / 10,
            each % 10,
            cost.stack
        );
    };
    report("encode", "", cost);

    let (mut wire, mut buffer) = ([0; STREAM], [0; BUFFER]);
    let mut sent = 0;
    let cost = counter.measure(|| sent = block_on(send(&event, &mut wire, &mut buffer)));
    if sent != events {
        fail("not every event was sent");
    }
    report("EventWriter::send", "", cost);

    let stream = &stream[..len];
    let mut decoded = 0;
    let cost = counter.measure(|| decoded = block_on(read(stream, &mut buffer)));
    if decoded != events {
        fail("not every event was read");
    }
    report("EventReader::next", "in one chunk", cost);

    let mut decoder = Decoder::new([0; BUFFER]);
    for (chunks, chunk) in [("in one chunk", STREAM), ("64 B a chunk", SMALL_CHUNK)] {
        let mut decoded = 0;
        let cost = counter.measure(|| decoded = next(&mut decoder, stream, chunk));
        if decoded != events {
            fail("not every event was decoded");
        }
        report("Decoder::next", chunks, cost);
        let cost = counter.measure(|| decoded = decode(&mut decoder, stream, chunk));
        if decoded != events {
            fail("not every event was decoded");
        }
        report("Decoder::decode", chunks, cost);
    }
}

/// Fills `out` with events. Returns the length, and the number of events.
fn encode(event: impl Fn(u64) -> Event<'static>, out: &mut [u8]) -> (usize, u32) {
    let (mut len, mut events) = (0, 0);
    while let Ok(bytes) = event(black_box(1000 + u64::from(events))).encode(&mut out[len..]) {
        len += black_box(bytes).len();
        events += 1;
    }
    (len, events)
}

fn next(decoder: &mut Decoder<[u8; BUFFER]>, stream: &[u8], chunk: usize) -> u32 {
    let mut events = 0;
    for mut chunk in stream.chunks(chunk) {
        while let Some(event) = decoder.next(&mut chunk) {
            let Ok(event) = event else { return 0 };
            look_at(&event);
            events += 1;
        }
    }
    events
}

fn decode(decoder: &mut Decoder<[u8; BUFFER]>, stream: &[u8], chunk: usize) -> u32 {
    let mut events = 0;
    for mut chunk in stream.chunks(chunk) {
        while let Ok(Progress::Event) = decoder.decode(&mut chunk) {
            let Some(event) = decoder.event() else { return 0 };
            look_at(&event);
            events += 1;
        }
    }
    events
}

/// The sizes of the futures, for connections that are slices.
fn futures() -> (usize, usize) {
    let mut reader = EventReader::new(&[][..], [0; BUFFER]);
    let mut wire = [0; 0];
    let mut writer = EventWriter::new(&mut wire[..], [0; BUFFER]);
    (size_of_val(&reader.next()), size_of_val(&writer.send(&telemetry(0))))
}

/// Sends events until the wire is full. Returns their number.
async fn send(event: impl Fn(u64) -> Event<'static>, wire: &mut [u8], buffer: &mut [u8]) -> u32 {
    let mut writer = EventWriter::new(wire, buffer);
    let mut events = 0;
    while writer.send(&event(black_box(1000 + u64::from(events)))).await.is_ok() {
        events += 1;
    }
    events
}

async fn read(stream: &[u8], buffer: &mut [u8]) -> u32 {
    let mut reader = EventReader::new(stream, buffer);
    let mut events = 0;
    while let Ok(Some(event)) = reader.next().await {
        look_at(&event);
        events += 1;
    }
    events
}

fn look_at(event: &MessageEvent<'_>) {
    black_box((event.event_type(), event.data(), event.last_event_id()));
}

fn fail(why: &str) -> ! {
    hprintln!("measure: {}", why);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}

/// A stack overflow ends here, too.
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    fail("a fault")
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    fail("a panic")
}
