//! Names of organizations, told apart as people tell them apart.
//!
//! Owns: which two names are probably one organization, and the parts by which an index finds such names.
//! Does not own: where names are kept, or whose are looked at.
//! Keeps true: two names are alike or not whichever comes first; numbers are never misspellings of each other.

use crate::text;

/// Words that say of which form a company is, not which one it is.
const FORMS: [&str; 58] = [
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "doo",
    "eg",
    "ek",
    "ev",
    "gbr",
    "gmbh",
    "group",
    "holding",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "lda",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "og",
    "ohg",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "sa",
    "sarl",
    "sas",
    "sca",
    "se",
    "sl",
    "spa",
    "sprl",
    "srl",
    "sro",
    "ug",
    "zoo",
    "zrt",
    // Between the parts of a name.
    "and",
    "et",
    "the",
    "und",
    "y",
];

/// The most parts that are looked up for one name, the longest words first.
const MOST_PARTS: usize = 6;

/// The words of a name that tell it from others, without case, accents and the form of the company. Where nothing
/// else is left, these are the name.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let all = folded(&text::normalize_key(name));
    let telling: Vec<String> = all
        .iter()
        .filter(|word| !FORMS.contains(&word.as_str()))
        .cloned()
        .collect();
    match telling.is_empty() {
        true => all,
        false => telling,
    }
}

/// Whether two names are probably one organization: the same words in any order, or a few letters apart.
#[must_use]
pub fn alike(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (words(one), words(other));
    if one.is_empty() || other.is_empty() {
        return false;
    }
    let near = near(&one.concat(), &other.concat());
    one.sort_unstable();
    other.sort_unstable();
    one == other || near
}

/// Parts of a name, spelt as [`text::search_text`] spells them, of which every name that is a letter or two apart
/// holds at least one; none where the name is too short to be looked up.
#[must_use]
pub fn parts(name: &str) -> Vec<String> {
    let plain = text::lowercase(&text::normalize_key(name));
    let mut words: Vec<Vec<char>> = plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !FORMS.contains(word))
        .map(|word| word.chars().collect())
        .filter(|word: &Vec<char>| word.len() > 2)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut parts: Vec<String> = Vec::new();
    for word in words {
        let count = (word.len() / 3).clamp(1, 3);
        for part in word.chunks(word.len().div_ceil(count)) {
            let part: String = part.iter().collect();
            if part.chars().nth(2).is_some() && !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    parts.truncate(MOST_PARTS);
    parts
}

/// A letter apart for every five, at most two, and no digit.
fn near(one: &str, other: &str) -> bool {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    if digits(one) != digits(other) {
        return false;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let allowed = (one.len().min(other.len()) / 5).min(2);
    allowed > 0 && distance(&one, &other) <= allowed
}

/// Letters to add, to drop or to exchange until one is the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (row, left) in one.iter().enumerate() {
        let mut now = Vec::with_capacity(before.len());
        now.push(row + 1);
        for (column, right) in other.iter().enumerate() {
            let exchanged = before[column] + usize::from(left != right);
            now.push(exchanged.min(before[column + 1] + 1).min(now[column] + 1));
        }
        before = now;
    }
    before[other.len()]
}

/// Words in small letters without accents; dots and apostrophes join, as in “S.A.”.
fn folded(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in text::lowercase(name).chars() {
        let last = words.len() - 1;
        match letter {
            '.' | '\'' | '’' | '\u{300}'..='\u{36f}' => {}
            letter if letter.is_alphanumeric() => match plain(letter) {
                Some(plain) => words[last].push_str(plain),
                None => words[last].push(letter),
            },
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A Latin letter without what stands on it or hangs from it.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_would_ask_whether_these_are_one() {
        for (one, other) in [
            ("Aurora Hospitals GmbH", "AURORA HOSPITALS LTD."),
            ("Grünwald & Söhne", "Grunwald und Sohne GmbH"),
            ("Société Générale S.A.", "Societe Generale"),
            ("Clinic North", "North Clinic"),
            ("Aurora Hospitals", "Aurora Hospital"),
            ("Straße AG", "Strasse"),
            ("Nordlicht", "Nordlcht"),
        ] {
            assert!(alike(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn nobody_would_ask_about_these() {
        for (one, other) in [
            ("Customer 1", "Customer 2"),
            ("Aurora", "Borealis"),
            ("Acme", "Acne"),
            ("GmbH", "Ltd"),
            ("", ""),
        ] {
            assert!(!alike(one, other), "{one} and {other}");
        }
        assert!(
            alike("The Company Ltd", "The Company Ltd"),
            "its only words"
        );
    }

    #[test]
    fn parts_are_long_enough_for_an_index() {
        assert_eq!(
            parts("Aurora Hospitals GmbH"),
            ["hos", "pit", "als", "aur", "ora"]
        );
        assert_eq!(parts("Acme AG"), ["acme"]);
        assert!(parts("3M Co.").is_empty());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_which_comes_first(one in "[a-c0-9 ]{0,12}", other in "[a-c0-9 ]{0,12}") {
            prop_assert_eq!(alike(&one, &other), alike(&other, &one));
        }

        #[test]
        fn a_letter_less_is_found_by_a_part(name in "[a-z]{8,16}", at in 0usize..8) {
            let mut other: Vec<char> = name.chars().collect();
            other.remove(at);
            let other: String = other.into_iter().collect();
            prop_assume!(!FORMS.contains(&name.as_str()));
            prop_assert!(alike(&name, &other));
            prop_assert!(parts(&name).iter().any(|part| other.contains(part.as_str())), "{name}: {other}");
        }
    }
}
