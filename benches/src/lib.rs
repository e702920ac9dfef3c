//! What the benches and the instruction guard have in common: [`corpora`] are the streams,
//! [`decoders`] and [`encoders`] one pass over them by this crate and by each peer, [`limits`] what
//! no codec can be faster than.

pub mod corpora;
pub mod decoders;
mod delivered;
pub mod encoders;
pub mod limits;

pub use delivered::Delivered;
