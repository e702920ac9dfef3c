//! Reads five events with reqwless, from the URL that is given or a server of its own, and comes back
//! whenever the connection is lost.
//!
//! ```text
//! cargo run --example reqwless_client
//! cargo run --example reqwless_client -- http://127.0.0.1:8080/events
//! ```

use reqwless::client::HttpClient;
use sse_wire::{Buffer, DecodeError, Decoder, EventSource, MessageEvent};
use stacks::feed::Feed;
use stacks::reqwless_client::{TokioNet, run};
use stacks::{Handler, StreamError, Target, blocking_server};
use std::error::Error;
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
    let mut five = Print { left: 5 };
    run(&mut client, &mut Target::new(&url)?, &mut source, sleep, &mut five).await;
    Ok(())
}

/// Prints so many events.
struct Print {
    left: u32,
}

impl<B: Buffer> Handler<B> for Print {
    fn event(&mut self, event: Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()> {
        match event {
            Ok(event) => println!("{}: {}", event.event_type_lossy(), event.data_lossy()),
            Err(error) => eprintln!("{error}"),
        }
        self.left -= 1;
        if self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn error<E: Error>(&mut self, source: &mut EventSource<B>, end: Result<(), StreamError<E>>) {
        match end {
            Ok(()) => eprintln!("the stream has ended"),
            Err(StreamError::Refused { why, retry_after }) if why.is_temporary() => {
                eprintln!("{why}");
                source.retry(retry_after);
            }
            Err(error) => eprintln!("{error}"),
        }
    }
}

fn own_server() -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/events", listener.local_addr()?);
    thread::spawn(move || blocking_server::serve(&listener, &Feed::clock()));
    Ok(url)
}
