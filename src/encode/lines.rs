//! The two routines that write fields, at run time and at compile time, and how both split a value into
//! lines, each with its field name, so that no line break in it can end up on the wire as the end of a
//! field.

use super::output::{Fill, Storage};
use crate::SMALL_CODE;
use crate::scan::{Lines, ends_with_cr, has_line_end};

/// A field of an event.
#[derive(Clone, Copy)]
pub(super) struct Field<'e> {
    /// What each of its lines starts with.
    pub(super) prefix: &'static [u8],
    pub(super) value: Option<&'e [u8]>,
    /// Whether the value may have line breaks, and has to be split.
    pub(super) multiline: bool,
}

/// The fields of an event, in the order in which they are written.
#[derive(Clone, Copy)]
pub(super) struct Fields<'e>(pub(super) [Field<'e>; 5]);

/// Does something with each field: without a loop where speed counts, so that all that is known of a field
/// at compile time is used.
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
    /// Searches the values, so that only those are multiline that have line breaks, and returns how many
    /// bytes the event takes at most: exactly, if no field is multiline or where short code counts.
    #[inline(always)]
    pub(super) fn inspect(&mut self) -> usize {
        let mut most: usize = 1;
        for_each!(field in &mut self.0, most = most.saturating_add(field.inspect()));
        most
    }

    #[inline(always)]
    pub(super) fn are_multiline(&self) -> bool {
        let mut any = false;
        for_each!(field in &self.0, any |= field.multiline);
        any
    }

    /// Fills `out`, which has the length for the fields and the blank line. Only where short code counts may
    /// any be multiline.
    #[inline(always)]
    pub(super) fn write_exactly(&mut self, out: &mut [u8]) {
        if !SMALL_CODE {
            debug_assert!(!self.are_multiline());
            for_each!(field in &mut self.0, field.multiline = false);
        }
        let Some((blank, head)) = out.split_last_mut() else { return };
        *blank = b'\n';
        self.write_head(&mut Fill::new(head));
    }

    /// Writes the fields and the blank line that ends the event.
    #[inline(always)]
    pub(super) fn write<O: Storage + ?Sized>(&self, fill: &mut Fill<'_, O>) {
        self.write_head(fill);
        fill.put(b"\n");
    }

    /// Writes the fields of an event that goes on.
    #[inline(always)]
    pub(super) fn write_head<O: Storage + ?Sized>(&self, fill: &mut Fill<'_, O>) {
        for_each!(field in &self.0, field.write(fill));
    }
}

impl Field<'_> {
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
                let mut count = Fill::new(&mut [][..]);
                write_lines(self.prefix, value, &mut count);
                count.needed()
            }
            true => most.saturating_add(around.saturating_mul(value.len())),
            false => most,
        }
    }

    #[inline(always)]
    fn write<O: Storage + ?Sized>(&self, fill: &mut Fill<'_, O>) {
        match self.value {
            Some(value) if self.multiline => write_lines(self.prefix, value, fill),
            Some(value) => fill.put_line(self.prefix, value),
            None => {}
        }
    }
}

/// Writes a value that is there as a whole, as lines.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn write_lines<O: Storage + ?Sized>(prefix: &'static [u8], value: &[u8], fill: &mut Fill<'_, O>) {
    let mut splitter = Splitter::new(prefix);
    splitter.write(value, fill);
    splitter.finish(fill);
}

/// Splits a value that comes in pieces. A CRLF that is cut between two pieces is one line break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Splitter {
    prefix: &'static [u8],
    /// What is still to be written before the next byte of a line: the prefix, or nothing.
    pending: &'static [u8],
    /// The piece before ended with CR: a LF that comes next belongs to it.
    after_cr: bool,
}

impl Splitter {
    pub(super) const fn new(prefix: &'static [u8]) -> Self {
        Self { prefix, pending: prefix, after_cr: false }
    }

    /// Whether a piece without line ends can be written as it is.
    #[inline(always)]
    pub(super) const fn is_within_line(&self) -> bool {
        self.pending.is_empty()
    }

    /// Writes a piece.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn write<O: Storage + ?Sized>(&mut self, piece: &[u8], fill: &mut Fill<'_, O>) {
        let piece = match piece {
            [] => return,
            [b'\n', rest @ ..] if self.after_cr => rest,
            _ => piece,
        };
        let mut lines = <Lines<'_>>::new(piece);
        let mut pending = self.pending;
        while let Some(line) = lines.take() {
            fill.put_line(pending, line);
            pending = self.prefix;
        }
        let rest = lines.rest();
        if !rest.is_empty() {
            fill.put_parts([pending, rest], false);
            pending = b"";
        }
        self.pending = pending;
        self.after_cr = ends_with_cr(piece);
    }

    /// How many bytes of `piece`, from the front on, surely fit into `free` bytes, so that what
    /// [`finish_at`](Self::finish_at) writes fits behind them.
    #[cfg(feature = "_io")]
    pub(crate) fn fitting(&self, piece: &[u8], free: usize) -> usize {
        // The prefix of the first line is pending, or that of the last one will be.
        let Some(mut free) = free.checked_sub(self.end_len()) else { return 0 };
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

    /// Writes a piece behind the first `len` bytes of `out`, and returns how many there are then.
    #[cfg(feature = "_io")]
    pub(crate) fn write_at(&mut self, piece: &[u8], out: &mut [u8], len: usize) -> usize {
        let mut fill = Fill::resume(out, len);
        self.write(piece, &mut fill);
        fill.needed()
    }

    /// Ends the last line, and the event, behind the first `len` bytes of `out`, and returns how many there
    /// are then: at most [`end_len`](Self::end_len) more.
    #[cfg(feature = "_io")]
    pub(crate) fn finish_at(&self, out: &mut [u8], len: usize) -> usize {
        let mut fill = Fill::resume(out, len);
        self.end(&mut fill);
        fill.needed()
    }

    /// How many bytes end the event at most: the prefix, if that is still pending, and two LF.
    #[cfg(feature = "_io")]
    const fn end_len(&self) -> usize {
        self.prefix.len().saturating_add(2)
    }

    /// How many bytes the buffer must have after those that are used, so that data can be written and the
    /// event can be ended: a line end, too, takes a prefix.
    #[cfg(feature = "_io")]
    pub(crate) const fn least_free(&self) -> usize {
        self.end_len().saturating_add(self.prefix.len()).saturating_add(1)
    }

    /// Ends the last line, and the event.
    #[inline]
    pub(super) fn end<O: Storage + ?Sized>(&self, fill: &mut Fill<'_, O>) {
        self.finish(fill);
        fill.put(b"\n");
    }

    /// Ends the last line.
    #[inline]
    fn finish<O: Storage + ?Sized>(&self, fill: &mut Fill<'_, O>) {
        fill.put_line(self.pending, b"");
    }
}

impl Fields<'_> {
    /// Writes the fields and the blank line at compile time, where neither traits nor memchr can be called,
    /// and returns the length. What does not fit is only counted.
    pub(super) const fn write_const(&self, out: &mut [u8]) -> usize {
        let mut writer = ConstWriter { free: out, written: 0 };
        let mut fields: &[Field<'_>] = &self.0;
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

    /// What [`Splitter`] does, byte by byte.
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
