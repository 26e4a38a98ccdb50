//! Zero bytes: PostgreSQL keeps none in a text, and nobody means one. Each door says where one stands.

use serde_json::Value;

use crate::error::Error;

/// A zero byte in JSON is written like this, and in no other way (RFC 8259, section 7).
const ESCAPE: &[u8] = br"\u0000";

/// What is wrong with a text that has a zero byte in it.
pub fn zero_byte(field: impl Into<String>) -> Error {
    let message = "There is a zero byte in this text: leave it out.";
    Error::invalid(field, "text.zero_byte", message)
}

/// Of pairs, the name of the first with a zero byte.
pub fn pair_with_zero_byte<'p>(
    pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
) -> Option<String> {
    let mut pairs = pairs.into_iter();
    let found = pairs.find(|(name, value)| name.contains('\0') || value.contains('\0'));
    found.map(|(name, _)| name.replace('\0', ""))
}

/// Where in a JSON document a text with a zero byte stands; empty where the document is that text.
pub fn with_zero_byte(json: &[u8]) -> Option<String> {
    // Rarely one stands there at all, and the document is read as what it is anyway.
    if !json.windows(ESCAPE.len()).any(|found| found == ESCAPE) {
        return None;
    }
    place(serde_json::from_slice(json).ok()?)
}

fn place(value: Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            let found = |(at, item)| Some(format!("[{at}]{}", dotted(&place(item)?)));
            items.into_iter().enumerate().find_map(found)
        }
        Value::Object(members) => members.into_iter().find_map(|(name, member)| {
            if name.contains('\0') {
                return Some(name.replace('\0', ""));
            }
            Some(format!("{name}{}", dotted(&place(member)?)))
        }),
        _ => None,
    }
}

fn dotted(rest: &str) -> String {
    match rest.is_empty() || rest.starts_with('[') {
        true => rest.to_owned(),
        false => format!(".{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_named_and_an_escaped_backslash_is_none() {
        let at = |json: &str| with_zero_byte(json.as_bytes());
        assert_eq!(
            at(r#"{"rows": [{"note": ["a", "\u0000"]}]}"#).as_deref(),
            Some("rows[0].note[1]")
        );
        assert_eq!(at(r#"{"a": {"b\u0000": 1}}"#).as_deref(), Some("a.b"));
        assert_eq!(at(r#""\u0000""#).as_deref(), Some(""));
        assert_eq!(at(r#"{"name": "A\\u0000B"}"#), None);
        assert_eq!(at(r#"{"name": "\u0000"#), None);
    }
}
