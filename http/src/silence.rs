//! The timer for a stream's idle timeout and a body's keep-alives: it runs while nothing arrives. Needs feature `tokio`.

use std::task::{Context, Poll};

#[cfg(not(feature = "tokio"))]
pub(crate) use never::Silence;
#[cfg(feature = "tokio")]
pub(crate) use timer::Silence;

#[cfg(feature = "tokio")]
mod timer {
    use super::{Context, Poll};
    use std::pin::Pin;
    use std::task::ready;
    use std::time::Duration;
    use tokio::time::{Instant, Sleep, sleep};

    /// Runs from the first poll after the last [`end`](Self::end). So a stream that always has something never looks at
    /// the clock.
    #[derive(Debug)]
    pub(crate) struct Silence {
        after: Duration,
        /// Allocated once, by the first silence.
        sleep: Option<Pin<Box<Sleep>>>,
        is_running: bool,
    }

    impl Silence {
        pub(crate) fn after(after: Duration) -> Self {
            // A longer time could overflow the clock.
            let year = Duration::from_secs(86_400 * 365);
            Self { after: after.min(year), sleep: None, is_running: false }
        }

        /// Stops the timer: something has come.
        pub(crate) const fn end(&mut self) {
            self.is_running = false;
        }

        /// Ready when nothing has come for too long. The next poll starts the timer again.
        pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(self.after)));
            if !self.is_running {
                let now = Instant::now();
                sleep.as_mut().reset(now.checked_add(self.after).unwrap_or(now));
                self.is_running = true;
            }
            ready!(sleep.as_mut().poll(cx));
            self.is_running = false;
            Poll::Ready(())
        }
    }
}

#[cfg(not(feature = "tokio"))]
mod never {
    use super::{Context, Poll};
    use std::convert::Infallible;

    /// There is no clock without tokio, and no timer.
    #[derive(Debug)]
    pub(crate) struct Silence(Infallible);

    impl Silence {
        pub(crate) const fn end(&mut self) {}

        pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
            match self.0 {}
        }
    }
}
