//! Every operation of the OpenAPI document, tried by those who may not.
//!
//! The document is enumerated, so an operation that lands is covered at once. It is tried as nobody, with a
//! broken credential, as the administrator of a foreign organization, and by people and tokens that may too
//! little. Foreign ids answer like random ones to the byte, and nothing in the book changes. A privileged
//! call comes first: a 404 then means hidden, not missing. What is meant to differ stands in
//! `strangers_exceptions.txt`, which may only shrink.

mod book;
mod cursors;
mod digest;
mod family;
mod good;
mod ids;
mod kept;
mod operation;
mod pages;
mod papers;
mod sample;
mod spots;
mod stock;
mod things;
mod tree;
mod tries;
mod unknown;

use crate::both_engines;
use book::Book;
use operation::Operation;

/// `operation check reason`, one a line.
const EXCEPTIONS: &str = include_str!("../strangers_exceptions.txt");
const MOST_EXCEPTIONS: usize = 10;

/// What is asked of every operation, whose ids stand in its path.
const PATHS: [&str; 7] = [
    "nobody",
    "real",
    "hidden",
    "reader",
    "token",
    "unchanged",
    "fixture",
];

/// What is wrong with one operation.
pub struct Complaint {
    operation: String,
    /// One of `PATHS`, or what another test of these calls its own.
    check: &'static str,
    what: String,
}

both_engines! {
    /// Whoever may not, learns nothing and changes nothing, at any operation there is.
    async fn strangers_learn_and_change_nothing(app: TestApp) {
        let book = Book::write(&app).await;
        let mut complaints = Vec::new();
        for operation in Operation::all(&book.document) {
            let before = digest::of(&app).await;
            complaints.extend(tries::of(&book, &operation).await);
            let changed = before.differences(&digest::of(&app).await);
            complaints.extend(changed.into_iter().map(|table| Complaint {
                operation: operation.id.clone(),
                check: "unchanged",
                what: format!("table {table} changed"),
            }));
        }
        let left = settle(complaints, &PATHS);
        assert!(left.is_empty(), "\n\n{}\n\n{} to mend\n", left.join("\n"), left.len());
        app.end().await;
    }
}

/// What no exception covers, and exceptions from these checks that cover nothing.
fn settle(complaints: Vec<Complaint>, checks: &[&str]) -> Vec<String> {
    let lines = EXCEPTIONS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut exceptions: Vec<(&str, &str, bool)> = lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let (operation, check) = (
                words.next().unwrap_or_default(),
                words.next().unwrap_or_default(),
            );
            assert!(
                words.next().is_some(),
                "`{line}` is not `operation check reason`"
            );
            (operation, check, false)
        })
        .collect();
    assert!(
        exceptions.len() <= MOST_EXCEPTIONS,
        "at most {MOST_EXCEPTIONS} exceptions"
    );
    let mut left = Vec::new();
    for complaint in complaints {
        let excused =
            |it: &&mut (&str, &str, bool)| it.0 == complaint.operation && it.1 == complaint.check;
        match exceptions.iter_mut().find(excused) {
            Some(exception) => exception.2 = true,
            None => left.push(format!(
                "{} [{}]: {}",
                complaint.operation, complaint.check, complaint.what
            )),
        }
    }
    let unused = exceptions
        .iter()
        .filter(|it| !it.2 && checks.contains(&it.1));
    left.extend(unused.map(|it| {
        format!(
            "strangers_exceptions.txt: `{} {}` is not needed: remove it",
            it.0, it.1
        )
    }));
    left
}
