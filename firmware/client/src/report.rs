//! Prints the decoded events, and checks that none was lost or repeated.

use board::stack;
use core::time::Duration;
use cortex_m_semihosting::{debug, heprintln};
use sse_wire::{DecodeError, MessageEvent};

/// The program exits after this number of events.
const EVENTS: u32 = 20;

pub struct Report {
    events: u32,
    reconnections: u32,
    /// The ID of the last event.
    id: Option<Id>,
    /// The size of the client in bytes.
    client: usize,
}

/// An ID `BOOT-N`: N grows by one with each event.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Id {
    boot: u64,
    number: u64,
}

impl Id {
    fn parse(id: &[u8]) -> Option<Self> {
        let (boot, number) = str::from_utf8(id).ok()?.split_once('-')?;
        Some(Self { boot: boot.parse().ok()?, number: number.parse().ok()? })
    }

    fn follows(self, last: Self) -> bool {
        self.boot == last.boot && last.number.checked_add(1) == Some(self.number)
    }
}

impl Report {
    /// `client` is the size of the client in bytes.
    pub const fn new(client: usize) -> Self {
        Self { events: 0, reconnections: 0, id: None, client }
    }

    /// Reports an event. Exits if it is the last one, or not the next one.
    pub fn event(&mut self, event: &MessageEvent<'_>) {
        let id = event.last_event_id_lossy();
        heprintln!("{}  {}: {}", id, event.event_type_lossy(), event.data_lossy());
        let Some(id) = Id::parse(event.last_event_id()) else { self.fail("the id is not BOOT-N") };
        if self.id.is_some_and(|last| !id.follows(last)) {
            self.fail("the id is not the next one");
        }
        self.id = Some(id);
        self.events += 1;
        if self.events == EVENTS {
            self.summary();
            board::end(debug::EXIT_SUCCESS);
        }
    }

    /// Reports a lost event. The ID of the next event then fails the check.
    pub fn left_out(&self, error: DecodeError) {
        heprintln!("left out: {}", error);
    }

    pub fn lost(&self, why: &str) {
        heprintln!("connection lost: {}", why);
    }

    pub fn wait(&mut self, wait: Duration) {
        heprintln!("again in {:?}", wait);
        self.reconnections += 1;
    }

    pub fn fail(&self, why: &str) -> ! {
        heprintln!("client: {}", why);
        self.summary();
        board::end(debug::EXIT_FAILURE)
    }

    fn summary(&self) {
        let Self { events, reconnections, id, client } = self;
        heprintln!("events: {}, reconnections: {}", events, reconnections);
        if let Some(Id { boot, number }) = id {
            heprintln!("last id: {}-{}", boot, number);
        }
        heprintln!("client: {} B and its buffers", client);
        heprintln!("stack: at most {} B in use", stack::most_used());
    }
}
