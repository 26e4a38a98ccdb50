//! What is tried at one operation, and what must come of it.

use reqwest::{Method, header};
use seatbook::access::tokens;
use serde_json::Value;
use uuid::Uuid;

use super::{Complaint, book::Book, operation::Operation, sample::Sampler};
use crate::harness::{Answer, Person, random_id, send};

/// Whose ids a request names.
#[derive(Clone, Copy)]
enum Whose {
    /// Those of the book's things.
    Theirs,
    /// One that nobody has.
    Random(Uuid),
}

/// Tries everything; says what is wrong.
pub async fn of(book: &Book, operation: &Operation) -> Vec<Complaint> {
    let known = request(book, operation, &book.operator, Whose::Theirs);
    if let Err(what) = known {
        return vec![operation.complain("fixture", what)];
    }
    let mut complaints = Vec::new();
    complaints.extend(real(book, operation).await);
    complaints.extend(nobody(book, operation).await);
    complaints.extend(hidden(book, operation).await);
    complaints.extend(low(book, operation).await);
    complaints
}

/// Whoever may finds what the request names: only then is a stranger's 404 a hidden thing. A write is
/// previewed; one that has no preview is not tried.
async fn real(book: &Book, operation: &Operation) -> Option<Complaint> {
    if operation.method != Method::GET && !operation.has_preview() {
        return None;
    }
    let answer = ask(
        book,
        operation,
        book.privileged(operation),
        Whose::Theirs,
        true,
    )
    .await;
    let status = answer.status.as_u16();
    let wrong = match operation.method {
        Method::GET => status != 200,
        _ => [401, 403, 404, 405, 500].contains(&status),
    };
    wrong.then(|| {
        let what = format!(
            "whoever may is answered {status}, so nothing is proven: {}",
            answer.text
        );
        operation.complain("real", what)
    })
}

/// What whoever may is answered; of a write, by its preview.
pub async fn shown(book: &Book, operation: &Operation) -> Answer {
    ask(
        book,
        operation,
        book.privileged(operation),
        Whose::Theirs,
        operation.has_preview(),
    )
    .await
}

/// What is answered to a request without a credential.
pub async fn as_nobody(book: &Book, operation: &Operation) -> Answer {
    ask(book, operation, &book.nobody, Whose::Theirs, false).await
}

/// Its path to the book's things.
pub fn path_of_theirs(book: &Book, operation: &Operation) -> Result<String, String> {
    path(book, operation, Whose::Theirs)
}

/// Without a credential, and with ones that lead nowhere.
async fn nobody(book: &Book, operation: &Operation) -> Vec<Complaint> {
    if operation.schema["security"]
        .as_array()
        .is_some_and(Vec::is_empty)
    {
        return vec![];
    }
    let unknown = tokens::draw().expect("random").0;
    let mut complaints = Vec::new();
    for credential in [
        None,
        Some("Bearer sb_nonsense".to_owned()),
        Some("Basic b2xnYTpwdw==".into()),
        Some(format!("Bearer {unknown}")),
    ] {
        let request =
            request(book, operation, &book.nobody, Whose::Theirs).expect("it was made before");
        let request = match &credential {
            Some(credential) => request.header(header::AUTHORIZATION, credential),
            None => request,
        };
        let answer = send(request).await;
        if answer.status.as_u16() != 401 || !answer.headers.contains_key(header::WWW_AUTHENTICATE) {
            let what = format!(
                "{credential:?} is answered {}: {}",
                answer.status, answer.text
            );
            complaints.push(operation.complain("nobody", what));
        }
    }
    complaints
}

/// A foreign administrator is told the same of a thing that is there as of one that is not.
async fn hidden(book: &Book, operation: &Operation) -> Vec<Complaint> {
    let theirs = ask(book, operation, &book.foreign, Whose::Theirs, false).await;
    let random = ask(
        book,
        operation,
        &book.foreign,
        Whose::Random(random_id()),
        false,
    )
    .await;
    let mut complaints = Vec::new();
    let mut complain = |what: String| complaints.push(operation.complain("hidden", what));
    let status = theirs.status.as_u16();
    if let Some(secret) = book.gives_away(&theirs.text) {
        complain(format!("a foreign administrator is told {secret}"));
    }
    if plain(&theirs) != plain(&random) && !operation.is_shared() {
        complain(format!(
            "theirs: {} {}\n    random: {} {}",
            status,
            theirs.text,
            random.status.as_u16(),
            random.text
        ));
    }
    let has_id = operation.path.contains('{') && operation.word().is_none();
    let expected: &[u16] = match (operation.method == Method::GET, operation.is_shared()) {
        (true, true) => &[200],
        (false, true) => &[403],
        (true, false) if !has_id => &[200, 403, 404],
        (_, false) if has_id => &[404],
        (_, false) => &[403, 404],
    };
    if !expected.contains(&status) {
        complain(format!(
            "a foreign administrator is answered {status}, not one of {expected:?}: {}",
            theirs.text
        ));
    }
    complaints
}

/// Who sees a thing and may not do this to it is told so; a token does nothing that it was not given.
async fn low(book: &Book, operation: &Operation) -> Vec<Complaint> {
    let is_read = operation.is_read();
    let mut complaints = Vec::new();
    for (check, person) in [("reader", &book.reader), ("token", &book.token)] {
        if is_read && check == "reader" {
            continue;
        }
        let answer = ask(book, operation, person, Whose::Theirs, false).await;
        let unseen = is_read || !sees(book, operation, person).await;
        let expected: &[u16] = if unseen { &[403, 404] } else { &[403] };
        let status = answer.status.as_u16();
        if !expected.contains(&status) {
            let what = format!(
                "answered {status}, not one of {expected:?}: {}",
                answer.text
            );
            complaints.push(operation.complain(check, what));
        }
    }
    complaints
}

/// Whether somebody can see the thing that an operation is about.
async fn sees(book: &Book, operation: &Operation, person: &Person) -> bool {
    let Some(end) = operation.path.find('}') else {
        return true;
    };
    let shown = &operation.path[..=end];
    if !book.document["paths"][shown]["get"].is_object() {
        return !operation.is_personal();
    }
    let show = Operation {
        method: Method::GET,
        path: shown.to_owned(),
        schema: book.document["paths"][shown]["get"].clone(),
        ..operation.clone()
    };
    let answer = ask(book, &show, person, Whose::Theirs, false).await;
    answer.status.as_u16() == 200
}

/// All that a client can tell two answers apart by, but the number of the request.
pub fn plain(answer: &Answer) -> (u16, Vec<(String, Vec<u8>)>, &str) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    headers.retain(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    headers.sort();
    (answer.status.as_u16(), headers, &answer.text)
}

async fn ask(
    book: &Book,
    operation: &Operation,
    person: &Person,
    whose: Whose,
    preview: bool,
) -> Answer {
    let mut request = request(book, operation, person, whose).expect("it was made before");
    if preview && operation.method != Method::GET {
        request = request.query(&[("preview", "true")]);
    }
    send(request).await
}

/// The operation as a request that fits its schema.
fn request(
    book: &Book,
    operation: &Operation,
    person: &Person,
    whose: Whose,
) -> Result<reqwest::RequestBuilder, String> {
    let ids = |property: &str| match (whose, book.id_for(property)) {
        (Whose::Random(id), Ok(_)) => Ok(id),
        (_, known) => known,
    };
    let sampler = Sampler {
        document: &book.document,
        ids: &ids,
        whole: false,
    };
    let path = path(book, operation, whose)?;
    let mut request = person.request(operation.method.clone(), &path);
    for parameter in operation.parameters() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let wanted = parameter["required"] == true || sampler.holds_ids(&parameter["schema"], 0);
        if parameter["in"] == "query" && wanted {
            let value = sampler.value(&parameter["schema"], name)?;
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            request = request.query(&[(name, text)]);
        }
    }
    Ok(match operation.body() {
        None => request,
        Some((media, schema)) => with_body(request, media, &sampler.value(schema, "")?),
    })
}

/// Puts a body on a request, as its media type is written.
pub fn with_body(
    request: reqwest::RequestBuilder,
    media: &str,
    body: &Value,
) -> reqwest::RequestBuilder {
    match media {
        "application/json" => request.json(body),
        "multipart/form-data" => {
            let mut form = reqwest::multipart::Form::new();
            for (name, field) in body.as_object().into_iter().flatten() {
                let text = field
                    .as_str()
                    .map_or_else(|| field.to_string(), str::to_owned);
                let part = reqwest::multipart::Part::text(text);
                let part = if name == "file" {
                    part.file_name("sample.csv")
                } else {
                    part
                };
                form = form.part(name.clone(), part);
            }
            request.multipart(form)
        }
        other => request
            .header(header::CONTENT_TYPE, other)
            .body("name\nSample\n"),
    }
}

/// The path with its ids: each belongs to the segment before it.
fn path(book: &Book, operation: &Operation, whose: Whose) -> Result<String, String> {
    let mut path = Vec::new();
    let mut before = "";
    for segment in operation.path.split('/') {
        path.push(match (segment.starts_with('{'), operation.word(), whose) {
            (false, ..) => segment.to_owned(),
            (true, Some(word), _) => word.to_owned(),
            (true, None, Whose::Theirs) => book.thing(before)?.to_string(),
            (true, None, Whose::Random(id)) => id.to_string(),
        });
        before = segment;
    }
    Ok(path.join("/"))
}
