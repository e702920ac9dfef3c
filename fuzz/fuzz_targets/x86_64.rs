//! Compares the code with `unsafe`, the line end search and the UTF-8 validation, with a naive search and the standard
//! library. The input is one byte for the offset from an aligned address, and the bytes, which are repeated to get long
//! input.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&offset, bytes)) = input.split_first() else { return };
    for repeats in [1, 5] {
        // A separate allocation: the sanitizer then detects any read beyond the end.
        let padding = vec![b'x'; usize::from(offset & 31)];
        let all = [padding, bytes.repeat(repeats)].concat().into_boxed_slice();
        let searched = &all[usize::from(offset & 31)..];
        let is_end = |&at: &usize| matches!(searched[at], b'\n' | b'\r');
        let expected = (0..searched.len()).filter(is_end);
        assert!(sse_wire::line_ends(searched).eq(expected), "{:?}", searched.escape_ascii());
        assert_eq!(sse_wire::from_utf8(searched), std::str::from_utf8(searched));
    }
});
