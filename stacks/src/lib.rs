//! The crate in the HTTP stacks that it is made for: for each a module with the short part to copy, and
//! what to look out for; in `examples` a program that runs, in `tests` the proof over real
//! connections.
//!
//! | module | stack | role | body | writes for a `send` | first trap |
//! |---|---|---|---|---|---|
//! | [`picoserve_server`] | picoserve 0.20 | server, async | to the end of the connection | 1 | flushes at the end only |
//! | [`edge_http_server`] | edge-http 0.8 | server, async | the same, or chunks | 1, in chunks 4 | does not see a client go |
//! | [`blocking_server`] | `std::net`, embedded-io-adapters 0.7 | server, threads | to the end of the connection | 1 | sees a client go when it writes |
//! | [`reqwless_client`] | reqwless 0.14 | client, async | either | - | a dropped future loses a stream in chunks |
//! | [`reqwest_client`] | reqwest 0.13, tokio 1 | client, async | either | - | follows redirections by itself |
//! | [`std_client`] | `std::net` | client, threads | either | - | a read that waits is ended by another thread |
//! | [`edge_http_client`] | edge-http 0.8 | client, async | either | - | holds back events in chunks |
//!
//! A write is one call of the socket; the flush behind it costs nothing with sockets of the operating
//! system. An event that is longer than what the socket takes needs more.
//!
//! `examples/contract_service.rs` is a client with tokio and reqwest, which LaunchDarkly's sse-contract-tests
//! drive.
//!
//! What the stacks have in common: [`feed`] is what the servers send. A [`Handler`] is what a program makes of what comes, and a
//! [`Target`] where a client connects.

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
