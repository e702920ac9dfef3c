//! Reads five events with reqwless, from the URL that is given or a server of its own, and comes back
//! whenever the connection is lost.
//!
//! ```text
//! cargo run --example reqwless_client
//! cargo run --example reqwless_client -- http://127.0.0.1:8080/events
//! ```

use reqwless::client::HttpClient;
use sse_wire::{Decoder, EventSource, ReadyState};
use stacks::feed::Feed;
use stacks::reqwless_client::{TokioNet, read_events};
use stacks::{StreamError, blocking_server};
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::{env, thread};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).map_or_else(own_server, Ok)?;
    println!("{url}");
    let mut client = HttpClient::new(&TokioNet, &TokioNet);
    let mut source = EventSource::new(Decoder::new([0; 4096]));
    let mut left = 5;
    while let Some(wait) = source.connect(RandomState::new().hash_one(0) as u32) {
        sleep(wait).await;
        let read = read_events(&mut client, &url, &mut source, |event| {
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
            Err(error @ StreamError::Refused(_)) if source.ready_state() == ReadyState::Closed => {
                return Err(error.into());
            }
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}

fn own_server() -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/events", listener.local_addr()?);
    thread::spawn(move || blocking_server::serve(&listener, &Feed::clock()));
    Ok(url)
}
