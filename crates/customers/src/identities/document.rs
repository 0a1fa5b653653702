//! Numbers with check digits: the resident id (GB 11643), a firm's credit code (GB 32100), payment cards (Luhn).

/// A resident id of 18 characters, or one of the 15 of before 1999 with what it lacks; none where birthday or
/// check digit are wrong.
pub(super) fn resident_id(text: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        _ if !text.is_ascii() => None,
        18 if digits(&text[..17]) => {
            let check = resident_check(&text[..17]);
            (text.ends_with(check) && is_birthday(&text[6..14])).then(|| text.to_owned())
        }
        15 if digits(text) => {
            let body = format!("{}19{}", &text[..6], &text[6..]);
            let check = resident_check(&body);
            is_birthday(&body[6..14]).then(|| format!("{body}{check}"))
        }
        _ => None,
    }
}

/// Whether a text has the form of a resident id, whatever its check digit.
pub(super) fn looks_like_resident_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 18
        && bytes[..17].iter().all(u8::is_ascii_digit)
        && (bytes[17].is_ascii_digit() || bytes[17] == b'X')
}

fn resident_check(body: &str) -> char {
    let mut power = 1_u32;
    let sum: u32 = body
        .bytes()
        .rev()
        .map(|digit| {
            power = power * 2 % 11;
            u32::from(digit - b'0') * power
        })
        .sum();
    match (12 - sum % 11) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('X'),
    }
}

fn is_birthday(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i16>().unwrap_or(0);
    let day = jiff::civil::Date::new(number(0..4), number(4..6) as i8, number(6..8) as i8);
    (1850..=2200).contains(&number(0..4)) && day.is_ok()
}

/// Whether this is a firm's unified social credit code.
pub(super) fn is_credit_code(text: &str) -> bool {
    const LETTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let value = |byte: u8| LETTERS.iter().position(|letter| *letter == byte);
    let bytes = text.as_bytes();
    if bytes.len() != 18 || !matches!(bytes[0], b'1' | b'2' | b'5' | b'9' | b'A' | b'N' | b'Y') {
        return false;
    }
    let mut weight = 1;
    let mut sum = 0;
    for byte in &bytes[..17] {
        let Some(value) = value(*byte) else { return false };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    value(bytes[17]) == Some((31 - sum % 31) % 31)
}

/// Whether a number begins like a payment card and has its length: then its check digit must be right.
pub(super) fn is_payment_card(digits: &str) -> bool {
    let first = |n: usize| {
        digits
            .get(..n)
            .and_then(|first| first.parse::<u32>().ok())
            .unwrap_or(0)
    };
    match digits.len() {
        16..=19 if first(2) == 62 => true,
        13 | 16 | 19 if first(1) == 4 => true,
        16 => (51..=55).contains(&first(2)) || first(2) == 35 || (2221..=2720).contains(&first(4)),
        15 => matches!(first(2), 34 | 37),
        _ => false,
    }
}

/// Whether the last digit is that of Luhn's formula.
pub(super) fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(n, digit)| match u32::from(digit.wrapping_sub(b'0')) {
            digit if n % 2 == 0 => digit,
            digit if digit > 4 => digit * 2 - 9,
            digit => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resident_id_has_its_birthday_and_check_digit() {
        for id in ["11010519491231002X", "440524188001010014", "110101199003077758"] {
            assert_eq!(resident_id(id).as_deref(), Some(id), "{id}");
        }
        // The example of the standard, as it was written before 1999.
        assert_eq!(
            resident_id("110105491231002").as_deref(),
            Some("11010519491231002X")
        );
        for id in [
            "110105194912310021",
            "11010519491331002X",
            "11010519491231002",
            "1101051949123100XX",
        ] {
            assert_eq!(resident_id(id), None, "{id}");
        }
        assert!(looks_like_resident_id("110105194912310021"));
        assert!(!looks_like_resident_id("91350100M000100Y43"));
    }

    #[test]
    fn a_credit_code_has_its_check_digit() {
        assert!(is_credit_code("91350100M000100Y43"));
        assert!(!is_credit_code("91350100M000100Y44"));
        assert!(!is_credit_code("91350100I000100Y43"));
    }

    #[test]
    fn a_payment_card_is_told_from_a_member_card() {
        assert!(is_payment_card("6222021234567890123") && is_payment_card("4111111111111111"));
        assert!(is_payment_card("378282246310005") && !is_payment_card("8888000012345678"));
        for card in [
            "4111111111111111",
            "5500005555555559",
            "378282246310005",
            "6200000000000005",
        ] {
            assert!(luhn(card), "{card}");
        }
        assert!(!luhn("4111111111111112"));
    }

    proptest::proptest! {
        #[test]
        fn no_wrong_digit_is_overlooked(at in 0_usize..17, more in 1_u8..10) {
            let mut id = b"110101199003077758".to_vec();
            id[at] = b'0' + (id[at] - b'0' + more) % 10;
            proptest::prop_assert_eq!(resident_id(std::str::from_utf8(&id).unwrap()), None);
            let mut card = b"4111111111111111".to_vec();
            card[at.min(15)] = b'0' + (card[at.min(15)] - b'0' + more) % 10;
            proptest::prop_assert!(!luhn(std::str::from_utf8(&card).unwrap()));
        }
    }
}
