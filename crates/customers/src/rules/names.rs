//! The keys under which a name is found: pieces of it, its pinyin, its initials. Pure.

use std::collections::BTreeSet;

use pinyin::{ToPinyin as _, ToPinyinMulti as _};

use super::name_key;

/// What a key is; the letter that it begins with keeps them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// The name from its second character or word on.
    Piece,
    /// The whole name in pinyin.
    Pinyin,
    /// The first letters of its syllables or words.
    Initials,
}

impl KeyKind {
    fn letter(self) -> char {
        match self {
            Self::Piece => 'n',
            Self::Pinyin => 'p',
            Self::Initials => 'i',
        }
    }

    /// The beginning of the keys that a search finds.
    pub fn prefix(self, searched: &str) -> String {
        let mut prefix = String::with_capacity(searched.len() + 1);
        prefix.push(self.letter());
        prefix.push_str(searched);
        prefix
    }
}

/// How many characters of a name are found by.
const CHARS_MAX: usize = 24;
/// How many readings of a name are found by.
const READINGS_MAX: usize = 6;
/// How many characters of a name have readings: the rest of a firm's name is found by its characters.
const SYLLABLES_MAX: usize = 8;

/// Surnames that are read otherwise than the same character elsewhere, the usual reading first.
const SURNAMES: &[(char, &[&str])] = &[
    ('单', &["shan"]),
    ('曾', &["zeng"]),
    ('解', &["xie"]),
    ('仇', &["qiu"]),
    ('区', &["ou"]),
    ('查', &["zha"]),
    ('任', &["ren"]),
    ('朴', &["piao", "pu"]),
    ('盖', &["ge", "gai"]),
    ('覃', &["qin", "tan"]),
    ('翟', &["zhai", "di"]),
    ('乐', &["yue", "le"]),
    ('尉', &["wei", "yu"]),
    ('缪', &["miao"]),
    ('宓', &["mi", "fu"]),
    ('秘', &["bi", "mi"]),
    ('冼', &["xian"]),
    ('洗', &["xian"]),
    ('召', &["shao"]),
    ('种', &["chong"]),
    ('重', &["chong"]),
    ('员', &["yun"]),
    ('贠', &["yun"]),
    ('黑', &["he"]),
    ('折', &["she"]),
    ('繁', &["po"]),
    ('石', &["shi"]),
    ('沈', &["shen"]),
    ('阚', &["kan"]),
    ('隗', &["wei", "kui"]),
    ('贾', &["jia"]),
    ('叶', &["ye"]),
    ('柏', &["bai"]),
    ('薄', &["bo"]),
    ('长', &["zhang", "chang"]),
    ('逄', &["pang"]),
    ('么', &["yao"]),
    ('祭', &["zhai"]),
    ('句', &["gou"]),
];

/// The keys of a name, each once.
pub fn search_keys(name: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let name = name_key(name);
    let chars: Vec<char> = name.chars().take(CHARS_MAX).collect();
    for (n, pair) in chars.windows(2).enumerate() {
        if begins_a_piece(pair[0], pair[1]) {
            keys.insert(KeyKind::Piece.prefix(&chars[n + 1..].iter().collect::<String>()));
        }
    }
    for reading in readings(&chars) {
        let letters = |parts: &mut dyn Iterator<Item = &str>| parts.collect::<String>();
        if reading.has_pinyin {
            keys.insert(KeyKind::Pinyin.prefix(&letters(&mut reading.parts.iter().map(String::as_str))));
        }
        if reading.parts.len() > 1 {
            let firsts = reading.parts.iter().filter_map(|part| part.chars().next());
            keys.insert(KeyKind::Initials.prefix(&firsts.collect::<String>()));
        }
    }
    keys
}

/// The letter that a name is read from: the first one of its pinyin, or of itself.
pub fn first_letter(name: &str) -> Option<char> {
    let first = name_key(name).chars().find(|c| c.is_alphanumeric())?;
    let said = syllables_of(first, true);
    Some(
        said.first()
            .and_then(|syllable| syllable.chars().next())
            .unwrap_or(first),
    )
}

/// A search as pinyin and initials are compared with it: letters and digits only. None where it has others.
pub fn latin(searched: &str) -> Option<String> {
    let letters: String = name_key(searched)
        .chars()
        .filter(|c| !matches!(c, ' ' | '\'' | '-' | '.'))
        .map(|c| if c == 'ü' { 'v' } else { c })
        .collect();
    (!letters.is_empty() && letters.chars().all(|c| c.is_ascii_alphanumeric())).then_some(letters)
}

/// A piece may begin with every character of a script without spaces, and with every word of the others.
fn begins_a_piece(before: char, first: char) -> bool {
    first.is_alphanumeric() && (!is_of_words(first) || !is_of_words(before))
}

fn is_of_words(c: char) -> bool {
    c.is_alphanumeric() && !('\u{2e80}'..'\u{fb00}').contains(&c) && u32::from(c) < 0x2_0000
}

/// One way to read a name: syllables of characters, whole words of letters.
#[derive(Debug, Clone, Default)]
struct Reading {
    parts: Vec<String>,
    has_pinyin: bool,
}

fn readings(chars: &[char]) -> Vec<Reading> {
    let mut readings = vec![Reading::default()];
    let mut syllables = 0;
    let mut in_word = false;
    for (n, c) in chars.iter().enumerate() {
        let said = if syllables < SYLLABLES_MAX {
            syllables_of(*c, n == 0)
        } else {
            Vec::new()
        };
        if !said.is_empty() {
            syllables += 1;
            in_word = false;
            let before = std::mem::take(&mut readings);
            // The first of each comes first, so that the usual reading is always among those kept.
            for syllable in said {
                for reading in &before {
                    if readings.len() < READINGS_MAX {
                        let mut reading = reading.clone();
                        reading.parts.push(syllable.clone());
                        reading.has_pinyin = true;
                        readings.push(reading);
                    }
                }
            }
        } else if c.is_ascii_alphanumeric() {
            for reading in &mut readings {
                match reading.parts.last_mut() {
                    Some(word) if in_word => word.push(*c),
                    _ => reading.parts.push(c.to_string()),
                }
            }
            in_word = true;
        } else {
            in_word = false;
        }
    }
    readings
}

/// How a character is read, without tones: the usual way first.
fn syllables_of(c: char, is_first: bool) -> Vec<String> {
    let plain = |syllable: &str| syllable.replace('ü', "v");
    let surname = SURNAMES.iter().find(|(surname, _)| is_first && *surname == c);
    if let Some((_, said)) = surname {
        return said.iter().map(|syllable| (*syllable).to_owned()).collect();
    }
    let mut said: Vec<String> = c.to_pinyin().into_iter().map(|p| plain(p.plain())).collect();
    if COMMON_POLYPHONES.contains(c) {
        for other in c.to_pinyin_multi().into_iter().flatten() {
            let other = plain(other.plain());
            if !said.contains(&other) {
                said.push(other);
            }
        }
    }
    said
}

/// Characters that names have in more than one common reading; the rare readings of others are left out.
const COMMON_POLYPHONES: &str = "乐行长重朝都传弹调度分佛干冠好和华还会几降角觉卡空乐率茜娜曾藏单仇解少盛石\
                                 宿遂为尾鲜相兴应涌予与载正中种柏薄莎铅乘参差称处大沓倒得的\
                                 发给更供估骨冠夹假间将尽劲晃累量论绿落没模炮铺奇强切散舍什似吐";

#[cfg(test)]
mod tests {
    use super::*;

    fn has(name: &str, key: &str) -> bool {
        search_keys(name).contains(key)
    }

    #[test]
    fn a_chinese_name_is_found_by_pieces_pinyin_and_initials() {
        let keys: Vec<_> = search_keys("张三丰").into_iter().collect();
        assert_eq!(keys, ["izsf", "n三丰", "n丰", "pzhangsanfeng"]);
        let keys: Vec<_> = search_keys(" Anna  Smith ").into_iter().collect();
        assert_eq!(keys, ["ias", "nsmith"]);
        assert!(
            has("华东物流有限公司", "n物流有限公司") && has("华东物流有限公司", "phuadongwuliuyouxiangongsi")
        );
        assert!(has("IBM中国", "pibmzhongguo") && has("IBM中国", "n中国"));
        assert_eq!(search_keys(""), BTreeSet::new());
    }

    #[test]
    fn a_name_begins_with_a_letter_in_every_script() {
        for (name, letter) in [
            ("张伟", Some('z')),
            ("单雄信", Some('s')),
            (" 'Anna", Some('a')),
            ("Ω", Some('ω')),
        ] {
            assert_eq!(first_letter(name), letter, "{name}");
        }
        assert_eq!(first_letter(" -"), None);
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        for (name, key) in [
            ("单雄信", "pshanxiongxin"),
            ("曾国藩", "pzengguofan"),
            ("解珍", "pxiezhen"),
            ("仇英", "pqiuying"),
            ("区大相", "poudaxiang"),
            ("查良镛", "pzhaliangyong"),
            ("任盈盈", "prenyingying"),
            ("朴树", "ppiaoshu"),
            ("朴树", "ppushu"),
            ("覃辉", "pqinhui"),
            ("覃辉", "ptanhui"),
            ("吕布", "plvbu"),
            ("张乐", "pzhangle"),
            ("张乐", "pzhangyue"),
        ] {
            assert!(has(name, key), "{name} {key} {:?}", search_keys(name));
        }
        assert!(!has("单雄信", "pdanxiongxin") && !has("曾国藩", "pcengguofan"));
        assert!(has("孟曾", "pmengzeng") && has("孟曾", "pmengceng"));
    }

    #[test]
    fn a_search_is_compared_by_its_letters() {
        assert_eq!(latin("Zhang San").as_deref(), Some("zhangsan"));
        assert_eq!(latin("xi'an").as_deref(), Some("xian"));
        assert_eq!(latin("lü").as_deref(), Some("lv"));
        assert_eq!(latin("张"), None);
        assert_eq!(latin(" '"), None);
    }

    proptest::proptest! {
        #[test]
        fn keys_are_few_and_short(name in "\\PC{0,60}|[乐行长重朝都]{0,40}") {
            let keys = search_keys(&name);
            proptest::prop_assert!(keys.len() <= CHARS_MAX + 2 * READINGS_MAX);
            proptest::prop_assert!(keys.iter().all(|key| key.len() <= 200));
        }
    }
}
