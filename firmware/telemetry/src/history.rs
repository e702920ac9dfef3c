//! The latest samples, as they are sent, and a way to wait for more of them.

use core::cell::RefCell;
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::watch::{Receiver, Watch};
use sse_wire::{BufferTooSmall, Event, ReplayBuffer};

/// Room for about 20 samples as they are sent, for clients that come late, or back.
pub const MEMORY: usize = 3 * 1024;

type Samples = ReplayBuffer<&'static mut [u8; MEMORY]>;

pub struct History {
    samples: CriticalSectionMutex<RefCell<Samples>>,
    news: Watch<CriticalSectionRawMutex, (), { crate::WORKERS }>,
}

/// Who waits for news.
pub type News = Receiver<'static, CriticalSectionRawMutex, (), { crate::WORKERS }>;

impl History {
    /// `boot` is another number at each start, so that ids from before are not taken for ours.
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

    /// `None` if there are as many readers as workers.
    pub fn news(&'static self) -> Option<News> {
        self.news.receiver()
    }
}
