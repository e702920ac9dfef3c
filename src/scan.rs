//! Line ends: where they are, and how CR, LF and CRLF split bytes that arrive in pieces.
//!
//! The only place that knows memchr. Decoder and encoder both split lines here.

/// Splits bytes into lines, resumable between any two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct LineSplitter {
    /// The last byte ended a line with CR: a LF that comes next belongs to it.
    after_cr: bool,
}

impl LineSplitter {
    pub(crate) const fn new() -> Self {
        Self { after_cr: false }
    }

    /// Drops the LF of a CRLF whose CR came before. To be called whenever new bytes arrive.
    #[inline]
    pub(crate) fn skip_lf(&mut self, input: &mut &[u8]) {
        if self.after_cr && !input.is_empty() {
            self.after_cr = false;
            *input = input.strip_prefix(b"\n").unwrap_or(input);
        }
    }

    /// Takes one line off `input`, without its end; `None` leaves `input` as it is, because no line
    /// ends in it.
    #[inline]
    pub(crate) fn take_line<'a>(&mut self, input: &mut &'a [u8]) -> Option<&'a [u8]> {
        let end = memchr::memchr2(b'\n', b'\r', input);
        #[cfg(test)]
        crate::cost::add(end.map_or(input.len(), |end| end.saturating_add(1)));
        let (line, rest) = input.split_at_checked(end?)?;
        let (&line_end, rest) = rest.split_first()?;
        *input = rest;
        if line_end == b'\r' {
            self.after_cr = true;
            self.skip_lf(input);
        }
        Some(line)
    }
}
