//! What the job pages show.

use askama::Template;

use crate::console::{
    badges::Badge,
    layout::{JobBanner, Shell},
    table::{Column, Filter, ListView},
};

/// `/jobs`.
#[derive(Template)]
#[template(path = "jobs/list.html", blocks = ["rows"])]
pub struct JobsPage {
    /// The frame.
    pub shell: Shell,
    /// Search, filters, pages; start from `job_list`.
    pub list: ListView,
    /// The jobs, newest first.
    pub rows: Vec<JobRow>,
}

/// One job.
#[derive(Clone, Debug, Default)]
pub struct JobRow {
    /// The job.
    pub id: String,
    /// What it does.
    pub title: String,
    /// Who started it.
    pub person: String,
    /// When it was handed in, in words.
    pub created: String,
    /// How long it ran, in words; empty while it waits.
    pub took: String,
    /// As `badges::job`.
    pub status: Badge,
    /// Rows done.
    pub rows_done: i64,
    /// All rows; 0 while unknown.
    pub rows_total: i64,
    /// Why it was refused or failed.
    pub reason: String,
}

/// The columns and filters of `/jobs`.
pub fn job_list() -> ListView {
    ListView {
        path: "/jobs".into(),
        export: "/exports?list=jobs".into(),
        search: "Title",
        sort: "-created".into(),
        noun: ("job", "jobs"),
        columns: vec![
            Column::fixed("title", "Job").unsorted(),
            Column::optional("person", "Started by", true).unsorted(),
            Column::optional("created", "Handed in", true).unsorted(),
            Column::optional("took", "Took", true).unsorted(),
            Column::fixed("rows", "Rows").unsorted(),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![Filter::new(
            "tabs",
            "state",
            "State",
            &[
                ("", "All"),
                ("open", "Open"),
                ("done", "Done"),
                ("failed", "Refused or failed"),
            ],
        )],
        ..ListView::default()
    }
}

/// `/jobs/{id}`; the page reloads itself when the job ends.
#[derive(Template)]
#[template(path = "jobs/show.html")]
pub struct JobPage {
    /// The frame.
    pub shell: Shell,
    /// Progress as the module follows it.
    pub banner: JobBanner,
    /// The job.
    pub row: JobRow,
    /// Kind, handed in, started, ended, tries, journal … as (name, value).
    pub facts: Vec<(String, String)>,
    /// What came of it: (label, how many or which).
    pub outcome: Vec<(String, String)>,
    /// Where its result can be seen: (label, address).
    pub links: Vec<(String, String)>,
    /// Where a result file can be downloaded; empty for none.
    pub result_href: String,
    /// Earlier tries: (when, what went wrong).
    pub tries: Vec<(String, String)>,
    /// Whether it can be tried again.
    pub may_retry: bool,
    /// Whether it can be canceled.
    pub may_cancel: bool,
}
