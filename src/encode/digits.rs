//! Formats a number in decimal digits, at run time or at compile time.

use crate::LOADS_WORDS;

/// The number of digits of `u64::MAX`.
const MOST: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    /// The digits start at `start` and end at the end.
    bytes: [u8; MOST],
    start: usize,
}

impl Digits {
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) const fn of(mut number: u64) -> Self {
        let mut bytes = [b'0'; MOST];
        let mut start = MOST;
        let mut free: &mut [u8] = &mut bytes;
        while let Some((last, rest)) = free.split_last_mut() {
            let (quotient, digit) = divide_by_ten(number);
            *last = b'0'.wrapping_add(digit);
            start = rest.len();
            free = rest;
            number = quotient;
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

/// The quotient and the remainder.
#[allow(clippy::as_conversions, clippy::integer_division)]
const fn divide_by_ten(number: u64) -> (u64, u8) {
    if cfg!(target_pointer_width = "64") {
        (number / 10, (number % 10) as u8)
    } else {
        match number {
            0..=0xFFFF_FFFF if LOADS_WORDS => {
                let number = number as u32;
                ((number / 10) as u64, (number % 10) as u8)
            }
            _ => shift_by_ten(number),
        }
    }
}

/// Divides by shifts, for targets without a 64-bit division: the software division takes 1.4 kB of flash.
#[allow(clippy::as_conversions)]
const fn shift_by_ten(number: u64) -> (u64, u8) {
    // 0.8 is binary 0.110011001100.. The bits that are shifted out make the quotient at most one too small.
    let mut eight_tenths = (number >> 1).wrapping_add(number >> 2);
    eight_tenths = eight_tenths.wrapping_add(eight_tenths >> 4);
    eight_tenths = eight_tenths.wrapping_add(eight_tenths >> 8);
    eight_tenths = eight_tenths.wrapping_add(eight_tenths >> 16);
    eight_tenths = eight_tenths.wrapping_add(eight_tenths >> 32);
    let quotient = eight_tenths >> 3;
    // The remainder is less than 20, so the lowest bytes determine it.
    let remainder = (number as u8).wrapping_sub((quotient as u8).wrapping_mul(10));
    match remainder {
        0..=9 => (quotient, remainder),
        _ => (quotient.wrapping_add(1), remainder.wrapping_sub(10)),
    }
}

#[cfg(test)]
mod tests {
    use super::shift_by_ten;
    use proptest::prelude::*;

    fn check(number: u64) {
        let expected = (number / 10, u8::try_from(number % 10).unwrap());
        assert_eq!(shift_by_ten(number), expected, "{number}");
    }

    #[test]
    fn shifts_divide() {
        (0..1 << 20).for_each(check);
        for exponent in 0..64 {
            for distance in 0..1000 {
                check((1_u64 << exponent).wrapping_add(distance));
                check((1_u64 << exponent).wrapping_sub(distance));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

        #[test]
        fn shifts_divide_any_number(number: u64) {
            check(number);
        }
    }
}
