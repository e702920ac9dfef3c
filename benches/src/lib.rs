//! Shared code of the benchmarks: [`corpora`] are the streams; [`decoders`] and [`encoders`] run one pass over them
//! with this crate and each peer, [`streams`] and [`responses`] with the companion crate and each peer; [`Delivered`]
//! counts the results; [`limits`] are lower bounds for any codec; [`turns`] measures subjects in turn.

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

/// The configuration of Criterion: all benchmarks in a few minutes. Arguments can change it.
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
