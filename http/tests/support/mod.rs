//! Shared by several tests: splits of a stream into chunks, and streams that wait.
#![allow(dead_code)]

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use std::convert::Infallible;

/// The item of a stream of chunks that never fails.
pub(crate) type Chunk = Result<Bytes, Infallible>;

/// Every split of a short input into non-empty chunks: 2^(n - 1) of them.
pub(crate) fn every_split(input: &[u8]) -> impl Iterator<Item = Vec<Bytes>> {
    assert!((1..=18).contains(&input.len()), "{} bytes take too long", input.len());
    (0..1_u32 << (input.len() - 1)).map(|cuts| {
        let mut chunks = Vec::new();
        let mut start = 0;
        for at in 1..=input.len() {
            if at == input.len() || cuts & (1 << (at - 1)) != 0 {
                chunks.push(Bytes::copy_from_slice(&input[start..at]));
                start = at;
            }
        }
        chunks
    })
}

/// The input byte by byte, and split in three at any two positions. Some of the chunks are empty.
pub(crate) fn some_splits(input: &[u8]) -> Vec<Vec<Bytes>> {
    let input = Bytes::copy_from_slice(input);
    let bytes = (0..input.len()).map(|at| Bytes::copy_from_slice(&input[at..=at])).collect();
    let mut splits = vec![bytes];
    for second in 0..=input.len() {
        for first in 0..=second {
            splits.push(vec![
                input.slice(..first),
                input.slice(first..second),
                input.slice(second..),
            ]);
        }
    }
    splits
}

/// A stream of these chunks.
pub(crate) fn body(
    chunks: impl IntoIterator<Item = impl Into<Bytes>>,
) -> impl Stream<Item = Chunk> + Unpin + Send {
    stream::iter(chunks.into_iter().map(|chunk| Ok(chunk.into())).collect::<Vec<_>>())
}

/// The same, and then pending forever.
pub(crate) fn silent_after(
    chunks: impl IntoIterator<Item = impl Into<Bytes>>,
) -> impl Stream<Item = Chunk> + Unpin + Send {
    body(chunks).chain(stream::pending())
}

/// A sender of chunks, and their stream.
pub(crate) fn channel()
-> (tokio::sync::mpsc::UnboundedSender<&'static str>, impl Stream<Item = Chunk> + Unpin + Send) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let chunks = stream::unfold(receiver, async |mut receiver| {
        let chunk: &str = receiver.recv().await?;
        Some((Ok(chunk.into()), receiver))
    });
    (sender, Box::pin(chunks))
}
