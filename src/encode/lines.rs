//! Splits a value into lines, each with its field name, so that no line break in it can end up on
//! the wire as the end of a field.

use super::output::{Fill, Storage};
use crate::scan::{Lines, ends_with_cr};
use core::fmt;

/// Writes one value, in as many pieces as it comes in, as lines that start with `prefix`.
pub(super) struct LineWriter<'f, 'o, O: ?Sized> {
    fill: &'f mut Fill<'o, O>,
    prefix: &'static [u8],
    /// The piece before ended with CR: a LF that comes next belongs to it.
    after_cr: bool,
}

impl<'f, 'o, O: Storage + ?Sized> LineWriter<'f, 'o, O> {
    #[inline]
    pub(super) fn start(fill: &'f mut Fill<'o, O>, prefix: &'static [u8]) -> Self {
        fill.put(prefix);
        Self { fill, prefix, after_cr: false }
    }

    /// A CRLF that is cut between two pieces is one line break.
    #[inline]
    pub(super) fn write(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        let piece = match piece {
            [b'\n', rest @ ..] if self.after_cr => rest,
            _ => piece,
        };
        let mut lines = <Lines<'_>>::new(piece);
        while let Some(line) = lines.take() {
            self.fill.put_line(line, self.prefix);
        }
        self.fill.put(lines.rest());
        self.after_cr = ends_with_cr(piece);
    }

    #[inline]
    pub(super) fn finish(self) {
        self.fill.put(b"\n");
    }
}

impl<O: Storage + ?Sized> fmt::Write for LineWriter<'_, '_, O> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.write(piece.as_bytes());
        Ok(())
    }
}

/// Writes at compile time, where neither traits nor memchr are to be had. What does not fit is only
/// counted.
pub(super) struct ConstWriter<'b> {
    free: &'b mut [u8],
    written: usize,
}

impl<'b> ConstWriter<'b> {
    pub(super) const fn new(free: &'b mut [u8]) -> Self {
        Self { free, written: 0 }
    }

    pub(super) const fn written(&self) -> usize {
        self.written
    }

    // `mem::take` is not const.
    #[allow(clippy::mem_replace_with_default)]
    pub(super) const fn put(&mut self, mut bytes: &[u8]) {
        while let [byte, rest @ ..] = bytes {
            if let Some((slot, free)) =
                core::mem::replace(&mut self.free, &mut []).split_first_mut()
            {
                *slot = *byte;
                self.free = free;
            }
            self.written = self.written.saturating_add(1);
            bytes = rest;
        }
    }

    /// What [`LineWriter`] does, byte by byte.
    pub(super) const fn put_lines(&mut self, prefix: &[u8], mut value: &[u8]) {
        self.put(prefix);
        loop {
            match value {
                [b'\r', b'\n', rest @ ..] | [b'\r' | b'\n', rest @ ..] => {
                    self.put(b"\n");
                    self.put(prefix);
                    value = rest;
                }
                [byte, rest @ ..] => {
                    self.put(&[*byte]);
                    value = rest;
                }
                [] => break,
            }
        }
        self.put(b"\n");
    }
}
