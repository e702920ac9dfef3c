//! The client of the standard over real connections: every test with a server of its own, once for each of three drivers. The events,
//! the requests and the waits must be the same.
//!
//! A test is named `<list>::<driver>::<name>`. Nothing sleeps: a driver's waits go to a [`page::Clock`].

#[macro_use]
mod page;
mod hostile_servers;
mod server;
mod web_platform_tests;
