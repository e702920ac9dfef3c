//! What the benches and the instruction guard have in common: [`corpora`] are the streams,
//! [`decoders`] and [`encoders`] one pass over them by this crate and by each peer, [`limits`] what
//! no codec can be faster than, [`turns`] how they are compared.

pub mod corpora;
pub mod decoders;
mod delivered;
pub mod encoders;
pub mod limits;
pub mod responses;
pub mod streams;
pub mod turns;

pub use delivered::Delivered;

use criterion::Criterion;
use std::time::Duration;

/// How benches are run: all of them in some minutes. Arguments can ask for more.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(10)
        .nresamples(2000)
        .configure_from_args()
}
