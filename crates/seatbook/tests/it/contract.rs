//! The OpenAPI document is a promise: each change of it is a decision somebody reads.

use std::{collections::BTreeSet, path::Path};

use seatbook::router;
use serde_json::Value;

use crate::{
    both_engines,
    harness::{Person, random_id},
};

const FILE: &str = "tests/it/openapi.json";

fn document() -> Value {
    serde_json::to_value(router::document()).expect("the document is JSON")
}

/// The document equals the committed one.
#[test]
fn the_document_is_the_one_that_was_agreed() {
    let now = serde_json::to_string_pretty(&document()).expect("text") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        std::fs::write(&path, &now).expect("the file can be written");
        return;
    }
    let agreed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = agreed
        .lines()
        .zip(now.lines())
        .position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| agreed.lines().count().min(now.lines().count()));
    let at = |text: &str| {
        text.lines()
            .nth(line)
            .unwrap_or("(the end)")
            .trim()
            .to_owned()
    };
    assert!(
        agreed == now,
        "\n\nThe API's document is not {FILE}. First difference, in line {}:\n  agreed: {}\n  now:    {}\n\
         Clients rely on it. If the change is meant, accept it and commit the file:\n  \
         UPDATE=1 cargo test -p seatbook --test it contract\n",
        line + 1,
        at(&agreed),
        at(&now),
    );
}

/// Every operation has a name of its own, says what it does, and describes every answer.
#[test]
fn every_operation_is_described() {
    let (document, mut names) = (document(), BTreeSet::new());
    for (path, method, operation) in operations(&document) {
        let place = format!("{} {path}", method.to_uppercase());
        let name = operation["operationId"].as_str().unwrap_or_default();
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        assert!(
            names.insert(name.to_owned()),
            "{place}: `{name}` is the name of another operation too"
        );
        assert!(
            !tag.is_empty() && name.starts_with(&format!("{tag}_")),
            "{place}: `{name}` is not `<tag>_<handler>`"
        );
        assert!(
            is_said(&operation["summary"]),
            "{place}: its handler is not documented"
        );
        let mut spoken: Vec<(String, &Value)> = Vec::new();
        let answers = operation["responses"].as_object().into_iter().flatten();
        spoken.extend(answers.map(|(status, answer)| (format!("answer {status}"), answer)));
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        spoken.extend(parameters.map(|it| (format!("parameter {}", it["name"]), it)));
        for (what, it) in spoken {
            assert!(
                is_said(&it["description"]),
                "{place}: {what} has no description"
            );
        }
    }
    assert!(names.len() > 10, "the document has hardly any operations");
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// Path, method and operation.
pub fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation))
    });
    all.collect()
}

/// The document stands alone: it points at nothing outside itself, and at nothing that is not there.
#[test]
fn every_reference_leads_inside() {
    let document = document();
    let mut places = vec![&document];
    while let Some(place) = places.pop() {
        if let Some(reference) = place["$ref"].as_str() {
            let name = reference.strip_prefix("#/components/schemas/");
            let found =
                name.is_some_and(|name| document["components"]["schemas"][name].is_object());
            assert!(found, "{reference} leads nowhere in this document");
        }
        places.extend(
            place
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, inside)| inside),
        );
        places.extend(place.as_array().into_iter().flatten());
    }
}

/// Two types of one name are one schema to the document, and the later one wins silently.
#[test]
fn every_schema_has_a_name_of_its_own() {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
        {
            match entry.extension() {
                None if entry.is_dir() => folders.push(entry),
                Some(ending) if ending == "rs" => {
                    let text = std::fs::read_to_string(&entry).expect("text");
                    let names = schema_names(&text).into_iter();
                    found.extend(names.map(|name| (name, entry.display().to_string())));
                }
                _ => {}
            }
        }
    }
    found.sort();
    for pair in found.windows(2) {
        assert_ne!(
            pair[0].0, pair[1].0,
            "\n\n{} and {} call a schema `{}`: give one `#[schema(as = …)]`\n",
            pair[0].1, pair[1].1, pair[0].0
        );
    }
    assert!(found.len() > 10, "no schemas were found");
}

/// The names under which the types of a file stand in the document.
fn schema_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in text.split("#[derive(").skip(1) {
        let Some((derived, rest)) = part.split_once(")]") else {
            continue;
        };
        if !derived.contains("ToSchema") {
            continue;
        }
        let head = rest.split(['{', ';']).next().unwrap_or_default();
        let given = head
            .split("schema(as = ")
            .nth(1)
            .and_then(|name| name.split([',', ')']).next());
        let own = ["struct ", "enum "]
            .iter()
            .find_map(|word| head.rsplit_once(word));
        let own = own.map(|(_, name)| name.split(['<', '(']).next().unwrap_or_default().trim());
        names.extend(given.or(own).map(str::to_owned));
    }
    names
}

both_engines! {
    /// The reference page shows every operation to anybody, and loads nothing from elsewhere.
    async fn every_operation_is_on_the_reference_page(app: TestApp) {
        let nobody = Person::nobody(app.address, random_id());
        let page = nobody.get("/api/v1/docs").await;
        assert_eq!((page.status.as_u16(), page.headers["content-type"].as_bytes()), (200, &b"text/html; charset=utf-8"[..]));
        let document = nobody.get("/api/v1/openapi.json").await.expect(200);
        for (path, method, operation) in operations(&document) {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(page.text.contains(&format!("id=\"{id}\"")), "{method} {path} is not on the page");
            assert!(page.text.contains(&format!("<code>{path}</code>")), "{path} is not named");
        }
        for (foreign, why) in [("src=\"http", "loads"), ("<link rel=\"stylesheet\" href=\"http", "loads"), ("style=", "inline style"), ("<script>", "inline script")] {
            assert!(!page.text.contains(foreign), "{why}: {foreign}");
        }
        for asset in page.text.split('"').filter(|part| part.starts_with("/assets/")) {
            let asset = asset.split('#').next().unwrap_or(asset);
            assert_eq!(nobody.get(asset).await.status.as_u16(), 200, "{asset}");
        }
        app.end().await;
    }
}
