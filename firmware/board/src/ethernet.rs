//! The board's Ethernet controller as a driver for embassy-net. Supports only what QEMU emulates: a link that is always
//! up, and no physical layer to configure.

use core::task::Context;
use cortex_m::peripheral::NVIC;
use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState};
use embassy_sync::waitqueue::AtomicWaker;
use lm3s6965::{Interrupt, interrupt};

/// The longest frame, without its checksum.
const FRAME: usize = 1514;

/// Destination, source and type: not counted in the length that is written to the controller.
const FRAME_HEADER: usize = 14;

/// The length before a received frame and the checksum after it: counted in the length that the controller returns.
const RECEIVE_OVERHEAD: usize = 6;

/// A locally administered address.
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];

static WAKER: AtomicWaker = AtomicWaker::new();

/// Registers by their offset.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Register {
    InterruptStatus = 0x00,
    InterruptMask = 0x04,
    ReceiveControl = 0x08,
    TransmitControl = 0x0c,
    Data = 0x10,
    AddressLow = 0x14,
    AddressHigh = 0x18,
    Threshold = 0x1c,
    FramesReceived = 0x34,
    TransmitRequest = 0x38,
}

const RECEIVED_OR_SENT: u32 = 0x01 | 0x04;
const ALL_INTERRUPTS: u32 = 0x7f;
const RECEIVE_RESET: u32 = 0x10;
const RECEIVE_ENABLE: u32 = 0x01;
/// Pads short frames, appends the checksum, full duplex.
const TRANSMIT_ENABLE: u32 = 0x01 | 0x02 | 0x04 | 0x10;
/// Sends a frame on request, not as soon as a part of it is written.
const WHOLE_FRAMES: u32 = 0x3f;

impl Register {
    fn address(self) -> *mut u32 {
        (0x4004_8000 + self as usize) as *mut u32
    }

    fn read(self) -> u32 {
        // SAFETY: a register of the controller. Reading it does not affect memory.
        unsafe { self.address().read_volatile() }
    }

    fn write(self, value: u32) {
        // SAFETY: a register of the controller, which does not access memory.
        unsafe { self.address().write_volatile(value) }
    }
}

/// A buffer for a frame in each direction.
pub struct Frames {
    received: [u8; FRAME],
    sent: [u8; FRAME],
}

impl Frames {
    pub const fn new() -> Self {
        Self { received: [0; FRAME], sent: [0; FRAME] }
    }
}

pub struct Ethernet(&'static mut Frames);

impl Ethernet {
    /// Starts the controller. There is one `Frames`, and so one driver.
    pub fn start(frames: &'static mut Frames) -> Self {
        Register::InterruptMask.write(0);
        Register::ReceiveControl.write(RECEIVE_RESET);
        Register::InterruptStatus.write(ALL_INTERRUPTS);
        Register::Threshold.write(WHOLE_FRAMES);
        let [a, b, c, d, e, f] = ADDRESS;
        Register::AddressLow.write(u32::from_le_bytes([a, b, c, d]));
        Register::AddressHigh.write(u32::from_le_bytes([e, f, 0, 0]));
        Register::TransmitControl.write(TRANSMIT_ENABLE);
        Register::ReceiveControl.write(RECEIVE_ENABLE);
        Register::InterruptMask.write(RECEIVED_OR_SENT);
        // SAFETY: the handler uses only the waker, so it breaks no critical section.
        unsafe { NVIC::unmask(Interrupt::ETHERNET) };
        Self(frames)
    }

    fn can_send() -> bool {
        Register::TransmitRequest.read() == 0
    }
}

#[interrupt]
fn ETHERNET() {
    Register::InterruptStatus.write(RECEIVED_OR_SENT);
    WAKER.wake();
}

impl Driver for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Free<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received<'_>, Free<'_>)> {
        WAKER.register(cx.waker());
        let ready = Register::FramesReceived.read() > 0 && Self::can_send();
        ready.then_some((Received(&mut self.0.received), Free(&mut self.0.sent)))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<Free<'_>> {
        WAKER.register(cx.waker());
        Self::can_send().then_some(Free(&mut self.0.sent))
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME;
        capabilities.max_burst_size = Some(1);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(ADDRESS)
    }
}

/// A received frame in the controller.
pub struct Received<'a>(&'a mut [u8; FRAME]);

impl embassy_net_driver::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, f: F) -> R {
        // The length, and the first two bytes of the frame.
        let [low, high, first, second] = Register::Data.read().to_le_bytes();
        let total = usize::from(u16::from_le_bytes([low, high]));
        self.0[..2].copy_from_slice(&[first, second]);
        let mut rest = self.0[2..].chunks_mut(4);
        // All words must be read, also those of the checksum and of a frame that is too long.
        for _ in 1..total.div_ceil(4) {
            let word = Register::Data.read().to_le_bytes();
            if let Some(bytes) = rest.next() {
                bytes.copy_from_slice(&word[..bytes.len()]);
            }
        }
        let len = total.saturating_sub(RECEIVE_OVERHEAD).min(FRAME);
        f(&mut self.0[..len])
    }
}

/// The controller's transmit buffer, which is free.
pub struct Free<'a>(&'a mut [u8; FRAME]);

impl embassy_net_driver::TxToken for Free<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let frame = &mut self.0[..len];
        let result = f(frame);
        let [low, high] = (len.saturating_sub(FRAME_HEADER) as u16).to_le_bytes();
        let (start, rest) = frame.split_at(2);
        Register::Data.write(u32::from_le_bytes([low, high, start[0], start[1]]));
        for bytes in rest.chunks(4) {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            Register::Data.write(u32::from_le_bytes(word));
        }
        Register::TransmitRequest.write(1);
        result
    }
}
