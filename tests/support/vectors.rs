//! Reads the vectors in `tests/conformance`, whose README documents the format.

use super::oracle::{Output, Own};
use serde_json::Value;
use std::io::Write;
use std::path::Path;

/// A stream, its chunks, and the expected events.
pub struct Vector {
    pub name: String,
    pub stream: Vec<u8>,
    pub chunks: Vec<usize>,
    pub events: Vec<Output>,
    /// The number of events after each chunk.
    pub after_chunk: Option<Vec<usize>>,
}

/// Consecutive streams of one client.
pub struct Reconnections {
    pub name: String,
    pub streams: Vec<Vec<u8>>,
    pub events: Vec<Vec<Output>>,
    /// The header of each request.
    pub headers: Vec<Option<Vec<u8>>>,
    pub retry_ms: Option<u64>,
}

/// Reads the vectors of `public`, `disagreements` or `large`.
pub fn vectors(file: &str) -> Vec<Vector> {
    read(file).iter().map(vector).collect()
}

pub fn reconnections() -> Vec<Reconnections> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    read("reconnect")
        .iter()
        .map(|json| Reconnections {
            name: string(&json["name"]),
            streams: list(&json["bodies_hex"]).iter().map(bytes).collect(),
            events: list(&json["events"]).iter().map(events).collect(),
            headers: list(&json["last_event_id_headers_hex"])
                .iter()
                .map(|header| (!header.is_null()).then(|| bytes(header)))
                .collect(),
            // The crate limits the value to `u64::MAX`, and so does the conversion.
            retry_ms: json["retry_ms"]
                .as_f64()
                .map(|f| json["retry_ms"].as_u64().unwrap_or(f as u64)),
        })
        .collect()
}

/// Whether this is the published package, which has no vectors. Reports on the terminal that the test is skipped.
pub fn are_left_out() -> bool {
    // Cargo adds this file to each package.
    let is_package = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml.orig").exists();
    if is_package {
        // Bypasses the test's captured output.
        let message = "SKIPPED: the recorded vectors are in the repository, not in this package";
        let _ = writeln!(std::io::stderr(), "{message}");
    }
    is_package
}

fn read(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/conformance/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn vector(json: &Value) -> Vector {
    let stream = match json.get("input_rle") {
        Some(runs) => unroll(runs).iter().flat_map(|(hex, n)| unhex(hex).repeat(*n)).collect(),
        None => bytes(&json["input_hex"]),
    };
    let chunks = match json["chunk_size"].as_u64() {
        Some(size) => vec![size as usize; stream.len() / size as usize],
        None => lengths(&json["chunks"]),
    };
    let repeat = json["events_repeat"].as_u64().unwrap_or(1) as usize;
    Vector {
        name: string(&json["name"]),
        events: vec![events(&json["events"]); repeat].concat(),
        after_chunk: json.get("after_chunk").map(lengths),
        stream,
        chunks,
    }
}

fn events(json: &Value) -> Vec<Output> {
    let event = |json: &Value| Output::Event {
        event_type: text(json, "type"),
        data: text(json, "data"),
        last_event_id: text(json, "id"),
        own: Own::default(),
    };
    json.as_array().unwrap().iter().map(event).collect()
}

fn text(event: &Value, key: &str) -> String {
    match event.get(format!("{key}_rle")) {
        Some(runs) => unroll(runs).iter().map(|(text, n)| text.repeat(*n)).collect(),
        None => match event.get(key) {
            Some(text) => string(text),
            None if key == "type" => "message".into(),
            None => String::new(),
        },
    }
}

fn unroll(runs: &Value) -> Vec<(String, usize)> {
    let run = |run: &Value| (string(&run[0]), run[1].as_u64().unwrap() as usize);
    runs.as_array().unwrap().iter().map(run).collect()
}

fn lengths(json: &Value) -> Vec<usize> {
    json.as_array().unwrap().iter().map(|length| length.as_u64().unwrap() as usize).collect()
}

fn string(json: &Value) -> String {
    json.as_str().unwrap().into()
}

fn bytes(json: &Value) -> Vec<u8> {
    unhex(json.as_str().unwrap())
}

fn unhex(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks_exact(2).map(byte).collect()
}
