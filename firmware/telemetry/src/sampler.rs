//! Takes a sample of the board at each interval.

use crate::gap::RETRY;
use crate::history::History;
use board::stack;
use core::fmt::{self, Write as _};
use core::sync::atomic::{AtomicU32, Ordering};
use defmt::error;
use embassy_time::{Duration, Instant, Ticker};
use sse_wire::{Event, event_type};

pub const INTERVAL: Duration = Duration::from_secs(1);

/// The number of events sent to all clients since the start.
pub static EVENTS: AtomicU32 = AtomicU32::new(0);

/// The number of connected clients.
pub static CLIENTS: AtomicU32 = AtomicU32::new(0);

/// A sample. Its `Display` is the JSON that clients receive.
struct Sample {
    /// In milliseconds.
    uptime: u64,
    /// In hundredths of a degree Celsius.
    temperature: u16,
    /// In bytes.
    free_stack: u16,
    events: u32,
    clients: u32,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uptime, temperature, free_stack, events, clients } = self;
        write!(f, r#"{{"uptime":{}.{:03},"#, uptime / 1000, uptime % 1000)?;
        write!(f, r#""temperature":{}.{:02},"#, temperature / 100, temperature % 100)?;
        write!(f, r#""free_stack":{free_stack},"events":{events},"clients":{clients}}}"#)
    }
}

/// A simulated sensor in a room that a thermostat keeps between 20 and 22 degrees. QEMU emulates none of the board's
/// sensors.
struct Room {
    /// In hundredths of a degree.
    temperature: u16,
    heated: bool,
    /// The state of the noise generator.
    noise: u32,
}

impl Room {
    fn next(&mut self) -> u16 {
        match self.temperature {
            ..2000 => self.heated = true,
            2200.. => self.heated = false,
            _ => {}
        }
        self.temperature = match self.heated {
            true => self.temperature + (2600 - self.temperature) / 32,
            false => self.temperature - (self.temperature - 1600) / 32,
        };
        self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.temperature + (self.noise >> 28) as u16
    }
}

/// The longest JSON of a sample has 96 bytes.
pub const SAMPLE: usize = 100;

/// Takes a sample at each interval.
#[embassy_executor::task]
pub async fn run(history: &'static History) {
    let mut room = Room { temperature: 2100, heated: true, noise: 0 };
    let mut ticks = Ticker::every(INTERVAL);
    loop {
        let sample = Sample {
            uptime: Instant::now().as_millis(),
            temperature: room.next(),
            free_stack: stack::never_used() as u16,
            events: EVENTS.load(Ordering::Relaxed),
            clients: CLIENTS.load(Ordering::Relaxed),
        };
        let mut json = heapless::String::<SAMPLE>::new();
        let event = Event::new().event_type(event_type!("sample")).retry(RETRY);
        if write!(json, "{sample}").is_err() || history.push(&event.data(&json)).is_err() {
            error!("a sample is too long");
        }
        ticks.next().await;
    }
}
