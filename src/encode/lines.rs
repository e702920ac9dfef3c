//! Writes fields, at run time and at compile time. Each value is split at line breaks, and each of its lines gets the
//! field name, so that a line break in a value never ends a field.

use super::output::{Sink, Storage};
use crate::SMALL_CODE;
use crate::scan::{Lines, ends_with_cr, has_line_end};

/// The value of a field, if present, and what is written before each of its lines.
#[derive(Clone, Copy)]
pub(super) struct PrefixedValue<'e> {
    /// The field name, the colon and a space.
    pub(super) prefix: &'static [u8],
    pub(super) value: Option<&'e [u8]>,
    /// Whether the value can have line breaks, and must be split.
    pub(super) multiline: bool,
}

/// The fields of an event, in the order in which they are written.
#[derive(Clone, Copy)]
pub(super) struct Fields<'e>(pub(super) [PrefixedValue<'e>; 5]);

/// Runs code for each field. Fast code has no loop: the compiler then uses all constants of each field.
macro_rules! for_each {
    ($field:ident in $fields:expr, $body:expr) => {
        if SMALL_CODE {
            for $field in $fields {
                $body;
            }
        } else {
            let [first, second, third, fourth, fifth] = $fields;
            for_each!(@ $field, $body, first, second, third, fourth, fifth);
        }
    };
    (@ $field:ident, $body:expr, $($each:ident),*) => {
        $(let $field = $each; $body;)*
    };
}

impl Fields<'_> {
    /// Searches the values for line breaks, clears `multiline` where there are none, and returns an upper bound for the
    /// encoded length. The bound is exact if no field is multiline, and in short code.
    #[inline(always)]
    pub(super) fn inspect(&mut self) -> usize {
        let mut most: usize = 1;
        for_each!(field in &mut self.0, most = most.saturating_add(field.inspect()));
        most
    }

    #[inline(always)]
    pub(super) fn any_multiline(&self) -> bool {
        let mut any = false;
        for_each!(field in &self.0, any |= field.multiline);
        any
    }

    /// Writes to `out`, which must have the exact length for the fields and the blank line. In fast code, no field may
    /// be multiline.
    #[inline(always)]
    pub(super) fn write_exactly(&mut self, out: &mut [u8]) {
        if !SMALL_CODE {
            debug_assert!(!self.any_multiline());
            for_each!(field in &mut self.0, field.multiline = false);
        }
        let Some((blank, head)) = out.split_last_mut() else { return };
        *blank = b'\n';
        self.write_head(&mut Sink::new(head));
    }

    /// Writes the fields and the blank line.
    #[inline(always)]
    pub(super) fn write<O: Storage + ?Sized>(&self, sink: &mut Sink<'_, O>) {
        self.write_head(sink);
        sink.put(b"\n");
    }

    /// Writes the fields, without a blank line.
    #[inline(always)]
    pub(super) fn write_head<O: Storage + ?Sized>(&self, sink: &mut Sink<'_, O>) {
        for_each!(field in &self.0, field.write(sink));
    }

    /// Writes the fields and the blank line at compile time, where neither traits nor memchr are available. Returns the
    /// length; bytes that do not fit are only counted.
    pub(super) const fn write_const(&self, out: &mut [u8]) -> usize {
        let mut writer = ConstWriter { free: out, written: 0 };
        let mut fields: &[PrefixedValue<'_>] = &self.0;
        while let [field, rest @ ..] = fields {
            if let Some(value) = field.value {
                writer.put_lines(field.prefix, value);
            }
            fields = rest;
        }
        writer.put(b"\n");
        writer.written
    }
}

impl PrefixedValue<'_> {
    /// See [`Fields::inspect`].
    #[inline(always)]
    fn inspect(&mut self) -> usize {
        let Some(value) = self.value else {
            self.multiline = false;
            return 0;
        };
        self.multiline = self.multiline && has_line_end(value);
        let around = self.prefix.len().saturating_add(1);
        let most = around.saturating_add(value.len());
        match self.multiline {
            true if SMALL_CODE => {
                let mut count = Sink::new(&mut [][..]);
                write_lines(self.prefix, value, &mut count);
                count.needed()
            }
            true => most.saturating_add(around.saturating_mul(value.len())),
            false => most,
        }
    }

    #[inline(always)]
    fn write<O: Storage + ?Sized>(&self, sink: &mut Sink<'_, O>) {
        match self.value {
            Some(value) if self.multiline => write_lines(self.prefix, value, sink),
            Some(value) => sink.put_line(self.prefix, value),
            None => {}
        }
    }
}

/// Writes a complete value as lines.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn write_lines<O: Storage + ?Sized>(prefix: &'static [u8], value: &[u8], sink: &mut Sink<'_, O>) {
    let mut splitter = Splitter::new(prefix);
    splitter.write(value, sink);
    splitter.end_line(sink);
}

/// Splits a value that arrives in pieces. A CRLF between two pieces is one line break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Splitter {
    prefix: &'static [u8],
    /// The bytes to write before the next byte of the value: the prefix, or nothing.
    pending: &'static [u8],
    /// The last piece ended with a CR: if the next byte is a LF, it belongs to that CR.
    after_cr: bool,
}

impl Splitter {
    pub(super) const fn new(prefix: &'static [u8]) -> Self {
        Self { prefix, pending: prefix, after_cr: false }
    }

    /// Whether a piece without line ends can be written unchanged.
    #[inline(always)]
    pub(super) const fn is_within_line(&self) -> bool {
        self.pending.is_empty()
    }

    /// Writes a piece.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn write<O: Storage + ?Sized>(&mut self, piece: &[u8], sink: &mut Sink<'_, O>) {
        let piece = match piece {
            [] => return,
            [b'\n', rest @ ..] if self.after_cr => rest,
            _ => piece,
        };
        let mut lines = <Lines<'_>>::new(piece);
        let mut pending = self.pending;
        while let Some(line) = lines.take() {
            sink.put_line(pending, line);
            pending = self.prefix;
        }
        let rest = lines.rest();
        if !rest.is_empty() {
            sink.put_parts([pending, rest], false);
            pending = b"";
        }
        self.pending = pending;
        self.after_cr = ends_with_cr(piece);
    }

    /// The number of bytes of `piece` that certainly fit into `free` bytes together with what
    /// [`end_event_at`](Self::end_event_at) writes.
    #[cfg(feature = "_io")]
    pub(crate) fn fitting_len(&self, piece: &[u8], free: usize) -> usize {
        // One prefix is counted by `event_end_len`: that of the first line if it is pending, else that of the last.
        let Some(mut free) = free.checked_sub(self.event_end_len()) else { return 0 };
        let mut lines = <Lines<'_>>::new(piece);
        let mut fitting = 0;
        while let Some(line) = lines.take() {
            let around = self.prefix.len().saturating_add(1);
            match free.checked_sub(line.len().saturating_add(around)) {
                Some(less) => free = less,
                None => return line.len().min(free).saturating_add(fitting),
            }
            fitting = lines.start();
        }
        lines.rest().len().min(free).saturating_add(fitting)
    }

    /// Writes a piece after the first `len` bytes of `out`, and returns the new length.
    #[cfg(feature = "_io")]
    pub(crate) fn write_at(&mut self, piece: &[u8], out: &mut [u8], len: usize) -> usize {
        let mut sink = Sink::resume(out, len);
        self.write(piece, &mut sink);
        sink.needed()
    }

    /// Ends the last line and the event after the first `len` bytes of `out`, and returns the new length: at most
    /// [`event_end_len`](Self::event_end_len) more.
    #[cfg(feature = "_io")]
    pub(crate) fn end_event_at(&self, out: &mut [u8], len: usize) -> usize {
        let mut sink = Sink::resume(out, len);
        self.end_event(&mut sink);
        sink.needed()
    }

    /// The most bytes that end the event: the prefix, if it is pending, and two LF.
    #[cfg(feature = "_io")]
    const fn event_end_len(&self) -> usize {
        self.prefix.len().saturating_add(2)
    }

    /// The free bytes that the buffer must have to make progress: a line end, with the prefix of the next line, and the
    /// end of the event.
    #[cfg(feature = "_io")]
    pub(crate) const fn min_free(&self) -> usize {
        self.event_end_len().saturating_add(self.prefix.len()).saturating_add(1)
    }

    /// Ends the last line and the event.
    #[inline]
    pub(super) fn end_event<O: Storage + ?Sized>(&self, sink: &mut Sink<'_, O>) {
        self.end_line(sink);
        sink.put(b"\n");
    }

    /// Ends the last line.
    #[inline]
    fn end_line<O: Storage + ?Sized>(&self, sink: &mut Sink<'_, O>) {
        sink.put_line(self.pending, b"");
    }
}

struct ConstWriter<'b> {
    free: &'b mut [u8],
    written: usize,
}

impl ConstWriter<'_> {
    // `mem::take` is not const.
    #[allow(clippy::mem_replace_with_default)]
    const fn put(&mut self, mut bytes: &[u8]) {
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

    /// Like [`Splitter`], but byte by byte.
    const fn put_lines(&mut self, prefix: &[u8], mut value: &[u8]) {
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
