//! What the servers here send: messages that are kept, so that a client that comes back gets those
//! that it has missed.
//!
//! It stands for whatever your program has to tell. It never forgets, which yours will have to.

use embedded_io_async::Write;
use sse_wire::io::WriteError;
use sse_wire::io::asynch::EventWriter;
use sse_wire::{Event, EventId, EventType, event_type};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Room for an encoded event. A device has far less: 512 bytes go a long way.
pub const LONGEST_EVENT: usize = 128 * 1024;

/// An event without its id, which is its number in the feed, from 1 on.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// The event's type; without one it is `message`.
    pub event_type: Option<EventType<'static>>,
    /// How long a client is to wait before it comes back.
    pub retry: Option<Duration>,
    /// The event's data, of any number of lines.
    pub data: String,
}

impl Message {
    /// The event to send.
    #[must_use]
    pub fn event(&self, number: usize) -> Event<'_> {
        let mut event = Event::new().id(EventId::from_u64(number as u64)).data(&self.data);
        if let Some(event_type) = self.event_type {
            event = event.event_type(event_type);
        }
        if let Some(time) = self.retry {
            event = event.retry(time);
        }
        event
    }
}

/// All messages so far, for any number of connections.
#[derive(Debug)]
pub struct Feed {
    messages: Mutex<Vec<Message>>,
    /// A message was pushed: for threads, and for tasks.
    pushed: (Condvar, Notify),
    longest_pause: Duration,
}

impl Feed {
    /// A feed without messages, whose connections send a keep-alive after so long a pause: 15 seconds
    /// is a good choice.
    #[must_use]
    pub fn new(longest_pause: Duration) -> Self {
        Self { messages: Mutex::default(), pushed: Default::default(), longest_pause }
    }

    /// A feed that tells how long it has been running, once a second: for the examples.
    #[must_use]
    pub fn clock() -> Arc<Self> {
        let feed = Arc::new(Self::new(Duration::from_secs(15)));
        let clock = Arc::clone(&feed);
        thread::spawn(move || {
            for seconds in 0_u64.. {
                clock.push(Message {
                    event_type: Some(event_type!("clock")),
                    retry: Some(Duration::from_secs(2)),
                    data: format!("running for {seconds} s"),
                });
                thread::sleep(Duration::from_secs(1));
            }
        });
        feed
    }

    /// Sends a message to all who listen, now or later.
    pub fn push(&self, message: Message) {
        self.lock().push(message);
        let (threads, tasks) = &self.pushed;
        threads.notify_all();
        tasks.notify_waiters();
    }

    /// How many messages a client has seen that sends this header `Last-Event-ID`: none if the id is
    /// not one of ours.
    #[must_use]
    pub fn seen(&self, last_event_id: Option<&[u8]>) -> usize {
        let id = last_event_id.and_then(|id| str::from_utf8(id).ok()?.parse().ok());
        id.filter(|&id| id <= self.lock().len()).unwrap_or(0)
    }

    /// Waits for the message behind so many others.
    pub async fn next(&self, seen: usize) -> Message {
        loop {
            // Before the look, so that no push falls between look and wait.
            let pushed = self.pushed.1.notified();
            if let Some(message) = self.lock().get(seen) {
                return message.clone();
            }
            pushed.await;
        }
    }

    /// Blocks until there is a message behind so many others; `None` if it is time for a keep-alive.
    #[must_use]
    pub fn wait(&self, seen: usize) -> Option<Message> {
        let nothing_new = |messages: &mut Vec<Message>| messages.len() <= seen;
        let waited = self.pushed.0.wait_timeout_while(self.lock(), self.longest_pause, nothing_new);
        waited.unwrap_or_else(PoisonError::into_inner).0.get(seen).cloned()
    }

    /// Sends every message behind so many others, and keep-alives in pauses, until the connection
    /// fails.
    pub async fn send_all<W, B>(
        &self,
        mut seen: usize,
        writer: &mut EventWriter<W, B>,
    ) -> WriteError<W::Error>
    where
        W: Write,
        B: AsRef<[u8]> + AsMut<[u8]>,
    {
        loop {
            let sent = match timeout(self.longest_pause, self.next(seen)).await {
                Ok(message) => {
                    seen += 1;
                    writer.send(&message.event(seen)).await
                }
                Err(_) => writer.keep_alive().await,
            };
            match sent {
                Ok(()) => {}
                // To end the stream would be worse: the client would come back to the same message.
                Err(WriteError::Encode(error)) => eprintln!("message {seen} is left out: {error}"),
                Err(error) => return error,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
