//! What a decoder can keep its bytes in. How they are laid out there is decided in `store`.

/// The memory of a [`Decoder`](crate::Decoder): `[u8; N]`, `&mut [u8]`, `&mut [u8; N]` and, with
/// feature `alloc`, `Box<[u8]>` and `GrowingBuffer`.
///
/// The trait is sealed: its methods are the crate's own, and may change in any version.
///
/// A vector is not among them, because the decoder uses the length of a slice and not the capacity: pass an array, or a
/// slice of a vector that has been filled (`vec![0; 1024]`).
pub trait Buffer: Memory {}

/// The sealed half of [`Buffer`].
pub trait Memory {
    /// The bytes that are there now.
    fn bytes(&self) -> &[u8];
    /// The bytes that are there now.
    fn bytes_mut(&mut self) -> &mut [u8];
    /// How many bytes there can ever be.
    fn limit(&self) -> usize;

    /// Makes at least `needed` bytes available, which must be within the limit; new ones come after the old. `false`: the
    /// allocator has refused.
    fn grow(&mut self, needed: usize) -> bool {
        debug_assert!(needed <= self.bytes().len(), "what has the size of its limit need not grow");
        true
    }

    /// An event is over that had `used` bytes of the buffer in use. `Some`: shrink to so many.
    fn after_event(&mut self, _used: usize) -> Option<usize> {
        None
    }

    /// A stream is over. `Some`: shrink to so many bytes.
    fn after_stream(&mut self) -> Option<usize> {
        None
    }

    /// Gives back all but the first `len` bytes.
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
