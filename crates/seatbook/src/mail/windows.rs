//! What the pages of the Outbox do.

use askama::Template;
use axum::{
    extract::{Path, Query, State as Held, rejection::PathRejection},
    http::StatusCode,
};
use jiff::tz::TimeZone;
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    commands::SendMail,
    letter,
    model::{Mail, Opened, State},
    pages::{MailPage, MailRow, MailsPage, download, mail_list, sandboxed},
    queries,
};
use crate::{
    api::{Id, List, Paging},
    app::App,
    console::{
        answer::{go, html},
        badges,
        form::{Form, value},
        format,
        frame::{Frame, PageResult},
        table::ListView,
    },
    error::{Error, Result},
    files::ColumnKind,
    listings::{Field, Found, Lines, Listing, PORTION, Reader, shown, table, text},
    scope::Permission,
};

/// `/mails`: search, one filter, the newest first.
pub async fn list(
    Held(app): Held<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> PageResult {
    let mut view = mail_list().read(&pairs);
    let (filter, limit) = filter(&view, &pairs)?;
    let scope = frame.caller.scope.clone();
    let read = app
        .read(move |mut tx| Box::pin(async move { queries::list(&mut tx, &scope, &filter).await }));
    let page = List::page(read.await?, limit, |last| last.id);
    (view.next, view.shown) = (page.next_cursor, page.items.len() as i64);
    let now = app.gate.now();
    let page = MailsPage {
        shell: frame.shell("Outbox", "mails"),
        rows: page.items.iter().map(|mail| row(mail, now)).collect(),
        list: view,
        sends: app.gate.sends_mail(),
    };
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

fn filter(view: &ListView, pairs: &[(String, String)]) -> Result<(queries::Filter, i64)> {
    let cursor = Some(value(pairs, "cursor").to_owned()).filter(|cursor| !cursor.is_empty());
    let paging = Paging::of(None, cursor);
    let states: &[State] = match view.chosen("state") {
        "kept" => &[State::Kept],
        "waiting" => &[State::Queued, State::Sending],
        "sent" => &[State::Sent],
        "failed" => &[State::Failed],
        _ => &[],
    };
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: Some(view.q.clone()).filter(|q| !q.is_empty()),
        states: states.to_vec(),
        before: paging.after()?,
        limit: limit + 1,
        ..queries::Filter::default()
    };
    Ok((filter, limit))
}

fn row(mail: &Mail, now: Timestamp) -> MailRow {
    let named = !mail.to_name.is_empty();
    MailRow {
        id: mail.id.to_string(),
        subject: mail.subject.clone(),
        to: match named {
            true => mail.to_name.clone(),
            false => mail.to_address.clone(),
        },
        address: match named {
            true => mail.to_address.clone(),
            false => String::new(),
        },
        kind: kind(&mail.kind),
        written: format::ago(mail.created_at.get(), now.get()),
        status: badges::mail(mail.state.as_str()),
        reason: match mail.state {
            State::Sent => String::new(),
            _ => mail.answer.clone(),
        },
    }
}

/// "Expiry notice" for `expiry_notice`.
fn kind(word: &str) -> String {
    let words = word.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `/mails/{id}`.
pub async fn show(Held(app): Held<App>, frame: Frame, id: Result<Id>) -> PageResult {
    let opened = letter::show(&app, frame.caller.clone(), id?.0).await?;
    let sends = app.gate.sends_mail();
    let zone = TimeZone::get(&frame.visitor.time_zone).unwrap_or(TimeZone::UTC);
    let page = MailPage {
        shell: frame.shell(&opened.mail.subject, "mails"),
        row: row(&opened.mail, app.gate.now()),
        facts: facts(&opened.mail, &zone),
        answer: opened.mail.answer.clone(),
        resent_unknown: opened.mail.resent_unknown,
        send: sending(&opened, &frame).filter(|_| sends),
        text: opened.text,
        attachments: opened.attachments,
        sends,
    };
    Ok(html(StatusCode::OK, page.render()))
}

fn sending(opened: &Opened, frame: &Frame) -> Option<&'static str> {
    let words = match opened.mail.state {
        State::Kept => "Send",
        State::Failed => "Send again",
        State::Queued => "Send now",
        State::Sending | State::Sent => return None,
    };
    frame.may(Permission::MailsSend).then_some(words)
}

fn facts(mail: &Mail, zone: &TimeZone) -> Vec<(String, String)> {
    let moment = |at: Timestamp| format::moment(at.get(), zone);
    let to = match mail.to_name.is_empty() {
        true => mail.to_address.clone(),
        false => format!("{} <{}>", mail.to_name, mail.to_address),
    };
    let sender = Some(mail.sender.clone()).filter(|sender| !sender.is_empty());
    let facts = [
        ("To", Some(to)),
        ("Under the name", sender),
        ("Answers go to", mail.reply_to.clone()),
        ("Kind", Some(kind(&mail.kind))),
        ("Written", Some(moment(mail.created_at))),
        ("Last tried", mail.begun_at.map(moment)),
        ("Sent", mail.sent_at.map(moment)),
        (
            "Next try",
            mail.due_at.filter(|_| mail.attempts > 0).map(moment),
        ),
        ("Tries", Some(format::number(mail.attempts))),
    ];
    let facts = facts
        .into_iter()
        .map(|(name, value)| Some((name.to_owned(), value?)));
    facts
        .flatten()
        .chain([("Message-ID".to_owned(), mail.message_id.clone())])
        .collect()
}

/// `/mails/{id}/html`: the mail as its recipient sees it.
pub async fn as_html(Held(app): Held<App>, frame: Frame, id: Result<Id>) -> PageResult {
    let opened = letter::show(&app, frame.caller, id?.0).await?;
    Ok(sandboxed(opened.html.ok_or_else(Error::not_found)?))
}

/// `/mails/{id}/attachments/{attachment_id}`.
pub async fn attachment(
    Held(app): Held<App>,
    frame: Frame,
    ids: std::result::Result<Path<(Uuid, Uuid)>, PathRejection>,
) -> PageResult {
    let Path(ids) = ids.map_err(|_| Error::not_found())?;
    Ok(download(letter::file(&app, frame.caller, ids).await?))
}

/// The button that sends it.
pub async fn send(Held(app): Held<App>, frame: Frame, id: Result<Id>, form: Form) -> PageResult {
    let command = SendMail {
        id: id?.0,
        version: None,
    };
    let done = app.gate.submit(&frame.caller, form.key, command).await?;
    Ok(go(frame.fragment, &format!("/mails/{}", done.outcome.id)))
}

/// The Outbox as a workbook shows it: what became of mails, never what they say.
const FIELDS: &[Field<Mail>] = &[
    Field::text("", "Mail", |it: &Mail, _| text(&it.subject)).wide(48),
    Field::text("", "To", |it: &Mail, _| text(&it.to_name)).wide(32),
    Field::text("", "Address", |it: &Mail, _| text(&it.to_address)).wide(32),
    Field::text("kind", "Kind", |it: &Mail, _| text(&kind(&it.kind))).wide(24),
    Field::new(
        "written",
        "Written",
        ColumnKind::Instant,
        |it: &Mail, reader| reader.clock(it.created_at),
    )
    .wide(20),
    Field::text("", "Status", |it: &Mail, _| {
        text(&badges::mail(it.state.as_str()).label)
    })
    .wide(20),
    Field::text("", "Why it has not left", |it: &Mail, _| {
        text(match it.state {
            State::Sent => "",
            _ => &it.answer,
        })
    })
    .wide(48),
];

struct Mails(queries::Filter);

/// The mails that the reader may see, as an address describes them.
pub fn listing(pairs: &[(String, String)]) -> Result<Box<dyn Listing>> {
    let view = mail_list().read(pairs);
    let (filter, _) = filter(&view, pairs)?;
    let filter = queries::Filter {
        before: None,
        limit: PORTION,
        ..filter
    };
    Ok(table(shown(FIELDS, &view), Mails(filter)))
}

impl Lines for Mails {
    type Row = Mail;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Mail>> {
        let found = queries::list(tx, &reader.scope, &self.0).await?;
        self.0.before = found.last().map(|last| last.id);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}
