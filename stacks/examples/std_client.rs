//! Reads five events with `std::net`, from the given URL or from its own server, and reconnects when the connection is
//! lost.
//!
//! ```text
//! cargo run --package stacks --example std_client
//! cargo run --package stacks --example std_client -- http://127.0.0.1:8080/events
//! ```

mod support;

use sse_wire::{Decoder, EventSource};
use stacks::Target;
use stacks::std_client::{Closer, run};
use std::error::Error;
use support::Print;

fn main() -> Result<(), Box<dyn Error>> {
    let url = support::url()?;
    println!("{url}");
    let mut source = EventSource::new(Decoder::new([0; 4096]));
    // A clone of it can close the client from another thread.
    let closer = Closer::default();
    let sleep = |time| closer.sleep(time);
    let mut five = Print { left: 5 };
    run(&closer, &mut Target::new(&url)?, &mut source, sleep, &mut five);
    Ok(())
}
