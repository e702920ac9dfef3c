//! `sse-wire` in HTTP stacks.
pub mod blocking_server;
mod client;
pub mod edge_http_client;
pub mod edge_http_server;
pub mod feed;
pub mod picoserve_server;
pub mod reqwless_client;

pub use client::StreamError;
