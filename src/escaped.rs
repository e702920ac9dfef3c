//! How bytes that need not be text are shown by `Debug`.

use core::fmt;

/// Shows bytes as a string literal does, with escapes for all that is not printable ASCII.
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}
