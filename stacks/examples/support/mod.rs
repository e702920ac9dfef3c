//! Shared by the client examples: a handler that prints events, and a server that sends them.

use sse_wire::{Buffer, DecodeError, EventSource, MessageEvent};
use stacks::feed::Feed;
use stacks::{Handler, StreamError, blocking_server};
use std::error::Error;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::{env, thread};

/// Prints a number of events, then closes the client.
pub struct Print {
    pub left: u32,
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

/// The URL from the command line, or that of a new server.
pub fn url() -> Result<String, Box<dyn Error>> {
    if let Some(url) = env::args().nth(1) {
        return Ok(url);
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/events", listener.local_addr()?);
    thread::spawn(move || blocking_server::serve(&listener, &Feed::clock()));
    Ok(url)
}
