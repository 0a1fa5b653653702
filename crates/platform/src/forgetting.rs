//! What the program keeps for a while and may say something of someone who is to be forgotten: rejected rows and
//! samples of imported files, files that wait to be imported, exported lists, answers that would be given again.
//! Knows of no customer: whoever forgets says by which words the person is recognised where not all of it goes. See
//! `docs/adr/0014-personal-data-of-one-customer.md`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base::Result;

use crate::db::Tx;
use crate::state::Platform;
use crate::{exports, idempotency, imports};

/// Fewer digits than these are no number that stands for a person.
const DIGITS_MIN: usize = 7;
/// So many digits at its end tell a number, whatever is written before them.
const DIGITS: usize = 8;

/// The words by which someone is recognised: name, number, address.
#[derive(Debug, Clone, Default)]
pub struct Words {
    texts: Vec<String>,
    digits: Vec<String>,
}

impl Words {
    /// These words.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut of = Self::default();
        for word in words {
            let digits = digits(word);
            if digits.len() >= DIGITS_MIN {
                let from = digits.len().saturating_sub(DIGITS);
                of.digits.push(digits[from..].to_owned());
            }
            let text = word.trim().to_lowercase();
            if !text.is_empty() {
                of.texts.push(text);
            }
        }
        of
    }

    /// Whether a text has one of the words in it as a whole: its letters and digits, however they are parted, and not
    /// as a piece of a longer word or number. A number that stands for a person also with another beginning.
    pub fn are_whole_in(&self, text: &str) -> bool {
        let of = parts(text);
        let is_there = |word: &String| {
            let word = parts(word);
            !word.is_empty() && of.windows(word.len()).any(|some| some == word.as_slice())
        };
        if self.texts.iter().any(is_there) {
            return true;
        }
        let digits = digits(text);
        self.digits.iter().any(|number| digits.contains(number.as_str()))
    }

    /// Whether a text has one of the words in it. Rather too often than not at all: what is forgotten of others
    /// can be had again.
    pub fn are_in(&self, text: &str) -> bool {
        let whole = text.trim().to_lowercase();
        let has = |word: &String| {
            // A single letter or sign stands in too many words.
            if word.chars().nth(1).is_none() {
                whole == *word
            } else {
                whole.contains(word.as_str())
            }
        };
        if self.texts.iter().any(has) {
            return true;
        }
        let digits = digits(text);
        self.digits.iter().any(|number| digits.contains(number.as_str()))
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The runs of letters and the runs of digits of a text, in small letters.
fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before = None;
    for c in text.to_lowercase().chars() {
        let is = c.is_alphanumeric().then(|| c.is_numeric());
        match (is, parts.last_mut()) {
            (None, _) => {}
            (Some(_), Some(part)) if is == before => part.push(c),
            (Some(_), _) => parts.push(c.to_string()),
        }
        before = is;
    }
    parts
}

/// What was forgotten: how much by what it was, and files that are to be removed when the transaction is committed
/// ([`remove_files`]).
#[derive(Debug, Default)]
pub struct Forgotten {
    /// How much.
    pub counts: BTreeMap<&'static str, u64>,
    /// Which files.
    pub files: Vec<PathBuf>,
}

/// Passes if nothing is at work that would write what it has read after a forgetting; nothing of the kind begins until
/// the transaction ends. Error: `import_in_progress`.
pub async fn check_quiet(tx: &mut Tx) -> Result<()> {
    imports::check_none_at_work(tx).await
}

/// Forgets what is kept for a while and says something of someone, within a transaction that has passed
/// [`check_quiet`]. Files are not looked into: whatever waits to be imported, every rejected row and every list that was
/// exported goes, and can be had again.
pub async fn forget(platform: &Platform, tx: &mut Tx, words: &Words) -> Result<Forgotten> {
    let mut forgotten = Forgotten::default();
    let rejects = imports::forget(tx).await?;
    let waiting = imports::forget_waiting(platform, tx).await?;
    let exports = exports::withdraw(tx, words, platform.clock.now()).await?;
    let answers = idempotency::forget_answers(tx).await?;
    for (what, count) in [
        ("import_rows", rejects),
        ("uploads", waiting.len() as u64),
        ("exports", exports),
        ("answers", answers),
    ] {
        if count > 0 {
            forgotten.counts.insert(what, count);
        }
    }
    forgotten.files = waiting;
    Ok(forgotten)
}

/// Removes what [`forget`] named, after the commit. Failing is only logged: what nothing mentions is swept away.
pub async fn remove_files(platform: &Platform, files: Vec<PathBuf>) {
    for path in files {
        match tokio::fs::remove_file(&path).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), error = %e, "a file that is forgotten was not removed");
            }
            _ => {}
        }
    }
    if let Err(e) = exports::sweep(platform).await {
        tracing::warn!(error = %e, "exported lists were not removed; that is tried again within an hour");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_recognised_however_it_is_written() {
        let words = Words::new(["张晓明", "+8613912345678", "Ming@Example.com", "C-1", " "]);
        for text in [
            "张晓明",
            "客户张晓明",
            "139 1234 5678",
            "0086-139-1234-5678",
            "ming@example.com",
            "c-1",
        ] {
            assert!(words.are_in(text), "{text}");
        }
        for text in ["", "张明", "13912345679", "C 1", "2026-11-30"] {
            assert!(!words.are_in(text), "{text}");
        }
        assert!(Words::new(["李"]).are_in("李") && !Words::new(["李"]).are_in("李娜"));
    }

    #[test]
    fn a_piece_of_a_longer_word_names_nobody() {
        let words = Words::new(["20", "HERMIT-77", "Wu", "+8613912345678", "-"]);
        for text in [
            "20",
            "A/20",
            "hermit77",
            "PIPL-HERMIT-77",
            "Wu2026",
            "13912345678",
        ] {
            assert!(words.are_whole_in(text), "{text}");
        }
        for text in ["PIPL/2026-11", "WUHAN-7", "HERMIT-771", "-", ""] {
            assert!(!words.are_whole_in(text), "{text}");
        }
    }
}
