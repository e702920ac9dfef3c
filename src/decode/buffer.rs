//! The memory that a decoder can use as its buffer. `store` defines the layout.

/// The memory of a [`Decoder`](crate::Decoder): `[u8; N]`, `&mut [u8]`, `&mut [u8; N]` and, with feature `alloc`,
/// `Box<[u8]>` and `GrowingBuffer`.
///
/// The trait is sealed: its methods are private and may change in any version.
///
/// A vector is not a buffer, because the decoder uses the length of a slice and not the capacity: pass an array, or a
/// slice of a filled vector (`vec![0; 1024]`).
pub trait Buffer: Memory {}

/// The sealed half of [`Buffer`].
pub trait Memory {
    /// The bytes that are available now.
    fn bytes(&self) -> &[u8];
    /// The bytes that are available now.
    fn bytes_mut(&mut self) -> &mut [u8];
    /// The most bytes that can ever be available.
    fn limit(&self) -> usize;

    /// Makes at least `needed` bytes available, which must be within the limit; new bytes come after the old ones.
    /// `false`: the allocator has refused.
    fn grow(&mut self, needed: usize) -> bool {
        debug_assert!(needed <= self.bytes().len(), "a buffer of fixed size has its limit");
        true
    }

    /// Reports the end of an event that used `used` bytes of the buffer. `Some`: the length to shrink to.
    fn after_event(&mut self, _used: usize) -> Option<usize> {
        None
    }

    /// Reports the end of a stream. `Some`: the length to shrink to.
    fn after_stream(&mut self) -> Option<usize> {
        None
    }

    /// Frees all but the first `len` bytes.
    fn shrink(&mut self, _len: usize) {}
}

impl<const N: usize> Buffer for [u8; N] {}
impl<const N: usize> Memory for [u8; N] {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }
    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
    #[inline]
    fn limit(&self) -> usize {
        N
    }
}

macro_rules! memory_by_reference {
    ($($reference:ty $(, $parameter:ident)?;)*) => {$(
        impl<$(const $parameter: usize)?> Buffer for $reference {}
        impl<$(const $parameter: usize)?> Memory for $reference {
            #[inline]
            fn bytes(&self) -> &[u8] {
                &**self
            }
            #[inline]
            fn bytes_mut(&mut self) -> &mut [u8] {
                &mut **self
            }
            #[inline]
            fn limit(&self) -> usize {
                self.len()
            }
        }
    )*};
}

memory_by_reference! {
    &mut [u8];
    &mut [u8; N], N;
}
#[cfg(feature = "alloc")]
memory_by_reference! {
    alloc::boxed::Box<[u8]>;
}
