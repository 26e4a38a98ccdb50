//! The pages of a statement: sending one, its columns and rows, taking it away.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Multipart, RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    api::visible,
    commands::{MapStatement, RemoveStatement},
    matching::FIELDS,
    model::{Month, Statement, StatementRow},
    queries, uploads,
};
use crate::{
    api::{Cursor, Id},
    app::App,
    console::{
        answer::{go, html, part_or_page},
        fields::{Choice, Field, above, filled},
        form::{Form, pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        layout::Shell,
        pages::Confirm,
        table::{Column, Filter, ListView},
    },
    error::{Error, Result},
    gate::Key,
};

/// Rows of a file on one page.
const PAGE: i64 = 100;

/// `/statements/new`: which month, which file.
#[derive(Template)]
#[template(path = "statements/new.html")]
pub struct NewStatementPage {
    shell: Shell,
    months: Vec<(String, String, bool)>,
    back: String,
    error: Option<String>,
}

/// `/statements/{id}`: which column is which, and what each row is about.
#[derive(Template)]
#[template(path = "statements/show.html", blocks = ["rows"])]
pub struct StatementPage {
    shell: Shell,
    it: Statement,
    month: String,
    fields: Vec<Field>,
    list: ListView,
    rows: Vec<StatementRow>,
    /// Amounts can be seen, and are in the file.
    priced: bool,
    error: Option<String>,
}

/// `/statements/new`.
pub async fn form(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let page = new_page(&app, &frame, (value(&pairs, "month"), None)).await?;
    Ok(html(StatusCode::OK, page.render()))
}

async fn new_page(
    app: &App,
    frame: &Frame,
    (chosen, refused): (&str, Option<&Error>),
) -> Result<NewStatementPage> {
    let whose = frame.visitor.organization_id;
    let today = uploads::today_of(app, &frame.caller, whose).await?;
    let chosen = match Month::read(chosen, today) {
        Ok(month) => month,
        Err(_) => Month::of(today).back(1),
    };
    let months = Month::choices(today).into_iter();
    let months = months.map(|month| (month.to_string(), month.label(), month == chosen));
    Ok(NewStatementPage {
        shell: frame.shell("Distributor's statement", "reconciliation"),
        months: months.collect(),
        back: format!("/reconciliation?month={chosen}"),
        error: refused.map(Error::in_a_line),
    })
}

/// Takes a file in.
pub async fn upload(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
    parts: Multipart,
) -> PageResult {
    let done = match uploads::read(&frame.caller, parts).await {
        Ok(upload) => {
            let upload = upload.of(frame.visitor.organization_id);
            uploads::run(&app, &frame.caller, Key::mint()?, upload).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(made) => Ok(go(frame.fragment, &format!("/statements/{}", made.id))),
        Err(error) if error.is_refusal() => {
            let pairs = pairs(query.as_deref());
            let asked = (value(&pairs, "month"), Some(&error));
            let page = new_page(&app, &frame, asked).await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/statements/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let page = page(&app, &frame, (id, query.as_deref()), None).await?;
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_rows().render(),
        || page.render(),
    ))
}

/// What was sent, and why it was refused.
type Refusal<'a> = (&'a [(String, String)], &'a Error);

async fn page(
    app: &App,
    frame: &Frame,
    (id, query): (Uuid, Option<&str>),
    refused: Option<Refusal<'_>>,
) -> Result<StatementPage> {
    let it = visible(app, &frame.caller, id).await?;
    let pairs = pairs(query);
    let mut list = row_list(&it).read(&pairs);
    let matched = matched(list.chosen("show"));
    let after = Cursor::read::<i64>(value(&pairs, "cursor")).unwrap_or_default();
    let priced = queries::is_priced(&frame.caller.scope, it.organization_id);
    let asked = it.clone();
    let read = app.read(move |mut tx| {
        let at = (after, PAGE + 1);
        Box::pin(async move { queries::rows(&mut tx, &asked, (matched, priced), at).await })
    });
    let found = crate::api::List::page(read.await?, PAGE, |last| last.number);
    list.shown = i64::try_from(found.items.len()).unwrap_or(i64::MAX);
    (list.more, list.next) = (found.next_cursor.is_some(), found.next_cursor);
    let (given, error) = refused.unzip();
    let fields = filled(column_fields(&it), given.unwrap_or_default(), error);
    Ok(StatementPage {
        shell: frame.shell(it.file_name.clone(), "reconciliation"),
        month: it.month.label(),
        error: above(&fields, error),
        fields,
        priced: priced && it.mapping.contains_key("amount"),
        rows: found.items,
        list,
        it,
    })
}

/// Which rows a word of the address asks for; all, where it is none.
pub(super) fn matched(word: &str) -> Option<bool> {
    match word {
        "matched" => Some(true),
        "unmatched" => Some(false),
        _ => None,
    }
}

/// A select for each field, over the columns of the file.
fn column_fields(it: &Statement) -> Vec<Field> {
    let mut choices = vec![Choice {
        value: String::new(),
        label: "Not in the file".into(),
    }];
    choices.extend(it.headings.iter().map(|heading| Choice {
        value: heading.clone(),
        label: heading.clone(),
    }));
    let select = |field: &crate::rows::sheet::Field| {
        let place = it.mapping.get(field.name);
        let chosen = place.and_then(|place| it.headings.get(*place));
        Field {
            choices: choices.clone(),
            required: field.required,
            ..Field::select(&format!("mapping.{}", field.name), field.label, &[])
                .value(chosen.cloned().unwrap_or_default())
                .hint(field.hint)
        }
    };
    FIELDS.iter().map(select).collect()
}

/// The list's columns, filters and words.
fn row_list(it: &Statement) -> ListView {
    let columns = [
        ("number", "Line", true),
        ("customer", "Customer", false),
        ("product", "Product", false),
        ("quantity", "Units", true),
        ("result", "What it is about", false),
    ];
    let column = |(key, label, numeric)| Column {
        numeric,
        ..Column::fixed(key, label).unsorted()
    };
    let states = [
        ("", "All"),
        ("unmatched", "Match nothing"),
        ("matched", "Matched"),
    ];
    let mut filter = Filter::new("tabs", "show", "Rows", &states);
    for (option, count) in filter
        .options
        .iter_mut()
        .zip([it.row_count, it.unmatched(), it.matched])
    {
        option.count = Some(count);
    }
    ListView {
        path: format!("/statements/{}", it.id),
        export: format!("/exports?list=statement_rows&of={}", it.id),
        noun: ("row", "rows"),
        columns: columns.map(column).to_vec(),
        filters: vec![filter],
        ..ListView::default()
    }
}

/// Takes the columns, and looks for customers and products anew.
pub async fn map(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let named = form.pairs.iter().filter_map(|(name, heading)| {
        let field = name.strip_prefix("mapping.")?;
        (!heading.is_empty()).then(|| (field.to_owned(), heading.clone()))
    });
    let command = MapStatement {
        id,
        version: form.parse("version", "a version")?,
        mapping: named.collect::<BTreeMap<_, _>>(),
    };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/statements/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = page(
                &app,
                &frame,
                (id, None),
                Some((form.pairs.as_slice(), &error)),
            )
            .await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/statements/{id}/remove`: whether it shall go.
pub async fn confirm_removal(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = removing(&app, &frame, id, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Takes it away.
pub async fn remove(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let command = RemoveStatement { id, version: None };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    match done {
        Ok(done) => {
            let place = format!("/reconciliation?month={}", done.outcome.month);
            Ok(go(frame.fragment, &place))
        }
        Err(error) if error.is_refusal() => {
            let page = removing(&app, &frame, id, Some(error)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn removing(app: &App, frame: &Frame, id: Uuid, refused: Option<Error>) -> Result<Confirm> {
    let it = visible(app, &frame.caller, id).await?;
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let uploaded = format::ago(it.created_at.get(), moment.now.get());
    Ok(Confirm {
        shell: frame.shell("Take the statement away", "reconciliation"),
        title: "Take this statement away?".into(),
        lead: "Its rows go with it. Nothing else changes; it can be uploaded again.".into(),
        facts: vec![
            ("File".into(), it.file_name.clone()),
            ("Month".into(), it.month.label()),
            ("Rows".into(), format::number(it.row_count)),
            ("Uploaded".into(), uploaded),
        ],
        warnings: vec![],
        fields: vec![],
        tone: "warn",
        allowed: true,
        action: format!("/statements/{id}/remove"),
        label: "Take away".into(),
        back: format!("/statements/{id}"),
        back_label: it.file_name,
        error: refused.map(|error| error.message),
    })
}
