//! Texts that a library gives, as bytes; what they must hold is for the reader.

use std::ffi::c_char;
use std::slice;

/// The bytes of a text before its NUL, if they are at most `most`.
///
/// # Safety
/// As [`start`].
pub(super) unsafe fn read<'a>(text: *const c_char, most: usize) -> Result<&'a [u8], &'static str> {
    // SAFETY: as for this function.
    match unsafe { start(text, most + 1) } {
        None => Err("it is null"),
        Some(bytes) if bytes.len() > most => Err("it is too long"),
        Some(bytes) => Ok(bytes),
    }
}

/// The first bytes of a text, at most `most` of them; `None` for null.
///
/// # Safety
/// `text` is null or points to a NUL-terminated text that lives and does not
/// change for `'a`.
pub(super) unsafe fn start<'a>(text: *const c_char, most: usize) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    let text = text.cast::<u8>();
    let mut length = 0;
    // SAFETY: no byte before this one was a NUL, so it is part of the text too.
    while length < most && unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: so many bytes were read just now.
    Some(unsafe { slice::from_raw_parts(text, length) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_at_their_nul() {
        for (text, most, expect) in [
            (c"", 0, Ok(&b""[..])),
            (c"abc", 3, Ok(b"abc")),
            (c"abc", 2, Err("it is too long")),
            (c"\xff", 9, Ok(b"\xff")),
        ] {
            // SAFETY: a literal.
            assert_eq!(unsafe { read(text.as_ptr(), most) }, expect, "{text:?}");
        }
        // SAFETY: null is allowed.
        assert_eq!(unsafe { read(std::ptr::null(), 9) }, Err("it is null"));
        // SAFETY: a literal.
        assert_eq!(unsafe { start(c"abc".as_ptr(), 2) }, Some(&b"ab"[..]));
    }
}
