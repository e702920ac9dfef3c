//! Every string of troublesome pieces up to a stated length, in every cutting.
#![allow(clippy::restriction, reason = "tests may panic")]

mod support;

use sse_wire::{Decoder, Tokenizer};
use support::drive::{Way, as_bytes, client, collect, cut, feed_all, saturated};
use support::oracle::{self, Client, Line};

/// Calls `check` with every string of `pieces` that has `most` bytes at the most.
fn for_each_string(pieces: &[&[u8]], most: usize, check: &mut impl FnMut(&[u8])) {
    fn extend(string: &mut Vec<u8>, pieces: &[&[u8]], most: usize, check: &mut impl FnMut(&[u8])) {
        check(string);
        for piece in pieces {
            let len = string.len();
            if len + piece.len() <= most {
                string.extend_from_slice(piece);
                extend(string, pieces, most, check);
                string.truncate(len);
            }
        }
    }
    extend(&mut Vec::new(), pieces, most, check);
}

/// Every way to cut `len` bytes, as the lengths of the chunks but the last.
fn cuttings(len: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..1_u32 << len.saturating_sub(1)).map(move |cuts| {
        let mut lengths = Vec::new();
        let mut start = 0;
        for at in 1..len {
            if cuts >> (at - 1) & 1 == 1 {
                lengths.push(at - start);
                start = at;
            }
        }
        lengths
    })
}

/// All strings up to 9 bytes. The tokenizer's state can be compared, so one check for each pair of
/// positions covers all cuttings: whichever way a position is reached, state and lines are the same.
#[test]
fn tokenizer() {
    let pieces: [&[u8]; 8] = [b"data", b"id", b":", b" ", b"\n", b"\r", b"x", b"\xEF\xBB\xBF"];
    let mut strings = 0_u64;
    for_each_string(&pieces, 9, &mut |string| {
        strings += 1;
        type Reached = (Tokenizer, Vec<Line>, Line);
        let mut reached: Vec<Option<Reached>> = vec![None; string.len() + 1];
        reached[0] = Some((Tokenizer::new(), Vec::new(), None));
        for from in 0..string.len() {
            for to in from + 1..=string.len() {
                let (mut tokenizer, mut lines, mut unfinished) = reached[from].clone().unwrap();
                let mut chunk = &string[from..to];
                while let Some(token) = tokenizer.next(&mut chunk) {
                    collect(&mut lines, &mut unfinished, token);
                }
                let state = (tokenizer, lines, unfinished);
                match &reached[to] {
                    Some(before) => assert_eq!(*before, state, "{}", string.escape_ascii()),
                    None => reached[to] = Some(state),
                }
            }
        }
        let (tokenizer, lines, _) = reached.pop().flatten().unwrap();
        let (expected, rest) = oracle::byte_lines(string);
        assert_eq!(lines, expected, "{}", string.escape_ascii());
        assert_eq!(tokenizer.is_mid_line(), !rest.is_empty(), "{}", string.escape_ascii());
    });
    assert!(strings > 1_000_000, "{strings} strings");
}

/// All strings up to `most` bytes behind each of `starts`, with each buffer size.
fn decoder(pieces: &[&[u8]], most: usize, starts: &[&[u8]], limits: &[usize]) -> u64 {
    let mut runs = 0;
    let all_cuttings: Vec<Vec<Vec<usize>>> =
        (0..=most).map(|len| cuttings(len).collect()).collect();
    for start in starts {
        for_each_string(pieces, most, &mut |string| {
            let stream = [start, string].concat();
            for &limit in limits {
                let mut expected = Client::default();
                let outputs = oracle::limited(&mut expected, &stream, limit);
                let expected = saturated(expected);
                for lengths in &all_cuttings[string.len()] {
                    let mut chunks = vec![*start];
                    chunks.extend(cut(string, lengths));
                    for way in [Way::Next, Way::Decode] {
                        let mut buffer = [0; 16];
                        let mut decoder = Decoder::new(&mut buffer[..limit]);
                        let found = feed_all(&mut decoder, &chunks, way, as_bytes);
                        let cut = || format!("{} {lengths:?} {limit}", stream.escape_ascii());
                        assert_eq!(found, outputs, "{}", cut());
                        assert_eq!(client(&decoder), expected, "{}", cut());
                        runs += 1;
                    }
                }
            }
        });
    }
    runs
}

/// All strings up to 7 bytes from the start of a stream: every way into a field and out of it.
#[test]
fn decoder_from_the_start() {
    let pieces: [&[u8]; 6] = [b"data", b"id", b":", b"\n", b"\r", b"x"];
    let runs = decoder(&pieces, 7, &[b"", b"\xEF\xBB\xBF"], &[1, 16]);
    assert!(runs > 5_000_000, "{runs} runs");
}

/// All strings up to 6 bytes behind the beginning of an event: every way on from there.
#[test]
fn decoder_within_an_event() {
    let pieces: [&[u8]; 7] = [b"id:", b"data:", b"event:", b"\n", b"\r", b"\0", b"x"];
    let starts: [&[u8]; 6] = [
        b"data:a\n",
        b"id:1\ndata",
        b"id:1\n\nid:",
        b"event:e\nid:12\n",
        b"data:a\nevent:",
        b"id:1\nevent:e\nid:",
    ];
    let runs = decoder(&pieces, 6, &starts, &[1, 3, 16]);
    assert!(runs > 4_500_000, "{runs} runs");
}
