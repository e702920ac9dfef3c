//! Decodes an event stream from a file or standard input, and prints the events as they complete.
//!
//! ```text
//! curl -sSN http://127.0.0.1:8080/events | cargo run --example cat -- --json
//! ```

// The operators that may panic are denied for the library.
#![allow(clippy::restriction)]

use serde_json::Value;
use sse_wire::{Decoder, MessageEvent};
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Read, Write};
use std::process::ExitCode;

const HELP: &str = "\
Decodes an event stream and prints each event when it is complete.

Usage: cat [OPTIONS] [FILE]

Without FILE, or if it is -, the stream is read from standard input.

Options:
  --raw             print control characters as they are, also on a terminal
  --json            print JSON lines with type, data and id (default: text)
  --chunk BYTES     read this many bytes at a time at most (default: 4096)
  --buffer BYTES    the decoder's memory, which bounds an event: its lines, the
                    last event ID and 8 bytes must fit (default: 65536)
  --help            print this

As text, an event is a line with its type, the last event ID in parentheses if
there is one, and its data; further lines of data are indented. On a terminal,
control characters are printed as in JSON, such as \\u001b for ESC.

The status is 1 if the input cannot be read or is no event stream.
";

/// An upper bound, so that a typing error does not exhaust the memory.
const LARGEST: usize = 1 << 30;

/// This number of bytes identifies a body that is not an event stream.
const START: usize = 64;

struct Args {
    raw: bool,
    json: bool,
    chunk: usize,
    buffer: usize,
    file: Option<OsString>,
}

fn main() -> ExitCode {
    let done = match parse() {
        Ok(Some(args)) => run(&args),
        Ok(None) => io::stdout().write_all(HELP.as_bytes()).map_err(Into::into),
        Err(error) => {
            eprintln!("cat: {error}; try --help");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed it.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// `None`: the user asked for help.
fn parse() -> Result<Option<Args>, String> {
    let mut args = Args { raw: false, json: false, chunk: 4096, buffer: 65536, file: None };
    let mut rest = env::args_os().skip(1);
    while let Some(arg) = rest.next() {
        match arg.to_str() {
            Some("--raw") => args.raw = true,
            Some("--json") => args.json = true,
            Some("--chunk") => args.chunk = size("--chunk", rest.next(), 1)?,
            // Eight bytes stay free: with fewer the decoder can hold nothing.
            Some("--buffer") => args.buffer = size("--buffer", rest.next(), 8)?,
            Some("-h" | "--help") => return Ok(None),
            Some(option) if option.len() > 1 && option.starts_with('-') => {
                return Err(format!("there is no option {option}"));
            }
            _ if args.file.is_none() => args.file = Some(arg),
            _ => return Err(format!("a second file: {}", arg.display())),
        }
    }
    Ok(Some(args))
}

fn size(option: &str, value: Option<OsString>, least: usize) -> Result<usize, String> {
    let value = value.ok_or_else(|| format!("{option} needs a number"))?;
    let size = value.to_str().and_then(|value| value.parse().ok());
    size.filter(|size| (least..=LARGEST).contains(size)).ok_or_else(|| {
        format!("{option} {}: not a number from {least} to {LARGEST}", value.display())
    })
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    match args.file.as_deref().filter(|&file| file != "-") {
        None => print_events(args, "standard input", io::stdin().lock()),
        Some(file) => {
            let name = file.display().to_string();
            let file = File::open(file).map_err(|error| format!("{name}: {error}"))?;
            print_events(args, &name, file)
        }
    }
}

fn print_events(args: &Args, name: &str, mut stream: impl Read) -> Result<(), Box<dyn Error>> {
    let mut buffer = vec![0; args.buffer];
    let mut decoder = Decoder::new(&mut buffer[..]);
    let mut chunk = vec![0; args.chunk];
    let (mut start, mut found_event) = (Vec::new(), false);
    let stdout = io::stdout().lock();
    let escapes = !args.raw && stdout.is_terminal();
    let mut out = BufWriter::new(stdout);
    loop {
        let len = match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("{name}: {error}").into()),
        };
        let mut input = &chunk[..len];
        start.extend(input.iter().take(START - start.len()));
        if looks_like(&start) == Some(GZIP) {
            // A live stream may have no end at which to report it.
            return Err(format!("{name}: no event stream, but {GZIP}").into());
        }
        while let Some(event) = decoder.next(&mut input) {
            found_event = true;
            match event {
                Ok(event) => {
                    let line = if args.json { json(&event) } else { text(&event) };
                    writeln!(out, "{}", if escapes { escape(&line) } else { line })?;
                }
                Err(error) => {
                    out.flush()?;
                    eprintln!("cat: {name}: left out: {error} of {} bytes", args.buffer);
                }
            }
        }
        // The next read may wait, and complete events must not wait for it.
        out.flush()?;
    }
    let is_cut_off = decoder.is_mid_event();
    // A line counts when it ends, and the last one may have no line end.
    let _ = decoder.decode(&mut &b"\n"[..]);
    match decoder.ignored_lines() {
        lines if !found_event && lines > 0 => Err(match looks_like(&start) {
            Some(format) => format!("{name}: no event stream, but {format}").into(),
            None => format!("{name}: no event stream: no event, ignored lines: {lines}").into(),
        }),
        _ => {
            if is_cut_off {
                eprintln!("cat: {name}: the stream ends within an event");
            }
            Ok(())
        }
    }
}

const GZIP: &str = "gzip";

/// Describes a body without events, from its first bytes.
fn looks_like(start: &[u8]) -> Option<&'static str> {
    match start.trim_ascii_start() {
        [0x1F, 0x8B, ..] => Some(GZIP),
        [b'<', ..] => Some("HTML or XML"),
        [b'{' | b'[', ..] => Some("JSON"),
        _ => None,
    }
}

fn text(event: &MessageEvent<'_>) -> String {
    let mut id = event.last_event_id_lossy().to_string();
    if !id.is_empty() {
        id = format!(" ({id})");
    }
    let data = event.data_lossy().to_string().replace('\n', "\n    ");
    format!("{}{id}: {data}", event.event_type_lossy())
}

fn json(event: &MessageEvent<'_>) -> String {
    let event_type = Value::from(event.event_type_lossy().to_string());
    let data = Value::from(event.data_lossy().to_string());
    let id = Value::from(event.last_event_id_lossy().to_string());
    format!(r#"{{"type":{event_type},"data":{data},"id":{id}}}"#)
}

/// Writes control characters (C0, DEL, C1) as JSON does, so that a terminal does not interpret them. Line feeds stay.
fn escape(line: &str) -> String {
    let mut escaped = String::new();
    for character in line.chars() {
        if character.is_control() && character != '\n' {
            escaped += &format!("\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}
