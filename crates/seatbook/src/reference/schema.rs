//! JSON Schema as OpenAPI 3.1 writes it, in words and as an example.

use serde_json::{Map, Value, json};

/// How deep objects are opened; what lies deeper is named only.
const DEEPEST: usize = 4;

/// One value of a body or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// Its place, such as `rows[].quantity`.
    pub name: String,
    /// What may stand there, such as "string (uuid)".
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub description: String,
}

/// The schemas of a document by name.
#[derive(Clone, Copy)]
pub struct Schemas<'a>(pub &'a Value);

impl<'a> Schemas<'a> {
    /// The schema itself, behind references and behind "or null".
    pub fn resolve(self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        // References may stand behind references, but not in a circle.
        for _ in 0..DEEPEST {
            schema = match (schema["$ref"].as_str(), alternatives(schema)) {
                (Some(reference), _) => {
                    let name = reference.rsplit('/').next().unwrap_or_default();
                    &self.0[name]
                }
                (None, [one]) => one,
                _ => return schema,
            };
        }
        schema
    }

    /// Every value of an object, those of objects inside it too.
    pub fn properties(self, schema: &'a Value) -> Vec<Property> {
        let mut found = Vec::new();
        self.open(schema, "", 0, &mut found);
        found
    }

    fn open(self, schema: &'a Value, place: &str, depth: usize, found: &mut Vec<Property>) {
        let schema = self.resolve(schema);
        if schema["type"] == "array" {
            return self.open(&schema["items"], &format!("{place}[]"), depth, found);
        }
        let Some(properties) = schema["properties"].as_object().filter(|_| depth < DEEPEST) else {
            return;
        };
        let required = words(&schema["required"]);
        for (name, value) in properties {
            let name = match place {
                "" => name.clone(),
                place => format!("{place}.{name}"),
            };
            let last = name.rsplit('.').next().unwrap_or_default();
            found.push(Property {
                kind: self.kind(value),
                required: required.contains(&last),
                description: self.description(value),
                name: name.clone(),
            });
            self.open(value, &name, depth + 1, found);
        }
    }

    /// What may stand there, in words.
    pub fn kind(self, schema: &'a Value) -> String {
        let inside = self.resolve(schema);
        let choices = words(&inside["enum"]);
        let mut text = match main_type(inside) {
            _ if !choices.is_empty() => format!("one of {}", choices.join(", ")),
            "array" => format!("list of {}", self.kind(&inside["items"])),
            "" if alternatives(inside).len() > 1 => {
                let each = alternatives(inside).iter().map(|one| self.kind(one));
                each.collect::<Vec<_>>().join(" or ")
            }
            "" => "anything".into(),
            plain => plain.into(),
        };
        if let Some(format) = inside["format"]
            .as_str()
            .filter(|format| *format != "int64")
        {
            text = format!("{text} ({format})");
        }
        if is_nullable(schema) || is_nullable(inside) {
            text += " or null";
        }
        text
    }

    fn description(self, schema: &'a Value) -> String {
        let beside = alternatives(schema).first().unwrap_or(&Value::Null);
        let places = [schema, beside, self.resolve(schema)];
        let mut texts = places.iter().filter_map(|it| it["description"].as_str());
        texts.next().unwrap_or_default().to_owned()
    }

    /// A body that could be sent: what is required, with a value of the right kind.
    pub fn example(self, schema: &'a Value) -> Value {
        self.sample(schema, 0)
    }

    fn sample(self, schema: &'a Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        if let Some(first) = words(&schema["enum"]).first() {
            return json!(first);
        }
        match (main_type(schema), schema["format"].as_str()) {
            ("string", Some("uuid")) => json!("01978a2e-7f3c-7000-8000-5ea7b00c0de5"),
            ("string", Some("date")) => json!("2026-07-01"),
            ("string", Some("date-time")) => json!("2026-07-01T00:00:00Z"),
            ("string", Some("email")) => json!("ada@example.com"),
            ("string", _) => json!("…"),
            ("integer" | "number", _) => json!(1),
            ("boolean", _) => json!(true),
            ("array", _) if depth < DEEPEST => json!([self.sample(&schema["items"], depth + 1)]),
            ("array", _) => json!([]),
            _ => {
                let required = words(&schema["required"]);
                let properties = schema["properties"].as_object();
                let needed = properties
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| required.contains(&name.as_str()) && depth < DEEPEST);
                let fields =
                    needed.map(|(name, value)| (name.clone(), self.sample(value, depth + 1)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

/// What a schema may be besides null.
fn alternatives(schema: &Value) -> &[Value] {
    let many = ["oneOf", "anyOf", "allOf"]
        .iter()
        .find_map(|word| schema[word].as_array());
    let Some(many) = many else { return &[] };
    match many.as_slice() {
        // utoipa writes null at either end.
        [null, rest @ ..] if null["type"] == "null" => rest,
        [rest @ .., null] if null["type"] == "null" => rest,
        all => all,
    }
}

fn is_nullable(schema: &Value) -> bool {
    let many = ["oneOf", "anyOf"]
        .iter()
        .find_map(|word| schema[word].as_array());
    words(&schema["type"]).contains(&"null")
        || many.is_some_and(|many| many.iter().any(|one| one["type"] == "null"))
}

/// `string` for `"string"` and for `["string", "null"]`.
fn main_type(schema: &Value) -> &str {
    let kinds = words(&schema["type"]);
    let named = schema["type"].as_str();
    named
        .or_else(|| kinds.into_iter().find(|kind| *kind != "null"))
        .unwrap_or_default()
}

fn words(list: &Value) -> Vec<&str> {
    let words = list.as_array().into_iter().flatten();
    words.filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas() -> Value {
        json!({
            "State": {"type": "string", "enum": ["open", "shut"]},
            "Row": {"type": "object", "required": ["quantity"], "properties": {
                "quantity": {"type": "integer", "format": "int64", "description": "How many."},
                "note": {"type": ["string", "null"]},
            }},
            "In": {"type": "object", "required": ["state", "rows"], "properties": {
                "state": {"$ref": "#/components/schemas/State", "description": "Which."},
                "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
                "row": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Row", "description": "One."}]},
            }},
        })
    }

    #[test]
    fn objects_are_opened_and_named_by_their_place() {
        let all = schemas();
        let found = Schemas(&all).properties(&json!({"$ref": "#/components/schemas/In"}));
        let lines: Vec<String> = found
            .iter()
            .map(|it| {
                format!(
                    "{}: {}{}",
                    it.name,
                    it.kind,
                    if it.required { "!" } else { "" }
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "state: one of open, shut!",
                "rows: list of object!",
                "rows[].quantity: integer!",
                "rows[].note: string or null",
                "row: object or null",
                "row.quantity: integer!",
                "row.note: string or null",
            ]
        );
        assert_eq!(
            (found[0].description.as_str(), found[4].description.as_str()),
            ("Which.", "One.")
        );
    }

    #[test]
    fn an_example_holds_what_is_required() {
        let all = schemas();
        let example = Schemas(&all).example(&json!({"$ref": "#/components/schemas/In"}));
        assert_eq!(example, json!({"state": "open", "rows": [{"quantity": 1}]}));
    }
}
