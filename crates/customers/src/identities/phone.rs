//! Phone numbers as E.164. Numbering plans come from a library; of mainland China, whose numbers matter most
//! here, also the form of what a plan holds is checked, because lengths alone let a mobile number through from
//! which a digit was lost.

use phonelib::PhoneNumber;

/// A phone number as E.164, such as `+8613900000001`; one without a country code is of `region`, an ISO 3166
/// code. None where it is no number.
pub(super) fn e164(text: &str, region: &str) -> Option<String> {
    let written = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | '/' | ' ');
    if !text.chars().all(written) {
        return None;
    }
    // Abroad is dialled 00 from China and most of the world.
    let international = text.strip_prefix("00").map(|rest| format!("+{rest}"));
    let text = international.as_deref().unwrap_or(text);
    let number = if text.starts_with('+') {
        PhoneNumber::try_parse(text)
    } else {
        PhoneNumber::try_parse_with_country(text, region)
    };
    let number = number.ok()?;
    let e164 = number.e164().to_owned();
    match e164.strip_prefix("+86") {
        Some(national) if !of_mainland_china(national) => None,
        _ => Some(e164),
    }
}

/// Whether a number within +86 is a mobile, a landline with its area code, or a service number of ten digits.
fn of_mainland_china(national: &str) -> bool {
    let digits = national.as_bytes();
    match (digits, digits.len()) {
        ([b'1', b'3'..=b'9', ..], 11) => true,
        ([b'1', b'0', b'2'..=b'8', ..], 10) => true,
        ([b'2', b'0'..=b'9', b'2'..=b'8', ..], 10) => true,
        // Seven digits after a three-digit area code, eight in the larger cities.
        ([b'3'..=b'9', b'1'..=b'9', _, b'1'..=b'8', ..], 10 | 11) => true,
        ([b'4' | b'8', b'0', b'0', ..], 10) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::e164;

    #[test]
    fn numbers_of_china_are_read_as_people_write_them() {
        for (written, number) in [
            ("13900000001", "+8613900000001"),
            ("139 1234 5678", "+8613912345678"),
            ("139-1234-5678", "+8613912345678"),
            ("+86 139-1234-5678", "+8613912345678"),
            ("008613912345678", "+8613912345678"),
            ("8613912345678", "+8613912345678"),
            ("17912345678", "+8617912345678"),
            ("19212345678", "+8619212345678"),
            ("15400000000", "+8615400000000"),
            ("010-62345678", "+861062345678"),
            ("(010)62345678", "+861062345678"),
            ("021 5888 8888", "+862158888888"),
            ("0755-82345678", "+8675582345678"),
            ("0931-1234567", "+869311234567"),
            ("400-812-3123", "+864008123123"),
            ("800-810-0000", "+868008100000"),
        ] {
            assert_eq!(e164(written, "CN").as_deref(), Some(number), "{written}");
        }
    }

    #[test]
    fn what_is_no_number_of_china_is_none() {
        for written in [
            "1391234567",
            "139123456789",
            "11012345678",
            "12012345678",
            "62345678",
            "10086",
            "95555",
            "12345",
            "010-62345678-123",
            "010-62345678转1",
            "0000000000",
            "+86",
            "-",
            "张伟",
        ] {
            assert_eq!(e164(written, "CN"), None, "{written}");
        }
    }

    #[test]
    fn numbers_of_elsewhere_need_their_country() {
        assert_eq!(e164("+1 650 253 0000", "CN").as_deref(), Some("+16502530000"));
        assert_eq!(e164("+852 9123 4567", "CN").as_deref(), Some("+85291234567"));
        assert_eq!(e164("0044 20 7946 0958", "CN").as_deref(), Some("+442079460958"));
        assert_eq!(e164("9123 4567", "HK").as_deref(), Some("+85291234567"));
        assert_eq!(e164("(650) 253-0000", "US").as_deref(), Some("+16502530000"));
        assert_eq!(
            e164("13900000001", "EU"),
            None,
            "no such region: only international numbers are read"
        );
        assert_eq!(e164("+8613900000001", "EU").as_deref(), Some("+8613900000001"));
    }

    proptest::proptest! {
        #[test]
        fn a_number_stays_what_it_is(text in "[0-9+() -]{0,24}|1[3-9][0-9]{9}") {
            if let Some(number) = e164(&text, "CN") {
                proptest::prop_assert_eq!(e164(&number, "CN"), Some(number.clone()));
                proptest::prop_assert_eq!(e164(&number, "US"), Some(number));
            }
        }

        #[test]
        fn every_mobile_number_of_china_is_read(number in "1[3-9][0-9]{9}") {
            proptest::prop_assert_eq!(e164(&number, "CN"), Some(format!("+86{number}")));
        }
    }
}
