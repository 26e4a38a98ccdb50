//! Entries in the words of the page: what was done, through which door, what it was and what it became.

use serde_json::Value;

use super::{pages::ChangeLine, queries::Names};
use crate::{
    console,
    journal::{queries::ChangeRow, words::capitalized},
};

/// Fields that every row has and nobody reads.
const SILENT: [&str; 3] = ["id", "version", "created_at"];
const LONGEST_TEXT: usize = 160;

/// Through which door, for people.
pub fn through(origin: &str) -> &'static str {
    match origin {
        "console" => "Console",
        "api" => "API",
        "job" => "Job",
        "cli" => "Command line",
        _ => "Seatbook",
    }
}

/// One line for each field that a changed row has otherwise than before. A share goes by the name of whose it
/// is; what a new row refers to stands in its name, and a zero in it says nothing.
pub fn lines(change: &ChangeRow, names: &Names) -> Vec<ChangeLine> {
    let empty = serde_json::Map::new();
    let before = change.before.as_ref().and_then(|json| json.0.as_object());
    let after = change.after.as_ref().and_then(|json| json.0.as_object());
    let whose = match change.noun.as_str() {
        "pool" => names.organization(change.organization_id),
        _ => String::new(),
    };
    let noun = match whose.is_empty() {
        true => capitalized(&change.noun.replace('_', " ")),
        false => whose,
    };
    let new = before.is_none();
    let says = |field: &str| {
        let value = after.and_then(|after| after.get(field));
        !(new && (field.ends_with("_id") || value.and_then(Value::as_i64) == Some(0)))
    };
    let removed = after.is_none();
    let fields = after.or(before).unwrap_or(&empty);
    let spoken = fields
        .keys()
        .filter(|field| !SILENT.contains(&field.as_str()) && says(field));
    let line = |field: &String| {
        let at = |side: Option<&serde_json::Map<String, Value>>| {
            side.and_then(|side| side.get(field))
                .map(text)
                .unwrap_or_default()
        };
        ChangeLine {
            what: format!("{noun}, {}", field.replace('_', " ")),
            before: at(before),
            after: if removed { String::new() } else { at(after) },
        }
    };
    let lines = spoken.map(line);
    // A new row's empty fields say nothing.
    lines
        .filter(|line| !(line.before.is_empty() && line.after.is_empty()))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| number.to_string(), console::n),
        Value::String(text) => shortened(text),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST_TEXT - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::Json;

    use super::*;

    #[test]
    fn changes_read_field_by_field() {
        let change = |before: Option<Value>, after: Option<Value>| ChangeRow {
            noun: "pool".into(),
            row_id: uuid::Uuid::nil(),
            version: 2,
            before: before.map(Json),
            after: after.map(Json),
            organization_id: None,
        };
        let seen = |change: &ChangeRow| -> Vec<(String, String, String)> {
            lines(change, &Names::default())
                .into_iter()
                .map(|line| (line.what, line.before, line.after))
                .collect()
        };
        let edit = change(
            Some(json!({"free": 12400, "open": true, "version": 1})),
            Some(json!({"free": 0, "open": false, "version": 2})),
        );
        assert_eq!(
            seen(&edit),
            [
                ("Pool, free".into(), "12,400".into(), "0".into()),
                ("Pool, open".into(), "yes".into(), "no".into()),
            ]
        );
        let new = change(None, Some(json!({"sku_code": "A", "note": null})));
        assert_eq!(
            seen(&new),
            [("Pool, sku code".into(), String::new(), "A".into())]
        );
        let gone = change(Some(json!({"sku_code": "A"})), None);
        assert_eq!(
            seen(&gone),
            [("Pool, sku code".into(), "A".into(), String::new())]
        );
    }
}
