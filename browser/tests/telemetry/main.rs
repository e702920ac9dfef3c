//! Opens the page of a telemetry server in headless Chromium, cuts its event stream ten times, and checks that no event
//! is lost, repeated or changed, and that the page shows what happens. If the connection is cut for longer than the
//! server keeps events, the page must show how many are missing.
//!
//! Screenshots of the page are stored in `screenshots`, in cargo's target directory.
//!
//! | file         | contents                                                      |
//! |--------------|---------------------------------------------------------------|
//! | `browser.rs` | controls Chromium over WebDriver                              |
//! | `record.js`  | records the events of a page, and what the page shows         |
//! | `proxy.rs`   | proxy between browser and server: cuts and records the stream |
//! | `server.rs`  | starts the servers whose pages are tested                     |
//! | `process.rs` | processes that end with the test                              |

mod browser;
mod process;
mod proxy;
mod server;

use browser::{Browser, Note, Seen};
use proxy::{Cut, Proxy, Stream};
use serde_json::Value;
use server::Server;
use sse_wire::Decoder;
use std::collections::HashMap;
use std::fmt::Debug;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Positions that are difficult for a browser: it must discard everything that was cut off. One for each connection;
/// some are among the events that it missed, some among live ones.
const CUTS: [Cut; 10] = [
    Cut::close(3, "event: samp"),
    Cut::reset(2, "id: "),
    // A prefix of an ID that is itself a valid ID.
    Cut::close(2, "-"),
    // No response at all.
    Cut::close(0, ""),
    // Two milliseconds, if it counted.
    Cut::close(1, "retry: 2"),
    Cut::reset(5, "data: {"),
    // The whole event except the line that dispatches it.
    Cut::close(2, "}\n"),
    // A response without an event.
    Cut::close(0, "\r\n\r\n"),
    Cut::reset(1, "}\n\n"),
    Cut::close(4, "}\n\n"),
];

/// The connection is cut once the page has some events, and again right after the gap is reported.
const CUTS_AROUND_A_GAP: [Cut; 2] = [Cut::close(3, "}\n\n"), Cut::close(0, "}\n\n")];

/// The number of events that the uncut connection must send.
const EVENTS_AFTER_CUTS: usize = 5;

/// The time limit of each wait.
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn host() {
    let keys = ["cpu", "load", "memory_total", "memory_used", "time", "uptime"];
    // The server keeps 120 samples: a browser may be a minute late, and ten cuts take about 20 s.
    look_at("host", &Server::host(Duration::from_millis(500)), &keys);
}

#[test]
#[ignore = "needs QEMU: browser/run firmware"]
fn firmware() {
    let keys = ["clients", "events", "free_stack", "temperature", "uptime"];
    look_at("firmware", &Server::firmware(), &keys);
}

/// The server takes samples so fast that its ring has always moved on when the browser reconnects. The page is told how
/// many samples it missed, again if the connection is cut right after that. No other sample is lost or repeated.
#[test]
fn gap() {
    let server = Server::host(Duration::from_millis(10));
    let proxy = Proxy::start(server.address(), &CUTS_AROUND_A_GAP);
    let browser = Browser::start("gap");
    browser.open(&format!("http://{}/", proxy.address()));
    let seen = wait_for("events after the gap", || {
        let seen = browser.look();
        let gaps = seen.notes.iter().filter(|note| note.what == "gap").count();
        let events = seen.notes.iter().rev().take_while(|note| note.what == "sample").count();
        if gaps == 2 && events >= EVENTS_AFTER_CUTS { Ok(seen) } else { Err(seen) }
    });
    browser.screenshot("gap-light", 1100, 800, "light");

    let events = seen.events();
    let first_gap = events.iter().position(|event| event.what == "gap").unwrap();
    let (before, [first, second, after @ ..]) = events.split_at(first_gap) else { panic!() };
    assert_eq!(before.len(), 4, "{seen:?}");
    assert_nothing_lost_or_repeated(before);
    assert_nothing_lost_or_repeated(after);
    let (boot, last) = parse_id(&before[3].id);
    let missed = |gap: &Note| -> u64 {
        assert_eq!((gap.what.as_str(), gap.id.as_str()), ("gap", before[3].id.as_str()));
        let data: Value = serde_json::from_str(&gap.data).unwrap();
        data["missed"].as_u64().unwrap()
    };
    assert!(0 < missed(first) && missed(first) < missed(second), "{seen:?}");
    assert_eq!(parse_id(&after[0].id), (boot, last + missed(second) + 1));
    let shown = format!("samples lost: {}.", missed(second));
    assert!(seen.values.iter().any(|value| value.ends_with(&shown)), "{seen:?}");
    assert!(seen.values.iter().any(|value| value == "2 gaps"), "{seen:?}");
    assert_came_back_with_last_id(&seen, &proxy.streams());
    println!("gap: {} and {} samples missed, and reported", missed(first), missed(second));
}

fn look_at(name: &str, server: &Server, keys: &[&str]) {
    let proxy = Proxy::start(server.address(), &CUTS);
    let browser = Browser::start(name);
    browser.open(&format!("http://{}/", proxy.address()));
    let seen = wait_for("events after the last cut", || {
        let seen = browser.look();
        assert_nothing_lost_or_repeated(&seen.events());
        assert!(!seen.states.iter().any(|state| state.starts_with("closed")), "{seen:?}");
        let cuts = seen.notes.iter().filter(|note| note.what == "error").count();
        let events = seen.notes.iter().rev().take_while(|note| note.is_event()).count();
        if cuts == CUTS.len() && events >= EVENTS_AFTER_CUTS { Ok(seen) } else { Err(seen) }
    });
    for (look, width, height, scheme) in
        [("light", 1100, 800, "light"), ("dark", 1100, 800, "dark"), ("narrow", 400, 1300, "light")]
    {
        browser.screenshot(&format!("{name}-{look}"), width, height, scheme);
    }

    let streams = proxy.streams();
    let events = seen.events();
    assert_as_sent(&events, &streams, keys);
    assert_came_back_with_last_id(&seen, &streams);
    assert_page_shows(&seen, &events);
    println!("{name}: {} cuts, {} events, none lost or repeated", CUTS.len(), events.len());
}

fn assert_nothing_lost_or_repeated(events: &[&Note]) {
    for event in events {
        assert_eq!(event.what, "sample", "{event:?}");
    }
    let ids: Vec<(&str, u64)> = events.iter().map(|event| parse_id(&event.id)).collect();
    for pair in ids.windows(2) {
        let (boot, number) = pair[0];
        assert_eq!(pair[1], (boot, number + 1), "after {boot}-{number}");
    }
}

fn parse_id(id: &str) -> (&str, u64) {
    let (boot, number) = id.split_once('-').unwrap_or_else(|| panic!("the id {id:?}"));
    (boot, number.parse().unwrap())
}

/// Type, ID and data are those that the server sent, and the data has what the page needs.
fn assert_as_sent(events: &[&Note], streams: &[Stream], keys: &[&str]) {
    let sent: HashMap<String, Note> = streams.iter().flat_map(decode).collect();
    for event in events {
        assert_eq!(Some(*event), sent.get(&event.id));
        let data: Value = serde_json::from_str(&event.data).unwrap();
        let data = data.as_object().unwrap();
        assert!(data.keys().eq(keys), "{data:?}");
        for value in data.values() {
            let numbers = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            assert!(numbers.iter().all(Value::is_number), "{data:?}");
        }
    }
}

/// The events of one connection, by ID.
fn decode(stream: &Stream) -> Vec<(String, Note)> {
    let head_end = stream.response.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let Some(head_end) = head_end else { return Vec::new() };
    let mut body = &stream.response[head_end + 4..];
    let mut decoder = Decoder::new([0; 1024]);
    let mut events = Vec::new();
    while let Some(event) = decoder.next(&mut body) {
        let event = event.unwrap();
        let id = event.last_event_id_str().unwrap().to_owned();
        let what = event.event_type_str().unwrap().to_owned();
        let data = event.data_str().unwrap().to_owned();
        events.push((id.clone(), Note { what, id, data }));
    }
    if !events.is_empty() {
        assert_eq!(decoder.reconnection_time(), Some(Duration::from_secs(2)));
    }
    events
}

/// Each request has the ID of the last event that the page received before it.
fn assert_came_back_with_last_id(seen: &Seen, streams: &[Stream]) {
    let mut expected = vec![None];
    let mut last = None;
    for note in &seen.notes {
        if note.is_event() {
            last = Some(note.id.as_str());
        } else if note.what == "error" {
            expected.push(last);
        }
    }
    let sent: Vec<Option<&str>> = streams.iter().map(|stream| stream.last_event_id()).collect();
    assert_eq!(sent, expected);
}

/// The page shows each change of its connection, and draws the events.
fn assert_page_shows(seen: &Seen, events: &[&Note]) {
    let mut states = vec!["connecting"];
    for note in seen.notes.iter().filter(|note| !note.is_event()) {
        states.push(if note.what == "open" { "live" } else { "reconnecting" });
    }
    assert_eq!(seen.states, states);
    assert!(seen.last.starts_with(&events[events.len() - 1].id), "{seen:?}");
    assert!(!seen.values.iter().any(|value| value == "–"), "{seen:?}");
    assert!(!seen.lines.contains(&0), "{seen:?}");
}

/// Polls the page until the condition holds. At the time limit, reports its last contents instead.
fn wait_for<T, E: Debug>(what: &str, mut look: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(state) if start.elapsed() > LIMIT => panic!("{what} did not come: {state:?}"),
            Err(_) => sleep(Duration::from_millis(100)),
        }
    }
}
