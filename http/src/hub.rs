//! One stream of events for any number of clients, with replay: [`Hub`].

use crate::out_event::OutEvent;
use bytes::Bytes;
use futures_core::Stream;
use sse_wire::{BufferTooSmall, Cursor, Event, Lagged, ReplayBuffer, Resume, event_type};
use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::fmt;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// How many bytes of older events a client takes at a time.
const BATCH: usize = 16 * 1024;

/// Publishes events to any number of clients, and keeps the latest of them for clients that come back.
///
/// It is a [`ReplayBuffer`] of a fixed size, so its memory is bounded, however slow a client is. Each event is encoded once.
/// An event that a client takes before the next one is published is shared, not copied. A client that is so slow that
/// its next event is gone, or that comes back too late, gets an event of the type `gap`, without an id. Its data are
/// `{"missed":25}`, or `{"missed":null}` if the last event ID is of another hub or an earlier run.
///
/// The first item for a client may be a block without an event: the reconnection time, and the ID for a new client.
///
/// A clone is another handle of the same hub. The clients' streams end after [`close`](Self::close), or when the last handle
/// is dropped, as those of a channel do.
///
/// ```
/// use futures_util::StreamExt;
/// use sse_wire_http::Hub;
/// use sse_wire_http::sse_wire::Event;
///
/// # futures_util::FutureExt::now_or_never(async {
/// let hub = Hub::new(64 * 1024);
/// hub.publish(&Event::new().data("before"))?;
/// let mut client = hub.subscribe(None);
/// hub.publish(&Event::new().data("after"))?;
/// hub.close();
/// // The first block has no data. It gives the client the ID after which its events begin.
/// let Ok(head) = client.next().await.unwrap();
/// assert!(head.as_bytes().ends_with(b"-1\n\n"));
/// let Ok(event) = client.next().await.unwrap();
/// assert!(event.as_bytes().ends_with(b"-2\ndata: after\n\n"));
/// assert!(client.next().await.is_none());
/// # Ok::<(), sse_wire_http::sse_wire::BufferTooSmall>(()) }).unwrap()?;
/// # Ok::<(), sse_wire_http::sse_wire::BufferTooSmall>(())
/// ```
#[derive(Clone)]
pub struct Hub(Arc<Handle>);

/// What all handles of a hub share. It closes the hub when the last one is dropped.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What the handles share with the clients.
struct Shared {
    state: Mutex<State>,
    /// An event was published, or the hub was closed.
    changed: Arc<Notify>,
}

struct State {
    events: ReplayBuffer<Box<[u8]>>,
    /// The newest event, and the cursors before and after it.
    newest: Option<(Cursor, Bytes, Cursor)>,
    retry: Option<Duration>,
    is_closed: bool,
}

impl Hub {
    /// A hub that keeps the latest events in so many bytes. Each takes its encoded length, its id of about 25 bytes, and
    /// four bytes. The ids begin with a random number, so that those of an earlier run are not taken for this one's.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        // 48 bits are 15 digits.
        Self::with_epoch(RandomState::new().hash_one(()) >> 16, capacity)
    }

    /// The same, with a number with which the ids begin. It must be another one at each start.
    #[must_use]
    pub fn with_epoch(epoch: u64, capacity: usize) -> Self {
        let events = ReplayBuffer::new(epoch, vec![0; capacity].into_boxed_slice());
        let state = State { events, newest: None, retry: None, is_closed: false };
        let shared = Shared { state: Mutex::new(state), changed: Arc::default() };
        Self(Arc::new(Handle(Arc::new(shared))))
    }

    /// Sends this reconnection time to each client at its start.
    #[must_use]
    pub fn retry(self, time: Duration) -> Self {
        self.shared().lock().retry = Some(time);
        self
    }

    /// Sends an event to all clients, now or when they come back. The hub gives it its id.
    ///
    /// It never waits for a client. After [`close`](Self::close), the event is dropped.
    ///
    /// # Errors
    /// If the event is longer than all that is kept.
    pub fn publish(&self, event: &Event<'_>) -> Result<(), BufferTooSmall> {
        let mut state = self.shared().lock();
        if state.is_closed {
            return Ok(());
        }
        let before = state.events.live();
        state.events.push(event)?;
        let mut after = before;
        if let Some(Ok(event)) = state.events.next(&mut after) {
            state.newest = Some((before, Bytes::copy_from_slice(event), after));
        }
        drop(state);
        self.shared().changed.notify_waiters();
        Ok(())
    }

    /// The events for a client that sends this header `Last-Event-ID`: those that it has missed, and those that come. If
    /// the hub has not assigned this id, the client gets the gap, then all events that are kept.
    ///
    /// A client without an id, or with an empty one, gets only those that come. It is given an id first, so that no event
    /// is lost without a report if its connection ends before its first event. Firefox ignores that id.
    pub fn subscribe(&self, last_event_id: Option<&str>) -> Subscription {
        let state = self.shared().lock();
        let id = last_event_id.filter(|id| !id.is_empty());
        let resume = id.map(|id| state.events.resume(id.as_bytes()));
        let (cursor, client) = match resume {
            None => (state.events.live(), Client::New),
            Some(Resume::Exact(cursor) | Resume::Gap { cursor, .. }) => (cursor, Client::Known),
            Some(Resume::Unknown) => (state.events.oldest(), Client::Unknown),
        };
        drop(state);
        self.subscription(cursor, client)
    }

    /// All events that are kept, and those that come, for a client without an id. It is given one first, as by
    /// [`subscribe`](Self::subscribe).
    pub fn subscribe_from_oldest(&self) -> Subscription {
        let oldest = self.shared().lock().events.oldest();
        self.subscription(oldest, Client::New)
    }

    /// Ends the stream of each client, once it has taken what was published: for a graceful shutdown, or after the last
    /// event.
    pub fn close(&self) {
        self.shared().close();
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }

    fn subscription(&self, cursor: Cursor, client: Client) -> Subscription {
        let shared = Arc::clone(self.shared());
        Subscription { shared, cursor, client, is_started: false, changed: None }
    }
}

impl Shared {
    /// A panic while the lock was held cannot have left the state inconsistent: nothing in this crate panics.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_waiters();
    }
}

/// The events of a [`Hub`] for one client: a stream that ends when the hub is closed.
///
/// An item is one event, or several older ones. It keeps no events, only where the client is.
#[must_use = "streams do nothing unless polled"]
pub struct Subscription {
    shared: Arc<Shared>,
    cursor: Cursor,
    client: Client,
    /// Whether the first block has been taken.
    is_started: bool,
    /// Ready after the next change. Allocated once, by the first wait.
    changed: Option<Pin<Box<OwnedNotified>>>,
}

/// What a client must be sent before its first event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    /// It has no id: one.
    New,
    /// Its id is not of this hub: a gap.
    Unknown,
    /// Nothing.
    Known,
}

impl Subscription {
    /// Whether no event will come: the hub is closed, and the client has received all events.
    ///
    /// A browser connects again after the end of a stream. If its subscription is over at once, answer with the status 204,
    /// which stops it. Takes constant time, under the lock of the hub.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let state = self.shared.lock();
        state.is_closed && self.client != Client::Unknown && self.cursor == state.events.live()
    }

    /// What the client gets next. `None`: nothing yet.
    fn take(&mut self, state: &State) -> Option<OutEvent> {
        if !std::mem::replace(&mut self.is_started, true) {
            let (mut head, mut id) = (Event::new(), [0; 41]);
            if self.client == Client::New {
                head = head.id(state.events.id_before(self.cursor, &mut id));
            }
            if let Some(time) = state.retry {
                head = head.retry(time);
            }
            if head != Event::new() {
                return Some(head.into());
            }
        }
        if self.client == Client::Unknown {
            self.client = Client::Known;
            return Some(gap(None));
        }
        if let Some((_, event, after)) = state.newest.as_ref().filter(|(at, ..)| *at == self.cursor)
        {
            self.cursor = *after;
            return Some(OutEvent(event.clone()));
        }
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            match state.events.next(&mut self.cursor) {
                Some(Ok(event)) => batch.extend_from_slice(event),
                // The batch is empty: after an event that is kept, a cursor is never before the oldest one.
                Some(Err(Lagged { missed })) => return Some(gap(Some(missed))),
                None => break,
            }
        }
        (!batch.is_empty()).then(|| OutEvent(batch.into()))
    }
}

/// The event that says how many events are gone.
fn gap(missed: Option<u64>) -> OutEvent {
    let missed = missed.map_or("null".to_owned(), |missed| missed.to_string());
    let data = format!(r#"{{"missed":{missed}}}"#);
    Event::new().event_type(event_type!("gap")).data(&data).into()
}

impl Stream for Subscription {
    type Item = Result<OutEvent, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let shared = Arc::clone(&self.shared);
        loop {
            let state = shared.lock();
            if let Some(event) = self.take(&state) {
                return Poll::Ready(Some(Ok(event)));
            }
            if state.is_closed {
                return Poll::Ready(None);
            }
            // Under the lock, so that no event falls between the look and the wait.
            let changed = match &mut self.changed {
                Some(changed) => changed,
                none => none.insert(Box::pin(Arc::clone(&shared.changed).notified_owned())),
            };
            drop(state);
            ready!(changed.as_mut().poll(cx));
            changed.set(Arc::clone(&shared.changed).notified_owned());
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hub").field(&self.shared().lock().events).finish()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
