//! Counts instructions, by the time they take: SysTick ticks every 5 ns, an instruction takes 16 ns.

use crate::stack;
use core::arch::asm;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

const NANOSECONDS_A_TICK: u32 = 5;
const NANOSECONDS_AN_INSTRUCTION: u32 = 16;

/// SysTick has 24 bits.
const RELOAD: u32 = 0x00ff_ffff;

/// "Run-mode clock configuration", and its divider's field.
const RCC: *mut u32 = 0x400f_e060 as *mut u32;
const SYSDIV: u32 = 0xf << 23;

pub struct Counter {
    /// What counting itself takes.
    overhead: u32,
}

pub struct Cost {
    pub instructions: u32,
    /// In bytes.
    pub stack: usize,
}

impl Counter {
    pub fn start(mut systick: SYST) -> Self {
        // SAFETY: a register of the system control, which nothing else uses. The clock is not divided
        // from here on.
        unsafe { RCC.write_volatile(RCC.read_volatile() & !SYSDIV) };
        systick.set_reload(RELOAD);
        systick.set_clock_source(SystClkSource::Core);
        systick.clear_current();
        systick.enable_counter();
        let mut counter = Self { overhead: 0 };
        counter.overhead = counter.count(|| {});
        counter
    }

    /// How many instructions 100 of them are.
    pub fn nops(&self) -> u32 {
        // SAFETY: nops do nothing.
        self.count(|| unsafe { asm!(".rept 100", "nop", ".endr") })
    }

    /// Runs twice, once for each.
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
