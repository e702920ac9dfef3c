//! Measures and prints the cost of `ReplayBuffer`: `push` against `encode` of the same events, with ready IDs and with
//! IDs from `write!`; `next` for many cursors against a memcpy of each event.

use benches::corpora;
use benches::turns::take_turns;
use sse_wire::{Event, EventId, EventType, ReplayBuffer};
use std::fmt::Write;
use std::hint::black_box;

const CURSORS: usize = 1000;
/// The number of events of each corpus that a pass pushes.
const EVENTS: usize = 2000;
const MEMORY: usize = 64 * 1024;

fn main() {
    println!(
        "| ns | `encode` | `write!` and `encode` | `push` | `push` / `encode` | `next`, {CURSORS} cursors | and a memcpy | memcpy |"
    );
    println!("| --- {}|", "| ---: ".repeat(7));
    for name in ["tiny", "telemetry", "llm", "multiline"] {
        row(name);
    }
}

fn row(name: &str) {
    let corpus = corpora::corpus(name);
    let typed = match corpus.event_type {
        Some(event_type) => Event::new().event_type(EventType::new(event_type).unwrap()),
        None => Event::new(),
    };
    let events: Vec<Event<'_>> =
        corpus.messages.iter().take(EVENTS).map(|message| typed.data(&message.data)).collect();

    let (mut out, mut second_out) = (vec![0; MEMORY], vec![0; MEMORY]);
    let mut text = String::new();
    // An epoch as long as milliseconds since 1970.
    let mut ring = ReplayBuffer::new(1_760_000_000_000, vec![0; MEMORY]);
    let ids: Vec<String> = (1..=events.len()).map(|at| format!("1760000000000-{at}")).collect();

    let mut read = ReplayBuffer::new(1_760_000_000_000, vec![0; MEMORY]);
    read.push(&events[0]).unwrap();
    let start = read.oldest();
    let encoded = read.next(&mut start.clone()).unwrap().unwrap().to_vec();
    let (mut cursors, mut others) = ([start; CURSORS], [start; CURSORS]);
    let mut copies = [vec![0; encoded.len() + 1], vec![0; encoded.len() + 1]];
    let [first, second] = &mut copies;

    let seconds = take_turns(&mut [
        &mut || {
            // One after the other in memory, as in the ring.
            let mut at = 0;
            for (event, id) in events.iter().zip(&ids) {
                let event = event.id(EventId::new(id).unwrap());
                at = match event.encode(&mut out[at..]) {
                    Ok(bytes) => at + bytes.len(),
                    Err(_) => event.encode(&mut out).unwrap().len(),
                };
            }
        },
        &mut || {
            let mut at = 0;
            for (event, number) in events.iter().zip(1..) {
                text.clear();
                write!(text, "1760000000000-{number}").unwrap();
                let event = event.id(EventId::new(&text).unwrap());
                at = match event.encode(&mut second_out[at..]) {
                    Ok(bytes) => at + bytes.len(),
                    Err(_) => event.encode(&mut second_out).unwrap().len(),
                };
            }
        },
        &mut || {
            for event in &events {
                ring.push(black_box(event)).unwrap();
            }
        },
        &mut || {
            for cursor in &mut cursors {
                *cursor = start;
                let event = read.next(black_box(cursor)).unwrap().unwrap();
                black_box(event);
            }
        },
        &mut || {
            for cursor in &mut others {
                *cursor = start;
                let event = read.next(black_box(cursor)).unwrap().unwrap();
                first[..event.len()].copy_from_slice(event);
                black_box(&first);
            }
        },
        &mut || {
            for _ in 0..CURSORS {
                let event = black_box(&encoded[..]);
                second[..event.len()].copy_from_slice(event);
                black_box(&second);
            }
        },
    ]);
    let nanoseconds = |at: usize, count: usize| seconds[at] * 1e9 / count as f64;
    let [encode, written, push] = [0, 1, 2].map(|at| nanoseconds(at, events.len()));
    println!(
        "| {name}, {} B | {encode:.1} | {written:.1} | {push:.1} | {:.2} | {:.1} | {:.1} | {:.1} |",
        encoded.len(),
        push / encode,
        nanoseconds(3, CURSORS),
        nanoseconds(4, CURSORS),
        nanoseconds(5, CURSORS),
    );
}
