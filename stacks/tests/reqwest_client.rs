//! Tests of the reqwest client with servers that send the stream in many splits.

#[path = "support/client.rs"]
mod client;
#[path = "support/common.rs"]
mod common;

use client::{Client, Source};
use common::{Received, run};
use reqwest::Error;
use sse_wire::{DecodeError, MessageEvent, Refused};
use stacks::reqwest_client::{builder, read_events};
use stacks::{StreamError, Target};
use std::net::SocketAddr;
use std::ops::ControlFlow;

struct Reqwest;

impl Client for Reqwest {
    type Error = StreamError<Error>;

    async fn read(
        &self,
        address: SocketAddr,
        source: &mut Source,
        mut on_event: impl FnMut(Received),
    ) -> Result<(), Self::Error> {
        // Ignores a proxy of the environment.
        let client = builder().no_proxy().build().unwrap();
        let mut target = Target::new(&format!("http://{address}/events")).unwrap();
        let mut on_event = |event: Result<MessageEvent<'_>, DecodeError>| {
            on_event(event.unwrap().into());
            ControlFlow::Continue(())
        };
        read_events(&client, &mut target, source, &mut on_event).await
    }
}

#[test]
fn splits_change_nothing() {
    run(client::splits_change_nothing(&Reqwest));
}

#[test]
fn events_arrive_as_they_are_sent() {
    run(client::events_arrive_as_they_are_sent(&Reqwest));
}

#[test]
fn continues_after_the_last_event_id() {
    run(client::continues_after_the_last_event_id(&Reqwest));
}

#[test]
fn other_responses_are_refused() {
    let [html, unavailable] = run(client::refused(&Reqwest)).try_into().unwrap();
    assert!(matches!(html, StreamError::Refused { why: Refused::ContentType, .. }));
    assert!(matches!(unavailable, StreamError::Refused { why: Refused::Status(503), .. }));
}
