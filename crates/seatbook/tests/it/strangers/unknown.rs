//! Properties that a body does not have: what answers show of a thing, and what others call such things, written into
//! each object of each body.
//!
//! The document promises it (`additionalProperties: false`), and the server keeps it: 422, with the name of the
//! property, before anything is asked of the book.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Complaint,
    book::Book,
    digest,
    operation::Operation,
    sample::{Sampler, resolve},
    settle, tries,
    tries::with_body,
};
use crate::{both_engines, harness::send};

const CHECK: &str = "unknown";

/// What is tried everywhere, whatever the thing is.
const CLASSICS: [&str; 22] = [
    "account_id",
    "allocated",
    "assigned",
    "created_at",
    "created_by",
    "free",
    "id",
    "invoice_no",
    "is_admin",
    "org_id",
    "organization_id",
    "owner",
    "parent_id",
    "permissions",
    "price",
    "price_minor",
    "quantity_used",
    "role",
    "standing",
    "status",
    "tenant_id",
    "version",
];

both_engines! {
    /// Nothing is written by a name that the document does not give.
    async fn unknown_properties_are_refused(app: TestApp) {
        let book = Book::write(&app).await;
        let (mut complaints, mut sent) = (Vec::new(), 0);
        let before = digest::of(&app).await;
        for operation in Operation::all(&book.document) {
            let Some((_, schema)) = operation.body() else {
                continue;
            };
            let mut objects = Vec::new();
            walk(&book.document, schema, String::new(), &mut objects);
            let mut names: BTreeSet<String> = CLASSICS.iter().map(|name| (*name).to_owned()).collect();
            shown(&book.document, &operation.schema["responses"], &mut (BTreeSet::new(), &mut names));
            for (pointer, object) in &objects {
                if object["additionalProperties"] != false {
                    complaints.push(operation.complain(CHECK, format!("body {pointer}: the document allows other properties")));
                }
                for name in names.iter().filter(|name| object["properties"][name.as_str()].is_null()) {
                    sent += 1;
                    complaints.extend(refused(&book, &operation, (pointer.as_str(), name.as_str())).await);
                }
            }
        }
        let changed = before.differences(&digest::of(&app).await);
        let left = settle(complaints, &[CHECK]);
        println!("{}", json!({"name": "strangers: unknown properties", "engine": format!("{:?}", app.engine).to_lowercase(),
            "tried": sent, "wrong": left.len(), "command": "cargo xtask test strangers --no-capture"}));
        assert!(left.is_empty(), "\n\n{}\n\n{} to mend\n", left.join("\n"), left.len());
        assert!(changed.is_empty(), "tables changed: {changed:?}");
        app.end().await;
    }
}

/// Every object of a body with the place it stands at.
fn walk<'a>(
    document: &'a Value,
    schema: &'a Value,
    pointer: String,
    objects: &mut Vec<(String, &'a Value)>,
) {
    let schema = resolve(document, schema);
    if schema["items"].is_object() {
        walk(document, &schema["items"], format!("{pointer}/0"), objects);
    }
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    objects.push((pointer.clone(), schema));
    for (name, value) in properties {
        walk(document, value, format!("{pointer}/{name}"), objects);
    }
}

/// The names of all properties that answers have; the schemas seen are not looked into again.
fn shown(document: &Value, place: &Value, seen: &mut (BTreeSet<String>, &mut BTreeSet<String>)) {
    if let Some(reference) = place["$ref"].as_str() {
        if seen.0.insert(reference.to_owned()) {
            shown(document, resolve(document, place), seen);
        }
        return;
    }
    if let Some(properties) = place["properties"].as_object() {
        seen.1.extend(properties.keys().cloned());
    }
    for (_, inside) in place.as_object().into_iter().flatten() {
        shown(document, inside, seen);
    }
    for inside in place.as_array().into_iter().flatten() {
        shown(document, inside, seen);
    }
}

/// What is wrong with the answer to a body that has this property too.
async fn refused(
    book: &Book,
    operation: &Operation,
    (pointer, name): (&str, &str),
) -> Option<Complaint> {
    let ids = |property: &str| book.id_for(property);
    let (media, schema) = operation.body()?;
    let sampler = Sampler {
        document: &book.document,
        ids: &ids,
        whole: media == "application/json",
    };
    let mut body = match sampler.value(schema, "") {
        Ok(body) => body,
        Err(what) => return Some(operation.complain(CHECK, what)),
    };
    let Some(object) = body.pointer_mut(pointer).and_then(Value::as_object_mut) else {
        return Some(operation.complain(CHECK, format!("body {pointer} is not sampled")));
    };
    object.insert(name.to_owned(), json!("x"));
    let path = match tries::path_of_theirs(book, operation) {
        Ok(path) => path,
        Err(what) => return Some(operation.complain(CHECK, what)),
    };
    let person = book.privileged(operation);
    let request = person.request(operation.method.clone(), &path);
    let answer = send(with_body(request, media, &body)).await;
    let field = answer.body["fields"][0]["field"]
        .as_str()
        .unwrap_or_default();
    let named = field.rsplit('.').next() == Some(name);
    (answer.status.as_u16() != 422 || !named).then(|| {
        let what = format!(
            "body {pointer} with `{name}` is answered {}: {}",
            answer.status, answer.text
        );
        operation.complain(CHECK, what)
    })
}
