//! The latest samples in a ring of fixed size, their ids, and where a client is in them.
//!
//! An id is `BOOT-N`: N counts the samples from 1, and BOOT tells a client that comes back after a
//! restart that its N means nothing any more.

use crate::sampler::Sample;
use core::cell::RefCell;
use core::fmt;
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::watch::{Receiver, Watch};

/// How many samples are kept for clients that come late, or back.
const KEPT: u32 = 60;

/// The id of a sample.
#[derive(Clone, Copy)]
pub struct Id {
    boot: u32,
    number: u32,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.boot, self.number)
    }
}

impl Id {
    fn parse(id: &[u8]) -> Option<Self> {
        let (boot, number) = str::from_utf8(id).ok()?.split_once('-')?;
        Some(Self { boot: boot.parse().ok()?, number: number.parse().ok()? })
    }
}

/// Where a client is in the history.
#[derive(Clone, Copy, defmt::Format)]
pub enum Position {
    /// It has nothing, and is to get what is kept.
    Start,
    /// It has the sample with this number.
    After(u32),
    /// It has something, but from before a restart, or with an id that was never given out: it is
    /// told of a gap, and gets what is kept.
    Unknown,
}

/// What a client gets next.
pub enum Entry {
    Sample { number: u32, sample: Sample },
    Gap(Gap),
}

/// Samples have left the ring before a client could get them. Displays as the JSON that it gets.
pub struct Gap {
    /// Not known if the client's position is not.
    first: Option<u32>,
    /// 0 if all samples since the restart are still there.
    last: u32,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first {
            Some(first) => write!(f, r#"{{"first":{first},"last":{}}}"#, self.last),
            None => write!(f, r#"{{"first":null,"last":{}}}"#, self.last),
        }
    }
}

impl Entry {
    /// The number that a client has come to with this entry.
    pub fn number(&self) -> u32 {
        match self {
            Self::Sample { number, .. } => *number,
            Self::Gap(gap) => gap.last,
        }
    }
}

pub struct History {
    boot: u32,
    /// The number of the latest sample; 0 if there is none yet.
    latest: u32,
    /// Sample N is at N modulo the length.
    ring: [Option<Sample>; KEPT as usize],
}

impl History {
    const fn new() -> Self {
        Self { boot: 0, latest: 0, ring: [None; KEPT as usize] }
    }

    fn push(&mut self, sample: Sample) {
        self.latest += 1;
        self.ring[(self.latest % KEPT) as usize] = Some(sample);
    }

    /// What comes next for a client, if it is there yet.
    pub fn next(&self, position: Position) -> Option<Entry> {
        let oldest = self.latest.saturating_sub(KEPT) + 1;
        let gap = |first| Some(Entry::Gap(Gap { first, last: oldest - 1 }));
        let number = match position {
            Position::Unknown => return gap(None),
            Position::After(number) if number + 1 < oldest => return gap(Some(number + 1)),
            Position::After(number) => number + 1,
            Position::Start => oldest,
        };
        if number > self.latest {
            return None;
        }
        let sample = self.ring[(number % KEPT) as usize]?;
        Some(Entry::Sample { number, sample })
    }

    pub fn id(&self, number: u32) -> Id {
        Id { boot: self.boot, number }
    }

    /// Where a client is that comes with this `Last-Event-ID`.
    pub fn position(&self, last_event_id: &[u8]) -> Position {
        match Id::parse(last_event_id) {
            _ if last_event_id.is_empty() => Position::Start,
            Some(id) if id.boot == self.boot && id.number <= self.latest => {
                Position::After(id.number)
            }
            _ => Position::Unknown,
        }
    }
}

/// The history, and a way to wait for more of it.
pub struct SharedHistory {
    history: CriticalSectionMutex<RefCell<History>>,
    news: News,
}

type News = Watch<CriticalSectionRawMutex, (), { crate::WORKERS }>;

/// Who waits for news.
pub type Reader = Receiver<'static, CriticalSectionRawMutex, (), { crate::WORKERS }>;

impl SharedHistory {
    pub const fn new() -> Self {
        Self {
            history: CriticalSectionMutex::new(RefCell::new(History::new())),
            news: Watch::new(),
        }
    }

    pub fn boot(&self, number: u32) {
        self.history.lock(|history| history.borrow_mut().boot = number);
    }

    pub fn push(&self, sample: Sample) {
        self.history.lock(|history| history.borrow_mut().push(sample));
        self.news.sender().send(());
    }

    pub fn with<R>(&self, f: impl FnOnce(&History) -> R) -> R {
        self.history.lock(|history| f(&history.borrow()))
    }

    /// `None` if there are as many readers as workers.
    pub fn reader(&'static self) -> Option<Reader> {
        self.news.receiver()
    }
}
