//! A client with reqwest 0.13 over tokio. `Response::chunk` returns the body in chunks, as the source needs them.
//!
//! * reqwest follows at most ten redirections by itself, and does not report which of them were permanent. [`builder`]
//!   disables that, and this client follows redirections itself.
//! * `ClientBuilder::timeout` would end each stream after that time.
//! * With the features for it, reqwest removes the content coding and its header, so that a compressed stream is
//!   accepted.
//! * Dropping a future loses no event that was passed on, and closes the connection. That is how to close a client that
//!   waits. Call [`EventSource::close`] then, unless the client continues later.

use crate::client::{StreamError, headers, limited, open, reconnect, take};
use crate::{Handler, Target};
use reqwest::header::{HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Error};
use sse_wire::{Buffer, EventSource, ReadyState};
use std::time::Duration;

/// The builder of a client for [`run`].
pub fn builder() -> ClientBuilder {
    Client::builder().redirect(Policy::none())
}

/// Connects and reconnects until the source is closed. `sleep` is usually `tokio::time::sleep`.
pub async fn run<B: Buffer>(
    client: &Client,
    target: &mut Target,
    source: &mut EventSource<B>,
    mut sleep: impl AsyncFnMut(Duration),
    handler: &mut impl Handler<B>,
) {
    let mut wait = source.connect(handler.random());
    while let Some(time) = wait {
        sleep(time).await;
        let end = read_events(client, target, source, handler).await;
        wait = reconnect(source, end, handler);
    }
}

/// Makes one connection for a source that is connecting, and passes on its events until it ends.
///
/// # Errors
/// If the connection fails, or the response is not an event stream.
pub async fn read_events<B: Buffer>(
    client: &Client,
    target: &mut Target,
    source: &mut EventSource<B>,
    handler: &mut impl Handler<B>,
) -> Result<(), StreamError<Error>> {
    target.begin(source)?;
    let silence = target.longest_silence();
    let mut response = loop {
        let request = client.get(target.url().clone());
        let request = headers(source)
            .into_iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        let response = limited(silence, request.send()).await?;
        let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
        if !target.follow(response.status().as_u16(), location) {
            break response;
        }
    };
    let head = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    open(source, response.status().as_u16(), head)?;
    handler.open(source, target.url());
    while source.ready_state() == ReadyState::Open {
        match limited(silence, response.chunk()).await? {
            Some(chunk) => {
                take(source, &chunk, &mut |event| handler.event(event));
                handler.received(source);
            }
            None => break,
        }
    }
    Ok(())
}
