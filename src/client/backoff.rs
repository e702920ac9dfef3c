//! The wait before a reconnection.

use core::time::Duration;

/// How long an [`EventSource`](crate::EventSource) waits before it reconnects.
///
/// Before reconnection number n since the last sign of life, the wait is the reconnection time, but at least the
/// [`floor`](Self::floor), doubled n - 1 times up to [`doubled_to`](Self::doubled_to). Up to half of that is added at
/// random, so that the clients of a server that restarts do not all reconnect at once. The standard lets a client wait
/// longer than the reconnection time, but not shorter ([WHATWG HTML 9.2.3][standard]): only the
/// [`ceiling`](Self::ceiling) shortens the wait.
///
/// Times are rounded up to whole milliseconds, and to at most `u32::MAX` milliseconds (49 days).
///
/// ```
/// use core::time::Duration;
/// use sse_wire::Backoff;
///
/// // A server's `retry: 18446744073709551615` must not silence this device for weeks.
/// const BACKOFF: Backoff = Backoff::new().ceiling(Duration::from_secs(300));
/// ```
///
/// [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
// 32-bit milliseconds: a `Duration` has 16 bytes, and its arithmetic takes 1 kB of flash on a Cortex-M0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Backoff {
    reconnection_ms: u32,
    floor_ms: u32,
    doubled_to_ms: u32,
    ceiling_ms: u32,
}

impl Backoff {
    /// A reconnection time of 3 s until the stream sets one, as in Chromium; a floor of 500 ms, as in Firefox; doubling
    /// up to 60 s; no ceiling except 49 days.
    #[must_use]
    pub const fn new() -> Self {
        Self { reconnection_ms: 3000, floor_ms: 500, doubled_to_ms: 60_000, ceiling_ms: u32::MAX }
    }

    /// Sets the reconnection time that applies until the stream sets one. The standard recommends a few seconds.
    #[must_use]
    pub const fn reconnection_time(mut self, time: Duration) -> Self {
        self.reconnection_ms = milliseconds(time);
        self
    }

    /// Sets the least reconnection time, whatever the stream sets. Without it, a server that sends `retry: 0` and
    /// closes the connection causes reconnections without a pause.
    #[must_use]
    pub const fn floor(mut self, time: Duration) -> Self {
        self.floor_ms = milliseconds(time);
        self
    }

    /// Sets where doubling ends. A longer reconnection time from the stream is used without doubling.
    #[must_use]
    pub const fn doubled_to(mut self, time: Duration) -> Self {
        self.doubled_to_ms = milliseconds(time);
        self
    }

    /// Sets the longest wait, whatever the server requests, in the stream or with `Retry-After`. The standard has no
    /// such limit.
    #[must_use]
    pub const fn ceiling(mut self, time: Duration) -> Self {
        self.ceiling_ms = milliseconds(time);
        self
    }

    /// The wait after `attempts` attempts without a sign of life, at least `at_least_ms`. `random` scales the random
    /// part.
    pub(super) fn wait(
        &self,
        reconnection_time: Option<Duration>,
        attempts: u32,
        at_least_ms: u32,
        random: u32,
    ) -> Duration {
        let mut wait = reconnection_time.map_or(self.reconnection_ms, milliseconds);
        wait = wait.max(self.floor_ms);
        if wait < self.doubled_to_ms {
            // After 32 doublings the wait is 0 or saturated.
            for _ in 0..attempts.min(32) {
                wait = wait.saturating_add(wait);
            }
            wait = wait.min(self.doubled_to_ms);
        }
        wait = wait.max(at_least_ms);
        // Half of the wait times a fraction: the upper half of the product has fewer than 32 bits.
        let half = u64::from(wait >> 1);
        let added = half.wrapping_mul(random.into()) >> 32;
        wait = wait.saturating_add(u32::try_from(added).unwrap_or_default());
        duration(wait.min(self.ceiling_ms))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

/// Whole milliseconds, rounded up, at most `u32::MAX`.
// `Duration::as_millis` has 128 bits, and `try_from` is not const.
#[allow(clippy::as_conversions)]
// Inlining it would cost flash on small targets.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(super) const fn milliseconds(time: Duration) -> u32 {
    let seconds = time.as_secs();
    if seconds >= 4_294_967 {
        return u32::MAX;
    }
    let part = time.subsec_nanos().div_ceil(1_000_000);
    (seconds as u32).wrapping_mul(1000).wrapping_add(part)
}

/// Converts without `Duration::from_millis`, whose 64-bit division takes 1.4 kB of flash if done in software.
#[allow(clippy::integer_division)]
fn duration(milliseconds: u32) -> Duration {
    let nanoseconds = (milliseconds % 1000).wrapping_mul(1_000_000);
    Duration::new((milliseconds / 1000).into(), nanoseconds)
}
