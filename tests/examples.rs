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

/// Every control character: C0 but those that no event can have, DEL, and C1, in UTF-8 and as bytes alone.
fn control_characters() -> Vec<u8> {
    let c0 = (1..0x20_u8).filter(|byte| !b"\n\r".contains(byte));
    let c1 = (0x80..=0x9F_u8).map(char::from).collect::<String>();
    c0.chain([0x7F]).chain(c1.into_bytes()).chain(0x80..=0x9F).collect()
}

/// Row 15: escapes of an event (`ESC [ 3 1 m`) coloured the terminal. `script` gives `cat` a terminal.
#[cfg(target_os = "linux")]
#[test]
fn cat_keeps_control_characters_from_a_terminal() {
    let controls = control_characters();
    let stream = [
        b"event: \x1B[31mred\nid: \x1B]0;title\x07\ndata: \x1B[31m\xE2\x98\x83\ndata: second\n\n",
        &[b"event: ", &controls[..], b"\nid: ", &controls, b"\ndata: ", &controls, b"\n\n"]
            .concat()[..],
    ]
    .concat();
    let file = std::env::temp_dir().join(format!("sse-wire-cat-{}", std::process::id()));
    std::fs::write(&file, &stream).unwrap();
    let on_terminal = |args: &str| {
        let cat = example("cat");
        let command = format!("'{}' {args} '{}'", cat.get_program().display(), file.display());
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
        let output = script.stdin(Stdio::null()).output().expect("script, of bsdutils");
        assert!(output.status.success(), "{output:?}");
        // A terminal's driver makes CRLF of LF.
        String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
    };

    let text = on_terminal("");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "\\u001b[31mred (\\u001b]0;title\\u0007): \\u001b[31m\u{2603}");
    assert_eq!(lines[1], "    second");
    assert_eq!(lines.len(), 3, "{text:?}");
    let json = on_terminal("--json");
    let is_safe = |shown: &str| shown.chars().all(|c| c == '\n' || !c.is_control());
    assert!(is_safe(&text), "{text:?}");
    assert!(is_safe(&json), "{json:?}");
    // In JSON it is the same value.
    let controls = String::from_utf8_lossy(&controls);
    let value: Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    assert_eq!(value, serde_json::json!({ "type": controls, "data": controls, "id": controls }));

    // If it is asked for, a terminal gets what a pipe gets, and so does a pipe.
    let expected = format!(
        "\x1B[31mred (\x1B]0;title\x07): \x1B[31m\u{2603}\n    second\n{controls} ({controls}): {controls}\n"
    );
    assert_eq!(on_terminal("--raw"), expected);
    for args in [&[][..], &["--raw"]] {
        let output = cat(args, &stream);
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
    std::fs::remove_file(&file).unwrap();
}

/// Row 15: of what is no event stream, nothing was said, and the status was 0.
#[test]
fn cat_names_what_is_no_event_stream() {
    const GZIP: &[u8] = b"\x1F\x8B\x08\0\0\0\0\0\0\x03\x4B\x49\n\x2C\x49\xB4";
    for (body, name) in [
        (&b"<!doctype html>\n<title>502 Bad Gateway</title>\n"[..], "HTML"),
        (b"\r\n\r\n<html><body>one line", "HTML"),
        (GZIP, "gzip"),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}\n", "JSON"),
        (b"{\n  \"error\": {\n    \"code\": 400\n  }\n}", "JSON"),
        (b"[]", "JSON"),
        (b"Not found", "ignored lines: 1"),
        (b"error: {\"code\":400}\n\n", "ignored lines: 1"),
    ] {
        for chunk in ["1", "7", "4096"] {
            let output = cat(&["--chunk", chunk], body);
            assert_fails(&output, 1, "no event stream");
            assert_fails(&output, 1, name);
            assert_eq!(output.stdout, b"");
        }
    }
    // What is an event stream all the same.
    let output = cat(&[], b"{\"code\":400}\ndata: [DONE]\n\n");
    assert!(output.status.success());
    assert_eq!(output.stdout, b"message: [DONE]\n");
    for stream in [&b""[..], b": keep-alive\n\n", b"retry: 1\n\n", b"data: cut off"] {
        let output = cat(&[], stream);
        assert!(output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.contains("ends within an event"), stream.ends_with(b"off"), "{stderr}");
    }
}

/// A live stream of gzip has no end at which to say so.
#[test]
fn cat_does_not_wait_for_the_end_of_gzip() {
    let mut command = example("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"\x1F\x8B\x08\0").unwrap();
    // Far more than a pipe holds: only a reader that is gone refuses it.
    let is_gone = (0..10_000).any(|_| stdin.write_all(&[b'x'; 4096]).is_err());
    assert!(is_gone, "it reads on");
    drop(stdin);
    assert_fails(&child.wait_with_output().unwrap(), 1, "gzip");
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
        let (event_type, id, data) = server.events(Some(unknown), 1).remove(0);
        // Without an id: a client that is cut off behind it is told again.
        assert_eq!((event_type.as_str(), id.as_str()), ("gap", ""), "{unknown}");
        assert_eq!(data, serde_json::json!({ "missed": null }));
    }
    // The ring holds about 120 samples: the second one leaves it when this many more have come.
    let _ = server.events(Some(&id), 150);
    let events = server.events(Some(&id), 20);
    // While the client catches up, further samples may leave the ring: the gaps and samples are
    // still seamless.
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
