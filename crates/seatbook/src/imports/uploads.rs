//! Files on the wire: read from a form of parts, given back with their result.

use std::collections::BTreeMap;

use axum::{
    extract::{
        Multipart,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, HeaderName, header},
    response::IntoResponse,
};
use uuid::Uuid;

use super::{
    model::ImportRow,
    queries,
    runs::{self, Upload},
};
use crate::{
    api::{with_zero_byte, zero_byte},
    app::App,
    console::form::KEY_FIELD,
    error::{Error, Kind, Result},
    files::{self, Format, Incoming},
    gate::{Caller, Key},
    scope::Permission,
    sheets::{ImportKind, Outcome},
};

/// Rows read at a time for a result file.
const PORTION: i64 = 1_000;

/// What a form with a file brought.
#[derive(Debug, Default)]
pub struct Parts {
    /// The file, and what it was called.
    pub file: Option<(String, Incoming)>,
    /// The other parts, by name, in their order.
    pub words: Vec<(String, String)>,
}

impl Parts {
    /// Reads a form: its file as it comes, never as a whole.
    pub async fn read(mut form: Multipart) -> Result<Parts> {
        let mut parts = Parts::default();
        while let Some(part) = form.next_field().await.map_err(unreadable)? {
            let name = part.name().unwrap_or_default().to_owned();
            if name == "file" {
                let file_name = part.file_name().unwrap_or_default().to_owned();
                parts.file = Some((file_name, arriving(part).await?));
                continue;
            }
            let bytes = words(part).await?;
            if bytes.contains(&0) {
                return Err(zero_byte(name));
            }
            let text = String::from_utf8_lossy(&bytes).trim().to_owned();
            // A form of the console carries what makes sending it twice one request.
            if name != KEY_FIELD {
                parts.words.push((name, text));
            }
        }
        Ok(parts)
    }
}

/// What a part is told whose name nobody knows.
pub fn unknown_part(name: &str) -> Error {
    Error::invalid(name, "field.unknown", "There is no such part.")
}

/// Reads a file, and what is to be done with it.
pub async fn read(caller: &Caller, form: Multipart) -> Result<Upload> {
    let roots = caller.scope.require(Permission::ImportsRun)?;
    let Parts { file, words } = Parts::read(form).await?;
    let (mut kind, mut organization_id) = (None, None);
    let mut mapping = Default::default();
    for (name, text) in &words {
        match name.as_str() {
            "kind" => kind = Some(read_kind(text)?),
            "organization_id" if text.is_empty() => {}
            "organization_id" => {
                let id: Uuid = text.parse().map_err(|_| Error::not_found())?;
                organization_id = Some(id);
            }
            "mapping" => mapping = said(text)?,
            _ => return Err(unknown_part(name)),
        }
    }
    let required =
        |name: &str, what: &str| Error::invalid(name, "required", format!("Please give {what}."));
    let (file_name, file) = file
        .filter(|(_, file)| !file.is_empty())
        .ok_or_else(|| required("file", "a file"))?;
    Ok(Upload {
        kind: kind.ok_or_else(|| required("kind", "what is in the file"))?,
        organization_id: organization_id
            .or(roots.first().copied())
            .ok_or_else(Error::not_found)?,
        file_name,
        file,
        mapping,
    })
}

/// The headings of columns by the names of fields, as a form says them.
pub fn said(text: &str) -> Result<BTreeMap<String, String>> {
    if with_zero_byte(text.as_bytes()).is_some() {
        return Err(zero_byte("mapping"));
    }
    serde_json::from_str(text).map_err(|_| {
        let message = "Write the mapping as a JSON object of fields and headings.";
        Error::invalid("mapping", "field.invalid", message)
    })
}

async fn arriving(mut part: Field<'_>) -> Result<Incoming> {
    let mut file = Incoming::new()?;
    while let Some(portion) = part.chunk().await.map_err(unreadable)? {
        file.write(&portion).await?;
    }
    Ok(file)
}

/// Takes a part that is no file: a few words.
async fn words(mut part: Field<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(portion) = part.chunk().await.map_err(unreadable)? {
        bytes.extend_from_slice(&portion);
        if bytes.len() > MAX_WORDS_BYTES {
            let message = "A part of the form that is no file has at most 64 KiB.";
            return Err(Error::new(Kind::TooLarge, "body.too_large", message));
        }
    }
    Ok(bytes)
}

/// The longest part that is no file.
const MAX_WORDS_BYTES: usize = 64 * 1024;

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

/// Why a form of parts cannot be read.
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
    let mapping = serde_json::to_vec(&upload.mapping)?;
    let parts: [&[u8]; 4] = [
        upload.kind.as_str().as_bytes(),
        upload.organization_id.as_bytes(),
        &upload.file.digest(),
        &mapping,
    ];
    Key::given(word.to_str().unwrap_or_default(), &parts)
}

/// An import's result: the rows as they were sent, and what became of each; in the format in which they were sent,
/// unless another is asked for.
pub async fn result_file(
    app: &App,
    caller: &Caller,
    id: Uuid,
    format: Format,
) -> Result<impl IntoResponse + use<>> {
    let import = runs::visible(app, caller, id).await?;
    let mut heading = import.headings.clone();
    let width = heading.len();
    heading.extend(["Seatbook result".to_owned(), "Seatbook remarks".to_owned()]);
    let separator = import
        .separator
        .as_deref()
        .and_then(|mark| mark.bytes().next());
    let mut writer = match format {
        Format::Csv => files::Writer::csv(separator.unwrap_or(b',')),
        Format::Xlsx => files::Writer::workbook("Result", heading.len())?,
    };
    writer.row(&heading)?;
    let mut after = 0;
    loop {
        let read = app.read(move |mut tx| {
            Box::pin(async move { queries::rows(&mut tx, id, None, (after, PORTION)).await })
        });
        let rows = read.await?;
        let Some(last) = rows.last() else { break };
        after = last.number;
        writer = runs::blocking(move || {
            for row in rows {
                writer.row(&result_row(row, width))?;
            }
            Ok(writer)
        })
        .await?;
    }
    let bytes = runs::blocking(move || writer.finish()).await?;
    let name = format!("import-{id}-result.{}", format.as_str());
    Ok((attachment(&name, format), bytes))
}

fn result_row(row: ImportRow, width: usize) -> Vec<String> {
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
}

/// A file to start from: the headings of a kind, ready to be filled below. `catalog.xlsx` is a workbook, `catalog` or
/// `catalog.csv` is CSV.
pub fn sample(name: &str) -> Result<impl IntoResponse + use<>> {
    let (kind, ending) = name.split_once('.').unwrap_or((name, "csv"));
    let kind = ImportKind::parse(kind).filter(|kind| kind.has_sample());
    let kind = kind.ok_or_else(Error::not_found)?;
    let format = Format::parse(ending).ok_or_else(Error::not_found)?;
    let headings = kind.sample();
    let mut writer = files::Writer::new(format, kind.label(), headings.len())?;
    writer.row(&headings)?;
    let name = format!("seatbook-{}.{}", kind.as_str(), format.as_str());
    Ok((attachment(&name, format), writer.finish()?))
}

/// The headers of a file to be kept, under a name that this server made.
pub fn attachment(name: &str, format: Format) -> [(HeaderName, String); 2] {
    [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ]
}
