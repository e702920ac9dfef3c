//! What the servers here send: the events of a `ReplayBuffer`, so that a client that comes back gets those that it has
//! missed, or is told that they are gone.
//!
//! It stands for whatever your program has to tell.

use embedded_io_async::Write;
use sse_wire::{
    BufferTooSmall, Cursor, Event, KEEP_ALIVE, Lagged, ReplayBuffer, Resume, event_type,
};
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How much is kept. A device has far less: 4 KiB go a long way.
const MEMORY: usize = 256 * 1024;

/// How much is sent at a time, unless one event is longer.
const BATCH: usize = 4096;

/// The latest events, for any number of connections.
#[derive(Debug)]
pub struct Feed {
    events: Mutex<ReplayBuffer<Vec<u8>>>,
    /// An event was pushed: for threads, and for tasks.
    pushed: (Condvar, Notify),
    longest_pause: Duration,
}

/// Where a client is in a feed.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    cursor: Cursor,
    /// Its id is unknown here, and it must be told so.
    is_unknown: bool,
}

impl Feed {
    /// A feed without events, whose connections send a keep-alive after so long a pause: 15 seconds
    /// is a good choice. The epoch should be another one at each start.
    #[must_use]
    pub fn new(epoch: u64, longest_pause: Duration) -> Self {
        let events = Mutex::new(ReplayBuffer::new(epoch, vec![0; MEMORY]));
        Self { events, pushed: Default::default(), longest_pause }
    }

    /// A feed that tells how long it has been running, once a second: for the examples.
    #[must_use]
    pub fn clock() -> Arc<Self> {
        let epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
        let feed = Arc::new(Self::new(epoch, Duration::from_secs(15)));
        let clock = Arc::clone(&feed);
        thread::spawn(move || {
            let event = Event::new().event_type(event_type!("clock")).retry(Duration::from_secs(2));
            for seconds in 0_u64.. {
                if let Err(error) = clock.push(&event.data(&format!("running for {seconds} s"))) {
                    eprintln!("{error}");
                }
                thread::sleep(Duration::from_secs(1));
            }
        });
        feed
    }

    /// Sends an event to all clients, now or when they come.
    ///
    /// # Errors
    /// If it is longer than all that is kept.
    pub fn push(&self, event: &Event<'_>) -> Result<(), BufferTooSmall> {
        self.lock().push(event)?;
        let (threads, tasks) = &self.pushed;
        threads.notify_all();
        tasks.notify_waiters();
        Ok(())
    }

    /// Where a client goes on that sends this header `Last-Event-ID`. One without gets all that is kept.
    #[must_use]
    pub fn client(&self, last_event_id: Option<&[u8]>) -> Client {
        let events = self.lock();
        match last_event_id.map(|id| events.resume(id)) {
            Some(Resume::Exact(cursor) | Resume::Gap { cursor, .. }) => {
                Client { cursor, is_unknown: false }
            }
            Some(Resume::Unknown) => Client { cursor: events.oldest(), is_unknown: true },
            None => Client { cursor: events.oldest(), is_unknown: false },
        }
    }

    /// Waits for what the client gets next, and puts it into `batch`: events, or a keep-alive.
    pub async fn next(&self, client: &mut Client, batch: &mut Vec<u8>) {
        loop {
            // Before the look, so that no push falls between look and wait.
            let pushed = self.pushed.1.notified();
            client.fill(batch, &self.lock());
            if !batch.is_empty() {
                return;
            }
            if timeout(self.longest_pause, pushed).await.is_err() {
                batch.extend(KEEP_ALIVE);
                return;
            }
        }
    }

    /// The same, for threads.
    pub fn wait(&self, client: &mut Client, batch: &mut Vec<u8>) {
        let nothing_new = |events: &mut ReplayBuffer<Vec<u8>>| {
            client.fill(batch, events);
            batch.is_empty()
        };
        let waited = self.pushed.0.wait_timeout_while(self.lock(), self.longest_pause, nothing_new);
        if waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            batch.extend(KEEP_ALIVE);
        }
    }

    /// Sends all that comes, until the connection fails.
    pub async fn send_all<W: Write>(&self, mut client: Client, connection: &mut W) -> W::Error {
        let mut batch = Vec::new();
        loop {
            self.next(&mut client, &mut batch).await;
            let sent = match connection.write_all(&batch).await {
                Ok(()) => connection.flush().await,
                failed => failed,
            };
            if let Err(error) = sent {
                return error;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, ReplayBuffer<Vec<u8>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Copies what comes next, so that no lock is held while it is sent.
    fn fill(&mut self, batch: &mut Vec<u8>, events: &ReplayBuffer<Vec<u8>>) {
        batch.clear();
        if take(&mut self.is_unknown) {
            push_gap(batch, "null");
        }
        while batch.len() < BATCH {
            match events.next(&mut self.cursor) {
                Some(Ok(event)) => batch.extend(event),
                Some(Err(Lagged { missed })) => push_gap(batch, &missed.to_string()),
                None => return,
            }
        }
    }
}

/// Tells a client how many events are gone. Without an id: one that loses the notice is told again.
fn push_gap(batch: &mut Vec<u8>, missed: &str) {
    let data = format!(r#"{{"missed":{missed}}}"#);
    // A vector always has room.
    let _ = Event::new().event_type(event_type!("gap")).data(&data).append_to(batch);
}
