//! Bodies that fit their schema, with chosen ids wherever an id belongs.

use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Chooses the id for a property such as `parent_id`.
pub type Ids<'a> = &'a dyn Fn(&str) -> Result<Uuid, String>;

/// Makes bodies from the schemas of one document.
pub struct Sampler<'a> {
    pub document: &'a Value,
    pub ids: Ids<'a>,
    /// Whether objects hold all that they may.
    pub whole: bool,
}

impl<'a> Sampler<'a> {
    /// A value of this schema. Objects hold what is required, and every id that may be there.
    pub fn value(&self, schema: &'a Value, name: &str) -> Result<Value, String> {
        let schema = self.resolve(schema);
        if let Some(first) = schema["enum"].as_array().and_then(|choices| choices.last()) {
            return Ok(first.clone());
        }
        Ok(match (kind(schema), schema["format"].as_str()) {
            ("string", Some("uuid")) => json!((self.ids)(name)?),
            ("string", Some("date")) => json!("2026-07-01"),
            ("string", Some("date-time")) => json!("2026-07-01T00:00:00Z"),
            ("string", Some("binary")) => json!("code,name\nSample,Sample\n"),
            // A thing that can be named by its id or otherwise is named by its id.
            ("string", _) => (self.ids)(name).map_or_else(|_| json!(word(name)), |id| json!(id)),
            ("integer" | "number", _) => json!(1),
            ("boolean", _) => json!(false),
            ("array", _) => json!([self.value(&schema["items"], name)?]),
            _ => self.object(schema)?,
        })
    }

    fn object(&self, schema: &'a Value) -> Result<Value, String> {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut fields = Map::new();
        for (name, value) in schema["properties"].as_object().into_iter().flatten() {
            if self.whole || required.contains(&json!(name)) || self.holds_ids(value, 0) {
                fields.insert(name.clone(), self.value(value, name)?);
            }
        }
        Ok(Value::Object(fields))
    }

    /// Whether there is a place for an id in it.
    pub fn holds_ids(&self, schema: &'a Value, depth: usize) -> bool {
        let schema = self.resolve(schema);
        let mut inside = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, value)| value);
        schema["format"] == "uuid"
            || depth < 4
                && (self.holds_ids_in_items(schema, depth)
                    || inside.any(|value| self.holds_ids(value, depth + 1)))
    }

    fn holds_ids_in_items(&self, schema: &'a Value, depth: usize) -> bool {
        schema["items"].is_object() && self.holds_ids(&schema["items"], depth + 1)
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        resolve(self.document, schema)
    }
}

/// Behind references, and behind "or null".
pub fn resolve<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let one_of = ["oneOf", "anyOf", "allOf"]
            .iter()
            .find_map(|word| schema[*word].as_array());
        schema = match (schema["$ref"].as_str(), one_of) {
            (Some(reference), _) => {
                let name = reference.rsplit('/').next().unwrap_or_default();
                &document["components"]["schemas"][name]
            }
            (None, Some(choices)) => match choices.iter().find(|choice| choice["type"] != "null") {
                Some(first) => first,
                None => return schema,
            },
            (None, None) => return schema,
        };
    }
    schema
}

/// Its type, where that is not null.
pub fn kind(schema: &Value) -> &str {
    let kinds = schema["type"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let named = schema["type"].as_str();
    named
        .or_else(|| kinds.into_iter().find(|kind| *kind != "null"))
        .unwrap_or_default()
}

/// Text that its field will take.
fn word(name: &str) -> &'static str {
    match name {
        "email" => "somebody@example.org",
        "currency" => "EUR",
        "role" => "reader",
        "time_zone" => "Europe/Berlin",
        "tax_category" => "standard",
        "tax_rounding" => "line",
        "validity" => "P1Y",
        _ => "Sample",
    }
}
