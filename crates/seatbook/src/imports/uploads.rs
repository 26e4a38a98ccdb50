//! Files on the wire: read from a form of parts, given back with their result.

use axum::{
    extract::{Multipart, multipart::MultipartError},
    http::{HeaderMap, HeaderName, header},
    response::IntoResponse,
};
use uuid::Uuid;

use super::{
    queries,
    runs::{Upload, content_hash},
};
use crate::{
    app::App,
    error::{Error, Kind, Result},
    files,
    gate::{Caller, Key},
    scope::Permission,
    sheets::{ImportKind, Outcome},
};

/// Rows read at a time for a result file.
const PORTION: i64 = 5_000;

/// Reads the parts of a form with a file.
pub async fn read(caller: &Caller, mut parts: Multipart) -> Result<Upload> {
    let (mut kind, mut organization_id, mut file) = (None, None, None);
    let mut mapping = Default::default();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let (name, file_name) = (
            part.name().unwrap_or_default().to_owned(),
            part.file_name().map(str::to_owned),
        );
        let bytes = part.bytes().await.map_err(unreadable)?;
        let text = || String::from_utf8_lossy(&bytes).trim().to_owned();
        match name.as_str() {
            "file" => file = Some((file_name.unwrap_or_default(), bytes.to_vec())),
            "kind" => kind = Some(read_kind(&text())?),
            "organization_id" if text().is_empty() => {}
            "organization_id" => {
                let id: Uuid = text().parse().map_err(|_| Error::not_found())?;
                organization_id = Some(id);
            }
            "mapping" => {
                mapping = serde_json::from_str(&text()).map_err(|_| {
                    let message = "Write the mapping as a JSON object of fields and headings.";
                    Error::invalid("mapping", "field.invalid", message)
                })?;
            }
            // A form of the console carries what makes sending it twice one request.
            crate::console::form::KEY_FIELD => {}
            _ => {
                return Err(Error::invalid(
                    name,
                    "field.unknown",
                    "There is no such part.",
                ));
            }
        }
    }
    let roots = caller.scope.require(Permission::ImportsRun)?;
    let required =
        |name: &str, what: &str| Error::invalid(name, "required", format!("Please give {what}."));
    let (file_name, bytes) = file
        .filter(|(_, bytes)| !bytes.is_empty())
        .ok_or_else(|| required("file", "a file"))?;
    Ok(Upload {
        kind: kind.ok_or_else(|| required("kind", "what is in the file"))?,
        organization_id: organization_id
            .or(roots.first().copied())
            .ok_or_else(Error::not_found)?,
        file_name,
        bytes,
        mapping,
    })
}

fn read_kind(word: &str) -> Result<ImportKind> {
    ImportKind::parse(word).ok_or_else(|| {
        let known: Vec<&str> = ImportKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let message = format!(
            "“{word}” cannot be imported; known are {}.",
            known.join(", ")
        );
        Error::invalid("kind", "kind.unknown", message)
    })
}

fn unreadable(error: MultipartError) -> Error {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::new(
            Kind::TooLarge,
            "file.too_large",
            "A file has at most 32 MiB.",
        );
    }
    let message = "The form cannot be read; it may have been cut off.";
    Error::new(Kind::Malformed, "body.malformed", message)
}

/// What makes sending the same file twice one request, where the client says so.
pub fn key(headers: &HeaderMap, upload: &Upload) -> Result<Key> {
    let Some(word) = headers.get("idempotency-key") else {
        return Key::mint();
    };
    let (mapping, hash) = (
        serde_json::to_vec(&upload.mapping)?,
        content_hash(&upload.bytes),
    );
    let parts: [&[u8]; 4] = [
        upload.kind.as_str().as_bytes(),
        upload.organization_id.as_bytes(),
        hash.as_bytes(),
        &mapping,
    ];
    Key::given(word.to_str().unwrap_or_default(), &parts)
}

/// The name and content of an import's result: the rows as they were sent, and what became of each.
pub async fn result_file(app: &App, caller: &Caller, id: Uuid) -> Result<(String, Vec<u8>)> {
    let scope = caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find_visible(&mut tx, &scope, id)
                .await?
                .ok_or_else(Error::not_found)?;
            let (mut rows, mut after) = (Vec::new(), 0);
            loop {
                let portion = queries::rows(&mut tx, id, None, (after, PORTION)).await?;
                let Some(last) = portion.last() else { break };
                after = last.number;
                rows.extend(portion);
            }
            Ok((found, rows))
        })
    });
    let (import, rows) = read.await?;
    let width = import.headings.len();
    let mut heading = import.headings.clone();
    heading.extend(["Seatbook result".to_owned(), "Seatbook remarks".to_owned()]);
    let lines = rows.into_iter().map(|row| {
        let mut cells: Vec<String> = row
            .cells
            .iter()
            .map(|cell| files::unguard(cell).to_owned())
            .collect();
        cells.resize(width.max(cells.len()), String::new());
        cells.push(row.outcome.map_or("", Outcome::as_str).to_owned());
        let remarks = row.remarks.iter().map(|remark| match &remark.column {
            Some(column) => format!("{column}: {}", remark.message),
            None => remark.message.clone(),
        });
        cells.push(remarks.collect::<Vec<_>>().join(" "));
        cells
    });
    let separator = import.separator.bytes().next().unwrap_or(b',');
    let bytes = files::write_csv(std::iter::once(heading).chain(lines), separator)?;
    Ok((format!("import-{id}-result.csv"), bytes))
}

/// A file to start from: the headings of a kind, ready to be filled below.
pub fn sample(kind: &str) -> Result<impl IntoResponse + use<>> {
    let kind = ImportKind::parse(kind).ok_or_else(Error::not_found)?;
    let headings = kind.fields().iter().map(|field| field.label.to_owned());
    let bytes = files::write_csv([headings.collect::<Vec<_>>()], b',')?;
    Ok((
        attachment(&format!("seatbook-{}.csv", kind.as_str())),
        bytes,
    ))
}

/// The headers of a CSV file to be kept, under a name that this server made.
pub fn attachment(name: &str) -> [(HeaderName, String); 2] {
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ]
}
