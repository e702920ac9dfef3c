//! Serves a clock with edge-http until Ctrl-C, on the given port or any free one.
//!
//! ```text
//! cargo run --package stacks --example edge_http_server -- 8080
//! curl -N http://127.0.0.1:8080/events
//! ```

use async_io::Async;
use stacks::edge_http_server::serve;
use stacks::feed::Feed;
use std::env;
use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use tokio::task::LocalSet;

fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = listener.get_ref().local_addr()?;
    println!("http://{address}/events, chunked: http://{address}/chunked");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match LocalSet::new().block_on(&runtime, serve(&listener, &Feed::clock()))? {}
}
