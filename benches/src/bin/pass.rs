//! Runs one pass over one corpus. `instructions.py` counts the instructions of `measured`. Usage: `pass decode CORPUS
//! SPLIT` or `pass encode CORPUS`. SPLIT is a chunk length in bytes, or `event` for one event a chunk. Prints the
//! number of events.

use benches::{corpora, decoders, encoders};
use std::env;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["decode", name, split] => {
            let corpus = corpora::corpus(name);
            let chunks = corpus.chunks(split.parse().unwrap());
            let mut buffer = vec![0; 128 * 1024];
            let delivered = measured(|| decoders::next(&chunks, &mut buffer[..]));
            assert_eq!(delivered, corpus.delivered());
            println!("{}", delivered.events);
        }
        ["encode", name] => {
            let corpus = corpora::corpus(name);
            let mut out = vec![0; corpus.stream.len()];
            let written = measured(|| encoders::encode(corpus, &mut out));
            assert!(written == out.len() && out == corpus.stream);
            println!("{}", corpus.messages.len());
        }
        _ => panic!("usage: pass decode CORPUS SPLIT | pass encode CORPUS"),
    }
}

#[inline(never)]
fn measured<T>(pass: impl FnOnce() -> T) -> T {
    pass()
}
