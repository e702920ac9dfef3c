//! Serves a clock with picoserve until Ctrl-C, on the given port or any free one.
//!
//! ```text
//! cargo run --package stacks --example picoserve_server -- 8080
//! curl -N http://127.0.0.1:8080/events
//! ```

use stacks::feed::Feed;
use stacks::picoserve_server::serve;
use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        println!("http://{}/events", listener.local_addr()?);
        match serve(&listener, &Feed::clock()).await? {}
    })
}
