//! The client of the standard over real connections: every test with a server of its own, once for each of three drivers. The events,
//! the requests and the waits must be the same.
//!
//! A test is named `<list>::<driver>::<name>`. No wait is slept through: a driver's waits go to a
//! [`page::Clock`]. Two tests let real milliseconds pass, because a socket's time limit and a wait that is interrupted need them; how many
//! decides nothing.

#[macro_use]
mod page;
mod hostile_servers;
mod server;
mod web_platform_tests;
