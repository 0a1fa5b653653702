//! What an identity looks like when it is compared, and what it may not be. Pure.

use base::{Currency, Error, Result};

use super::document;
use super::model::IdentityKind;
use super::phone;

/// The longest identity, in characters.
const CHARS_MAX: usize = 254;
/// How many digits of a phone number its suffix index holds.
pub const SUFFIX_DIGITS: usize = 4;

/// Where phone numbers without a country code are from: the country of the firm's currency, whose code begins
/// with the country's. The euro has no country: its firms write numbers with theirs.
pub fn region(currency: Currency) -> String {
    currency.code().chars().take(2).collect()
}

/// An identity as it is stored and compared: full-width characters and blanks around it gone, a phone number
/// as E.164, the domain of an e-mail address in ASCII, cards and documents without blanks and hyphens.
///
/// Errors: `identity_missing`, `identity_too_long`, `control_character`, `phone_malformed`, `email_malformed`,
/// `document_malformed`, `document_checksum`, `card_malformed`, `card_checksum`, `identity_malformed`.
pub fn normalise(kind: IdentityKind, text: &str, region: &str) -> Result<String> {
    let text = tidy(text)?;
    match kind {
        IdentityKind::Phone => phone::e164(&text, region).ok_or_else(|| {
            Error::invalid(
                "phone_malformed",
                "this is not a phone number such as 13900000001, 010-62345678 or +852 9123 4567",
            )
        }),
        IdentityKind::Email => email(&text),
        IdentityKind::Document => official(&text),
        IdentityKind::Card => card(&text),
        IdentityKind::Account => {
            let number = joined(&text).to_ascii_uppercase();
            of_letters(number, 2..=64, "_./", "an account number")
        }
        IdentityKind::Wechat => of_letters(text, 5..=64, "-_", "an id in WeChat"),
        IdentityKind::Wecom => of_letters(text, 1..=64, "-_.@", "an id in WeCom"),
        IdentityKind::External if text.chars().count() > 128 => Err(too_long(128)),
        IdentityKind::External => Ok(text),
    }
}

/// What a text may be: each kind it has the form of, the one that says most first.
pub fn guesses(text: &str, region: &str) -> Vec<(IdentityKind, String)> {
    IdentityKind::ALL
        .into_iter()
        .filter_map(|kind| normalise(kind, text, region).ok().map(|value| (kind, value)))
        .collect()
}

/// A normalised value as its blind index is made of: mailboxes that differ in case only are the same.
pub fn compared(kind: IdentityKind, value: &str) -> String {
    match kind {
        IdentityKind::Email => value.to_lowercase(),
        _ => value.to_owned(),
    }
}

/// The digits of a phone number by which its end is looked up.
pub fn suffix(digits: &str) -> Option<&str> {
    let from = digits.len().checked_sub(SUFFIX_DIGITS)?;
    digits
        .get(from..)
        .filter(|end| end.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Full-width characters become plain ones; what cannot be seen is gone or refused.
fn tidy(text: &str) -> Result<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}'))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{3000}' | '\u{a0}' => ' ',
            '\u{2010}'..='\u{2015}' => '-',
            c => c,
        })
        .collect();
    let plain = plain.trim();
    if plain.is_empty() {
        return Err(Error::invalid("identity_missing", "this is empty"));
    }
    if plain.chars().any(base::text::is_hidden) {
        return Err(Error::invalid(
            "control_character",
            "there is a character in it that cannot be seen",
        ));
    }
    if plain.chars().count() > CHARS_MAX {
        return Err(too_long(CHARS_MAX));
    }
    Ok(plain.to_owned())
}

fn too_long(chars_max: usize) -> Error {
    let message = format!("this has more than {chars_max} characters");
    Error::invalid("identity_too_long", message)
}

fn joined(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-')).collect()
}

fn of_letters(
    text: String,
    chars: std::ops::RangeInclusive<usize>,
    signs: &str,
    what: &str,
) -> Result<String> {
    if chars.contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
    {
        return Ok(text);
    }
    let (min, max) = (chars.start(), chars.end());
    let signs = if signs.is_empty() {
        String::new()
    } else {
        format!(" or {signs}")
    };
    let message = format!("{what} has {min} to {max} letters, digits{signs}");
    Err(Error::invalid("identity_malformed", message))
}

fn email(text: &str) -> Result<String> {
    let malformed = || {
        Error::invalid(
            "email_malformed",
            "this is not an e-mail address such as li.na@example.com",
        )
    };
    let (mailbox, domain) = text.rsplit_once('@').ok_or_else(malformed)?;
    let signs =
        |c: char| c.is_whitespace() || matches!(c, '@' | ',' | ';' | ':' | '<' | '>' | '(' | ')' | '"');
    let dots = mailbox.starts_with('.') || mailbox.ends_with('.') || mailbox.contains("..");
    if mailbox.is_empty() || mailbox.len() > 64 || dots || mailbox.chars().any(signs) {
        return Err(malformed());
    }
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| malformed())?;
    let named = |label: &str| !label.is_empty();
    if !domain.contains('.') || !domain.split('.').all(named) || mailbox.len() + domain.len() >= CHARS_MAX {
        return Err(malformed());
    }
    Ok(format!("{mailbox}@{domain}"))
}

fn official(text: &str) -> Result<String> {
    let number: String = joined(text).chars().filter(|c| !matches!(c, '(' | ')')).collect();
    let number = number.to_ascii_uppercase();
    if let Some(id) = document::resident_id(&number) {
        return Ok(id);
    }
    if document::is_credit_code(&number) {
        return Ok(number);
    }
    if document::looks_like_resident_id(&number) {
        return Err(Error::invalid(
            "document_checksum",
            "the birthday or the check digit of this resident id is wrong",
        ));
    }
    let form = number.len() >= 5
        && number.len() <= 20
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && number.bytes().any(|byte| byte.is_ascii_digit());
    if form {
        Ok(number)
    } else {
        Err(Error::invalid(
            "document_malformed",
            "a document has a number of 5 to 20 letters and digits",
        ))
    }
}

fn card(text: &str) -> Result<String> {
    let number = joined(text).to_ascii_uppercase();
    if !(4..=32).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let message = "a card has a number of 4 to 32 letters and digits";
        return Err(Error::invalid("card_malformed", message));
    }
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    if digits && document::is_payment_card(&number) && !document::luhn(&number) {
        let message = "the check digit of this card is wrong";
        return Err(Error::invalid("card_checksum", message));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentityKind::{Account, Card, Document, Email, External, Phone, Wechat, Wecom};

    fn read(kind: IdentityKind, text: &str) -> std::result::Result<String, &'static str> {
        normalise(kind, text, "CN").map_err(|e| e.code())
    }

    #[test]
    fn each_kind_has_one_form() {
        for (kind, written, normal) in [
            (Phone, "　１３９－１２３４－５６７８ ", "+8613912345678"),
            (Phone, "\u{202d}13912345678\u{202c}", "+8613912345678"),
            (Email, " Li.Na@Example.COM ", "Li.Na@example.com"),
            (Email, "info@例子.中国", "info@xn--fsqu00a.xn--fiqs8s"),
            (Email, "ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "li@example.com"),
            (Document, "110105 19491231 002x", "11010519491231002X"),
            (Document, "110105491231002", "11010519491231002X"),
            (Document, "91350100m000100y43", "91350100M000100Y43"),
            (Document, "e1234 5678", "E12345678"),
            (Document, "A123456(7)", "A1234567"),
            (Card, "4111 1111 1111 1111", "4111111111111111"),
            (Card, "vip-00012", "VIP00012"),
            (Account, "ab 12-34", "AB1234"),
            (
                Wechat,
                "oGZUI0egBJY1zhBYw2KhdUfwVJJE",
                "oGZUI0egBJY1zhBYw2KhdUfwVJJE",
            ),
            (Wecom, "zhang.san@corp", "zhang.san@corp"),
            (External, " CRM/0001 张 ", "CRM/0001 张"),
        ] {
            assert_eq!(read(kind, written).as_deref(), Ok(normal), "{kind:?} {written}");
        }
        assert_eq!(
            compared(Email, "Li.Na@example.com"),
            compared(Email, "li.na@example.com")
        );
        assert_eq!(suffix("+8613912345678"), Some("5678"));
        assert_eq!(suffix("567"), None);
    }

    #[test]
    fn what_is_wrong_has_a_name() {
        for (kind, written, code) in [
            (Phone, "", "identity_missing"),
            (Phone, " \u{200b} ", "identity_missing"),
            (Phone, "1391234567", "phone_malformed"),
            (Phone, "139\u{0}12345678", "control_character"),
            (Email, "li.na", "email_malformed"),
            (Email, "@example.com", "email_malformed"),
            (Email, "a b@example.com", "email_malformed"),
            (Email, "a@localhost", "email_malformed"),
            (Email, "a@-x-.com", "email_malformed"),
            (Email, "a..b@example.com", "email_malformed"),
            (Document, "110105194912310021", "document_checksum"),
            (Document, "11", "document_malformed"),
            (Document, "'; DROP TABLE", "document_malformed"),
            (Card, "4111111111111112", "card_checksum"),
            (Card, "1", "card_malformed"),
            (Account, "<script>", "identity_malformed"),
            (Wechat, "ab", "identity_malformed"),
        ] {
            assert_eq!(read(kind, written), Err(code), "{kind:?} {written:?}");
        }
        assert_eq!(read(External, &"x".repeat(129)), Err("identity_too_long"));
        assert_eq!(read(External, &"x".repeat(255)), Err("identity_too_long"));
    }

    #[test]
    fn a_text_is_guessed_by_its_form() {
        let kinds = |text: &str| {
            guesses(text, "CN")
                .into_iter()
                .map(|(kind, _)| kind)
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds("li.na@example.com"), [Email, Wecom, External]);
        assert_eq!(kinds("13912345678")[..2], [Document, Phone]);
        assert_eq!(kinds("张伟"), [External]);
        assert_eq!(kinds(""), []);
    }

    #[test]
    fn numbers_are_of_the_country_of_the_currency() {
        assert_eq!(region(Currency::CNY), "CN");
        assert_eq!(region(Currency::parse("HKD").unwrap()), "HK");
    }

    proptest::proptest! {
        #[test]
        fn what_is_normal_stays_as_it_is(text in "\\PC{0,30}|[0-9A-Za-z@. -]{0,24}") {
            for (kind, value) in guesses(&text, "CN") {
                proptest::prop_assert_eq!(read(kind, &value), Ok(value.clone()), "{:?}", kind);
            }
        }
    }
}
