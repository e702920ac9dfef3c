//! Encoded events in a ring, for clients that come late, come back, or are slow. How a client is served from it is the
//! caller's business.

use crate::copy::copy;
use crate::escaped::Escaped;
use crate::{BufferTooSmall, Event, EventId};
use core::fmt;

/// The latest events of a stream as they are on the wire, in memory of fixed size, for any number of clients.
///
/// [`push`](Self::push) gives each event an id and keeps it, and drops the oldest events where it needs their place. Each client has a [`Cursor`], and
/// takes the bytes of its next event with [`next`](Self::next), as fast as its connection allows: no client waits for
/// another, `push` waits for none, and nothing is kept for each client but its cursor. A client that is so slow that its
/// next event is gone is told: [`Lagged`].
///
/// A client that reconnects says where it stopped, in the header `Last-Event-ID` ([WHATWG HTML 9.2.2][standard]).
/// [`resume`](Self::resume) knows whether events are missing and how many, so that the caller can tell the client:
///
/// ```
/// use sse_wire::{Event, Lagged, ReplayBuffer, Resume};
///
/// // An epoch that is another one at each start: a count of boots, the time, a random number.
/// let mut replay = ReplayBuffer::new(7, [0; 64]);
/// for data in ["one", "two", "six"] {
///     replay.push(&Event::new().data(data))?;
/// }
///
/// // There is room for two of these events. A client that has seen the first misses nothing.
/// let Resume::Exact(mut cursor) = replay.resume(b"7-1") else { panic!() };
/// assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-2\ndata: two\n\n"[..])));
/// assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-3\ndata: six\n\n"[..])));
/// assert_eq!(replay.next(&mut cursor), None);
///
/// // After one more event, it does.
/// replay.push(&Event::new().data("ten"))?;
/// let Resume::Gap { missed: 1, mut cursor } = replay.resume(b"7-1") else { panic!() };
/// assert_eq!(replay.next(&mut cursor), Some(Err(Lagged { missed: 1 })));
/// assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-3\ndata: six\n\n"[..])));
///
/// // That of another epoch may have missed anything.
/// assert_eq!(replay.resume(b"6-3"), Resume::Unknown);
/// # Ok::<(), sse_wire::BufferTooSmall>(())
/// ```
///
/// # Telling a client of a gap
///
/// The standard has no way to say that events are missing, so the application sends an event of its own, of a type that its
/// clients know. That event must not have an id: a client that loses the connection right after it comes back with the id
/// it had before, and is told again. Write it to the connection, not into the ring. The same holds for keep-alives, and for
/// events that should not be replayed.
///
/// # Ids
///
/// An id is the epoch and the number of the event, in decimal: `7-1` is the first event of epoch 7. A restart begins a new
/// epoch, so that the ids from before it are not taken for those after it.
///
/// # Memory and cost
///
/// Each event takes its encoded length and four bytes, in one piece: at the end of the memory, up to the length of one event
/// stays unused. Beside its memory, a buffer takes 64 bytes, and a cursor 16.
///
/// `push` takes 1.4 to 1.7 times as long as [`Event::encode`]. `next` takes constant time and copies nothing.
/// `resume` walks over the kept events once.
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
// The memory has one record for each event, in one piece: a header and the event. A record begins at the end of the record
// before it, or at 0 if it does not fit there. `at_start` is the number of the last record that begins at 0.
//
// A cursor has the end of the record before its own, and the number of its own. Record n begins at 0 if n is `at_start`,
// and at the end of record n - 1 otherwise: an earlier record that began at 0 has been overwritten. So a cursor is valid
// as long as its record is kept, however often the ring has wrapped, and no mark in the memory says where it wraps.
pub struct ReplayBuffer<S> {
    /// What each id begins with.
    epoch: EpochPrefix,
    /// At the oldest event that is kept.
    oldest: Cursor,
    /// At the event that comes next. Equal to `oldest` if there is none.
    live: Cursor,
    at_start: u64,
    storage: S,
}

/// Where a client is in a [`ReplayBuffer`]: which event it gets next.
///
/// A cursor is of use only to the buffer that made it. Another buffer gives other bytes for it, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor {
    number: u64,
    /// The end of the record before.
    position: usize,
}

/// Where a client goes on that says where it stopped.
#[must_use = "the client has to be told of a gap"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Resume {
    /// Every event after the id is kept.
    Exact(Cursor),
    /// Some events after the id are gone.
    Gap {
        /// How many are gone now.
        missed: u64,
        /// At the first that is gone: [`ReplayBuffer::next`] tells of the gap, as it does when a client is too slow, and
        /// goes on at the oldest event that is kept.
        cursor: Cursor,
    },
    /// There was no id, or it is not one of this buffer's. The caller chooses where the client begins:
    /// [`ReplayBuffer::oldest`] or [`ReplayBuffer::live`].
    Unknown,
}

/// A client was too slow: its next event is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lagged {
    /// How many events are gone, from the client's next one on.
    pub missed: u64,
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the client has missed {} events", self.missed)
    }
}

impl core::error::Error for Lagged {}

/// Before each event lies its length, in so many bytes.
const HEADER: usize = size_of::<u32>();

/// The most digits of a number.
const DIGITS: usize = 20;

/// The epoch in decimal, and `-`. Its digits would take longer to make than an event to encode.
#[derive(Clone, Copy)]
struct EpochPrefix {
    bytes: [u8; DIGITS + 1],
    len: u8,
}

impl EpochPrefix {
    const fn new(epoch: u64) -> Self {
        let epoch = EventId::from_u64(epoch);
        let digits = epoch.as_bytes();
        let mut bytes = [b'-'; DIGITS + 1];
        if let Some((to, _)) = bytes.split_at_mut_checked(digits.len()) {
            to.copy_from_slice(digits);
        }
        // There are 21 at most, and `try_from` is not const.
        #[allow(clippy::as_conversions)]
        Self { bytes, len: digits.len().wrapping_add(1) as u8 }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> ReplayBuffer<S> {
    /// A buffer without events. The contents of `storage` do not matter; its length must not change.
    ///
    /// `epoch` should be another one at each start of the program.
    #[must_use]
    pub const fn new(epoch: u64, storage: S) -> Self {
        let first = Cursor { number: 1, position: 0 };
        Self { epoch: EpochPrefix::new(epoch), oldest: first, live: first, at_start: 1, storage }
    }

    /// Encodes an event with the next id, in place of its own, and keeps it. Drops the oldest events that lie in its place.
    ///
    /// # Errors
    /// If it does not fit into the whole memory, with its encoded length; it needs four bytes more. Nothing is changed then.
    pub fn push(&mut self, event: &Event<'_>) -> Result<(), BufferTooSmall> {
        let mut id = [0; 2 * DIGITS + 1];
        let id = self.next_id(&mut id);
        let event = event.id(EventId::from_id_bytes(id));

        // The event mostly takes the place of one or two old events. Their ends must be known before they are overwritten.
        // The alternative is to ask for the length first, which takes as long as encoding.
        let [first, second] = [self.oldest, self.after(self.oldest)];
        let third = self.after(second);
        let mut start = self.live.position;
        let end = match self.encode(&event, start, self.edge(third)) {
            Ok(end) => {
                let is_kept = |&cursor: &Cursor| self.edge(cursor) >= end;
                self.oldest = [first, second].into_iter().find(is_kept).unwrap_or(third);
                end
            }
            Err(error) => {
                start = self.make_room(error.needed).ok_or(error)?;
                self.encode(&event, start, end_of(start, error.needed))?
            }
        };
        if start == 0 {
            self.at_start = self.live.number;
        }
        self.live = Cursor { number: self.live.number.wrapping_add(1), position: end };
        debug_assert!(self.oldest.number < self.live.number, "the newest event is kept");
        debug_assert!(end <= self.edge(self.oldest), "the newest event lies over the oldest");
        Ok(())
    }

    /// Writes a record that lies between `start` and `limit`, or nothing. Returns its end.
    fn encode(
        &mut self,
        event: &Event<'_>,
        start: usize,
        limit: usize,
    ) -> Result<usize, BufferTooSmall> {
        let free = self.storage.as_mut().get_mut(start..limit).unwrap_or_default();
        let (header, free) = match free.split_first_chunk_mut() {
            Some((header, free)) => (header, free),
            None => (&mut [0; HEADER], &mut [][..]),
        };
        let len = event.encode(free)?.len();
        // The capacity bounds the length.
        *header = u32::try_from(len).unwrap_or_default().to_le_bytes();
        Ok(end_of(start, len))
    }

    /// Drops the events in the place of one of this length, and returns where that begins. `None`: it never fits.
    fn make_room(&mut self, len: usize) -> Option<usize> {
        let tail = self.live.position;
        let start = if end_of(tail, len) <= self.capacity() { tail } else { 0 };
        let end = end_of(start, len);
        if end > self.capacity() {
            return None;
        }
        // What lies beyond the newest event is older than what lies before it.
        let wraps = start < tail;
        while self.oldest != self.live
            && (self.edge(self.oldest) < end
                || wraps && (self.is_wrapped() || self.start_of(self.oldest) < end))
        {
            self.oldest = self.after(self.oldest);
        }
        Some(start)
    }

    /// The cursor after this one, if the event of this one is kept.
    fn after(&self, mut cursor: Cursor) -> Cursor {
        let _ = self.next(&mut cursor);
        cursor
    }

    /// Whether the oldest event lies beyond the newest.
    const fn is_wrapped(&self) -> bool {
        self.oldest.number < self.at_start
    }

    /// Where what is free beyond the newest event would end, if the event of a cursor were the oldest.
    fn edge(&self, cursor: Cursor) -> usize {
        if cursor.number < self.at_start { cursor.position } else { self.capacity() }
    }

    /// How much of the storage is used: a header has the length in 32 bits.
    fn capacity(&self) -> usize {
        self.storage.as_ref().len().min(usize::try_from(u32::MAX).unwrap_or(usize::MAX))
    }
}

impl<S: AsRef<[u8]>> ReplayBuffer<S> {
    /// The bytes of a client's next event, to be written to its connection as they are. `None`: there is none yet.
    ///
    /// Takes constant time.
    ///
    /// # Errors
    /// [`Lagged`], once, if that event is gone. The cursor is at the oldest event then.
    pub fn next(&self, cursor: &mut Cursor) -> Option<Result<&[u8], Lagged>> {
        if cursor.number < self.oldest.number {
            let missed = self.oldest.number.wrapping_sub(cursor.number);
            *cursor = self.oldest;
            return Some(Err(Lagged { missed }));
        }
        if cursor.number >= self.live.number {
            return None;
        }
        let start = self.start_of(*cursor);
        let record = self.storage.as_ref().get(start..)?;
        let (header, rest) = record.split_first_chunk()?;
        let len = usize::try_from(u32::from_le_bytes(*header)).unwrap_or(usize::MAX);
        let event = rest.get(..len)?;
        *cursor =
            Cursor { number: cursor.number.wrapping_add(1), position: end_of(start, event.len()) };
        Some(Ok(event))
    }

    /// Where a client goes on that sends this `Last-Event-ID`. Any bytes will do.
    ///
    /// Takes time that is linear in the number of events that are kept.
    pub fn resume(&self, last_event_id: &[u8]) -> Resume {
        let Some(number) = self.number_of(last_event_id) else { return Resume::Unknown };
        let next = number.wrapping_add(1);
        let mut cursor = self.oldest;
        if next < cursor.number {
            let missed = cursor.number.wrapping_sub(next);
            return Resume::Gap { missed, cursor: Cursor { number: next, position: 0 } };
        }
        while cursor.number < next && self.next(&mut cursor).is_some() {}
        Resume::Exact(cursor)
    }

    /// The number of an event that was pushed, of its id.
    fn number_of(&self, id: &[u8]) -> Option<u64> {
        let digits = id.strip_prefix(self.epoch.as_bytes())?;
        let number = digits.iter().fold(0_u64, |number, digit| {
            number.wrapping_mul(10).wrapping_add(digit.wrapping_sub(b'0').into())
        });
        // Only what `push` has written counts: digits, without zeros at the front.
        let is_written = EventId::from_u64(number).as_bytes() == digits;
        (is_written && number > 0 && number < self.live.number).then_some(number)
    }
}

impl<S> ReplayBuffer<S> {
    /// The cursor of a client that gets all that is kept, and what comes.
    #[must_use]
    pub const fn oldest(&self) -> Cursor {
        self.oldest
    }

    /// The cursor of a client that gets only what comes.
    #[must_use]
    pub const fn live(&self) -> Cursor {
        self.live
    }

    /// The id of the event that comes next, at the front of `out`.
    fn next_id<'o>(&self, out: &'o mut [u8]) -> &'o [u8] {
        let number = EventId::from_u64(self.live.number);
        let (epoch, digits) = (self.epoch.as_bytes(), number.as_bytes());
        if let Some((start, rest)) = out.split_at_mut_checked(epoch.len()) {
            copy(epoch, start);
            if let Some((rest, _)) = rest.split_at_mut_checked(digits.len()) {
                copy(digits, rest);
            }
        }
        out.get(..epoch.len().wrapping_add(digits.len())).unwrap_or_default()
    }

    /// Where the record of a cursor begins, if it is kept.
    const fn start_of(&self, cursor: Cursor) -> usize {
        if cursor.number == self.at_start { 0 } else { cursor.position }
    }
}

/// The end of a record that begins at `start`.
const fn end_of(start: usize, len: usize) -> usize {
    start.saturating_add(HEADER).saturating_add(len)
}

impl<S> fmt::Debug for ReplayBuffer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBuffer")
            .field("epoch", &Escaped(self.epoch.as_bytes()))
            .field("kept", &(self.oldest.number..self.live.number))
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S> defmt::Format for ReplayBuffer<S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "ReplayBuffer {{ epoch: {=[u8]:a}, kept: {=u64}..{=u64} }}",
            self.epoch.as_bytes(),
            self.oldest.number,
            self.live.number
        );
    }
}
