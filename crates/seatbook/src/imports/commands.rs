//! The verbs of imports. Rows travel outside of them: they may hold personal data, and the journal must not.

use serde::Serialize;
use serde_json::json;
use store::Place;
use uuid::Uuid;

use super::{
    model::{Import, Mapped, Mode, State, headings_of, shape},
    queries::{self, NewImport},
    settled::read_oddities,
};
use crate::{
    error::{Error, Result},
    files::Detected,
    gate::{Command, Tx},
    journal::{self, Change},
    scope::Permission,
    sheets::{ImportKind, Judged, Mapping, Outcome, What},
};

/// Takes a file in. Its rows follow.
#[derive(Clone, Debug, Serialize)]
pub struct UploadImport {
    /// What is in it.
    pub kind: ImportKind,
    /// Where what is imported belongs.
    pub organization_id: Uuid,
    /// The file's name.
    pub file_name: String,
    /// SHA-256 of the file.
    pub content_hash: String,
    /// What was found out about it to read it.
    pub detected: Detected,
    /// Its heading line.
    pub headings: Vec<String>,
    /// Its rows.
    pub row_count: i64,
    /// Which field is read from which column, as far as it is known.
    pub mapping: Mapping,
    /// Where that comes from.
    pub mapped: Mapped,
}

impl Command for UploadImport {
    const NAME: &'static str = "imports.upload";
    type Outcome = Import;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Import> {
        tx.require(Permission::ImportsRun, self.organization_id)
            .await?;
        let mut import = Import {
            id: tx.new_id(),
            kind: self.kind,
            organization_id: self.organization_id,
            file_name: self.file_name.clone(),
            format: self.detected.format,
            encoding: None,
            separator: None,
            sheet: None,
            other_sheets: vec![],
            headings: self.headings.clone(),
            row_count: self.row_count,
            mapping: self.mapping.clone(),
            mapped: self.mapped,
            state: State::Staging,
            mode: None,
            counts: super::model::Counts::default(),
            oddities: vec![],
            fingerprint: String::new(),
            created_at: tx.now(),
            applied_at: None,
            undone_at: None,
            version: 1,
        };
        import.detected(&self.detected);
        import.oddities = read_oddities(&import);
        let (content_hash, actor_id) = (self.content_hash.clone(), tx.actor_id());
        queries::insert(
            tx,
            &NewImport {
                import: import.clone(),
                content_hash,
                actor_id,
            },
        )
        .await?;
        let after = Some(serde_json::to_value(&import)?);
        let organization_id = Some(self.organization_id);
        tx.changed(Change {
            noun: "import",
            row_id: import.id,
            version: 1,
            organization_id,
            before: None,
            after,
        });
        Ok(import)
    }
}

/// Says which field is read from which column.
#[derive(Clone, Debug, Serialize)]
pub struct MapImport {
    /// Which import.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// Which field is read from which column, counted from zero.
    pub mapping: Mapping,
}

impl Command for MapImport {
    const NAME: &'static str = "imports.map";
    type Outcome = Import;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Import> {
        let before = asked(tx, self.id).await?;
        if self
            .version
            .is_some_and(|version| version != before.version)
        {
            return Err(stale(&before));
        }
        if !matches!(before.state, State::Staged | State::Checked) {
            return Err(begun(&before));
        }
        before
            .kind
            .check_mapping(&self.mapping, before.headings.len())?;
        // Whoever looked at the columns and found them right has said nothing new.
        let mapped = match self.mapping == before.mapping {
            true => before.mapped,
            false => Mapped::Said,
        };
        let at = (self.id, before.version);
        if !queries::set_mapping(tx, at, &self.mapping, mapped).await? {
            return Err(stale(&before));
        }
        recorded(tx, before).await
    }
}

/// Says that the file is being applied in steps from now on: nobody maps it any more.
#[derive(Clone, Debug, Serialize)]
pub struct BeginImport {
    /// Which import.
    pub id: Uuid,
    /// All rows, or the good ones.
    pub mode: Mode,
    /// The same content was applied before, and shall be again.
    pub again: bool,
}

impl Command for BeginImport {
    const NAME: &'static str = "imports.begin";
    type Outcome = Import;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Import> {
        let before = asked(tx, self.id).await?;
        // Where not all of it could be applied, nor be taken back, what can be may go on.
        let goes_on = (before.state, before.mode, self.mode)
            == (State::Applying, Some(Mode::All), Mode::Good);
        if !goes_on {
            check_fresh(tx, &before, self.again).await?;
        }
        let at = (before.id, before.version);
        if !queries::set_state(tx, at, State::Applying, self.mode, None).await? {
            return Err(stale(&before));
        }
        recorded(tx, before).await
    }
}

/// Applies some of the things a file says, as far as they can be.
#[derive(Clone, Debug, Serialize)]
pub struct ApplyPart {
    /// Which import.
    pub id: Uuid,
    /// Which part of it.
    pub part: usize,
    /// What it says.
    #[serde(skip)]
    pub units: Vec<What>,
}

impl Command for ApplyPart {
    const NAME: &'static str = "imports.apply_part";
    /// A row that was refused says who is in the way, which the journal must not keep.
    const SECRET: bool = true;
    type Outcome = Vec<Judged>;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Judged>> {
        let import = asked(tx, self.id).await?;
        if import.state != State::Applying {
            return Err(begun(&import));
        }
        let units: Vec<&What> = self.units.iter().collect();
        import.kind.keep(tx, import.organization_id, &units).await
    }
}

/// Says that what could be applied is in the book.
#[derive(Clone, Debug, Serialize)]
pub struct FinishImport {
    /// Which import.
    pub id: Uuid,
}

impl Command for FinishImport {
    const NAME: &'static str = "imports.finish";
    type Outcome = Import;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Import> {
        let before = asked(tx, self.id).await?;
        if before.state != State::Applying {
            return Err(begun(&before));
        }
        let (at, now) = ((before.id, before.version), Some(tx.now()));
        if !queries::set_state(
            tx,
            at,
            State::Applied,
            before.mode.unwrap_or(Mode::Good),
            now,
        )
        .await?
        {
            return Err(stale(&before));
        }
        remember(tx, &before).await?;
        recorded(tx, before).await
    }
}

/// Says that nothing of a file is in the book any more that was begun and could not be applied whole.
#[derive(Clone, Debug, Serialize)]
pub struct AbandonImport {
    /// Which import.
    pub id: Uuid,
}

impl Command for AbandonImport {
    const NAME: &'static str = "imports.abandon";
    type Outcome = Import;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Import> {
        let before = asked(tx, self.id).await?;
        let at = (before.id, before.version);
        if !queries::set_taken_back(tx, at).await? {
            return Err(begun(&before));
        }
        recorded(tx, before).await
    }
}

/// Applies everything a file says in one step, or nothing of it.
#[derive(Clone, Debug, Serialize)]
pub struct ApplyAll {
    /// Which import.
    pub id: Uuid,
    /// The same content was applied before, and shall be again.
    pub again: bool,
    /// What it says.
    #[serde(skip)]
    pub units: Vec<What>,
}

impl Command for ApplyAll {
    const NAME: &'static str = "imports.apply";
    type Outcome = Import;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Import> {
        let before = asked(tx, self.id).await?;
        check_fresh(tx, &before, self.again).await?;
        let units: Vec<&What> = self.units.iter().collect();
        let judged = before.kind.keep(tx, before.organization_id, &units).await?;
        let bad = judged
            .iter()
            .filter(|judged| judged.outcome == Outcome::Bad)
            .count();
        if bad > 0 {
            return Err(has_problems(i64::try_from(bad).unwrap_or(i64::MAX)));
        }
        let (at, now) = ((before.id, before.version), Some(tx.now()));
        if !queries::set_state(tx, at, State::Applied, Mode::All, now).await? {
            return Err(stale(&before));
        }
        remember(tx, &before).await?;
        recorded(tx, before).await
    }
}

/// Says that what the import brought in is out again: the same content may come once more.
pub async fn mark_undone(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    let before = asked(tx, id).await?;
    let (at, now) = ((before.id, before.version), tx.now());
    if !queries::set_undone(tx, at, now).await? {
        return Err(match before.state {
            State::Applied => journal::reversal::already_undone(),
            _ => begun(&before),
        });
    }
    recorded(tx, before).await.map(drop)
}

/// Keeps what somebody said about the columns for the next file of this shape. Where two columns have one heading,
/// nobody knows which of them would be meant.
async fn remember(tx: &mut Tx<'_>, import: &Import) -> Result<()> {
    let headings = headings_of(&import.mapping, &import.headings);
    match (import.mapped, headings) {
        (Mapped::Said, Some(headings)) => {
            let shape = shape(&import.headings);
            let place = (import.organization_id, import.kind, shape.as_str());
            let now = tx.now();
            queries::set_remembered(tx, place, &headings, now).await
        }
        _ => Ok(()),
    }
}

/// The import, for whoever may run imports where it belongs.
pub(super) async fn asked(tx: &mut Tx<'_>, id: Uuid) -> Result<Import> {
    let found = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
    tx.require(Permission::ImportsRun, found.organization_id)
        .await?;
    Ok(found)
}

/// An import is applied once, and its content too unless it is asked for again.
pub(super) async fn check_fresh(tx: &mut Tx<'_>, import: &Import, again: bool) -> Result<()> {
    if matches!(
        import.state,
        State::Applying | State::Applied | State::Staging
    ) {
        return Err(begun(import));
    }
    match queries::applied_before(tx, import.id).await? {
        Some((other, at)) if !again => {
            let message = "A file with exactly this content was imported before. Say “again” to import it once more.";
            Err(Error::conflict("import.applied_before", message)
                .with("import_id", json!(other))
                .with("applied_at", json!(at)))
        }
        _ => Ok(()),
    }
}

async fn recorded(tx: &mut Tx<'_>, before: Import) -> Result<Import> {
    let after = queries::find(tx, before.id)
        .await?
        .ok_or_else(Error::not_found)?;
    let (old, new) = journal::difference(&before, &after)?;
    tx.changed(Change {
        noun: "import",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: Some(old),
        after: Some(new),
    });
    Ok(after)
}

/// Rows cannot be used, and all were asked for.
pub fn has_problems(bad: i64) -> Error {
    let message =
        "Some rows have a problem, so nothing was imported. Correct them, or import the good rows.";
    Error::conflict("import.rows_bad", message).with("bad", bad)
}

pub(super) fn begun(import: &Import) -> Error {
    let message = match import.state {
        State::Applied => "This file is in the book already.",
        State::Applying => "This file is being imported.",
        _ => "The file's rows are not all written down yet; please upload it again.",
    };
    Error::conflict("import.state", message).with("state", import.state.as_str())
}

fn stale(import: &Import) -> Error {
    let message = "Somebody changed this import in the meantime; look at it again.";
    Error::new(crate::error::Kind::Stale, "version.stale", message).with("version", import.version)
}
