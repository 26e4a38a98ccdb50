//! A job as a row, and as rooms hand it in and end it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{console::layout::JobBanner, error::Error};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobState)]
pub enum State {
    /// Nobody has begun it.
    Queued,
    /// A worker has it.
    Running,
    /// It failed and will be tried again.
    Waiting,
    /// It did what it was for.
    Done,
    /// A rule refused it; nothing more will be tried.
    Refused,
    /// It failed too often; somebody may tell it to try again.
    Dead,
    /// Somebody stopped it.
    Canceled,
}

impl State {
    /// All of them.
    pub const ALL: [State; 7] = [
        State::Queued,
        State::Running,
        State::Waiting,
        State::Done,
        State::Refused,
        State::Dead,
        State::Canceled,
    ];

    /// Its word in rows, badges and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Waiting => "waiting",
            State::Done => "done",
            State::Refused => "refused",
            State::Dead => "dead",
            State::Canceled => "canceled",
        }
    }

    /// Whether more is to come.
    pub const fn is_open(self) -> bool {
        matches!(self, State::Queued | State::Running | State::Waiting)
    }

    fn parse(word: &str) -> store::Result<State> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| store::Error::Value(format!("{word:?} is no state of a job")))
    }
}

/// What a command hands in.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The [`super::Kind`] that does it.
    pub kind: &'static str,
    /// What it does, in words: "Update of SO-10482". Without personal data: the journal keeps it.
    pub title: String,
    /// All it needs to know.
    pub payload: Value,
    /// Whose it is: those who may see jobs there see it.
    pub organization_id: Uuid,
    /// How many rows it is about; 0 while nobody knows.
    pub rows_total: i64,
}

/// A number that came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobFigure)]
pub struct Figure {
    /// What was counted.
    pub label: String,
    /// How many, or which.
    pub value: String,
}

/// A place where a job's effect can be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobLink)]
pub struct Link {
    /// The words.
    pub label: String,
    /// The address in the console.
    pub href: String,
}

/// What came of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobResult)]
pub struct Outcome {
    /// Its numbers.
    #[serde(default)]
    pub figures: Vec<Figure>,
    /// Where its effect can be seen.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Where its result file can be downloaded.
    #[serde(default)]
    pub file: Option<String>,
    /// Whether only who asked for the job gets that file.
    #[serde(default)]
    pub own: bool,
    /// The refusal as a problem document, with its facts and fields.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
}

/// How a job's work ended, where nothing failed.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    pub(super) message: String,
    pub(super) outcome: Outcome,
    pub(super) canceled: bool,
    pub(super) again_seconds: Option<i64>,
}

impl Ended {
    /// It did what it was for: one sentence that says so.
    pub fn done(message: impl Into<String>) -> Self {
        Ended {
            message: message.into(),
            ..Ended::default()
        }
    }

    /// It saw that it was canceled and stopped between two steps: one sentence says how far it came.
    pub fn canceled(message: impl Into<String>) -> Self {
        Ended {
            canceled: true,
            ..Ended::done(message)
        }
    }

    /// It could not begin now, and is taken again after so many seconds, as if nobody had: somebody else does such work.
    pub fn later(seconds: i64) -> Self {
        Ended {
            again_seconds: Some(seconds),
            ..Ended::default()
        }
    }

    /// Adds a number.
    pub fn figure(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        let (label, value) = (label.into(), value.into());
        self.outcome.figures.push(Figure { label, value });
        self
    }

    /// Adds a place where the effect can be seen.
    pub fn link(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        let (label, href) = (label.into(), href.into());
        self.outcome.links.push(Link { label, href });
        self
    }

    /// Says where the result file is.
    pub fn file(mut self, href: impl Into<String>) -> Self {
        self.outcome.file = Some(href.into());
        self
    }

    /// Says where the result file is, which is for whoever asked alone.
    pub fn own_file(self, href: impl Into<String>) -> Self {
        let mut told = self.file(href);
        told.outcome.own = true;
        told
    }
}

/// One try that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobFailure)]
pub struct Failure {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Stable code.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
}

impl Failure {
    pub(super) fn new(at: Timestamp, error: &Error) -> Self {
        Failure {
            at,
            code: error.code.to_string(),
            message: error.message.clone(),
        }
    }
}

/// Long work that runs in the background.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// Which code does it, such as `allocations.set`.
    pub kind: String,
    /// What it does, in words.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// Whose it is.
    pub organization_id: Uuid,
    /// The person who asked for it.
    pub actor_id: Uuid,
    /// That person's name, for pages; an id is enough for programs and the journal.
    #[serde(skip)]
    pub person: String,
    /// How often it was begun since somebody last told it to try again.
    pub attempts: i64,
    /// Somebody has asked it to stop.
    pub cancel_requested: bool,
    /// Rows done so far.
    pub rows_done: i64,
    /// All rows; 0 while unknown.
    pub rows_total: i64,
    /// Why it was refused or waits, as a stable code.
    pub code: Option<String>,
    /// What it did, or why it did not: a sentence, empty while there is nothing to say.
    pub message: String,
    /// What came of it.
    pub result: Option<Outcome>,
    /// What went wrong in earlier tries, oldest first.
    pub failures: Vec<Failure>,
    /// When it was handed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was first begun.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Counts what people did to it; send it as `If-Match`.
    pub version: i64,
}

impl Job {
    /// The job as the top of a page shows it.
    pub fn banner(&self) -> JobBanner {
        JobBanner {
            id: self.id.to_string(),
            title: self.title.clone(),
            state: self.state.as_str().into(),
            message: self.message.clone(),
            rows_done: self.rows_done,
            rows_total: self.rows_total,
            reloads: false,
        }
    }
}

impl FromRow for Job {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Job {
            id: row.get(0)?,
            kind: row.get(1)?,
            title: row.get(2)?,
            state: State::parse(&row.get::<String>(3)?)?,
            organization_id: row.get(4)?,
            actor_id: row.get(5)?,
            person: row.get(6)?,
            attempts: row.get(7)?,
            cancel_requested: row.get(8)?,
            rows_done: row.get(9)?,
            rows_total: row.get(10)?,
            code: row.get(11)?,
            message: row.get(12)?,
            result: row.get::<Option<Json>>(13)?.map(read).transpose()?,
            failures: read(row.get(14)?)?,
            created_at: row.get(15)?,
            started_at: row.get(16)?,
            ended_at: row.get(17)?,
            version: row.get(18)?,
        })
    }
}

/// A column of JSON as the type it was written from.
pub(super) fn read<T: serde::de::DeserializeOwned>(Json(value): Json) -> store::Result<T> {
    serde_json::from_value(value).map_err(|error| store::Error::Value(error.to_string()))
}
