//! Runs the examples as a user does, and checks their output and exit status.
#![allow(clippy::restriction, reason = "tests may panic")]

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// `cargo test` builds the examples next to the directory of the test programs.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is not built: cargo build --examples", path.display());
    Command::new(path)
}

/// The output of an example with `input` on standard input.
fn run(name: &str, args: &[&str], input: &[u8]) -> Output {
    let mut command = example(name);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A child that rejects its arguments does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn cat(args: &[&str], stream: &[u8]) -> Output {
    run("cat", args, stream)
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
fn decode_prints_events() {
    let long = [b"data: ", &[b'x'; 64 * 1024][..], b"\n\n"].concat();
    let output = run("decode", &[], &[STREAM, b"\n\n", &long, b"data: last\n\n"].concat());
    assert!(output.status.success());
    let big = "0123456789".repeat(4);
    let expected =
        format!("message: a \"b\"\n\u{FFFD}\nbig: {big}\nt: \nmessage: cut\nmessage: last\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "one too long: {stderr}");
}

#[test]
fn encode_writes_events() {
    let output = run("encode", &[], b"");
    assert!(output.status.success());
    let expected = "event: temperature\nid: 1\ndata: {\"celsius\":20.5}\n\n\
        event: temperature\nid: 2\ndata: {\"celsius\":21.0}\n\n\
        event: temperature\nid: 3\ndata: {\"celsius\":21.5}\n\n\
        data: first line\ndata: second line\n\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

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
    assert_fails(&cat(&["--buffer"], b""), 2, "--buffer needs a number");
    assert_fails(&cat(&["--what"], b""), 2, "--what");
    assert_fails(&cat(&["a", "surplus"], b""), 2, "surplus");
    assert_fails(&cat(&["/does/not/exist"], b""), 1, "/does/not/exist");
}

/// Every control character: C0, except those that no event can contain, DEL, and C1, in UTF-8 and as single bytes.
fn control_characters() -> Vec<u8> {
    let c0 = (1..0x20_u8).filter(|byte| !b"\n\r".contains(byte));
    let c1 = (0x80..=0x9F_u8).map(char::from).collect::<String>();
    c0.chain([0x7F]).chain(c1.into_bytes()).chain(0x80..=0x9F).collect()
}

/// Escape sequences of an event (`ESC [ 3 1 m`) coloured the terminal. `script` runs `cat` in a terminal.
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
        // The terminal driver converts LF to CRLF.
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
    // The JSON value is the same.
    let controls = String::from_utf8_lossy(&controls);
    let value: Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    assert_eq!(value, serde_json::json!({ "type": controls, "data": controls, "id": controls }));

    // With the option, the output to a terminal and to a pipe is the same.
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

/// For input that is not an event stream, there was no message, and the status was 0.
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
    // These are event streams.
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

/// A live stream of gzip has no end at which to report it.
#[test]
fn cat_does_not_wait_for_the_end_of_gzip() {
    let mut command = example("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"\x1F\x8B\x08\0").unwrap();
    // Far more than a pipe holds: the write fails only because the reader is gone.
    let is_gone = (0..10_000).any(|_| stdin.write_all(&[b'x'; 4096]).is_err());
    assert!(is_gone, "it reads on");
    drop(stdin);
    assert_fails(&child.wait_with_output().unwrap(), 1, "gzip");
}
