//! Reads five events with reqwest, from the given URL or from its own server, and reconnects when the connection is
//! lost.
//!
//! ```text
//! cargo run --package stacks --example reqwest_client
//! cargo run --package stacks --example reqwest_client -- http://127.0.0.1:8080/events
//! ```

mod support;

use sse_wire::{Decoder, EventSource};
use stacks::Target;
use stacks::reqwest_client::{builder, run};
use std::error::Error;
use support::Print;
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = support::url()?;
    println!("{url}");
    let mut source = EventSource::new(Decoder::new([0; 4096]));
    let client = builder().build()?;
    let mut five = Print { left: 5 };
    run(&client, &mut Target::new(&url)?, &mut source, sleep, &mut five).await;
    Ok(())
}
