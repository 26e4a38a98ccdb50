//! What the reference page shows.

use askama::Template;
use serde_json::Value;

use super::schema::{Property, Schemas};

/// `/api/v1/docs`.
#[derive(Template)]
#[template(path = "reference/page.html")]
pub struct ReferencePage {
    /// Of the API, not of the page.
    pub version: String,
    /// Where this server is.
    pub base_url: String,
    /// The operations by noun.
    pub chapters: Vec<Chapter>,
    /// The members of every refusal.
    pub problem: Vec<Property>,
}

/// The operations on one noun.
pub struct Chapter {
    /// The noun.
    pub name: String,
    /// What one can do.
    pub operations: Vec<Operation>,
}

/// One operation.
pub struct Operation {
    /// Its name in the document, and its place on the page.
    pub id: String,
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Where.
    pub path: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// More of it; may be empty.
    pub description: String,
    /// What stands in the address and in the headers.
    pub parameters: Vec<Parameter>,
    /// What is sent; none where nothing is.
    pub body: Vec<Property>,
    /// What it answers, by status.
    pub answers: Vec<Answer>,
    /// It as a command line.
    pub curl: String,
}

/// A value outside the body.
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// What may stand there.
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub description: String,
}

/// What an operation answers with one status.
pub struct Answer {
    /// The status.
    pub status: String,
    /// When.
    pub description: String,
    /// The type of its body; empty where it has none.
    pub media: String,
    /// The values in it; problems have theirs once for all.
    pub values: Vec<Property>,
}

/// A description in parts, each with whether it stood between backticks.
pub fn parts(text: &str) -> Vec<(bool, &str)> {
    let parts = text.split('`').enumerate();
    parts.map(|(place, part)| (place % 2 == 1, part)).collect()
}

impl Operation {
    /// The badge's colours: reading is calm, removing is not.
    pub fn tone(&self) -> &'static str {
        match self.method.as_str() {
            "GET" => "info",
            "DELETE" => "bad",
            _ => "good",
        }
    }
}

impl Answer {
    /// Whether it is what the caller hoped for.
    pub fn good(&self) -> bool {
        self.status.starts_with('2')
    }
}

impl ReferencePage {
    /// Reads the document.
    pub fn of(document: &Value, base_url: &str) -> Self {
        let schemas = Schemas(&document["components"]["schemas"]);
        let mut chapters: Vec<Chapter> = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let read = read(schemas, (method, path, base_url), operation);
                let name = operation["tags"][0].as_str().unwrap_or("other").to_owned();
                match chapters.iter_mut().find(|chapter| chapter.name == name) {
                    Some(chapter) => chapter.operations.push(read),
                    None => chapters.push(Chapter {
                        name,
                        operations: vec![read],
                    }),
                }
            }
        }
        chapters.sort_by(|one, other| one.name.cmp(&other.name));
        ReferencePage {
            version: text(&document["info"]["version"]),
            base_url: base_url.into(),
            chapters,
            problem: schemas.properties(&document["components"]["schemas"]["Problem"]),
        }
    }
}

fn read(
    schemas: Schemas<'_>,
    (method, path, base_url): (&str, &str, &str),
    it: &Value,
) -> Operation {
    let body = it["requestBody"]["content"]
        .as_object()
        .into_iter()
        .flatten()
        .next();
    let answers = it["responses"].as_object().into_iter().flatten();
    let mut operation = Operation {
        id: text(&it["operationId"]),
        method: method.to_uppercase(),
        path: path.into(),
        summary: text(&it["summary"]),
        description: text(&it["description"]),
        parameters: list(&it["parameters"])
            .iter()
            .map(|one| parameter(schemas, one))
            .collect(),
        body: body
            .map(|(_, body)| schemas.properties(&body["schema"]))
            .unwrap_or_default(),
        answers: answers
            .map(|(status, one)| answer(schemas, status, one))
            .collect(),
        curl: String::new(),
    };
    operation
        .answers
        .sort_by(|one, other| one.status.cmp(&other.status));
    let example = body.filter(|(media, _)| media.as_str() == "application/json");
    let example = example.map(|(_, body)| schemas.example(&body["schema"]));
    operation.curl = curl(&operation, base_url, example);
    operation
}

fn parameter(schemas: Schemas<'_>, it: &Value) -> Parameter {
    Parameter {
        name: text(&it["name"]),
        place: text(&it["in"]),
        kind: schemas.kind(&it["schema"]),
        required: it["required"] == true,
        description: text(&it["description"]),
    }
}

fn answer(schemas: Schemas<'_>, status: &str, it: &Value) -> Answer {
    let body = it["content"].as_object().into_iter().flatten().next();
    let values = body.filter(|_| status.starts_with('2'));
    Answer {
        status: status.into(),
        description: text(&it["description"]),
        media: body.map(|(media, _)| media.clone()).unwrap_or_default(),
        values: values
            .map(|(_, body)| schemas.properties(&body["schema"]))
            .unwrap_or_default(),
    }
}

fn curl(operation: &Operation, base_url: &str, example: Option<Value>) -> String {
    let mut lines = vec![format!("curl {base_url}{}", operation.path)];
    if operation.method == "GET" {
        let streams = operation
            .answers
            .iter()
            .any(|it| it.media == "text/event-stream");
        lines[0] = lines[0].replace(
            "curl ",
            if streams {
                "curl --no-buffer "
            } else {
                "curl "
            },
        );
    } else {
        lines[0] = lines[0].replace("curl ", &format!("curl -X {} ", operation.method));
    }
    lines.push("-H \"Authorization: Bearer $SEATBOOK_TOKEN\"".into());
    if operation.method == "POST" {
        lines.push("-H \"Idempotency-Key: $(uuidgen)\"".into());
    }
    if let Some(example) = example {
        lines.push("-H \"Content-Type: application/json\"".into());
        lines.push(format!("-d '{example}'"));
    }
    lines.join(" \\\n  ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
