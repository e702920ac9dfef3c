//! Tests of the standard's client over real connections: each test runs with its own server, once for each of three
//! drivers. Events, requests and waits must be the same.
//!
//! A test is named `<list>::<driver>::<name>`. No test sleeps: a driver's waits go to a [`page::Clock`]. Two tests take
//! some real milliseconds, for a socket's time limit and an interrupted wait; their number decides nothing.

#[macro_use]
mod page;
mod hostile_servers;
mod server;
mod web_platform_tests;
