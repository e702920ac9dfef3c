//! What events can be written to, slices and vectors, and the count of what they need.

use crate::copy::copy_line;
use core::fmt;

/// Writes to an output what fits, and counts the rest.
///
/// When it is dropped, a vector is as it was before, unless the event was [finished](Self::finish).
#[derive(Debug)]
pub(crate) struct Fill<'o, O: Storage + ?Sized> {
    output: &'o mut O,
    /// How long the output is now.
    len: usize,
    /// How many bytes of the output are kept when this is dropped.
    kept: usize,
    /// How many bytes did not fit.
    missing: usize,
}

impl<'o, O: Storage + ?Sized> Fill<'o, O> {
    #[inline(always)]
    pub(super) fn new(output: &'o mut O) -> Self {
        let len = output.used();
        Self { output, len, kept: len, missing: 0 }
    }

    /// How many bytes were to be written so far.
    #[inline(always)]
    pub(super) const fn needed(&self) -> usize {
        self.len.wrapping_sub(self.kept).saturating_add(self.missing)
    }

    #[inline(always)]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.put_parts([b"", bytes], false);
    }

    /// Writes a line, with its LF, or the end of one.
    #[inline(always)]
    pub(super) fn put_line(&mut self, prefix: &[u8], line: &[u8]) {
        self.put_parts([prefix, line], true);
    }

    /// Writes both parts and, if `lf`, a LF, or nothing.
    // On small targets it would cost flash to have it in many places.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn put_parts(&mut self, parts: [&[u8]; 2], lf: bool) {
        let [first, second] = parts;
        let len = first.len().saturating_add(second.len()).saturating_add(lf.into());
        let free = self.output.bytes().get_mut(self.len..);
        if free.is_some_and(|free| copy_line(parts, lf, free))
            || self.output.append(self.len, parts, lf)
        {
            self.len = self.len.wrapping_add(len);
        } else {
            self.missing = self.missing.saturating_add(len);
        }
    }

    /// Keeps what was written.
    pub(super) fn finish(mut self) -> Result<(), BufferTooSmall> {
        if self.missing == 0 {
            self.kept = self.len;
            Ok(())
        } else {
            Err(BufferTooSmall { needed: self.needed() })
        }
    }
}

impl<'o> Fill<'o, [u8]> {
    /// Goes on after the first `len` bytes.
    #[cfg(feature = "_io")]
    pub(super) fn resume(output: &'o mut [u8], len: usize) -> Self {
        Self { output, len, kept: 0, missing: 0 }
    }

    /// The part of the slice that was written.
    pub(super) fn finish_slice(mut self) -> Result<&'o mut [u8], BufferTooSmall> {
        let (len, needed) = (self.len, self.needed());
        let written = core::mem::take(&mut self.output).get_mut(..len);
        written.filter(|_| self.missing == 0).ok_or(BufferTooSmall { needed })
    }
}

impl<O: Storage + ?Sized> Drop for Fill<'_, O> {
    #[inline(always)]
    fn drop(&mut self) {
        self.output.truncate(self.kept);
    }
}

/// Text as it is, without a search for line breaks.
impl<O: Storage + ?Sized> fmt::Write for Fill<'_, O> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

/// What [`Event::append_to`](crate::Event::append_to) can append to: `alloc::vec::Vec<u8>` (feature
/// `alloc`), `bytes::BytesMut` (feature `bytes-v1`), `heapless::Vec<u8, N>` and its unsized view
/// `heapless::VecView<u8>` (feature `heapless-v0.9`).
///
/// The trait is sealed: its methods are the crate's own.
pub trait Output: Storage {
    /// Appends `len` bytes, to be overwritten; `None` if it cannot.
    #[doc(hidden)]
    fn extend(&mut self, len: usize) -> Option<&mut [u8]>;
}

/// The sealed half of [`Output`]; slices have it, too.
pub trait Storage {
    /// How many bytes there are before anything is appended.
    fn used(&self) -> usize;
    /// The bytes, and behind them some that may be overwritten.
    fn bytes(&mut self) -> &mut [u8];
    /// Appends both parts and, if `lf`, a LF to the first `len` bytes, or does nothing and returns `false`.
    fn append(&mut self, len: usize, parts: [&[u8]; 2], lf: bool) -> bool;
    /// Drops all but the first `len` bytes.
    fn truncate(&mut self, len: usize);
}

impl Storage for [u8] {
    #[inline(always)]
    fn used(&self) -> usize {
        0
    }
    #[inline(always)]
    fn bytes(&mut self) -> &mut [u8] {
        self
    }
    #[inline(always)]
    fn append(&mut self, _len: usize, _parts: [&[u8]; 2], _lf: bool) -> bool {
        false
    }
    #[inline(always)]
    fn truncate(&mut self, _len: usize) {}
}

/// How many bytes behind those of a vector may be overwritten by what is appended next: to copy a few bytes
/// to them takes less than to append them.
#[cfg(any(feature = "alloc", feature = "bytes-v1", feature = "heapless-v0.9"))]
const SPARE: usize = 256;

/// Implements [`Output`] for a vector, of which `$reserve` reserves memory.
#[cfg(any(feature = "alloc", feature = "bytes-v1", feature = "heapless-v0.9"))]
macro_rules! output {
    ([$($generics:tt)*] $vector:ty, |$out:ident, $len:ident| $reserve:expr) => {
        impl<$($generics)*> Output for $vector {
            #[inline]
            fn extend(&mut self, $len: usize) -> Option<&mut [u8]> {
                let old = self.used();
                let $out = self;
                if !$reserve {
                    return None;
                }
                let _ = $out.resize(old.wrapping_add($len), 0);
                $out.get_mut(old..)
            }
        }
        impl<$($generics)*> Storage for $vector {
            #[inline]
            fn used(&self) -> usize {
                <[u8]>::len(self)
            }
            #[inline(always)]
            fn bytes(&mut self) -> &mut [u8] {
                self
            }
            #[cold]
            fn append(&mut self, len: usize, [first, second]: [&[u8]; 2], lf: bool) -> bool {
                self.truncate(len);
                let lf: &[u8] = if lf { b"\n" } else { b"" };
                let $len = first.len().saturating_add(second.len()).saturating_add(lf.len());
                let $out = self;
                if !$reserve {
                    return false;
                }
                for part in [first, second, lf] {
                    let _ = $out.extend_from_slice(part);
                }
                let spare = len.wrapping_add($len).saturating_add(SPARE).min($out.capacity());
                let _ = $out.resize(spare, 0);
                true
            }
            #[inline]
            fn truncate(&mut self, len: usize) {
                self.truncate(len);
            }
        }
    };
}
#[cfg(feature = "alloc")]
output!([] alloc::vec::Vec<u8>, |out, len| out.try_reserve(len).is_ok());
// It has no way to reserve memory that can fail.
#[cfg(feature = "bytes-v1")]
output!([] bytes::BytesMut, |out, len| {
    let fits = out.len().saturating_add(len) <= usize::MAX >> 1;
    fits.then(|| out.reserve(len)).is_some()
});
#[cfg(feature = "heapless-v0.9")]
output!([const N: usize] heapless::Vec<u8, N>, |out, len| len <= N.saturating_sub(out.used()));
#[cfg(feature = "heapless-v0.9")]
output!([] heapless::VecView<u8>, |out, len| len <= out.capacity().saturating_sub(out.used()));

/// The output is too small for an event, or for an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferTooSmall {
    /// How many bytes it takes, exactly.
    pub needed: usize,
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the output is too small: {} bytes are needed", self.needed)
    }
}

impl core::error::Error for BufferTooSmall {}
