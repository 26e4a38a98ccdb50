//! The verbs of statements. Their rows stay out of the journal: a file may hold whatever its sender put there.

use std::collections::BTreeMap;

use serde::Serialize;
use store::Place;
use uuid::Uuid;

use super::{
    matching::{FIELDS, Known},
    model::{Month, Statement},
    queries,
};
use crate::{
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    rows::{
        cells::{Mapping, Staged},
        sheet::{check_mapping, named},
    },
    scope::Permission,
};

/// Rows in one statement at most: all are written in one step.
pub const MOST_ROWS: usize = 20_000;

/// Takes a statement in, in place of the one about the same month.
#[derive(Clone, Debug, Serialize)]
pub struct UploadStatement {
    /// Whose customers it names.
    pub organization_id: Uuid,
    /// The month it is about.
    pub month: Month,
    /// The file's name.
    pub file_name: String,
    /// Its heading line.
    pub headings: Vec<String>,
    /// Which field is read from which column, as far as it is known.
    pub mapping: Mapping,
    /// Its rows.
    #[serde(skip)]
    pub rows: Vec<Staged>,
}

impl Command for UploadStatement {
    const NAME: &'static str = "statements.upload";
    type Outcome = Statement;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Statement> {
        let organization_id = self.organization_id;
        tx.require(Permission::ImportsRun, organization_id).await?;
        if self.rows.len() > MOST_ROWS {
            let message =
                "A statement has at most 20,000 rows; please add up those that belong together.";
            return Err(Error::invalid("file", "statement.too_many_rows", message));
        }
        if let Some(before) = queries::find_of(tx, organization_id, self.month).await? {
            delete(tx, before).await?;
        }
        let known = Known::read(tx, organization_id).await?;
        let read = Read::of(&known, (&self.rows, &self.headings), &self.mapping);
        let statement = Statement {
            id: tx.new_id(),
            organization_id,
            month: self.month,
            file_name: self.file_name.clone(),
            headings: self.headings.clone(),
            mapping: self.mapping.clone(),
            row_count: i64::try_from(self.rows.len()).map_err(Error::internal)?,
            matched: read.matched,
            created_at: tx.now(),
            version: 1,
        };
        if !queries::insert(tx, &statement).await? {
            return Err(changed());
        }
        queries::insert_rows(tx, statement.id, &read.rows).await?;
        tx.changed(Change {
            noun: "statement",
            row_id: statement.id,
            version: 1,
            organization_id: Some(organization_id),
            before: None,
            after: Some(serde_json::to_value(&statement)?),
        });
        Ok(statement)
    }
}

/// Says which field is read from which column, and looks for customers and products anew.
#[derive(Clone, Debug, Serialize)]
pub struct MapStatement {
    /// Which statement.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// The heading of the column for each field that is in the file.
    pub mapping: BTreeMap<String, String>,
}

impl Command for MapStatement {
    const NAME: &'static str = "statements.map";
    type Outcome = Statement;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Statement> {
        let before = asked(tx, (self.id, self.version)).await?;
        let mapping = named(&self.mapping, &before.headings)?;
        check_mapping(FIELDS, &mapping, before.headings.len())?;
        let known = Known::read(tx, before.organization_id).await?;
        let staged = queries::staged(tx, self.id).await?;
        let read = Read::of(&known, (&staged, &before.headings), &mapping);
        let at = (self.id, before.version);
        if !queries::set_mapping(tx, at, &mapping, read.matched).await? {
            return Err(changed());
        }
        queries::delete_rows(tx, self.id).await?;
        queries::insert_rows(tx, self.id, &read.rows).await?;
        let after = Statement {
            mapping,
            matched: read.matched,
            version: before.version + 1,
            ..before.clone()
        };
        let (old, new) = journal::difference(&before, &after)?;
        tx.changed(Change {
            noun: "statement",
            row_id: after.id,
            version: after.version,
            organization_id: Some(after.organization_id),
            before: Some(old),
            after: Some(new),
        });
        Ok(after)
    }
}

/// Takes a statement away.
#[derive(Clone, Debug, Serialize)]
pub struct RemoveStatement {
    /// Which statement.
    pub id: Uuid,
    /// The version that was looked at; any where there is none.
    pub version: Option<i64>,
}

impl Command for RemoveStatement {
    const NAME: &'static str = "statements.remove";
    type Outcome = Statement;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Statement> {
        let before = asked(tx, (self.id, self.version)).await?;
        delete(tx, before.clone()).await?;
        Ok(before)
    }
}

/// The statement as the editor saw it, for whoever may import files where it belongs.
async fn asked(tx: &mut Tx<'_>, (id, version): (Uuid, Option<i64>)) -> Result<Statement> {
    let found = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
    tx.require(Permission::ImportsRun, found.organization_id)
        .await?;
    if version.is_some_and(|seen| seen != found.version) {
        let message = "Somebody changed this statement in the meantime; look at it again.";
        return Err(
            Error::new(Kind::Stale, "version.stale", message).with("version", found.version)
        );
    }
    Ok(found)
}

async fn delete(tx: &mut Tx<'_>, before: Statement) -> Result<()> {
    if !queries::delete(tx, (before.id, before.version)).await? {
        return Err(changed());
    }
    tx.changed(Change {
        noun: "statement",
        row_id: before.id,
        version: before.version + 1,
        organization_id: Some(before.organization_id),
        before: Some(serde_json::to_value(&before)?),
        after: None,
    });
    Ok(())
}

fn changed() -> Error {
    let message = "Somebody changed this statement at the same moment; please try again.";
    Error::conflict("statement.changed", message)
}

/// Rows with what they were found to say.
struct Read<'a> {
    rows: Vec<(&'a Staged, super::matching::Found)>,
    matched: i64,
}

impl<'a> Read<'a> {
    /// While a column that must be there is not known, nothing is said of any row.
    fn of(
        known: &Known,
        (rows, headings): (&'a [Staged], &[String]),
        mapping: &Mapping,
    ) -> Read<'a> {
        let is_mapped = check_mapping(FIELDS, mapping, headings.len()).is_ok();
        let found = |row: &Staged| match is_mapped {
            true => known.find(row, mapping, headings),
            false => Default::default(),
        };
        let rows: Vec<_> = rows.iter().map(|row| (row, found(row))).collect();
        let matched = rows.iter().filter(|(_, found)| found.is_matched()).count();
        Read {
            matched: i64::try_from(matched).unwrap_or(i64::MAX),
            rows,
        }
    }
}
