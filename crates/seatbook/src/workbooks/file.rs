//! The file: one row a customer, and a sheet that says what may be edited.

use std::fs::File;

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use jiff::tz::TimeZone;
use tokio::io::AsyncReadExt;

use super::{
    exporting::portion,
    keys::{self, CHANGED, IN_USE, KIND, Key, NAME, REFERENCE, UNITS},
    model::{Line, Workbook, kind_word},
    queries,
};
use crate::{
    app::App,
    console::format,
    error::{Error, Result},
    files::{Cell, Column, ColumnKind, Format, Sheet},
    licenses::pools,
    organizations,
};

/// Rows read at a time.
const PORTION: i64 = 1_000;
/// Bytes sent at a time.
const PIECE: usize = 64 * 1024;

/// What the file says beside its rows.
struct Words {
    sku: String,
    product: String,
    exporter: String,
    zone: TimeZone,
}

/// A workbook as a file to be kept.
pub async fn answer(app: &App, workbook: Workbook) -> Result<Response> {
    let words = words(app, &workbook).await?;
    let day = workbook
        .created_at
        .get()
        .to_zoned(words.zone.clone())
        .date();
    let marked = if workbook.read_only {
        " (read-only)"
    } else {
        ""
    };
    let sku: String = words
        .sku
        .chars()
        .map(|it| match it {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => it,
            _ => '-',
        })
        .collect();
    let name = format!("Customers of {sku} {day}{marked}.xlsx");
    let file = written(app, &workbook, words).await?;
    let length = file.metadata().map_err(Error::internal)?.len();
    let headers = [
        (header::CONTENT_TYPE, Format::Xlsx.media_type().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CONTENT_LENGTH, length.to_string()),
    ];
    Ok((headers, streamed(file)).into_response())
}

async fn words(app: &App, workbook: &Workbook) -> Result<Words> {
    let workbook = workbook.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let pool = pools::find(tx, workbook.pool_id).await?;
            let pool = pool.ok_or_else(Error::not_found)?;
            let holder = organizations::queries::find(tx, workbook.organization_id).await?;
            let holder = holder.ok_or_else(Error::not_found)?;
            Ok(Words {
                sku: pool.sku_code,
                product: pool.product_name,
                exporter: queries::exporter(tx, &workbook)
                    .await?
                    .unwrap_or_else(|| "Seatbook".into()),
                zone: TimeZone::get(&holder.time_zone).unwrap_or(TimeZone::UTC),
            })
        })
    });
    read.await
}

fn columns(workbook: &Workbook) -> Vec<Column> {
    let column = |title: &str, kind, width| Column {
        title: title.into(),
        kind,
        width,
        total: false,
        hidden: false,
    };
    let key = match workbook.read_only {
        true => keys::READ_ONLY.to_owned(),
        false => keys::heading(workbook.id),
    };
    vec![
        column(NAME, ColumnKind::Text, 36),
        column(REFERENCE, ColumnKind::Text, 18),
        column(KIND, ColumnKind::Text, 12),
        column(UNITS, ColumnKind::Number, 12),
        column(IN_USE, ColumnKind::Number, 12),
        column(CHANGED, ColumnKind::Instant, 20),
        Column {
            hidden: true,
            ..column(&key, ColumnKind::Text, 12)
        },
    ]
}

fn cells(workbook: &Workbook, line: &Line, zone: &TimeZone) -> [Cell; 7] {
    let text = |words: &str| Cell::Text(words.to_owned());
    [
        text(&line.name),
        text(line.reference.as_deref().unwrap_or_default()),
        text(kind_word(&line.kind)),
        Cell::Number(line.units),
        Cell::Number(line.in_use),
        Cell::Instant(line.changed_at.get().to_zoned(zone.clone()).datetime()),
        match workbook.read_only {
            true => Cell::Empty,
            false => text(&Key::of(workbook.id, line).write()),
        },
    ]
}

/// Of one that can come back, what is remembered; of a longer one, its customers as they are now.
async fn written(app: &App, workbook: &Workbook, words: Words) -> Result<File> {
    let columns = columns(workbook);
    let mut sheet = Sheet::new(Format::Xlsx, "Customers", &columns)?;
    for line in about(workbook, &words) {
        sheet.note(&line)?;
    }
    let (mut from, mut after) = (None, 0);
    loop {
        let (lines, more) = match workbook.read_only {
            true => {
                let (lines, next) = portion(app, workbook, (from.take(), after)).await?;
                let more = next.is_some();
                from = next;
                (lines, more)
            }
            false => {
                let id = workbook.id;
                let read = app.read(move |mut tx| {
                    Box::pin(async move { queries::lines(&mut tx, id, (after, PORTION)).await })
                });
                let lines = read.await?;
                let more = lines.len() as i64 == PORTION;
                (lines, more)
            }
        };
        after = lines.last().map_or(after, |last| last.number);
        let (of, zone) = (workbook.clone(), words.zone.clone());
        sheet = blocking(move || {
            for line in &lines {
                sheet.row(&cells(&of, line, &zone))?;
            }
            Ok(sheet)
        })
        .await?;
        if !more {
            break;
        }
    }
    blocking(move || sheet.finish()).await
}

/// Writing stays off the threads that serve others.
async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(run)
        .await
        .map_err(Error::internal)?
}

fn about(workbook: &Workbook, words: &Words) -> Vec<String> {
    let Words {
        sku,
        product,
        exporter,
        zone,
    } = words;
    let when = format::moment(workbook.created_at.get(), zone);
    let mut lines = vec![
        format!("Customers of {sku} ({product})"),
        format!(
            "Exported on {when} by {exporter}. Times are those of {}.",
            zone_name(zone)
        ),
    ];
    if let Some(keyword) = &workbook.keyword {
        lines.push(format!(
            "Only customers that “{keyword}” finds are in it; the others are not touched."
        ));
    }
    if workbook.read_only {
        lines.push(format!(
            "Read-only: it has more than {} customers and cannot come back. Narrow the export to edit some of them.",
            format::number(keys::MOST_ROWS)
        ));
        return lines;
    }
    let until = format::date(workbook.expires_at.get().to_zoned(zone.clone()).date());
    lines.extend([
        format!("Edit “{NAME}” and “{UNITS}” of the customers that are there."),
        format!("Add a row for a new customer: “{NAME}” and “{UNITS}”, and “{REFERENCE}” and “{KIND}” if you want. Leave the hidden column empty."),
        "Remove a row to take all units of that customer back. Sort and filter as you like.".into(),
        format!("“{REFERENCE}” and “{KIND}” of the customers that are there stay as they are; “{IN_USE}” and “{CHANGED}” are for your information and are not read."),
        format!("Upload it where you downloaded it, until {until}: you see the difference before anything happens."),
    ]);
    lines
}

fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// A file as it is read, piece by piece.
fn streamed(file: File) -> Body {
    let file = tokio::fs::File::from_std(file);
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece).await?;
        piece.truncate(length);
        let more = (length > 0).then(|| (Bytes::from(piece), file));
        Ok::<_, std::io::Error>(more)
    });
    Body::from_stream(pieces)
}
