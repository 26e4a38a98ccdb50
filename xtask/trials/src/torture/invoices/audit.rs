//! What must be true of the book when everything is billed and delivered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    clerk::Record,
    desk::{Order, SERIES},
};
use crate::{
    Result,
    book::{Book, number, text},
    person::Request,
    wire::Wire,
};

/// Everything that is wrong, by what the API says.
pub async fn audit(book: &Book, (orders, records): (&[Order], &[Record])) -> Result<Vec<String>> {
    let mut wrong: Vec<String> = Vec::new();
    wrong.extend(records.iter().flat_map(|it| it.wrong.iter().cloned()));
    wrong.extend(ask_again(book, records).await?);
    let invoices = book.all("/api/v1/invoices?").await?;
    let (drafts, finalized): (Vec<Value>, Vec<Value>) = invoices
        .into_iter()
        .partition(|invoice| invoice["number"].is_null());
    wrong.extend(look_at_drafts(&drafts, records));
    wrong.extend(look_at_numbers(&finalized, orders.len())?);
    wrong.extend(look_at_told(&finalized, records));
    let mut wire = Wire::to(book.operator.address);
    let mut billed = BTreeSet::new();
    for invoice in &finalized {
        let path = format!("/api/v1/invoices/{}", text(&invoice["id"])?);
        let shown = Request::get(&path);
        let shown = book.operator.over(&mut wire, &shown).await?.json();
        wrong.extend(look_at_sums(&shown, orders, &mut billed)?);
        let file = Request::get(format!("{path}/ubl"));
        match book.operator.over(&mut wire, &file).await {
            Ok(file) if file.text.contains(&text(&invoice["number"])?) => {}
            Ok(file) => wrong.push(format!("{path}: another invoice's file: {}", file.brief())),
            Err(e) => wrong.push(e),
        }
    }
    wrong.extend(look_at_mails(book, &finalized).await?);
    Ok(wrong)
}

/// The last request of each client once more, under its key: the same answer, and nothing else happens.
async fn ask_again(book: &Book, records: &[Record]) -> Result<Vec<String>> {
    let mut wire = Wire::to(book.operator.address);
    let mut wrong = Vec::new();
    for (request, answer) in records.iter().filter_map(|it| it.last.as_ref()) {
        let again = book.operator.over(&mut wire, request).await?;
        if again.text != answer.text {
            wrong.push(format!(
                "{}: answered {}, and again {}",
                request.brief(),
                answer.brief(),
                again.brief()
            ));
        }
    }
    Ok(wrong)
}

/// What has no number is a draft that somebody gave up.
fn look_at_drafts(drafts: &[Value], records: &[Record]) -> Vec<String> {
    let void: BTreeSet<&str> = records
        .iter()
        .flat_map(|it| it.void.iter().map(String::as_str))
        .collect();
    let found: BTreeSet<&str> = drafts
        .iter()
        .filter(|it| it["standing"] == "void")
        .filter_map(|it| it["id"].as_str())
        .collect();
    match found == void && found.len() == drafts.len() {
        true => vec![],
        false => vec![format!(
            "{} drafts were given up; there are {}, {} of them void",
            void.len(),
            drafts.len(),
            found.len()
        )],
    }
}

/// Numbers are 1 to n, each once.
fn look_at_numbers(finalized: &[Value], wanted: usize) -> Result<Vec<String>> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for invoice in finalized {
        *times.entry(text(&invoice["number"])?).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for at in 1..=wanted {
        let number = format!("{SERIES}-{at:06}");
        match times.remove(&number).unwrap_or_default() {
            1 => {}
            found => wrong.push(format!("the number {number} is there {found} times")),
        }
    }
    wrong.extend(
        times
            .keys()
            .map(|it| format!("nobody drew the number {it}")),
    );
    Ok(wrong)
}

/// What was acknowledged stands in the book as it was told.
fn look_at_told(finalized: &[Value], records: &[Record]) -> Vec<String> {
    let found: BTreeMap<&str, &Value> = finalized
        .iter()
        .filter_map(|it| Some((it["id"].as_str()?, it)))
        .collect();
    let told = records.iter().flat_map(|it| &it.billed);
    let mut wrong = Vec::new();
    let mut known = BTreeSet::new();
    for (_, told) in told {
        let id = told["id"].as_str().unwrap_or_default();
        known.insert(id);
        let is = found.get(id).copied().unwrap_or(&Value::Null);
        let same = [
            "number",
            "net_minor",
            "tax_minor",
            "total_minor",
            "buyer_id",
            "issued_on",
        ]
        .iter()
        .all(|field| is[*field] == told[*field]);
        if !same {
            wrong.push(format!("told {told}, and the book says {is}"));
        }
    }
    let unknown = found.keys().filter(|id| !known.contains(*id));
    wrong.extend(unknown.map(|id| format!("nobody asked for invoice {id}")));
    wrong
}

/// The lines of one invoice bill the licenses of one order, none of which is billed elsewhere, and add up to what is due.
fn look_at_sums(
    shown: &Value,
    orders: &[Order],
    billed: &mut BTreeSet<String>,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let (mut net, mut licenses) = (0, BTreeSet::new());
    for line in shown["lines"].as_array().map_or(&[][..], Vec::as_slice) {
        net += number(&line["net_minor"])?;
        let license = text(&line["license_id"])?;
        if !billed.insert(license.clone()) {
            wrong.push(format!("license {license} is billed twice"));
        }
        licenses.insert(license);
    }
    let is_its = |order: &&Order| order.licenses.iter().all(|it| licenses.contains(it));
    let Some(order) = orders.iter().find(is_its) else {
        wrong.push(format!("no order is billed by {shown}"));
        return Ok(wrong);
    };
    let is = [
        net,
        number(&shown["net_minor"])?,
        number(&shown["tax_minor"])?,
        number(&shown["total_minor"])?,
    ];
    let wanted = [
        order.net_minor,
        order.net_minor,
        order.tax_minor,
        order.net_minor + order.tax_minor,
    ];
    let whose = (&shown["buyer_id"], &shown["currency"], licenses.len());
    let wanted_whose = (
        &json!(order.buyer),
        &json!(order.currency),
        order.licenses.len(),
    );
    if is != wanted || whose != wanted_whose {
        wrong.push(format!(
            "{} is {is:?} {whose:?}, not {wanted:?} {wanted_whose:?}",
            shown["number"]
        ));
    }
    Ok(wrong)
}

/// One mail for each invoice, each with a Message-ID of its own.
async fn look_at_mails(book: &Book, finalized: &[Value]) -> Result<Vec<String>> {
    let mails = book.all("/api/v1/mails?kind=invoice&").await?;
    let mut wrong = Vec::new();
    let ids: BTreeSet<&str> = mails
        .iter()
        .filter_map(|it| it["message_id"].as_str())
        .collect();
    if ids.len() != finalized.len() || mails.len() != finalized.len() {
        wrong.push(format!(
            "{} mails with {} Message-IDs for {} invoices",
            mails.len(),
            ids.len(),
            finalized.len()
        ));
    }
    let mut subjects: BTreeMap<&str, usize> = BTreeMap::new();
    for mail in &mails {
        let words = mail["subject"]
            .as_str()
            .unwrap_or_default()
            .split_whitespace();
        let number = words
            .map(|it| it.trim_matches(|it: char| !it.is_alphanumeric()))
            .find(|it| it.starts_with(SERIES));
        *subjects.entry(number.unwrap_or_default()).or_default() += 1;
    }
    for invoice in finalized {
        let number = text(&invoice["number"])?;
        let times = subjects.get(number.as_str()).copied().unwrap_or_default();
        if times != 1 {
            wrong.push(format!("{number} was mailed {times} times"));
        }
    }
    Ok(wrong)
}
