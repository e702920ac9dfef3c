//! A ring of encoded events, for clients that connect late, reconnect, or are slow. The caller sends the events.

use crate::copy::copy;
use crate::escaped::Escaped;
use crate::{BufferTooSmall, Event, EventId};
use core::fmt;

/// The latest events of a stream, encoded, in memory of fixed size, for any number of clients.
///
/// [`push`](Self::push) assigns an ID to an event, stores it, and drops the oldest events that it overwrites. Each
/// client has a [`Cursor`], and gets the bytes of its next event from [`next`](Self::next) as fast as its connection
/// allows: no client waits for another, and `push` waits for none. Nothing but the cursor is stored for a client. If a
/// client's next event has been dropped, `next` reports it: [`Lagged`].
///
/// A client that reconnects sends the ID of its last event in the header `Last-Event-ID` ([WHATWG HTML
/// 9.2.2][standard]). [`resume`](Self::resume) returns whether events are missing and how many, so that the caller can
/// notify the client:
///
/// ```
/// use sse_wire::{Event, Lagged, ReplayBuffer, Resume};
///
/// // The epoch differs at each start: a boot count, the time, a random number.
/// let mut replay = ReplayBuffer::new(7, [0; 64]);
/// for data in ["one", "two", "six"] {
///     replay.push(&Event::new().data(data))?;
/// }
///
/// // Two of these events fit. A client that has the first one misses nothing.
/// let Resume::Exact(mut cursor) = replay.resume(b"7-1") else { panic!() };
/// assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-2\ndata: two\n\n"[..])));
/// assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-3\ndata: six\n\n"[..])));
/// assert_eq!(replay.next(&mut cursor), None);
///
/// // After one more event, it misses one.
/// replay.push(&Event::new().data("ten"))?;
/// let Resume::Gap { missed: 1, mut cursor } = replay.resume(b"7-1") else { panic!() };
/// assert_eq!(replay.next(&mut cursor), Some(Err(Lagged { missed: 1 })));
/// assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-3\ndata: six\n\n"[..])));
///
/// // An ID of another epoch: any number of events may be missing.
/// assert_eq!(replay.resume(b"6-3"), Resume::Unknown);
/// # Ok::<(), sse_wire::BufferTooSmall>(())
/// ```
///
/// # Notifying a client of a gap
///
/// The standard has no message for missing events, so the application sends an event of a type that its clients know.
/// That event must not have an ID: a client that loses the connection directly after it reconnects with its earlier ID,
/// and is notified again. Write the event to the connection, not to the ring. The same holds for keep-alives, and for
/// events that should not be replayed.
///
/// # IDs
///
/// An ID is the epoch and the number of the event, in decimal: `7-1` is the first event of epoch 7, and a client with
/// `7-0` has none of them. A restart begins a new epoch, so that old IDs do not match new events.
///
/// A client has no ID until its first event. If its connection ends before that, it comes back as a new client. So send
/// it the ID of the position where it begins: [`id_before`](Self::id_before).
///
/// # Memory and cost
///
/// Each event takes its encoded length plus four bytes, contiguously: up to the length of one event at the end of the
/// memory stays unused. Besides its memory, a buffer takes 64 bytes, and a cursor 16.
///
/// `push` takes 1.4 to 1.7 times as long as [`Event::encode`]. `next` takes constant time and copies nothing. `resume`
/// is linear in the number of stored events.
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
// The memory has one contiguous record for each event: a header and the encoded event. A record begins at the end of
// the previous one, or at 0 if it does not fit there. `at_start` is the number of the last record that begins at 0.
//
// A cursor has the end of the previous record, and the number of its own. Record n begins at 0 if n is `at_start`,
// otherwise at the end of record n - 1: an earlier record that began at 0 has been overwritten. So a cursor stays valid
// while its record is stored, however often the ring has wrapped, and the memory needs no mark where it wraps.
pub struct ReplayBuffer<S> {
    /// The prefix of each ID.
    epoch: EpochPrefix,
    /// The oldest stored event.
    oldest: Cursor,
    /// The next event to be pushed. Equal to `oldest` if no event is stored.
    live: Cursor,
    at_start: u64,
    storage: S,
}

/// The position of a client in a [`ReplayBuffer`]: its next event.
///
/// A cursor is valid only for the buffer that made it. Another buffer returns unrelated bytes for it, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor {
    number: u64,
    /// The end of the previous record.
    position: usize,
}

/// Where a client continues, from [`ReplayBuffer::resume`].
#[must_use = "the client must be notified of a gap"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Resume {
    /// Every event after the ID is stored.
    Exact(Cursor),
    /// Some events after the ID have been dropped.
    Gap {
        /// The number of dropped events, now.
        missed: u64,
        /// The first dropped event: [`ReplayBuffer::next`] reports the gap, as for a slow client, and continues at the
        /// oldest stored event.
        cursor: Cursor,
    },
    /// There was no ID, or this buffer has not assigned it. The caller chooses where the client begins:
    /// [`ReplayBuffer::oldest`] or [`ReplayBuffer::live`].
    Unknown,
}

/// The client's next event has been dropped: the client was too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lagged {
    /// The number of dropped events, from the client's next one on.
    pub missed: u64,
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the client has missed {} events", self.missed)
    }
}

impl core::error::Error for Lagged {}

/// The length of a record's header, which has the length of the event.
const HEADER: usize = size_of::<u32>();

/// The most digits of a number.
const DIGITS: usize = 20;

/// The epoch in decimal, and `-`. Stored, because formatting the digits takes longer than encoding an event.
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
        // The length is at most 21, and `try_from` is not const.
        #[allow(clippy::as_conversions)]
        Self { bytes, len: digits.len().wrapping_add(1) as u8 }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> ReplayBuffer<S> {
    /// Makes a buffer without events. The contents of `storage` do not matter; its length must not change.
    ///
    /// `epoch` should differ at each start of the program.
    #[must_use]
    pub const fn new(epoch: u64, storage: S) -> Self {
        let first = Cursor { number: 1, position: 0 };
        Self { epoch: EpochPrefix::new(epoch), oldest: first, live: first, at_start: 1, storage }
    }

    /// Encodes an event with the next ID, which replaces its own, and stores it. Drops the oldest events that it
    /// overwrites.
    ///
    /// # Errors
    /// If the event does not fit into the whole memory, with its encoded length; it needs four bytes more. Nothing has
    /// changed then.
    pub fn push(&mut self, event: &Event<'_>) -> Result<(), BufferTooSmall> {
        let mut id = [0; 2 * DIGITS + 1];
        let event = event.id(self.id_of(self.live.number, &mut id));

        // An event mostly overwrites one or two old events. Their ends must be read before they are overwritten. The
        // alternative, computing the length first, takes as long as encoding.
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
                start = self.drop_events_for(error.needed).ok_or(error)?;
                self.encode(&event, start, end_of(start, error.needed))?
            }
        };
        if start == 0 {
            self.at_start = self.live.number;
        }
        self.live = Cursor { number: self.live.number.wrapping_add(1), position: end };
        debug_assert!(self.oldest.number < self.live.number, "the newest event is kept");
        debug_assert!(end <= self.edge(self.oldest), "the newest event overwrites the oldest");
        Ok(())
    }

    /// Writes a record between `start` and `limit`, or nothing. Returns its end.
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
        // `capacity` limits the length.
        *header = u32::try_from(len).unwrap_or_default().to_le_bytes();
        Ok(end_of(start, len))
    }

    /// Drops the events that a record for `len` bytes overwrites, and returns its start. `None`: it never fits.
    fn drop_events_for(&mut self, len: usize) -> Option<usize> {
        let tail = self.live.position;
        let start = if end_of(tail, len) <= self.capacity() { tail } else { 0 };
        let end = end_of(start, len);
        if end > self.capacity() {
            return None;
        }
        // A record at 0 overwrites the previous one at 0. Records after the newest one in memory are older than that.
        let wraps = start < tail;
        while self.oldest != self.live
            && (self.edge(self.oldest) < end
                || wraps && (self.oldest.number <= self.at_start || self.oldest.position < end))
        {
            self.oldest = self.after(self.oldest);
        }
        Some(start)
    }

    /// The cursor after this one, whose event must be stored.
    fn after(&self, mut cursor: Cursor) -> Cursor {
        let _ = self.next(&mut cursor);
        cursor
    }

    /// The end of the free memory after the newest event, if the event of `cursor` were the oldest.
    fn edge(&self, cursor: Cursor) -> usize {
        if cursor.number < self.at_start { cursor.position } else { self.capacity() }
    }

    /// The part of the storage that is used: a header has a 32-bit length.
    fn capacity(&self) -> usize {
        self.storage.as_ref().len().min(usize::try_from(u32::MAX).unwrap_or(usize::MAX))
    }
}

impl<S: AsRef<[u8]>> ReplayBuffer<S> {
    /// The bytes of a client's next event, to be written to its connection unchanged. `None`: there is none yet.
    ///
    /// Takes constant time.
    ///
    /// # Errors
    /// [`Lagged`], once, if that event has been dropped. The cursor is then at the oldest event.
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

    /// Returns where a client with this `Last-Event-ID` continues. Accepts any bytes.
    ///
    /// Takes time linear in the number of stored events.
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

    /// The number in this ID: 0, or that of a pushed event. `None` if this buffer has not assigned it.
    fn number_of(&self, id: &[u8]) -> Option<u64> {
        let digits = id.strip_prefix(self.epoch.as_bytes())?;
        let number = digits.iter().fold(0_u64, |number, digit| {
            number.wrapping_mul(10).wrapping_add(digit.wrapping_sub(b'0').into())
        });
        // Accepts only the digits that `id_of` writes, without leading zeros.
        let is_written = EventId::from_u64(number).as_bytes() == digits;
        (is_written && number < self.live.number).then_some(number)
    }
}

impl<S> ReplayBuffer<S> {
    /// The cursor of a client that gets all stored events, then new ones.
    #[must_use]
    pub const fn oldest(&self) -> Cursor {
        self.oldest
    }

    /// The cursor of a client that gets only new events.
    #[must_use]
    pub const fn live(&self) -> Cursor {
        self.live
    }

    /// The ID of the event before a position, written to `out`: [`resume`](Self::resume) returns that position for it.
    /// Before the first event, its number is 0. Takes constant time.
    ///
    /// Send it to a new client first, as an event without data, which sets the last event ID and is not dispatched
    /// ([WHATWG HTML 9.2.6][standard]). All events from the position on then reach the client, or are reported as
    /// missing, even if its connection ends before the first one. Firefox ignores an ID without data: such a client
    /// comes back as a new one. An ID has at most 41 bytes: two numbers of 20 digits, and a dash.
    ///
    /// ```
    /// use sse_wire::{Event, ReplayBuffer};
    ///
    /// let mut replay = ReplayBuffer::new(7, [0; 64]);
    /// let (mut id, mut out) = ([0; 41], [0; 64]);
    /// let head = Event::new().id(replay.id_before(replay.live(), &mut id)).encode(&mut out)?;
    /// assert_eq!(head, b"id: 7-0\n\n");
    ///
    /// // The client reconnects with that ID.
    /// replay.push(&Event::new().data("one"))?;
    /// let sse_wire::Resume::Exact(mut cursor) = replay.resume(b"7-0") else { panic!() };
    /// assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-1\ndata: one\n\n"[..])));
    /// # Ok::<(), sse_wire::BufferTooSmall>(())
    /// ```
    ///
    /// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    #[must_use]
    pub fn id_before<'o>(&self, cursor: Cursor, out: &'o mut [u8; 41]) -> EventId<'o> {
        self.id_of(cursor.number.saturating_sub(1), out)
    }

    /// The ID of an event, written to the front of `out`.
    fn id_of<'o>(&self, number: u64, out: &'o mut [u8; 41]) -> EventId<'o> {
        let number = EventId::from_u64(number);
        let (epoch, digits) = (self.epoch.as_bytes(), number.as_bytes());
        if let Some((start, rest)) = out.split_at_mut_checked(epoch.len()) {
            copy(epoch, start);
            if let Some((rest, _)) = rest.split_at_mut_checked(digits.len()) {
                copy(digits, rest);
            }
        }
        let len = epoch.len().wrapping_add(digits.len());
        EventId::from_id_bytes(out.get(..len).unwrap_or_default())
    }

    /// The start of a cursor's record, which must be stored.
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

#[cfg(test)]
mod tests {
    use super::{Cursor, ReplayBuffer};
    use crate::Event;

    /// The number of the last event is set, because no test can push that many.
    #[test]
    fn the_longest_id_is_complete() {
        let mut replay = ReplayBuffer::new(u64::MAX, [0; 64]);
        let last = Cursor { number: u64::MAX - 1, position: 0 };
        (replay.oldest, replay.live, replay.at_start) = (last, last, last.number);
        replay.push(&Event::new()).unwrap();
        let mut cursor = replay.oldest();
        let expected = b"id: 18446744073709551615-18446744073709551614\n\n";
        assert_eq!(replay.next(&mut cursor), Some(Ok(&expected[..])));
    }
}
