//! The latest samples as encoded events, and a notification of new ones.

use core::cell::RefCell;
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::watch::{Receiver, Watch};
use sse_wire::{BufferTooSmall, Event, ReplayBuffer};

/// Memory for about 20 encoded samples, for clients that connect late or reconnect.
pub const MEMORY: usize = 3 * 1024;

type Samples = ReplayBuffer<&'static mut [u8; MEMORY]>;

pub struct History {
    samples: CriticalSectionMutex<RefCell<Samples>>,
    news: Watch<CriticalSectionRawMutex, (), { crate::WORKERS }>,
}

/// Waits for new samples.
pub type News = Receiver<'static, CriticalSectionRawMutex, (), { crate::WORKERS }>;

impl History {
    /// `boot` must differ at each start, so that IDs of an earlier start do not match.
    pub const fn new(boot: u32, memory: &'static mut [u8; MEMORY]) -> Self {
        let samples = ReplayBuffer::new(boot as u64, memory);
        Self { samples: CriticalSectionMutex::new(RefCell::new(samples)), news: Watch::new() }
    }

    pub fn push(&self, event: &Event<'_>) -> Result<(), BufferTooSmall> {
        self.samples.lock(|samples| samples.borrow_mut().push(event))?;
        self.news.sender().send(());
        Ok(())
    }

    pub fn with<R>(&self, f: impl FnOnce(&Samples) -> R) -> R {
        self.samples.lock(|samples| f(&samples.borrow()))
    }

    /// `None` if all workers have a receiver.
    pub fn news(&'static self) -> Option<News> {
        self.news.receiver()
    }
}
