//! One pass over the events of a corpus, encoded by this crate and by each peer, from the same strings.
//!
//! | subject | input | validates type and id | splits data | output |
//! |---|---|---|---|---|
//! | `encode` | borrowed | both; the type once, because it is constant | yes | one slice for all |
//! | `append_to` | borrowed | the same | yes | one `Vec` for all |
//! | `write_macro` | borrowed | no | at LF only | one `Vec` for all |
//! | `axum` 0.8 | borrowed | both | at LF and CR | `Bytes` for each event |
//! | `sse_stream` 0.3 | owned | both | yes | `Bytes` for each event |
//!
//! The peers' `Bytes` are dropped at once: copying them into one stream is not counted. Neither are the owned strings
//! that sse-stream needs.

use crate::corpora::{Corpus, Message};
use crate::decoders::drain;
use ::axum::response::IntoResponse;
use ::axum::response::sse;
use ::sse_stream::Sse;
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use sse_wire::{Event, EventId, EventType};
use std::convert::Infallible;
use std::io::Write;

/// This crate, to the front of a slice. Returns the number of bytes.
///
/// # Panics
/// If `out` is too small.
#[must_use]
pub fn encode(corpus: &Corpus, out: &mut [u8]) -> usize {
    let mut written = 0;
    for event in events(corpus) {
        written += event.encode(&mut out[written..]).unwrap().len();
    }
    written
}

/// This crate, to the end of a vector.
///
/// # Panics
/// If the allocator has no memory for `out`.
pub fn append_to(corpus: &Corpus, out: &mut Vec<u8>) {
    for event in events(corpus) {
        event.append_to(out).unwrap();
    }
}

fn events(corpus: &Corpus) -> impl Iterator<Item = Event<'_>> {
    let typed = match corpus.event_type {
        Some(event_type) => Event::new().event_type(EventType::new(event_type).unwrap()),
        None => Event::new(),
    };
    corpus.messages.iter().map(move |message| {
        let event = match &message.id {
            Some(id) => typed.id(EventId::new(id).unwrap()),
            None => typed,
        };
        event.data(&message.data)
    })
}

/// Code written by hand that splits data at line breaks: one `write!` for data without any.
///
/// # Panics
/// If the corpus has another combination of fields.
pub fn write_macro(corpus: &Corpus, out: &mut Vec<u8>) {
    for Message { id, data, .. } in &corpus.messages {
        match (corpus.event_type, id, data.contains('\n')) {
            (Some(event_type), Some(id), false) => {
                write!(out, "event: {event_type}\nid: {id}\ndata: {data}\n\n").unwrap();
            }
            (None, None, false) => write!(out, "data: {data}\n\n").unwrap(),
            (None, None, true) => {
                for line in data.split('\n') {
                    writeln!(out, "data: {line}").unwrap();
                }
                out.push(b'\n');
            }
            _ => unreachable!("{} has other fields", corpus.name),
        }
    }
}

/// axum. Its events become bytes only in the body of a response, which this pass polls.
///
/// # Panics
/// If the body has an error.
pub fn axum(corpus: &'static Corpus, mut each: impl FnMut(Bytes)) {
    let events = corpus.messages.iter().map(|message| {
        let mut event = sse::Event::default();
        if let Some(event_type) = corpus.event_type {
            event = event.event(event_type);
        }
        if let Some(id) = &message.id {
            event = event.id(id);
        }
        Ok::<_, Infallible>(event.data(&message.data))
    });
    let body = sse::Sse::new(stream::iter(events)).into_response().into_body();
    drain(body.into_data_stream(), |bytes| each(bytes.unwrap()));
}

/// The events in sse-stream's type.
#[must_use]
pub fn sse_stream_events(corpus: &Corpus) -> Vec<Sse> {
    let event = |message: &Message| Sse {
        event: corpus.event_type.map(str::to_owned),
        id: message.id.clone(),
        data: Some(message.data.clone()),
        retry: None,
    };
    corpus.messages.iter().map(event).collect()
}

/// sse-stream, which writes the ID after the data.
///
/// # Panics
/// If it rejects an event.
pub fn sse_stream(events: Vec<Sse>, mut each: impl FnMut(Bytes)) {
    for event in events {
        each(event.encode().unwrap());
    }
}

/// A value that is sent as JSON. Its fields are arbitrary.
#[derive(Serialize)]
#[expect(missing_docs, reason = "arbitrary fields")]
pub struct Reading {
    pub sensor: &'static str,
    pub celsius: f64,
    pub humidity: u8,
    pub uptime: u64,
    pub tags: &'static [&'static str],
}

/// Readings for one event: as one JSON array, about `length` bytes.
#[must_use]
pub fn readings(length: usize) -> Vec<Reading> {
    let reading = |number: u32| Reading {
        sensor: "kitchen",
        celsius: 21.5 + f64::from(number) / 8.0,
        humidity: 41,
        uptime: 86_400 + u64::from(number),
        tags: &["indoor", "heated"],
    };
    (0..).map(reading).take(length.div_ceil(95)).collect()
}

/// A thousand events of JSON, written directly into the output.
///
/// # Panics
/// If the allocator has no memory for `out`.
pub fn json_writer(value: &[Reading], out: &mut Vec<u8>) {
    for number in 0..EVENTS_OF_JSON {
        let mut data = Event::new().id(EventId::from_u64(number)).begin_append(out);
        serde_json::to_writer(&mut data, value).unwrap();
        data.finish().unwrap();
    }
}

/// A thousand events of JSON, each written to a string first.
///
/// # Panics
/// If the allocator has no memory for `out`.
pub fn json_string(value: &[Reading], out: &mut Vec<u8>) {
    for number in 0..EVENTS_OF_JSON {
        let text = serde_json::to_string(value).unwrap();
        Event::new().id(EventId::from_u64(number)).data(&text).append_to(out).unwrap();
    }
}

const EVENTS_OF_JSON: u64 = 1000;
