//! The slices and vectors that events are written to, and the sink that counts bytes that do not fit.

use crate::copy::copy_line;
use core::fmt;

/// Writes bytes that fit to an output, and counts the others.
///
/// Dropping it restores a vector, unless [`finish`](Self::finish) was called.
#[derive(Debug)]
pub(crate) struct Sink<'o, O: Storage + ?Sized> {
    output: &'o mut O,
    /// The length of the output, with the bytes written so far.
    len: usize,
    /// The length of the output after this is dropped.
    kept: usize,
    /// The number of bytes that did not fit.
    missing: usize,
}

impl<'o, O: Storage + ?Sized> Sink<'o, O> {
    #[inline(always)]
    pub(super) fn new(output: &'o mut O) -> Self {
        let len = output.used();
        Self { output, len, kept: len, missing: 0 }
    }

    /// The number of bytes so far, whether they fit or not.
    #[inline(always)]
    pub(super) const fn needed(&self) -> usize {
        self.len.wrapping_sub(self.kept).saturating_add(self.missing)
    }

    #[inline(always)]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.put_parts([b"", bytes], false);
    }

    /// Writes a prefix, a line or its last part, and a LF.
    #[inline(always)]
    pub(super) fn put_line(&mut self, prefix: &[u8], line: &[u8]) {
        self.put_parts([prefix, line], true);
    }

    /// Writes both parts and, if `lf`, a LF: all or nothing.
    // Inlining it would cost flash on small targets.
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

    /// Keeps the bytes that were written.
    pub(super) fn finish(mut self) -> Result<(), BufferTooSmall> {
        if self.missing == 0 {
            self.kept = self.len;
            Ok(())
        } else {
            Err(BufferTooSmall { needed: self.needed() })
        }
    }
}

impl<'o> Sink<'o, [u8]> {
    /// Continues after the first `len` bytes.
    #[cfg(feature = "_io")]
    pub(super) fn resume(output: &'o mut [u8], len: usize) -> Self {
        Self { output, len, kept: 0, missing: 0 }
    }

    /// Returns the part of the slice that was written.
    pub(super) fn finish_slice(mut self) -> Result<&'o mut [u8], BufferTooSmall> {
        let (len, needed) = (self.len, self.needed());
        let written = core::mem::take(&mut self.output).get_mut(..len);
        written.filter(|_| self.missing == 0).ok_or(BufferTooSmall { needed })
    }
}

impl<O: Storage + ?Sized> Drop for Sink<'_, O> {
    #[inline(always)]
    fn drop(&mut self) {
        self.output.truncate(self.kept);
    }
}

/// Writes text unchanged, without a search for line breaks.
impl<O: Storage + ?Sized> fmt::Write for Sink<'_, O> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

/// The types that [`Event::append_to`](crate::Event::append_to) can append to: `alloc::vec::Vec<u8>` (feature `alloc`),
/// `bytes::BytesMut` (feature `bytes-v1`), `heapless::Vec<u8, N>` and its unsized view `heapless::VecView<u8>` (feature
/// `heapless-v0.9`).
///
/// If the allocator refuses memory, a `Vec` is left as it was, and the call returns [`BufferTooSmall`]. `BytesMut`
/// aborts the program: it has no fallible method to reserve memory.
///
/// The trait is sealed: its methods are private.
pub trait Output: Storage {
    /// Appends `len` bytes that the caller overwrites; `None` if they do not fit.
    #[doc(hidden)]
    fn extend(&mut self, len: usize) -> Option<&mut [u8]>;
}

/// The sealed half of [`Output`]; also for slices.
pub trait Storage {
    /// The number of bytes before anything is appended.
    fn used(&self) -> usize;
    /// The bytes, followed by bytes that can be overwritten.
    fn bytes(&mut self) -> &mut [u8];
    /// Appends both parts and, if `lf`, a LF after the first `len` bytes. `false`: they do not fit, and nothing has
    /// changed.
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

/// The number of bytes after the end of a vector that can be overwritten: copying a few bytes there is faster than
/// appending them.
#[cfg(any(feature = "alloc", feature = "bytes-v1", feature = "heapless-v0.9"))]
const SLACK: usize = 256;

/// Implements [`Output`] for a vector. `$reserve` reserves memory.
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
                let spare = len.wrapping_add($len).saturating_add(SLACK).min($out.capacity());
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
// `BytesMut` has no fallible method to reserve memory.
#[cfg(feature = "bytes-v1")]
output!([] bytes::BytesMut, |out, len| {
    let fits = out.len().saturating_add(len) <= usize::MAX >> 1;
    fits.then(|| out.reserve(len)).is_some()
});
#[cfg(feature = "heapless-v0.9")]
output!([const N: usize] heapless::Vec<u8, N>, |out, len| len <= N.saturating_sub(out.used()));
#[cfg(feature = "heapless-v0.9")]
output!([] heapless::VecView<u8>, |out, len| len <= out.capacity().saturating_sub(out.used()));

/// The output is too small for an event or an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferTooSmall {
    /// The exact number of bytes that are needed.
    pub needed: usize,
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the output is too small: {} bytes are needed", self.needed)
    }
}

impl core::error::Error for BufferTooSmall {}
