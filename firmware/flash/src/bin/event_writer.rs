//! For flash.sh: a writer over a connection, of whole events and of an event in pieces, larger than its buffer.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::hint::black_box;
use core::time::Duration;
use embedded_io::{ErrorType, Write};
use flash as _;
use sse_wire::io::blocking::EventWriter;
use sse_wire::{Event, EventId, event_type};

/// A stand-in for the hardware.
struct Connection;

impl ErrorType for Connection {
    type Error = Infallible;
}

impl Write for Connection {
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(black_box(bytes).len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut writer = EventWriter::new(Connection, [0; 128]);
    loop {
        let event = Event::new()
            .event_type(event_type!("temp"))
            .id(EventId::from_u64(black_box(0)))
            .retry(Duration::from_secs(3))
            .data_bytes(black_box(&[]));
        black_box(writer.send(&event).is_ok());
        if let Ok(mut data) = writer.begin(&event) {
            black_box(data.write_all(black_box(&[])).is_ok());
            black_box(data.write_all(black_box(&[])).is_ok());
            black_box(data.finish().is_ok());
        }
    }
}
