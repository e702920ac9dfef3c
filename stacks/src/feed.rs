//! The events that the servers here send: a `ReplayBuffer`, so that a client that reconnects gets the events that it
//! missed, or a notification that they are gone.
//!
//! Stands for the events of your program.

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

/// The memory for events. A device has less: 4 KiB hold many events.
const MEMORY: usize = 256 * 1024;

/// The number of bytes sent at a time, unless one event is longer.
const BATCH: usize = 4096;

/// The latest events, for any number of connections.
#[derive(Debug)]
pub struct Feed {
    events: Mutex<ReplayBuffer<Vec<u8>>>,
    /// Signals a new event, to threads and to tasks.
    pushed: (Condvar, Notify),
    longest_pause: Duration,
}

/// The position of a client in a feed.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    cursor: Cursor,
    /// The client's ID is unknown here, and the client must be notified.
    is_unknown: bool,
}

impl Feed {
    /// Makes a feed without events. Its connections send a keep-alive after a pause of `longest_pause`; 15 seconds is a
    /// good choice. The epoch should differ at each start.
    #[must_use]
    pub fn new(epoch: u64, longest_pause: Duration) -> Self {
        let events = Mutex::new(ReplayBuffer::new(epoch, vec![0; MEMORY]));
        Self { events, pushed: Default::default(), longest_pause }
    }

    /// A feed that sends its running time once a second, for the examples.
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

    /// Sends an event to all current and future clients.
    ///
    /// # Errors
    /// If the event is longer than the memory.
    pub fn push(&self, event: &Event<'_>) -> Result<(), BufferTooSmall> {
        self.lock().push(event)?;
        let (threads, tasks) = &self.pushed;
        threads.notify_all();
        tasks.notify_waiters();
        Ok(())
    }

    /// The position of a client with this header `Last-Event-ID`. A client without the header gets all stored events.
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

    /// Waits for the client's next events, and puts them, or a keep-alive, into `batch`.
    pub async fn next(&self, client: &mut Client, batch: &mut Vec<u8>) {
        loop {
            // Before the check, so that a push between check and wait is not missed.
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

    /// Like `next`, for threads.
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

    /// Sends events until the connection fails.
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
    /// Copies the next events, so that the lock is not held while they are sent.
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

/// Notifies a client of missing events. Without an ID: a client that loses this event is notified again.
fn push_gap(batch: &mut Vec<u8>, missed: &str) {
    let data = format!(r#"{{"missed":{missed}}}"#);
    // Appending to a vector does not fail.
    let _ = Event::new().event_type(event_type!("gap")).data(&data).append_to(batch);
}
