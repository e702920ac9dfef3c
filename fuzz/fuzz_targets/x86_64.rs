//! What has the crate's only unsafe code, the search for line ends and the check of text, against a
//! naive search and the standard library. The input is a byte with the distance from an aligned
//! address, and the bytes, repeated to be long.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&offset, bytes)) = input.split_first() else { return };
    for repeats in [1, 5] {
        // In an allocation of its own, where the sanitizer sees any byte that is read beyond it.
        let padding = vec![b'x'; usize::from(offset & 31)];
        let all = [padding, bytes.repeat(repeats)].concat().into_boxed_slice();
        let searched = &all[usize::from(offset & 31)..];
        let is_end = |&at: &usize| matches!(searched[at], b'\n' | b'\r');
        let expected = (0..searched.len()).filter(is_end);
        assert!(sse_wire::line_ends(searched).eq(expected), "{:?}", searched.escape_ascii());
        assert_eq!(sse_wire::from_utf8(searched), std::str::from_utf8(searched));
    }
});
