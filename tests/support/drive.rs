//! Runs the crate over a stream that is cut into chunks, and collects what comes out in the
//! oracle's terms.

use super::oracle::{Client, Line, Output, latin1};
use sse_wire::{Buffer, DecodeError, Decoder, MessageEvent, Progress, Token, Tokenizer};

/// How to take events out of a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Next,
    Decode,
    /// One call of each in turn.
    Mixed,
}

pub const WAYS: [Way; 3] = [Way::Next, Way::Decode, Way::Mixed];

/// Cuts `stream` at the ends of `lengths`, which may be 0; the rest is the last chunk.
pub fn cut<'a>(stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = stream;
    let mut chunks: Vec<&[u8]> = Vec::new();
    for &length in lengths {
        let (chunk, later) = rest.split_at(length.min(rest.len()));
        chunks.push(chunk);
        rest = later;
    }
    chunks.push(rest);
    chunks
}

/// An event as the oracle has it, with a character for a byte.
pub fn as_bytes(event: &MessageEvent<'_>) -> Output {
    Output::Event {
        event_type: latin1(event.event_type()),
        data: latin1(event.data()),
        last_event_id: latin1(event.last_event_id()),
    }
}

/// An event as a browser shows it.
pub fn as_text(event: &MessageEvent<'_>) -> Output {
    Output::Event {
        event_type: event.event_type_lossy().to_string(),
        data: event.data_lossy().to_string(),
        last_event_id: event.last_event_id_lossy().to_string(),
    }
}

/// Feeds one chunk and returns what completes in it.
pub fn feed<B: Buffer>(
    decoder: &mut Decoder<B>,
    mut chunk: &[u8],
    way: Way,
    view: fn(&MessageEvent<'_>) -> Output,
) -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut next_now = way != Way::Decode;
    loop {
        let output = if next_now {
            let event = decoder.next(&mut chunk).map(|result| result.map(|event| view(&event)));
            assert!(decoder.event().is_none(), "an event that was lent out cannot be had again");
            event
        } else {
            match decoder.decode(&mut chunk) {
                Ok(Progress::Event) => Some(Ok(view(&decoder.event().expect("an event is ready")))),
                Ok(Progress::NeedInput) => None,
                Err(error) => Some(Err(error)),
            }
        };
        match output {
            Some(Ok(event)) => outputs.push(event),
            Some(Err(error)) => {
                assert_eq!(error, DecodeError::EventTooLong);
                outputs.push(Output::TooLong);
            }
            None => {
                assert!(chunk.is_empty(), "a decoder that wants more has used up its chunk");
                assert!(decoder.event().is_none());
                return outputs;
            }
        }
        if way == Way::Mixed {
            next_now = !next_now;
        }
    }
}

/// Feeds all chunks of a stream.
pub fn feed_all<B: Buffer>(
    decoder: &mut Decoder<B>,
    chunks: &[&[u8]],
    way: Way,
    view: fn(&MessageEvent<'_>) -> Output,
) -> Vec<Output> {
    chunks.iter().flat_map(|chunk| feed(decoder, chunk, way, view)).collect()
}

/// What a decoder carries to the next stream, with a character for a byte.
pub fn client<B: Buffer>(decoder: &Decoder<B>) -> Client {
    Client {
        last_event_id: latin1(decoder.last_event_id()),
        retry: decoder.reconnection_time().map(|time| time.as_millis()),
        cut_off: decoder.is_mid_event(),
    }
}

/// The oracle's client, with the reconnection time as this crate bounds it.
pub fn saturated(client: Client) -> Client {
    Client { retry: client.retry.map(|time| time.min(u64::MAX.into())), ..client }
}

/// The lines that the tokenizer finds, fragments put together, a character for a byte.
pub fn lines(tokenizer: &mut Tokenizer, chunks: &[&[u8]]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut unfinished = None;
    for mut chunk in chunks.iter().copied() {
        while let Some(token) = tokenizer.next(&mut chunk) {
            collect(&mut lines, &mut unfinished, token);
        }
        assert!(chunk.is_empty(), "a tokenizer that wants more has used up its input");
    }
    lines
}

/// Adds a token to the lines so far.
pub fn collect(lines: &mut Vec<Line>, unfinished: &mut Line, token: Token<'_>) {
    match token {
        Token::Dispatch => {
            assert_eq!(*unfinished, None, "a blank line comes after the end of the line before");
            lines.push(None);
        }
        Token::Value { field, fragment, end } => {
            assert!(end || !fragment.is_empty(), "a fragment that says nothing");
            let (of, value) = unfinished.get_or_insert_with(|| (field, String::new()));
            assert_eq!(*of, field, "the fragments of a line are of one field");
            value.push_str(&latin1(fragment));
            if end {
                lines.push(unfinished.take());
            }
        }
    }
}
