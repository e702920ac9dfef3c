//! Encodes events, and writes them to standard output.
//!
//! ```text
//! cargo run --example encode | cargo run --example decode
//! ```

use sse_wire::{Event, EventId, event_type};
use std::error::Error;
use std::io::{self, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout();
    let mut buffer = [0; 128];
    for (number, celsius) in (1..).zip([20.5, 21.0, 21.5]) {
        let event =
            Event::new().event_type(event_type!("temperature")).id(EventId::from_u64(number));
        // Formats the data directly into the buffer.
        let bytes =
            event.data_fmt(format_args!(r#"{{"celsius":{celsius:.1}}}"#)).encode(&mut buffer)?;
        stdout.write_all(bytes)?;
        // An event must not wait for the next one.
        stdout.flush()?;
    }
    // Each line of the data becomes a line of the event.
    let bytes = Event::new().data("first line\nsecond line").encode(&mut buffer)?;
    stdout.write_all(bytes)?;
    Ok(())
}
