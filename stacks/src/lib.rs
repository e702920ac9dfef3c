//! The crate in each HTTP stack that it supports: a module has the short part to copy and the stack's pitfalls,
//! `examples` has a program, and `tests` has tests over real connections.
//!
//! | module | stack | role | body | writes per `send` | main pitfall |
//! |---|---|---|---|---|---|
//! | [`picoserve_server`] | picoserve 0.20 | server, async | to the end of the connection | 1 | flushes at the end only |
//! | [`edge_http_server`] | edge-http 0.8 | server, async | the same, or chunked | 1, chunked 4 | does not notice a disconnect |
//! | [`blocking_server`] | `std::net`, embedded-io-adapters 0.7 | server, threads | to the end of the connection | 1 | notices a disconnect only when it writes |
//! | [`reqwless_client`] | reqwless 0.14 | client, async | either | - | a dropped future loses a chunked stream |
//! | [`reqwest_client`] | reqwest 0.13, tokio 1 | client, async | either | - | follows redirections by itself |
//! | [`std_client`] | `std::net` | client, threads | either | - | only another thread can end a blocked read |
//! | [`edge_http_client`] | edge-http 0.8 | client, async | either | - | delays the events of a chunked body |
//!
//! A write is one call of the socket; the flush after it costs nothing with sockets of the operating system. An event
//! that does not fit into the socket's buffer needs more writes.
//!
//! `examples/contract_service.rs` is a client with tokio and reqwest for LaunchDarkly's sse-contract-tests.
//!
//! Shared by all stacks: [`feed`] has the events that the servers send, a [`Handler`] receives a client's events, and a
//! [`Target`] is the URL of a client.

pub mod blocking_server;
mod client;
pub mod edge_http_client;
pub mod edge_http_server;
pub mod feed;
pub mod picoserve_server;
pub mod reqwest_client;
pub mod reqwless_client;
pub mod std_client;

pub use client::{Handler, StreamError, Target};
