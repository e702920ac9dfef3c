//! The clock and the alarm of embassy: SysTick with a period of one second, and a one-shot timer.
//!
//! A tick every millisecond would be simpler, but a busy host loses ticks, and the clock would be slow.

use core::cell::RefCell;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::Waker;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{NVIC, SCB, SYST};
use cortex_m_rt::exception;
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use lm3s6965::{Interrupt, interrupt};

/// The board's clock after reset.
const CLOCK_HZ: u32 = 12_500_000;

/// embassy's ticks are microseconds. The ratio in lowest terms.
const CYCLES_FOR: u32 = 25;
const MICROSECONDS: u32 = 2;

/// The longest alarm in microseconds; after it, the next alarm is set.
const LONGEST_ALARM: u64 = 60_000_000;

embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock {
    seconds: AtomicU32::new(0),
    queue: CriticalSectionMutex::new(RefCell::new(Queue::new())),
});

struct Clock {
    seconds: AtomicU32,
    queue: CriticalSectionMutex<RefCell<Queue>>,
}

/// Registers of general-purpose timer 0 by their offset.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Timer {
    Configuration = 0x00,
    Mode = 0x04,
    Control = 0x0c,
    InterruptMask = 0x18,
    InterruptClear = 0x24,
    Load = 0x28,
}

const ONE_SHOT: u32 = 1;
const ENABLE: u32 = 1;
const EXPIRED: u32 = 1;

impl Timer {
    fn write(self, value: u32) {
        let register = (0x4003_0000 + self as usize) as *mut u32;
        // SAFETY: a register of the timer, which does not access memory.
        unsafe { register.write_volatile(value) }
    }
}

pub fn start(mut systick: SYST) {
    systick.set_reload(CLOCK_HZ - 1);
    systick.set_clock_source(SystClkSource::Core);
    systick.clear_current();
    systick.enable_counter();
    systick.enable_interrupt();
    // Before the first cycle the counter is 0, as at the end of a second.
    while SYST::get_current() == 0 {}

    Timer::Configuration.write(0); // one timer of 32 bits
    Timer::Mode.write(ONE_SHOT);
    Timer::InterruptMask.write(EXPIRED);
    // SAFETY: the handler uses only the queue, in a critical section.
    unsafe { NVIC::unmask(Interrupt::TIMER_0A) };
}

#[exception]
fn SysTick() {
    CLOCK.seconds.fetch_add(1, Ordering::Relaxed);
}

#[interrupt]
fn TIMER_0A() {
    Timer::InterruptClear.write(EXPIRED);
    CLOCK.queue.lock(|queue| CLOCK.wake_and_set_alarm(&mut queue.borrow_mut()));
}

impl Clock {
    fn wake_and_set_alarm(&self, queue: &mut Queue) {
        let now = self.now();
        let next = queue.next_expiration(now);
        let delay = next.saturating_sub(now).clamp(1, LONGEST_ALARM) as u32;
        Timer::Control.write(0);
        Timer::Load.write(delay.div_ceil(MICROSECONDS) * CYCLES_FOR);
        Timer::Control.write(ENABLE);
    }
}

impl Driver for Clock {
    fn now(&self) -> u64 {
        let (seconds, left) = cortex_m::interrupt::free(|_| {
            let seconds = self.seconds.load(Ordering::Relaxed);
            let left = SYST::get_current();
            // The second may have ended before or after the counter was read.
            if SCB::is_pendst_pending() {
                (seconds + 1, SYST::get_current())
            } else {
                (seconds, left)
            }
        });
        let cycles = CLOCK_HZ - 1 - left;
        u64::from(seconds) * 1_000_000 + u64::from(cycles * MICROSECONDS / CYCLES_FOR)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        self.queue.lock(|queue| {
            let mut queue = queue.borrow_mut();
            if queue.schedule_wake(at, waker) {
                self.wake_and_set_alarm(&mut queue);
            }
        });
    }
}
