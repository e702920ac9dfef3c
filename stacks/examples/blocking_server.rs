//! Serves a clock with threads until Ctrl-C, on the given port or any free one.
//!
//! ```text
//! cargo run --package stacks --example blocking_server -- 8080
//! curl -N http://127.0.0.1:8080/
//! ```

use stacks::blocking_server::serve;
use stacks::feed::Feed;
use std::env;
use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("http://{}/", listener.local_addr()?);
    match serve(&listener, &Feed::clock())? {}
}
