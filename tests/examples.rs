//! Runs the examples as a user does: what they print, the status they end with, and the event stream
//! that `telemetry` serves.
#![allow(clippy::restriction, reason = "tests may panic")]

use serde_json::Value;
use sse_wire::Decoder;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// `cargo test` builds the examples beside the directory that it runs tests from.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is not built: cargo build --examples", path.display());
    Command::new(path)
}

fn cat(args: &[&str], stream: &[u8]) -> Output {
    let mut command = example("cat");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A child that rejects its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(stream);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn assert_fails(output: &Output, status: i32, part: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(part), "{stderr}");
}

const STREAM: &[u8] = b"\xEF\xBB\xBFid: 1\r\ndata: a \"b\"\r\ndata: \xFF\r\n\r\n\
    event: big\ndata: 0123456789012345678901234567890123456789\n\nevent: t\ndata: \n\ndata: cut";

#[test]
fn cat_prints_json_lines() {
    for chunk in ["1", "7", "4096"] {
        let output = cat(&["--json", "--chunk", chunk, "--buffer", "40"], STREAM);
        assert!(output.status.success());
        let stdout = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> =
            stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = serde_json::json!([
            { "type": "message", "data": "a \"b\"\n\u{FFFD}", "id": "1" },
            { "type": "t", "data": "", "id": "1" },
        ]);
        assert_eq!(Value::from(lines), expected);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 2, "one too long, one cut off: {stderr}");
    }
}

#[test]
fn cat_prints_text() {
    let output = cat(&["-"], STREAM);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let big = "0123456789".repeat(4);
    let expected = format!("message (1): a \"b\"\n    \u{FFFD}\nbig (1): {big}\nt (1): \n");
    assert_eq!(stdout, expected);
}

#[test]
fn cat_says_what_is_wrong() {
    assert_fails(&cat(&["--chunk", "0"], b""), 2, "--chunk 0");
    assert_fails(&cat(&["--buffer", "x"], b""), 2, "--buffer x");
    assert_fails(&cat(&["--what"], b""), 2, "--what");
    assert_fails(&cat(&["a", "surplus"], b""), 2, "surplus");
    assert_fails(&cat(&["/does/not/exist"], b""), 1, "/does/not/exist");
}

/// A server that ends with the test.
struct Telemetry {
    child: Child,
    address: SocketAddr,
}

impl Telemetry {
    fn start(args: &[&str]) -> Self {
        let mut command = example("telemetry");
        command.args(["--port", "0"]).args(args).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        // A full pipe would stop the server.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
        Self { address: address.trim().parse().unwrap(), child }
    }

    /// The first `count` events that a client with this id gets: type, id, data.
    fn events(&self, last_event_id: Option<&str>, count: usize) -> Vec<(String, String, Value)> {
        let mut connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let header = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(connection, "GET /events HTTP/1.1\r\nHost: x\r\n{header}\r\n").unwrap();
        let mut connection = BufReader::new(connection);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(connection.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        for (name, value) in sse_wire::RESPONSE_HEADERS {
            assert!(head.contains(&format!("\r\n{name}: {value}\r\n")), "{head}");
        }

        let mut decoder = Decoder::new([0; 1024]);
        let mut events = Vec::new();
        let mut input = [0; 256];
        while events.len() < count {
            let len = connection.read(&mut input).unwrap();
            assert!(len > 0, "the stream has ended after {events:?}");
            let mut chunk = &input[..len];
            while let Some(event) = decoder.next(&mut chunk) {
                let event = event.unwrap();
                events.push((
                    event.event_type_str().unwrap().into(),
                    event.last_event_id_str().unwrap().into(),
                    serde_json::from_slice(event.data()).unwrap(),
                ));
            }
        }
        assert!(decoder.reconnection_time().is_some(), "events have a reconnection time");
        events.truncate(count);
        events
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(id: &str) -> u64 {
    id.rsplit('-').next().unwrap().parse().unwrap()
}

#[test]
fn telemetry_goes_on_where_a_client_stopped() {
    let server = Telemetry::start(&["--interval-ms", "200"]);
    let first = server.events(None, 3);
    for (at, (event_type, id, data)) in first.iter().enumerate() {
        assert_eq!((event_type.as_str(), number(id)), ("sample", at as u64 + 1));
        assert!(data["memory_total"].as_u64().unwrap() > 0);
        assert!(data["uptime"].as_u64().is_some());
        assert!(data["load"][0].as_f64().is_some());
    }
    let id = &first[2].1;
    let numbers: Vec<u64> = server.events(Some(id), 5).iter().map(|e| number(&e.1)).collect();
    assert_eq!(numbers, [4, 5, 6, 7, 8]);
}

#[test]
fn telemetry_tells_of_a_gap() {
    let server = Telemetry::start(&["--interval-ms", "20"]);
    let id = server.events(None, 1).remove(0).1;
    for unknown in ["12345-1", "nonsense", &id.replace("-1", "-999999")] {
        assert_eq!(server.events(Some(unknown), 1)[0].0, "gap", "{unknown}");
    }
    // The ring holds 120 samples: the second one leaves it when this many more have come.
    let _ = server.events(Some(&id), 125);
    let events = server.events(Some(&id), 20);
    // While the client catches up, further samples may leave the ring: the gaps and samples are
    // still seamless.
    assert_eq!(events[0].0, "gap");
    let mut next = 2;
    for (event_type, id, data) in events {
        if event_type == "gap" {
            assert_eq!(data["first"].as_u64(), Some(next));
            assert_eq!(data["last"].as_u64(), Some(number(&id)));
        } else {
            assert_eq!((event_type.as_str(), number(&id)), ("sample", next));
        }
        next = number(&id) + 1;
    }
}

#[test]
fn telemetry_comes_back_by_itself_and_ends_with_a_summary() {
    let mut command = example("telemetry");
    command.args(["--port", "0", "--interval-ms", "20", "--drop-after", "3", "--events", "4"]);
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}");
    assert!(stdout.contains("events: 4, of them gaps: 0"), "{stdout}");
    assert!(stdout.contains("reconnections: 1"), "{stdout}");
}

#[test]
fn telemetry_says_what_is_wrong() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = |args: &[&str]| example("telemetry").args(args).output().unwrap();
    assert_fails(&output(&["--port", &port]), 1, &port);
    assert_fails(&output(&["--port", "65536"]), 2, "65536");
    assert_fails(&output(&["--events", "0"]), 2, "--events 0");
}
