//! A file of the host, read in pieces.

use core::ffi::CStr;
use core::fmt;
use semihosting::fs;
use semihosting::io::{Read, Seek, SeekFrom};

pub struct File {
    file: fs::File,
    len: u32,
}

impl File {
    pub fn open(name: &CStr) -> Option<Self> {
        let file = fs::File::open(name).ok()?;
        let len = u32::try_from(file.metadata().ok()?.len()).ok()?;
        Some(Self { file, len })
    }

    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn reader<const N: usize>(&self) -> Reader<'_, N> {
        Reader { file: &self.file, bytes: [0; N], start: 0, len: 0 }
    }
}

/// Keeps the piece that was read last.
pub struct Reader<'f, const N: usize> {
    file: &'f fs::File,
    bytes: [u8; N],
    /// The position of the piece in the file.
    start: u32,
    len: usize,
}

impl<const N: usize> Reader<'_, N> {
    /// The bytes at `at`: at least one, at most `len`. `None` after the end of the file.
    pub fn get(&mut self, at: u32, len: usize) -> Option<&[u8]> {
        let is_known = |this: &Self| (this.start..this.start + this.len as u32).contains(&at);
        if !is_known(self) {
            self.file.seek(SeekFrom::Start(at.into())).ok()?;
            self.start = at;
            self.len = self.file.read(&mut self.bytes).ok()?;
        }
        let known = self.bytes.get((at - self.start) as usize..self.len)?;
        let bytes = known.get(..len.min(known.len()))?;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// The number at `at`, of four bytes.
    pub fn number(&mut self, at: u32) -> Option<u32> {
        let mut bytes = [0; 4];
        for (at, byte) in (at..).zip(&mut bytes) {
            *byte = *self.get(at, 1)?.first()?;
        }
        Some(u32::from_le_bytes(bytes))
    }
}

/// Compares text that is written to it with a part of the file.
pub struct Matches<'r, 'f, const N: usize> {
    reader: &'r mut Reader<'f, N>,
    at: u32,
    left: u32,
}

impl<'r, 'f, const N: usize> Matches<'r, 'f, N> {
    pub fn new(reader: &'r mut Reader<'f, N>, at: u32, len: u32) -> Self {
        Self { reader, at, left: len }
    }

    /// Whether the whole part was written.
    pub fn is_complete(&self) -> bool {
        self.left == 0
    }
}

impl<const N: usize> fmt::Write for Matches<'_, '_, N> {
    /// Fails at the first difference.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut text = text.as_bytes();
        while !text.is_empty() {
            let len = text.len().min(self.left as usize);
            let expected = self.reader.get(self.at, len).ok_or(fmt::Error)?;
            let (part, rest) = text.split_at(expected.len());
            if part != expected {
                return Err(fmt::Error);
            }
            self.at += part.len() as u32;
            self.left -= part.len() as u32;
            text = rest;
        }
        Ok(())
    }
}
