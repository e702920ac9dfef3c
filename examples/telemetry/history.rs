//! The latest samples in a ring of fixed size, their ids, and where a client is in them.
//!
//! An id is `BOOT-N`: N counts the samples from 1, and BOOT, the time at which the process started,
//! tells a client that comes back after a restart that its N means nothing any more.

use crate::sampler::Sample;
use std::fmt;
use std::time::SystemTime;

/// How many samples are kept for clients that come late, or back.
const KEPT: u64 = 120;

/// The id of a sample.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    /// In milliseconds since the Unix epoch.
    boot: u64,
    number: u64,
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
#[derive(Clone, Copy)]
pub(crate) enum Position {
    /// It has nothing, and is to get what is kept.
    Start,
    /// It has the sample with this number.
    After(u64),
    /// It has something, but from before a restart, or with an id that was never given out: it is
    /// told of a gap, and gets what is kept.
    Unknown,
}

/// What a client gets next.
pub(crate) enum Entry {
    Sample { number: u64, sample: Sample },
    Gap(Gap),
}

/// Samples have left the ring before a client could get them. Displays as the JSON that it gets.
pub(crate) struct Gap {
    /// Not known if the client's position is not.
    first: Option<u64>,
    /// 0 if all samples since the restart are still there.
    last: u64,
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
    pub(crate) fn number(&self) -> u64 {
        match self {
            Self::Sample { number, .. } => *number,
            Self::Gap(gap) => gap.last,
        }
    }
}

pub(crate) struct History {
    boot: u64,
    /// The number of the latest sample; 0 if there is none yet.
    latest: u64,
    /// Sample N is at N modulo the length.
    ring: [Option<Sample>; KEPT as usize],
}

impl History {
    pub(crate) fn new() -> Self {
        let boot = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
        Self { boot: boot as u64, latest: 0, ring: [None; KEPT as usize] }
    }

    pub(crate) fn push(&mut self, sample: Sample) {
        self.latest += 1;
        self.ring[(self.latest % KEPT) as usize] = Some(sample);
    }

    /// What comes next for a client, if it is there yet.
    pub(crate) fn next(&self, position: Position) -> Option<Entry> {
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

    pub(crate) fn id(&self, number: u64) -> Id {
        Id { boot: self.boot, number }
    }

    /// Where a client is that comes with this `Last-Event-ID`.
    pub(crate) fn position(&self, last_event_id: &[u8]) -> Position {
        match Id::parse(last_event_id) {
            _ if last_event_id.is_empty() => Position::Start,
            Some(id) if id.boot == self.boot && id.number <= self.latest => {
                Position::After(id.number)
            }
            _ => Position::Unknown,
        }
    }
}
