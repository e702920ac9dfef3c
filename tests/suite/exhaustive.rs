//! Tests every string of error-prone pieces up to a stated length, in every split.

use crate::support::drive::{READERS, as_bytes, client, collect, read_stream, saturated, split};
use crate::support::oracle::{self, Client, Line, Output};
use sse_wire::{Decoder, Tokenizer};

/// Calls `check` with every string of `pieces` that has at most `most` bytes.
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

/// Calls `check` with every sequence of up to `most` of `lines`.
fn for_each_sequence(lines: &[&[u8]], most: usize, check: &mut impl FnMut(&[u8])) {
    let mut sequences = vec![Vec::new()];
    for _ in 0..=most {
        sequences.iter().for_each(|sequence| check(sequence));
        let longer = |sequence: &Vec<u8>| {
            lines.iter().map(|line| [&sequence[..], line].concat()).collect::<Vec<_>>()
        };
        sequences = sequences.iter().flat_map(longer).collect();
    }
}

/// Every split of `len` bytes, as the lengths of the chunks except the last.
fn splits(len: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..1_u32 << len.saturating_sub(1)).map(move |split| {
        let mut lengths = Vec::new();
        let mut start = 0;
        for at in 1..len {
            if split >> (at - 1) & 1 == 1 {
                lengths.push(at - start);
                start = at;
            }
        }
        lengths
    })
}

/// All strings of at most 9 bytes. The tokenizer's states can be compared, so one check for each pair of positions
/// covers all splits: state and lines at a position are the same for every split before it.
#[test]
fn tokenizer() {
    let pieces: [&[u8]; 8] = [b"data", b"id", b":", b" ", b"\n", b"\r", b"x", b"\xEF\xBB\xBF"];
    let mut strings = 0_u64;
    // Results for the prefix shared with the previous string are kept: its lines, and for each position the tokenizer,
    // the number of lines, and the unfinished line.
    let mut lines: Vec<Line> = Vec::new();
    let mut reached: Vec<(Tokenizer, usize, Line)> = vec![(Tokenizer::new(), 0, None)];
    let mut before: Vec<u8> = Vec::new();
    for_each_string(&pieces, 9, &mut |string| {
        strings += 1;
        let common = string.iter().zip(&before).take_while(|(new, old)| new == old).count();
        before = string.to_vec();
        reached.truncate(common + 1);
        lines.truncate(reached[common].1);
        for to in common + 1..=string.len() {
            for from in (0..to).rev() {
                let (mut tokenizer, line, mut unfinished) = reached[from].clone();
                let mut new = Vec::new();
                let mut chunk = &string[from..to];
                while let Some(token) = tokenizer.next(&mut chunk) {
                    collect(&mut new, &mut unfinished, token);
                }
                if from + 1 == to {
                    lines.append(&mut new);
                    reached.push((tokenizer, lines.len(), unfinished));
                    continue;
                }
                assert_eq!(lines[line..], new, "{}", string.escape_ascii());
                let state = (tokenizer, lines.len(), unfinished);
                assert_eq!(reached[to], state, "{}", string.escape_ascii());
            }
        }
        let (tokenizer, ..) = reached.last().unwrap();
        let (expected, rest) = oracle::byte_lines(string);
        assert_eq!(lines, expected, "{}", string.escape_ascii());
        assert_eq!(tokenizer.is_mid_line(), !rest.is_empty(), "{}", string.escape_ascii());
    });
    assert!(strings > 1_000_000, "{strings} strings");
}

/// The largest buffer size.
const LONGEST: usize = 64;

/// Checks that the decoder, by every method, gives the oracle's result for these chunks. Returns the number of methods.
fn check(
    stream: &[u8],
    chunks: &[&[u8]],
    limit: usize,
    outputs: &[Output],
    expected: &Client,
) -> u64 {
    for &reader in READERS {
        let mut buffer = [0; LONGEST];
        let decoder = Decoder::new(&mut buffer[..limit]);
        let (found, decoder) = read_stream(decoder, chunks, reader, as_bytes);
        let run = || {
            let lengths: Vec<usize> = chunks.iter().map(|chunk| chunk.len()).collect();
            format!("{} {lengths:?} {limit} {reader:?}", stream.escape_ascii())
        };
        assert_eq!(found, outputs, "{}", run());
        assert_eq!(client(&decoder), *expected, "{}", run());
    }
    READERS.len() as u64
}

/// The oracle's result for a stream and a buffer of `limit` bytes.
fn expected(stream: &[u8], limit: usize) -> (Vec<Output>, Client) {
    let mut client = Client::default();
    let outputs = oracle::limited(&mut client, stream, limit);
    (outputs, saturated(client))
}

/// All strings of at most `most` bytes after `start`, in every split, with each buffer size.
fn after_start(
    start: &[u8],
    pieces: &[&[u8]],
    most: usize,
    limits: impl Iterator<Item = usize> + Clone,
) -> u64 {
    let mut runs = 0;
    let all_splits: Vec<Vec<Vec<usize>>> = (0..=most).map(|len| splits(len).collect()).collect();
    for_each_string(pieces, most, &mut |string| {
        let stream = [start, string].concat();
        let expected: Vec<_> =
            limits.clone().map(|limit| (limit, expected(&stream, limit))).collect();
        for lengths in &all_splits[string.len()] {
            let mut chunks = vec![start];
            chunks.extend(split(string, lengths));
            for (limit, (outputs, expected)) in &expected {
                runs += check(&stream, &chunks, *limit, outputs, expected);
            }
        }
    });
    runs
}

/// All strings of at most 7 bytes at the start of a stream: every path into a field and out of it.
#[test]
fn decoder_from_the_start() {
    let pieces: [&[u8]; 6] = [b"data", b"id", b":", b"\n", b"\r", b"x"];
    let mut runs = 0;
    for start in [&b""[..], b"\xEF\xBB\xBF"] {
        runs += after_start(start, &pieces, 7, [7, 11, 16].into_iter());
    }
    assert!(runs >= 10_200_000 * READERS.len() as u64, "{runs} runs");
}

/// All strings of at most 6 bytes after the beginning of an event: every continuation, where the event fits in any
/// case, and where it just fits or just does not.
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
    let mut runs = 0;
    for start in starts {
        let exact = start.len() + 8;
        runs += after_start(start, &pieces, 6, [exact, exact + 3, LONGEST].into_iter());
    }
    assert!(runs >= 2_860_000 * READERS.len() as u64, "{runs} runs");
}

/// All strings of at most 3 bytes after lines in every order, with IDs and types between data lines, and a partial
/// line, with each buffer size: the event becomes too long in each of the lines.
#[test]
fn every_order_of_lines() {
    let pieces: [&[u8]; 5] = [b"id:", b"\n", b"\r", b"\0", b"x"];
    let orders = [
        "event:e\nid:1\ndata:a\n",
        "event:e\ndata:a\nid:1\n",
        "id:1\nevent:e\ndata:a\n",
        "id:1\ndata:a\nevent:e\n",
        "data:a\nevent:e\nid:1\n",
        "data:a\nid:1\nevent:e\n",
        "data:a\nid:1\ndata:b\n",
        "data:a\nevent:e\ndata:b\n",
        "data:a\nid:1\nevent:e\ndata:b\n",
        "data:a\nevent:ee\nid:1\ndata:bbb\n",
        "event:f\ndata:a\nid:1\ndata:b\nid:\ndata:c\n",
        "id:2\ndata\nevent:e\ndata\nevent:\ndata\n",
    ];
    let mut runs = 0;
    for before in ["", "id:00\n\n"] {
        for order in orders {
            for begun in ["", "id:", "data:", "event:", "dat", "retry:"] {
                let start = format!("{before}{order}{begun}");
                let limits = 8..=(start.len() + 12).min(LONGEST);
                runs += after_start(start.as_bytes(), &pieces, 3, limits);
            }
        }
    }
    assert!(runs >= 1_560_000 * READERS.len() as u64, "{runs} runs");
}

/// All sequences of at most 4 lines, split in two everywhere and byte by byte, with each buffer size.
#[test]
fn every_sequence_of_lines() {
    let lines: [&[u8]; 7] =
        [b"data:a\n", b"data:bb\n", b"event:e\n", b"id:1\n", b"id:333\n", b"retry:5\n", b"\n"];
    let mut runs = 0;
    for_each_sequence(&lines, 4, &mut |sequence| {
        let stream = [sequence, b"\ndata\n\n"].concat();
        for limit in 8..sequence.len() + 10 {
            let (outputs, expected) = expected(&stream, limit);
            for at in 0..sequence.len() {
                let (first, second) = stream.split_at(at);
                runs += check(&stream, &[first, second], limit, &outputs, &expected);
            }
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();
            runs += check(&stream, &bytes, limit, &outputs, &expected);
        }
    });
    assert!(runs >= 1_910_000 * READERS.len() as u64, "{runs} runs");
}
