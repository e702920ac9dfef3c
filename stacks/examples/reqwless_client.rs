//! Reads five events with reqwless, from the given URL or from its own server, and reconnects when the connection is
//! lost.
//!
//! ```text
//! cargo run --package stacks --example reqwless_client
//! cargo run --package stacks --example reqwless_client -- http://127.0.0.1:8080/events
//! ```

mod support;

use reqwless::client::HttpClient;
use sse_wire::{Decoder, EventSource};
use stacks::Target;
use stacks::reqwless_client::{TokioNet, run};
use std::error::Error;
use support::Print;
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = support::url()?;
    println!("{url}");
    let mut source = EventSource::new(Decoder::new([0; 4096]));
    let mut client = HttpClient::new(&TokioNet, &TokioNet);
    let mut five = Print { left: 5 };
    run(&mut client, &mut Target::new(&url)?, &mut source, sleep, &mut five).await;
    Ok(())
}
