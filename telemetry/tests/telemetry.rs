//! Runs the program as a user does: checks its event stream, output and exit status.

use serde_json::Value;
use sse_wire::Decoder;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

fn telemetry(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetry"));
    command.args(args);
    command
}

/// A server that ends with the test.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let mut command = telemetry(&["--port", "0"]);
        let mut child = command.args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        // A full pipe would block the server.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
        Self { address: address.trim().parse().unwrap(), child }
    }

    /// The first `count` events for a client with this ID: type, ID, data.
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

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(id: &str) -> u64 {
    id.rsplit('-').next().unwrap().parse().unwrap()
}

#[test]
fn goes_on_where_a_client_stopped() {
    let server = Server::start(&["--interval-ms", "200"]);
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
fn tells_of_a_gap() {
    let server = Server::start(&["--interval-ms", "20"]);
    let id = server.events(None, 1).remove(0).1;
    for unknown in ["12345-1", "nonsense", &id.replace("-1", "-999999")] {
        let (event_type, id, data) = server.events(Some(unknown), 1).remove(0);
        // Without an ID: a client that is cut off after it is told again.
        assert_eq!((event_type.as_str(), id.as_str()), ("gap", ""), "{unknown}");
        assert_eq!(data, serde_json::json!({ "missed": null }));
    }
    // The ring holds about 120 samples: the second one leaves it after this many further ones.
    let _ = server.events(Some(&id), 150);
    let events = server.events(Some(&id), 20);
    // While the client catches up, further samples may leave the ring: gaps and samples are still contiguous.
    assert_eq!(events[0].0, "gap");
    let mut next = 2;
    for (event_type, id, data) in events {
        if event_type == "gap" {
            next += data["missed"].as_u64().unwrap();
        } else {
            assert_eq!((event_type.as_str(), number(&id)), ("sample", next));
            next += 1;
        }
    }
}

#[test]
fn comes_back_by_itself_and_ends_with_a_summary() {
    let args = ["--port", "0", "--interval-ms", "20", "--drop-after", "3", "--events", "4"];
    let output = telemetry(&args).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}");
    assert!(stdout.contains("events: 4, of them gaps: 0"), "{stdout}");
    assert!(stdout.contains("reconnections: 1"), "{stdout}");
}

#[track_caller]
fn assert_fails(args: &[&str], status: i32, part: &str) {
    let Output { status: ended, stderr, .. } = telemetry(args).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(ended.code(), Some(status), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(part), "{stderr}");
}

#[test]
fn says_what_is_wrong() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_fails(&["--port", &port], 1, &port);
    assert_fails(&["--port", "65536"], 2, "65536");
    assert_fails(&["--events", "0"], 2, "--events 0");
}
