//! Reads five events with edge-http, from `/events` at the given address or from its own server, and reconnects when
//! the connection is lost.
//!
//! ```text
//! cargo run --package stacks --example edge_http_client
//! cargo run --package stacks --example edge_http_client -- 127.0.0.1:8080
//! ```

use edge_nal_std::Stack;
use sse_wire::{Decoder, EventSource};
use stacks::edge_http_client::read_events;
use stacks::feed::Feed;
use stacks::{StreamError, blocking_server};
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::{env, thread};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = match env::args().nth(1) {
        Some(address) => address.parse()?,
        None => own_server()?,
    };
    println!("http://{address}/events");
    let mut source = EventSource::new(Decoder::new([0; 4096]));
    let mut left = 5;
    while let Some(wait) = source.connect(RandomState::new().hash_one(0) as u32) {
        sleep(wait).await;
        let read = read_events(&Stack::new(), address, "/events", &mut source, |event| {
            match event {
                Ok(event) => println!("{}: {}", event.event_type_lossy(), event.data_lossy()),
                Err(error) => eprintln!("{error}"),
            }
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await;
        match read {
            Ok(()) => eprintln!("the stream has ended"),
            Err(StreamError::Refused { why, retry_after }) if why.is_temporary() => {
                eprintln!("{why}");
                source.retry(retry_after);
            }
            Err(error @ StreamError::Refused { .. }) => return Err(error.into()),
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}

fn own_server() -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || blocking_server::serve(&listener, &Feed::clock()));
    Ok(address)
}
