//! Decimal digits of a number, at compile time too.

/// `u64::MAX` has so many.
const MOST: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    /// The digits, at the end.
    bytes: [u8; MOST],
    start: usize,
}

impl Digits {
    // No number has more digits than there is room for, the remainder is a digit, and slices
    // cannot be cast otherwise in a const function.
    #[allow(clippy::as_conversions, clippy::integer_division)]
    pub(super) const fn of(mut number: u64) -> Self {
        let mut bytes = [b'0'; MOST];
        let mut start = MOST;
        let mut free: &mut [u8] = &mut bytes;
        while let Some((last, rest)) = free.split_last_mut() {
            *last = b'0'.wrapping_add((number % 10) as u8);
            start = rest.len();
            free = rest;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { bytes, start }
    }

    pub(super) const fn as_bytes(&self) -> &[u8] {
        match self.bytes.split_at_checked(self.start) {
            Some((_, digits)) => digits,
            None => &[],
        }
    }
}
