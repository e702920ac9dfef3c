//! Counts instructions by their time: SysTick ticks every 5 ns, and an instruction takes 16 ns.

use crate::stack;
use core::arch::asm;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

const NANOSECONDS_A_TICK: u32 = 5;
const NANOSECONDS_AN_INSTRUCTION: u32 = 16;

/// SysTick has 24 bits.
const RELOAD: u32 = 0x00ff_ffff;

/// The register "run-mode clock configuration", and the field of its divider.
const RCC: *mut u32 = 0x400f_e060 as *mut u32;
const SYSDIV: u32 = 0xf << 23;

pub struct Counter {
    /// The instructions of counting itself.
    overhead: u32,
}

pub struct Cost {
    pub instructions: u32,
    /// In bytes.
    pub stack: usize,
}

impl Counter {
    pub fn start(mut systick: SYST) -> Self {
        // SAFETY: a register of the system control that nothing else uses. Turns the clock divider off.
        unsafe { RCC.write_volatile(RCC.read_volatile() & !SYSDIV) };
        systick.set_reload(RELOAD);
        systick.set_clock_source(SystClkSource::Core);
        systick.clear_current();
        systick.enable_counter();
        let mut counter = Self { overhead: 0 };
        counter.overhead = counter.count(|| {});
        counter
    }

    /// The count of 100 instructions, as a check.
    pub fn nops(&self) -> u32 {
        // SAFETY: a nop has no effect.
        self.count(|| unsafe { asm!(".rept 100", "nop", ".endr") })
    }

    /// Runs `f` twice, once for each measurement.
    pub fn measure(&self, mut f: impl FnMut()) -> Cost {
        let stack = stack::used_by(&mut f);
        Cost { instructions: self.count(f), stack }
    }

    #[inline(always)]
    fn count(&self, f: impl FnOnce()) -> u32 {
        let start = SYST::get_current();
        f();
        let ticks = start.wrapping_sub(SYST::get_current()) & RELOAD;
        let half = NANOSECONDS_AN_INSTRUCTION / 2;
        (ticks * NANOSECONDS_A_TICK + half) / NANOSECONDS_AN_INSTRUCTION - self.overhead
    }
}
