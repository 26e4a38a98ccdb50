//! Where ids stand outside of paths: behind the question mark, and in bodies with their nested rows.

use serde_json::Value;

use super::{
    operation::Operation,
    sample::{kind, resolve},
    things::{NO_IDS, PROPERTIES},
};

/// One place for an id in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// What it is called.
    pub name: String,
    /// Where in the body, such as `/rows/0/pool_id`; nowhere for a parameter.
    pub pointer: Option<String>,
}

impl Spot {
    /// The segment of the path to the things whose id stands there.
    pub fn segment(&self) -> Result<&'static str, String> {
        let known = PROPERTIES.iter().find(|(name, _)| *name == self.name);
        let missing = || {
            format!(
                "nobody knows whose id `{}` is: add it to PROPERTIES in strangers/things.rs",
                self.name
            )
        };
        known.map(|(_, segment)| *segment).ok_or_else(missing)
    }

    /// What people read of it.
    pub fn place(&self) -> String {
        match &self.pointer {
            Some(pointer) => format!("body {pointer}"),
            None => format!("?{}", self.name),
        }
    }
}

/// Every place that an operation has.
pub fn of(document: &Value, operation: &Operation) -> Vec<Spot> {
    let mut spots = Vec::new();
    for parameter in operation.parameters() {
        let name = parameter["name"].as_str().unwrap_or_default();
        if parameter["in"] == "query" && is_id(document, &parameter["schema"], name) {
            spots.push(Spot {
                name: name.to_owned(),
                pointer: None,
            });
        }
    }
    if let Some((_, schema)) = operation.body() {
        walk(document, schema, (String::new(), ""), &mut spots);
    }
    spots
}

fn walk(document: &Value, schema: &Value, (pointer, name): (String, &str), spots: &mut Vec<Spot>) {
    if is_id(document, schema, name) {
        spots.push(Spot {
            name: name.to_owned(),
            pointer: Some(pointer.clone()),
        });
    }
    let schema = resolve(document, schema);
    if schema["items"].is_object() {
        walk(
            document,
            &schema["items"],
            (format!("{pointer}/0"), name),
            spots,
        );
    }
    for (name, value) in schema["properties"].as_object().into_iter().flatten() {
        walk(document, value, (format!("{pointer}/{name}"), name), spots);
    }
}

/// A text whose format or name says that it is an id, also where a word would do.
fn is_id(document: &Value, schema: &Value, name: &str) -> bool {
    let schema = resolve(document, schema);
    if kind(schema) != "string" || schema["enum"].is_array() || NO_IDS.contains(&name) {
        return false;
    }
    let named = name.ends_with("_id") || name.ends_with("_ids");
    schema["format"] == "uuid" || named || PROPERTIES.iter().any(|(known, _)| *known == name)
}
