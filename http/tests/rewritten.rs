//! Tests of `Rewritten`: a proxy's client gets what the upstream sent, except for the changes of the closure.
#![cfg(feature = "body")]
#![allow(clippy::restriction)]

mod support;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use http_body::{Body, Frame};
use http_body_util::{BodyDataStream, BodyExt, StreamBody};
use proptest::prelude::*;
use sse_wire::{DecodeError, Event, MessageEvent, event_type};
use sse_wire_http::{EventStream, KeepAlive, Rewritten, Sink};
use std::convert::Infallible;
use std::time::Duration;
use support::{body, every_split, some_splits};

/// The body of an upstream.
fn upstream(chunks: Vec<Bytes>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
    StreamBody::new(body(chunks).map_ok(Frame::data))
}

type Rewrite = fn(Result<MessageEvent<'_>, DecodeError>, &mut Sink<'_>);

const PASS: Rewrite = |event, sink| {
    if let Ok(event) = event {
        sink.pass(&event);
    }
};

/// The frames for a client.
fn frames(chunks: Vec<Bytes>, limit: usize, rewrite: Rewrite) -> Vec<Bytes> {
    let frames = BodyDataStream::new(Rewritten::new(upstream(chunks), limit, rewrite));
    frames.try_collect().now_or_never().unwrap().unwrap()
}

/// The whole output for an upstream's body in one chunk.
fn whole(input: &str, rewrite: Rewrite) -> String {
    let frames = frames(vec![Bytes::copy_from_slice(input.as_bytes())], 1024, rewrite);
    String::from_utf8(frames.concat()).unwrap()
}

/// Type, data, and the last event ID at the event.
type Seen = (String, Vec<u8>, String);

/// The events that a client decodes, and its last event ID and reconnection time at the end.
fn seen(chunks: Vec<Bytes>) -> (Vec<Seen>, String, Option<Duration>) {
    let mut stream = EventStream::new(body(chunks)).with_data::<Vec<u8>>();
    let mut events = Vec::new();
    while let Some(event) = stream.next().now_or_never().unwrap() {
        let event = event.unwrap();
        events.push((event.event.into(), event.data, event.id.into()));
    }
    (events, stream.last_event_id().into_owned(), stream.reconnection_time())
}

#[test]
fn what_passes_is_what_came() {
    let input = "event: e\nid: 1\nretry: 9\ndata: a\ndata: b\n\n: c\ndata\n\n";
    let expected = "id: 1\nretry: 9\nevent: e\ndata: a\ndata: b\n\n: c\ndata: \n\n";
    assert_eq!(whole(input, PASS), expected);
}

#[test]
fn comments_pass_where_they_are() {
    assert_eq!(whole(":\n\n", PASS), ":\n".replace(":\n", ": \n"));
    assert_eq!(whole(": a\n:b\r\n: \n", PASS), ": a\n: b\n: \n");
    let dropped: Rewrite = |_, _| ();
    assert_eq!(whole(": a\ndata: x\n: b\n\n: c\n", dropped), ": a\n: b\n: c\n");
}

#[test]
fn the_id_of_an_event_is_on_the_last_of_those_sent_for_it() {
    let twice: Rewrite = |_, sink| {
        sink.send(&Event::new().data("1"));
        sink.send(&Event::new().event_type(event_type!("e")).data("2"));
    };
    let expected = "data: 1\n\nid: 7\nretry: 5\nevent: e\ndata: 2\n\n";
    assert_eq!(whole("id: 7\nretry: 5\ndata: x\n\n", twice), expected);
    // An empty ID is an ID, too.
    assert_eq!(whole("id\ndata: x\n\n", twice), "data: 1\n\nid: \nevent: e\ndata: 2\n\n");
}

#[test]
fn ids_and_retries_of_dropped_events_reach_the_client() {
    let dropped: Rewrite = |_, _| ();
    let input = "id: 1\ndata: x\n\nretry: 8\ndata: y\n\ndata: z\n\n";
    let client = seen(frames(vec![input.into()], 1024, dropped));
    assert_eq!(client, (vec![], "1".to_owned(), Some(Duration::from_millis(8))));
}

#[test]
fn an_event_after_a_block_without_data_has_its_id() {
    let input = "id: 1\ndata: a\n\nid: 2\n\nretry: 5\n\ndata: b\n\nid: 3\n\n";
    for chunks in some_splits(input.as_bytes()) {
        let shown = format!("{chunks:?}");
        assert_eq!(seen(frames(chunks.clone(), 1024, PASS)), seen(chunks), "{shown}");
    }
}

#[test]
fn an_event_after_one_that_is_too_long_has_its_id() {
    let input = format!("id: 1\ndata: a\n\nid: 2\ndata: {}\n\ndata: b\n\n", "x".repeat(80));
    let rewrite: Rewrite = |event, sink| match event {
        Ok(event) => sink.pass(&event),
        Err(error) => {
            assert_eq!(error, DecodeError::EventTooLong);
            sink.send(&Event::new().data("lost"));
        }
    };
    for chunks in some_splits(input.as_bytes()) {
        let (events, id, _) = seen(frames(chunks, 64, rewrite));
        let data = events.iter().map(|(_, data, _)| &data[..]);
        assert_eq!(data.collect::<Vec<_>>(), [&b"a"[..], b"lost", b"b"]);
        assert_eq!((&*events[0].2, &*events[2].2, &*id), ("1", "2", "2"));
    }
}

#[test]
fn every_split_passes_the_same_events() {
    let cases: [&[u8]; 6] = [
        b"id:1\n\ndata:\xFF\n\n",
        b"id:1\rdata:a\r\r",
        b":c\ndata:a\n:d\n\n",
        b"\xEF\xBB\xBFdata:x\r\n\r\n",
        b"retry:3\n\ndata\n\n",
        b"data:a\r\n\r\nda",
    ];
    for input in cases {
        let expected = seen(vec![Bytes::from_static(input)]);
        for chunks in every_split(input) {
            assert_eq!(seen(frames(chunks, 1024, PASS)), expected);
        }
    }
}

#[test]
fn a_frame_ends_after_a_line_and_outside_of_an_event() {
    let input = ": c\nid: 1\ndata: a\n: d\ndata: b\n\nevent: e\n: f\ndata: g\n\n";
    for chunks in some_splits(input.as_bytes()) {
        for frame in frames(chunks, 1024, PASS) {
            assert!(!frame.is_empty());
            // A keep-alive after the frame must not end a line or an event.
            let mut decoder = sse_wire::Decoder::new([0; 256]);
            let mut rest = &frame[..];
            while decoder.next(&mut rest).is_some() {}
            assert!(!decoder.is_mid_event(), "{frame:?}");
        }
    }
}

#[test]
fn the_closure_ends_the_body() {
    let until: Rewrite = |event, sink| match event.unwrap().data() {
        b"[DONE]" => sink.end(),
        data => sink.send(&Event::new().data_bytes(data)),
    };
    let input = "data: a\n\nid: 3\ndata: [DONE]\n\ndata: late\n\n: late\n";
    assert_eq!(whole(input, until), "data: a\n\nid: 3\n\n");
    for chunks in some_splits(input.as_bytes()) {
        assert_eq!(frames(chunks, 1024, until).concat(), b"data: a\n\nid: 3\n\n");
    }
    // The upstream is not polled again.
    let chunks = stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from("data: [DONE]\n\n")))]);
    let chunks = chunks.chain(stream::poll_fn(|_| panic!("polled after the end")));
    let mut body = Rewritten::new(StreamBody::new(chunks), 64, until);
    for _ in 0..2 {
        assert!(body.frame().now_or_never().unwrap().is_none());
    }
}

#[test]
fn the_end_drops_an_unfinished_event() {
    assert_eq!(whole("data: a\n\nid: 3\ndata: cut", PASS), "data: a\n\n");
}

#[test]
fn an_upstream_that_has_ended_is_not_polled_again() {
    let mut is_over = false;
    let chunks = stream::poll_fn(move |_| {
        assert!(!std::mem::replace(&mut is_over, true), "polled after its end");
        std::task::Poll::Ready(None::<Result<Frame<Bytes>, Infallible>>)
    });
    let mut body = Rewritten::new(StreamBody::new(chunks), 64, PASS);
    for _ in 0..2 {
        assert!(body.frame().now_or_never().unwrap().is_none());
    }
}

#[test]
fn an_error_and_trailers_of_the_upstream_pass() {
    let trailers = http::HeaderMap::from_iter([(http::header::ETAG, "x".parse().unwrap())]);
    let frames = stream::iter([Ok(Frame::trailers(trailers.clone())), Err("reset")]);
    let mut body =
        Rewritten::new(StreamBody::<_>::new(frames.map_ok(|frame: Frame<Bytes>| frame)), 64, PASS);
    let frame = body.frame().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(frame.into_trailers().unwrap(), trailers);
    assert_eq!(body.frame().now_or_never().unwrap().unwrap().unwrap_err(), "reset");
}

#[cfg(feature = "json")]
#[test]
fn json_is_sent_as_data() {
    let rewrite: Rewrite = |event, sink| {
        let head =
            Event::new().event_type(event_type!("n")).id(sse_wire::event_id!("of the proxy"));
        sink.send_json(&head, &event.unwrap().data().len()).unwrap();
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert!(sink.send_json(&head, &map).is_err());
    };
    let expected = "event: n\nid: of the proxy\ndata: 4\n\n";
    assert_eq!(whole("data: four\n\n", rewrite), expected);
    // The upstream's ID comes first, so the client keeps the proxy's.
    assert_eq!(whole("id: 1\ndata: four\n\n", rewrite), format!("id: 1\n{expected}"));
}

#[tokio::test(start_paused = true)]
async fn keep_alives_fill_the_pauses_of_the_client() {
    // The upstream sends a byte a second, so it is never silent; without keep-alives, its client would see silence.
    let input = "data: 0123456789\n\n";
    let chunks = stream::iter(input.bytes()).then(async |byte| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(&[byte])))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(5));
    let body = Rewritten::new(StreamBody::new(chunks), 64, PASS).keep_alive(keep_alive);
    let frames: Vec<_> = BodyDataStream::new(Box::pin(body)).try_collect().await.unwrap();
    assert_eq!(frames, [":\n\n", ":\n\n", ":\n\n", "data: 0123456789\n\n"]);
}

/// Lines of all kinds, mostly valid.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let id = |id: u32| format!("id: {id}");
    let line = prop_oneof![
        4 => "data: ?[a-cé]{0,4}",
        2 => "event: [ab]?",
        3 => (0_u32..3).prop_map(id),
        1 => Just("id".to_owned()),
        1 => Just("id: a\0".to_owned()),
        2 => "retry: [0-9]{1,2}",
        2 => ":[ a:]{0,3}",
        1 => "[a-z]{1,3}",
        6 => Just(String::new()),
    ];
    let end = prop_oneof![3 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r")];
    let lines = prop::collection::vec((line, end), 0..24);
    let bytes = lines.prop_map(|lines| {
        lines.into_iter().flat_map(|(line, end)| (line + end).into_bytes()).collect::<Vec<_>>()
    });
    // Bytes that are not UTF-8, anywhere.
    (bytes, prop::collection::vec((any::<prop::sample::Index>(), 0x80_u8..), 0..2)).prop_map(
        |(mut bytes, wrong)| {
            for (at, byte) in wrong {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_client_of_the_proxy_sees_what_a_client_of_the_upstream_sees(
        input in lines(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut start = 0;
        for end in cuts.into_iter().chain([input.len()]) {
            chunks.push(Bytes::copy_from_slice(&input[start..end]));
            start = end;
        }
        let proxied = frames(chunks, 1024, PASS);
        prop_assert_eq!(seen(proxied.clone()), seen(vec![input.clone().into()]), "{:?}", proxied);

        // At least as many comments: a split comment becomes several.
        let comments = |chunks: Vec<Bytes>| {
            let mut decoder = sse_wire::Decoder::new([0; 1024]);
            for chunk in &chunks {
                let mut rest = &chunk[..];
                while decoder.next(&mut rest).is_some() {}
            }
            decoder.comments()
        };
        prop_assert!(comments(proxied) >= comments(vec![input.into()]));
    }
}
