//! `Debug` output of bytes that may not be text.

use core::fmt;

/// Formats bytes as a string literal, with escapes for all but printable ASCII.
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}
