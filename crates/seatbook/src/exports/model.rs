//! What somebody asks for, and what became of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::{FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use super::lists::{List, Subject};
use crate::{
    console::form::pairs,
    files::Format,
    scope::{Permission, Scope},
};

/// Where an export stands. Why one came to nothing is told by its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportState)]
pub enum State {
    /// Its job has not ended.
    Writing,
    /// It can be downloaded.
    Ready,
}

impl State {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Writing => "writing",
            State::Ready => "ready",
        }
    }

    fn parse(word: &str) -> store::Result<State> {
        match word {
            "writing" => Ok(State::Writing),
            "ready" => Ok(State::Ready),
            _ => Err(store::Error::Value(format!(
                "{word:?} is no state of an export"
            ))),
        }
    }
}

/// A list as somebody wants it.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Which.
    pub list: List,
    /// The organization acted for.
    pub organization_id: Uuid,
    /// Of which license or organization, where the list is of one.
    pub subject_id: Option<Uuid>,
    /// Search, filters, order and columns. Not in the journal: a search may name a person.
    #[serde(skip)]
    pub query: String,
    /// As what.
    pub format: Format,
}

impl Asked {
    /// The parameters of the list's address. Where a page of it begins is nothing to a file.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = pairs(Some(&self.query));
        pairs.retain(|(name, _)| name != "cursor");
        pairs
    }

    /// The organization at which the list's permission is asked for.
    pub fn place(&self) -> Uuid {
        let of = self.subject_id.unwrap_or(self.organization_id);
        match self.list.subject() {
            Subject::Organization | Subject::Anything => of,
            _ => self.organization_id,
        }
    }

    /// What its job is called.
    pub fn title(&self) -> String {
        let what = match self.format {
            Format::Csv => "CSV",
            Format::Xlsx => "Excel",
        };
        format!("{} to {what}", self.list.title())
    }
}

/// A list that somebody asked for as a file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// Its id.
    pub id: Uuid,
    /// Which list.
    pub list: List,
    /// The organization whose list it is.
    pub organization_id: Uuid,
    /// The license or organization that the list is of, where there is one.
    pub subject_id: Option<Uuid>,
    /// A workbook or CSV.
    pub format: Format,
    /// Whether it can be downloaded.
    pub state: State,
    /// The job that writes it: how far it is, and why it came to nothing.
    pub job_id: Uuid,
    /// Rows in it, once it is ready.
    pub rows_written: Option<i64>,
    /// Its size, once it is ready.
    pub size_bytes: Option<i64>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when it can be downloaded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ready_at: Option<Timestamp>,
    /// When it is forgotten.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
    /// Who gets it.
    #[serde(skip)]
    pub asked_by: Uuid,
    /// Search, filters, order and columns, sealed: a search may be for a person, or for a code.
    #[serde(skip)]
    pub query: String,
    /// Whose pieces it is made of.
    #[serde(skip)]
    pub writing_id: Option<Uuid>,
    /// What filled it beyond its list.
    #[serde(skip)]
    pub rights: Rights,
}

/// Permissions that filled a file beyond what its list takes, such as that for prices, each with the organizations where
/// whoever asked held it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights(BTreeMap<Permission, Vec<Uuid>>);

impl Rights {
    /// Those of a scope.
    pub fn of(needs: &[Permission], scope: &Scope) -> Rights {
        let held = needs.iter().map(|it| (*it, scope.roots(*it)));
        Rights(held.collect())
    }

    /// Whether a scope still has them, where they were held: what is between two organizations is not for rights that are
    /// held further up.
    pub fn are_held(&self, scope: &Scope) -> bool {
        self.0.iter().all(|(permission, places)| {
            let held = scope.roots(*permission);
            places.iter().all(|place| held.contains(place))
        })
    }
}

impl Export {
    /// What was asked for.
    pub fn asked(&self) -> Asked {
        Asked {
            list: self.list,
            organization_id: self.organization_id,
            subject_id: self.subject_id,
            query: self.query.clone(),
            format: self.format,
        }
    }
}

impl FromRow for Export {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let unknown = |word: &str| store::Error::Value(format!("{word:?} is unknown to exports"));
        let (list, format): (String, String) = (row.get(1)?, row.get(4)?);
        Ok(Export {
            id: row.get(0)?,
            list: List::parse(&list).ok_or_else(|| unknown(&list))?,
            organization_id: row.get(2)?,
            subject_id: row.get(3)?,
            format: Format::parse(&format).ok_or_else(|| unknown(&format))?,
            state: State::parse(&row.get::<String>(5)?)?,
            job_id: row.get(6)?,
            rows_written: row.get(7)?,
            size_bytes: row.get(8)?,
            created_at: row.get(9)?,
            ready_at: row.get(10)?,
            expires_at: row.get(11)?,
            version: row.get(12)?,
            asked_by: row.get(13)?,
            query: row.get(14)?,
            writing_id: row.get(15)?,
            rights: match row.get::<Option<Json>>(16)? {
                Some(Json(rights)) => serde_json::from_value(rights)
                    .map_err(|error| store::Error::Value(error.to_string()))?,
                None => Rights::default(),
            },
        })
    }
}
