//! Decodes an event stream from standard input, and prints the events as they complete.
//!
//! ```text
//! curl -sSN http://127.0.0.1:8080/events | cargo run --example decode
//! ```
#![allow(clippy::indexing_slicing, reason = "`read` returns no more than the length of its buffer")]

use sse_wire::Decoder;
use std::io::{self, Read};

fn main() -> io::Result<()> {
    // The size of the buffer bounds the size of an event.
    let mut decoder = Decoder::new([0; 16 * 1024]);
    let mut input = [0; 4096];
    loop {
        let len = io::stdin().read(&mut input)?;
        if len == 0 {
            return Ok(());
        }
        let mut chunk = &input[..len];
        while let Some(event) = decoder.next(&mut chunk) {
            match event {
                Ok(event) => println!("{}: {}", event.event_type_lossy(), event.data_lossy()),
                // The event is too long for the buffer. Later events are not affected.
                Err(error) => eprintln!("{error}"),
            }
        }
    }
}
