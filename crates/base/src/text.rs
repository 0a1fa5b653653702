//! What a text may have in it.

/// Whether a character has no place in a text that people read: control characters, of which NUL cannot even be
/// stored, and those that turn the order of what follows (U+202A to U+202E, U+2066 to U+2069), by which a name shows as
/// another than it is (Unicode Technical Report 36, section 3.1: bidirectional text spoofing).
pub fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_ends_a_text_is_hidden_and_what_writes_it_is_not() {
        for c in ['\0', '\u{7}', '\u{85}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            assert!(is_hidden(c), "{c:?}");
        }
        // The joiner of emoji and of Persian, a mark of Arabic, a space of Chinese.
        for c in [
            'a',
            '张',
            '\u{200d}',
            '\u{200c}',
            '\u{200f}',
            '\u{3000}',
            '\u{1f468}',
        ] {
            assert!(!is_hidden(c), "{c:?}");
        }
    }
}
