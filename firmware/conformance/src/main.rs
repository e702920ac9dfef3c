//! Decodes every conformance vector, in several splits, with `next` and with `decode`, and compares the events with
//! those that browsers dispatched. Reads the vectors from the host, from the file `vectors` that `../pack.py` writes:
//! they do not fit into a microcontroller.
#![no_std]
#![no_main]

mod file;

use core::fmt::Write;
use file::{File, Matches};
use semihosting::{println, process};
use sse_wire::{Decoder, MessageEvent, Progress};

/// Longer events are too long for this program.
const BUFFER: usize = include!(concat!(env!("OUT_DIR"), "/buffer.rs"));

/// A stream is read in windows of this size. A longer one is also split there.
const WINDOW: usize = 2048;

/// The lengths of chunks: whole, byte by byte, and some between. Each vector has its own lengths, too.
const CHUNKS: [usize; 5] = [usize::MAX, 1, 2, 7, 64];

static mut MEMORY: [u8; BUFFER] = [0; BUFFER];

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    let memory = &raw mut MEMORY;
    // SAFETY: this function runs once, and nothing else uses the static.
    let memory = unsafe { &mut *memory };

    let Some(file) = File::open(c"vectors") else { fail("there is no file `vectors`") };
    let (mut stream, mut rest) = (file.reader::<WINDOW>(), file.reader::<256>());
    let mut totals = Totals::default();
    let mut at = 0;
    while let Some(vector) = Vector::read(&mut rest, at) {
        at = vector.end;
        let splits = CHUNKS.map(Split::Fixed).into_iter().chain([Split::Listed]);
        for split in splits {
            for call in [Call::Next, Call::Decode] {
                let mut run = Run {
                    decoder: Decoder::new(&mut memory[..]),
                    vector: &vector,
                    expected: vector.events,
                    taken: 0,
                    too_long: 0,
                };
                let is_right = run.decode(&mut stream, &mut rest, split, call);
                if !is_right {
                    fail_in(&mut rest, &vector, split, call, run.taken);
                }
                totals.runs += 1;
                totals.too_long += run.too_long;
            }
        }
        totals.vectors += 1;
    }
    if at != file.len() || totals.vectors == 0 {
        fail("the file ends within a vector");
    }
    println!(
        "{} vectors passed, in {} runs; {} times an event was longer than the buffer of {} B, and reported",
        totals.vectors, totals.runs, totals.too_long, BUFFER
    );
    process::exit(0);
}

#[derive(Default)]
struct Totals {
    vectors: u32,
    runs: u32,
    too_long: u32,
}

/// The positions of a vector's parts in the file.
struct Vector {
    name: Text,
    stream: Text,
    /// Pairs of a length and the number of events after the chunk.
    chunks: u32,
    chunk_count: u32,
    events: u32,
    event_count: u32,
    end: u32,
}

#[derive(Clone, Copy)]
struct Text {
    at: u32,
    len: u32,
}

/// In `chunks`: the number of events is not known.
const UNKNOWN: u32 = u32::MAX;

impl Vector {
    fn read(file: &mut file::Reader<'_, 256>, start: u32) -> Option<Self> {
        let end = start.checked_add(file.number(start)?)?;
        let name = text(file, start + 4)?;
        let stream = text(file, name.at + name.len)?;
        let chunk_count = file.number(stream.at + stream.len)?;
        let chunks = stream.at + stream.len + 4;
        let event_count = file.number(chunks + 8 * chunk_count)?;
        let events = chunks + 8 * chunk_count + 4;
        Some(Self { name, stream, chunks, chunk_count, events, event_count, end })
    }
}

/// Text with its length before it.
fn text(file: &mut file::Reader<'_, 256>, at: u32) -> Option<Text> {
    Some(Text { at: at + 4, len: file.number(at)? })
}

#[derive(Clone, Copy, Debug)]
enum Split {
    Fixed(usize),
    /// The chunks of the vector.
    Listed,
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Next,
    Decode,
}

/// One pass over a vector.
struct Run<'m, 'v> {
    decoder: Decoder<&'m mut [u8]>,
    vector: &'v Vector,
    /// The position of the next event.
    expected: u32,
    /// The number of events so far, including those that were too long.
    taken: u32,
    too_long: u32,
}

impl Run<'_, '_> {
    /// Whether the events match the vector.
    fn decode(
        &mut self,
        stream: &mut file::Reader<'_, WINDOW>,
        rest: &mut file::Reader<'_, 256>,
        split: Split,
        call: Call,
    ) -> bool {
        let end = self.vector.stream.at + self.vector.stream.len;
        let mut at = self.vector.stream.at;
        let mut listed = 0;
        while at < end {
            // The bytes after the listed chunks are the last chunk.
            let (len, events) = match split {
                Split::Fixed(len) => (len as u32, UNKNOWN),
                Split::Listed if listed < self.vector.chunk_count => {
                    let entry = self.vector.chunks + 8 * listed;
                    listed += 1;
                    let (Some(len), Some(events)) = (rest.number(entry), rest.number(entry + 4))
                    else {
                        return false;
                    };
                    (len, events)
                }
                Split::Listed => (u32::MAX, UNKNOWN),
            };
            let chunk_end = at.saturating_add(len).min(end);
            while at < chunk_end {
                let Some(window) = stream.get(at, (chunk_end - at) as usize) else { return false };
                at += window.len() as u32;
                if !self.take(window, rest, call) {
                    return false;
                }
            }
            if events != UNKNOWN && events != self.taken {
                return false;
            }
        }
        self.taken == self.vector.event_count
    }

    /// Decodes one chunk. Returns whether its events are right.
    fn take(&mut self, mut chunk: &[u8], rest: &mut file::Reader<'_, 256>, call: Call) -> bool {
        loop {
            let event = match call {
                Call::Next => match self.decoder.next(&mut chunk) {
                    None => return chunk.is_empty(),
                    Some(event) => event.ok(),
                },
                Call::Decode => match self.decoder.decode(&mut chunk) {
                    Ok(Progress::NeedInput) => return chunk.is_empty(),
                    Ok(Progress::Event) => match self.decoder.event() {
                        None => return false,
                        event => event,
                    },
                    Err(_) => None,
                },
            };
            if self.taken == self.vector.event_count {
                return false;
            }
            self.taken += 1;
            self.too_long += u32::from(event.is_none());
            match is_expected(event, rest, self.expected) {
                Some(next) => self.expected = next,
                None => return false,
            }
        }
    }
}

/// The position of the next event, if this event, or the error in its place, matches the one at `at` in the file.
///
/// An event with more bytes than the buffer is too long. An ID that alone is longer than the buffer is lost, and the
/// last event ID is empty after it.
fn is_expected(
    event: Option<MessageEvent<'_>>,
    file: &mut file::Reader<'_, 256>,
    at: u32,
) -> Option<u32> {
    let event_type = text(file, at)?;
    let data = text(file, event_type.at + event_type.len)?;
    let id = text(file, data.at + data.len)?;
    let next = id.at + id.len;
    let is_id_lost = id.len as usize > BUFFER;
    let is_too_long = (event_type.len + data.len + id.len) as usize > BUFFER;
    let Some(event) = event else { return is_too_long.then_some(next) };
    if is_too_long && !is_id_lost {
        return None;
    }
    let expected_id = if is_id_lost { Text { len: 0, ..id } } else { id };
    let mut is = |expected: Text, text: &dyn core::fmt::Display| {
        let mut matches = Matches::new(file, expected.at, expected.len);
        write!(matches, "{text}").is_ok() && matches.is_complete()
    };
    let is_right = is(event_type, &event.event_type_lossy())
        && is(data, &event.data_lossy())
        && is(expected_id, &event.last_event_id_lossy());
    is_right.then_some(next)
}

fn fail_in(
    file: &mut file::Reader<'_, 256>,
    vector: &Vector,
    split: Split,
    call: Call,
    taken: u32,
) -> ! {
    let name = file.get(vector.name.at, vector.name.len as usize);
    let name = name.and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default();
    println!(
        "{}, {:?}, {:?}: wrong at event {} of {}",
        name, split, call, taken, vector.event_count
    );
    process::exit(1);
}

fn fail(why: &str) -> ! {
    println!("{}", why);
    process::exit(1);
}

/// A stack overflow also ends here.
#[cfg(target_arch = "arm")]
#[cortex_m_rt::exception]
unsafe fn HardFault(_: &cortex_m_rt::ExceptionFrame) -> ! {
    fail("a fault");
}

#[cfg(target_arch = "riscv32")]
#[unsafe(export_name = "ExceptionHandler")]
fn exception(_: &riscv_rt::TrapFrame) -> ! {
    fail("a fault");
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    fail("a panic");
}
