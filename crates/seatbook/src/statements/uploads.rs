//! A statement on its way in: read from a form of parts, understood, written down.

use std::collections::BTreeMap;

use axum::{extract::Multipart, http::HeaderMap};
use jiff::civil::Date;
use uuid::Uuid;

use super::{
    commands::{MOST_ROWS, UploadStatement},
    matching::FIELDS,
    model::{Month, Statement},
    queries::kept,
};
use crate::{
    app::App,
    console::format::Moment,
    error::{Error, Result},
    files::Incoming,
    gate::{Caller, Key},
    imports::uploads::{Parts, said, unknown_part},
    organizations,
    rows::sheet::{guess, named, shown_name},
    scope::{self, Permission},
};

/// A file as it arrived, and what was said of it.
#[derive(Debug)]
pub struct Upload {
    organization_id: Uuid,
    month: String,
    file: Option<(String, Incoming)>,
    mapping: Option<String>,
}

impl Upload {
    /// The same for this organization: that one whose pages somebody looks at.
    pub fn of(self, organization_id: Uuid) -> Upload {
        Upload {
            organization_id,
            ..self
        }
    }
}

/// Reads the parts of a form with a file. What they say is judged later, for who may.
pub async fn read(caller: &Caller, form: Multipart) -> Result<Upload> {
    let roots = caller.scope.require(Permission::ImportsRun)?;
    let Parts { file, words } = Parts::read(form).await?;
    let mut upload = Upload {
        organization_id: roots.first().copied().unwrap_or_default(),
        month: String::new(),
        file,
        mapping: None,
    };
    for (name, text) in words {
        match name.as_str() {
            "organization_id" if text.is_empty() => {}
            "organization_id" => {
                upload.organization_id = text.parse().map_err(|_| Error::not_found())?;
            }
            "month" => upload.month = text,
            "mapping" => upload.mapping = Some(text).filter(|text| !text.is_empty()),
            _ => return Err(unknown_part(&name)),
        }
    }
    Ok(upload)
}

/// What makes sending the same file twice one request, where the client says so.
pub fn key(headers: &HeaderMap, upload: &Upload) -> Result<Key> {
    let Some(word) = headers.get("idempotency-key") else {
        return Key::mint();
    };
    let digest = upload.file.as_ref().map(|(_, file)| file.digest());
    let parts: [&[u8]; 4] = [
        upload.organization_id.as_bytes(),
        upload.month.as_bytes(),
        &digest.unwrap_or_default(),
        upload.mapping.as_deref().unwrap_or_default().as_bytes(),
    ];
    Key::given(word.to_str().unwrap_or_default(), &parts)
}

/// Reads the file and finds the customer and the product of every row, where the columns are known.
pub async fn run(app: &App, caller: &Caller, key: Key, upload: Upload) -> Result<Statement> {
    let organization_id = upload.organization_id;
    let today = today_of(app, caller, organization_id).await?;
    let month = Month::read(&upload.month, today)?;
    let said = match &upload.mapping {
        Some(text) => said(text)?,
        None => BTreeMap::new(),
    };
    let (file_name, file) = upload
        .file
        .filter(|(_, file)| !file.is_empty())
        .ok_or_else(|| Error::invalid("file", "required", "Please give a file."))?;
    let table = app.reader.read(file).await?;
    let mut mapping = guess(FIELDS, &table.headings);
    mapping.extend(named(&said, &table.headings)?);
    let command = UploadStatement {
        organization_id,
        month,
        file_name: shown_name(&file_name),
        headings: table.headings,
        mapping,
        // One more than there may be: that is refused.
        rows: table.rows.take(MOST_ROWS + 1).map(kept).collect(),
    };
    Ok(app.gate.submit(caller, key, command).await?.outcome)
}

/// The day it is at an organization where the caller may import files; 404 elsewhere.
pub async fn today_of(app: &App, caller: &Caller, organization_id: Uuid) -> Result<Date> {
    let scope = caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            scope::queries::check_visible(tx, &scope, Permission::ImportsRun, organization_id)
                .await?;
            organizations::queries::find(tx, organization_id).await
        })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(Moment::new(app.gate.now(), &found.time_zone).today)
}
