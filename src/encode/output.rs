//! What events can be written to, slices and vectors, and the count of what they need.

use crate::SMALL_CODE;
use crate::copy::copy;
use core::fmt;

/// Writes to an output, piece by piece, while there is room, and counts in any case.
pub(super) struct Fill<'o, O: ?Sized> {
    output: &'o mut O,
    full: bool,
    pub(super) needed: usize,
}

impl<'o, O: Storage + ?Sized> Fill<'o, O> {
    pub(super) fn new(output: &'o mut O) -> Self {
        Self { output, full: false, needed: 0 }
    }

    /// How many bytes were written.
    pub(super) fn finish(self) -> Result<usize, BufferTooSmall> {
        if self.full { Err(BufferTooSmall { needed: self.needed }) } else { Ok(self.needed) }
    }

    // On small targets it would cost flash to have it in many places.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.full |= !self.output.push(bytes);
        self.needed = self.needed.saturating_add(bytes.len());
    }

    /// Writes a line, its end, and what the next one starts with.
    #[inline]
    pub(super) fn put_line(&mut self, line: &[u8], prefix: &[u8]) {
        if !SMALL_CODE {
            // In one step: what is written is found in memory each time.
            self.full |= !self.output.push_line(line, prefix);
            let around = prefix.len().wrapping_add(1);
            self.needed = self.needed.saturating_add(line.len()).saturating_add(around);
        } else {
            self.put(line);
            self.put(b"\n");
            self.put(prefix);
        }
    }
}

/// What [`Event::append_to`](crate::Event::append_to) can append to: `alloc::vec::Vec<u8>` (feature
/// `alloc`), `heapless::Vec<u8, N>` and its unsized view `heapless::VecView<u8>` (feature
/// `heapless-v0.9`).
///
/// The trait is sealed: its methods are the crate's own.
pub trait Output: Storage {}

/// The sealed half of [`Output`].
pub trait Storage {
    /// Appends all of `bytes`, or nothing and answers `false`.
    fn push(&mut self, bytes: &[u8]) -> bool;
    /// Appends a line, LF, and what the next line starts with. `false`: a part may be missing.
    #[inline]
    fn push_line(&mut self, line: &[u8], prefix: &[u8]) -> bool {
        self.push(line) && self.push(b"\n") && self.push(prefix)
    }
    /// Appends `len` bytes, to be overwritten; `None` if there is no room for them.
    fn extend(&mut self, len: usize) -> Option<&mut [u8]>;
    /// How many bytes there are.
    fn len(&self) -> usize;
    /// Drops all but the first `len` bytes.
    fn truncate(&mut self, len: usize);
}

/// The free rest of a slice.
pub(super) struct Free<'b>(pub(super) &'b mut [u8]);

impl Storage for Free<'_> {
    #[inline]
    fn push(&mut self, bytes: &[u8]) -> bool {
        let free = core::mem::take(&mut self.0);
        match free.split_at_mut_checked(bytes.len()) {
            Some((now, later)) => {
                copy(bytes, now);
                self.0 = later;
                true
            }
            None => false,
        }
    }
    #[inline]
    fn push_line(&mut self, line: &[u8], prefix: &[u8]) -> bool {
        let free = core::mem::take(&mut self.0);
        let Some((to, free)) = free.split_at_mut_checked(line.len()) else { return false };
        let Some((lf, free)) = free.split_first_mut() else { return false };
        let Some((start, free)) = free.split_at_mut_checked(prefix.len()) else { return false };
        copy(line, to);
        *lf = b'\n';
        copy(prefix, start);
        self.0 = free;
        true
    }
    fn extend(&mut self, _len: usize) -> Option<&mut [u8]> {
        None
    }
    fn len(&self) -> usize {
        0
    }
    fn truncate(&mut self, _len: usize) {}
}

#[cfg(feature = "alloc")]
impl Output for alloc::vec::Vec<u8> {}
#[cfg(feature = "alloc")]
impl Storage for alloc::vec::Vec<u8> {
    #[inline]
    fn push(&mut self, bytes: &[u8]) -> bool {
        let room = self.try_reserve(bytes.len()).is_ok();
        if room {
            self.extend_from_slice(bytes);
        }
        room
    }
    #[inline]
    fn extend(&mut self, len: usize) -> Option<&mut [u8]> {
        self.try_reserve(len).ok()?;
        let old = self.len();
        self.resize(old.wrapping_add(len), 0);
        self.get_mut(old..)
    }
    fn len(&self) -> usize {
        self.len()
    }
    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

#[cfg(feature = "heapless-v0.9")]
impl Output for heapless::VecView<u8> {}
#[cfg(feature = "heapless-v0.9")]
impl Storage for heapless::VecView<u8> {
    #[inline]
    fn push(&mut self, bytes: &[u8]) -> bool {
        self.extend_from_slice(bytes).is_ok()
    }
    #[inline]
    fn extend(&mut self, len: usize) -> Option<&mut [u8]> {
        let old = self.as_slice().len();
        self.resize(old.wrapping_add(len), 0).ok()?;
        self.get_mut(old..)
    }
    fn len(&self) -> usize {
        self.as_slice().len()
    }
    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

#[cfg(feature = "heapless-v0.9")]
impl<const N: usize> Output for heapless::Vec<u8, N> {}
#[cfg(feature = "heapless-v0.9")]
impl<const N: usize> Storage for heapless::Vec<u8, N> {
    #[inline]
    fn push(&mut self, bytes: &[u8]) -> bool {
        Storage::push(self.as_mut_view(), bytes)
    }
    #[inline]
    fn extend(&mut self, len: usize) -> Option<&mut [u8]> {
        Storage::extend(self.as_mut_view(), len)
    }
    fn len(&self) -> usize {
        self.as_slice().len()
    }
    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

/// The output has no room for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferTooSmall {
    /// How many bytes the event takes, exactly.
    pub needed: usize,
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no room for an event of {} bytes", self.needed)
    }
}

impl core::error::Error for BufferTooSmall {}
