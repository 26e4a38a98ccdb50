//! What the journal pages do.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{
    door,
    pages::{EntryPage, EntryRow as Row, JournalPage, journal_list},
    queries::{self, Chapter, Names},
    undoing::Target,
    wording,
};
use crate::{
    api::{Id, List, Paging},
    app::App,
    console::{
        answer::html,
        format,
        frame::{Frame, PageResult},
        table::ListView,
    },
    error::{Error, Result},
    history::list::{Filter, changes, find_visible},
    journal::{
        queries::{ChangeRow, EntryRow},
        reversal::undone_by,
        words,
    },
    scope::Scope,
};

/// Changed rows of one entry that its page reads, and lines it shows.
const LINES: usize = 200;
/// Changed rows, and lines, that the list shows of each entry.
const EXCERPT: usize = 3;

/// `/journal`: search, kind of change, the newest first; `?organization=` narrows it to a branch.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> PageResult {
    let mut view = journal_list(&choices()).read(&pairs);
    let (filter, limit) = filter(&mut view, &pairs)?;
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::chapter(&mut tx, &scope, filter, EXCERPT as i64).await })
    });
    let chapter = read.await?;
    let page = List::page(chapter.entries.clone(), limit, |last| last.id);
    (view.next, view.shown) = (page.next_cursor, page.items.len() as i64);
    let rows = page
        .items
        .iter()
        .map(|entry| listed(entry, &chapter, &frame, app.gate.now()));
    let page = JournalPage {
        rows: rows.collect(),
        shell: frame.shell("Journal", "journal"),
        list: view,
    };
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

pub(super) fn choices() -> Vec<(&'static str, &'static str)> {
    let mut choices = vec![("", "Every kind of change")];
    choices.extend(words::COMMANDS);
    choices
}

pub(super) fn filter(view: &mut ListView, pairs: &[(String, String)]) -> Result<(Filter, i64)> {
    let value = |name: &str| {
        let found = pairs
            .iter()
            .find(|(found, value)| found == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let paging = Paging {
        limit: None,
        cursor: value("cursor"),
    };
    let limit = paging.limit()?;
    let organization = value("organization").and_then(|id| id.parse::<Uuid>().ok());
    view.keep
        .extend(organization.map(|id| ("organization".to_owned(), id.to_string())));
    let filter = Filter {
        keyword: Some(view.q.clone()).filter(|q| !q.is_empty()),
        command: Some(view.chosen("command").to_owned()).filter(|command| !command.is_empty()),
        organization_id: organization,
        undoable: view.chosen("undoable") == "1",
        before: paging.after()?,
        limit: limit + 1,
        ..Filter::default()
    };
    Ok((filter, limit))
}

fn listed(entry: &EntryRow, chapter: &Chapter, frame: &Frame, now: store::Timestamp) -> Row {
    let mine = chapter
        .excerpts
        .iter()
        .filter(|excerpt| excerpt.journal_id == entry.id);
    let rows: Vec<&ChangeRow> = mine.clone().map(|excerpt| &excerpt.change).collect();
    let mut lines: Vec<_> = rows
        .iter()
        .flat_map(|change| wording::lines(change, &chapter.names))
        .collect();
    let number_of = mine.map(|excerpt| excerpt.count).next().unwrap_or_default();
    let mut row = row(entry, &chapter.names, frame);
    row.when = format::ago(entry.at.get(), now.get());
    row.change_count = lines.len() as i64 + number_of - rows.len() as i64;
    lines.truncate(EXCERPT);
    row.changes = lines;
    row
}

fn row(entry: &EntryRow, names: &Names, frame: &Frame) -> Row {
    let scope = &frame.caller.scope;
    let zone = TimeZone::get(&frame.visitor.time_zone).unwrap_or(TimeZone::UTC);
    let organization = names.organization(entry.organization_id);
    let href = entry
        .organization_id
        .map(|id| format!("/organizations/{id}"));
    let exact = format::moment(entry.at.get(), &zone);
    Row {
        id: entry.id.to_string(),
        seq: entry.seq.unwrap_or_default(),
        when: exact.clone(),
        exact,
        who: match names.person(entry.actor_id) {
            erased if erased.is_empty() => "Somebody who left".into(),
            name => name,
        },
        through: wording::through(&entry.origin).into(),
        what: words::what(&entry.command),
        command: entry.command.clone(),
        subject: (organization, href.unwrap_or_default()),
        undoable: entry.undone_by.is_none() && may_undo(entry, scope),
        undone: entry.undone_by.is_some(),
        ..Row::default()
    }
}

/// Whether it is of a kind that can be taken back, by somebody with this reader's rights.
fn may_undo(entry: &EntryRow, scope: &Scope) -> bool {
    let needs = Target::needs(&entry.command);
    needs.is_some_and(|permission| !scope.roots(permission).is_empty())
}

/// `/journal/{id}`.
pub async fn show(State(app): State<App>, frame: Frame, id: Result<Id>) -> PageResult {
    let (Id(id), scope) = (id?, frame.caller.scope.clone());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = find_visible(&mut tx, &scope, id).await?;
            let found = found.ok_or_else(Error::not_found)?;
            let changes = changes(&mut tx, &scope, &found).await?;
            let changed: Vec<Uuid> = changes
                .iter()
                .filter_map(|row| row.organization_id)
                .collect();
            let names = queries::names(&mut tx, std::slice::from_ref(&found), &changed).await?;
            let undid = undone_by(&mut tx, found.id).await?;
            Ok((changes, found, names, undid))
        })
    });
    let (changes, entry, names, undid) = read.await?;
    let mut lines: Vec<_> = changes
        .iter()
        .flat_map(|row| wording::lines(row, &names))
        .collect();
    let mut row = row(&entry, &names, &frame);
    let why_not = why_not(&app, &frame, &row, id).await?;
    row.undoable &= why_not.is_empty();
    row.change_count = lines.len() as i64;
    lines.truncate(LINES);
    let page = EntryPage {
        shell: frame.shell(&row.what, "journal"),
        facts: facts(&entry, &row),
        related: related(&entry, &undid),
        changes: lines,
        why_not,
        row,
    };
    Ok(html(StatusCode::OK, page.render()))
}

/// Why an entry cannot be taken back; nothing where it can, or where nobody would ask.
async fn why_not(app: &App, frame: &Frame, row: &Row, id: Uuid) -> Result<String> {
    if !row.undoable {
        return Ok(String::new());
    }
    Ok(match door::look(app, &frame.caller.scope, id).await?.plan {
        Ok((_, plan)) => door::reasons(&plan).join(" "),
        Err(error) => error.message,
    })
}

fn facts(entry: &EntryRow, row: &Row) -> Vec<(String, String)> {
    let number = match entry.seq {
        Some(seq) => format::number(seq),
        None => "not given yet".into(),
    };
    let mut facts = vec![
        ("Number".to_owned(), number),
        ("When".to_owned(), entry.at.to_string()),
        ("Command".to_owned(), entry.command.clone()),
    ];
    if !row.subject.0.is_empty() {
        facts.push(("Organization".to_owned(), row.subject.0.clone()));
    }
    if let Some(token) = entry.token_id {
        facts.push(("API token".to_owned(), token.to_string()));
    }
    let request = entry.request_id.iter().filter(|id| job_of(id).is_none());
    facts.extend(request.map(|id| ("Request".to_owned(), id.clone())));
    facts
}

/// The entries that take each other back, and the job that made this one.
fn related(entry: &EntryRow, undid: &[Uuid]) -> Vec<(String, String)> {
    let journal = |id: Uuid| format!("/journal/{id}");
    let mut related = Vec::new();
    let first = undid.iter().take(LINES);
    related.extend(first.map(|id| ("Takes this back".to_owned(), journal(*id))));
    related.extend(
        entry
            .undone_by
            .map(|id| ("Was taken back".to_owned(), journal(id))),
    );
    let job = entry.request_id.as_deref().and_then(job_of);
    related.extend(job.map(|id| ("Made by a job".to_owned(), format!("/jobs/{id}"))));
    related
}

fn job_of(request_id: &str) -> Option<Uuid> {
    request_id.strip_prefix("job-")?.parse().ok()
}
