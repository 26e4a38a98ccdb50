//! The verbs of holders. Their inputs and answers hold personal data, which the journal must not: inputs are
//! left out of it, and answers are kept encrypted.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Holder, HolderFacts, Kind},
    queries, records,
};
use crate::{
    error::{Error, FieldError, Kind as ErrorKind, Result},
    gate::{Command, Tx},
    journal::Change,
    scope::Permission,
};

/// The most holders one request adds.
pub const MOST_AT_ONCE: usize = 500;

/// One new holder.
#[derive(Clone, Debug, Serialize)]
pub struct NewHolder {
    /// User, device, screen or extension.
    pub kind: Kind,
    /// What is said about it.
    #[serde(skip)]
    pub facts: HolderFacts,
    /// The user it belongs to.
    pub owner_id: Option<Uuid>,
}

/// Adds holders to an organization: all of them, or none.
#[derive(Clone, Debug, Serialize)]
pub struct AddHolders {
    /// Where they belong.
    pub organization_id: Uuid,
    /// Who and what.
    pub rows: Vec<NewHolder>,
}

impl Command for AddHolders {
    const NAME: &'static str = "holders.add";
    const SECRET: bool = true;
    type Outcome = Vec<Holder>;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Holder>> {
        tx.require(Permission::HoldersEdit, self.organization_id)
            .await?;
        if self.rows.is_empty() || self.rows.len() > MOST_AT_ONCE {
            let message = format!("Add 1 to {MOST_AT_ONCE} holders at once.");
            return Err(Error::invalid("rows", "rows.out_of_range", message));
        }
        let mut new = Vec::with_capacity(self.rows.len());
        let owners = owners(tx, self.organization_id, &self.rows).await?;
        for (place, row) in self.rows.iter().enumerate() {
            let named = |error: Error| in_row(error, place, self.rows.len());
            let facts = row.facts.clone().checked(row.kind).map_err(named)?;
            check_owner(row, &owners).map_err(named)?;
            new.push(born(tx, self.organization_id, row, facts));
        }
        if records::insert(tx, &new).await? != new.len() as u64 {
            return Err(clash(tx, self.organization_id, &new).await);
        }
        for holder in &new {
            tx.changed(created(holder));
        }
        Ok(new)
    }
}

fn born(tx: &mut Tx<'_>, organization_id: Uuid, row: &NewHolder, facts: HolderFacts) -> Holder {
    Holder {
        id: tx.new_id(),
        organization_id,
        kind: row.kind,
        name: facts.name,
        email: facts.email,
        extension: facts.extension,
        did: facts.did,
        serial: facts.serial,
        reference: facts.reference,
        owner_id: row.owner_id,
        owner_name: None,
        left_at: None,
        bindings: 0,
        created_at: tx.now(),
        version: 1,
    }
}

/// What the journal keeps of a new holder.
pub fn created(holder: &Holder) -> Change {
    Change {
        noun: "holder",
        row_id: holder.id,
        version: holder.version,
        organization_id: Some(holder.organization_id),
        before: None,
        after: Some(holder.impersonal()),
    }
}

async fn owners(tx: &mut Tx<'_>, organization_id: Uuid, rows: &[NewHolder]) -> Result<Vec<Holder>> {
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.owner_id).collect();
    queries::of_ids(tx, organization_id, &ids).await
}

fn check_owner(row: &NewHolder, owners: &[Holder]) -> Result<()> {
    let Some(owner_id) = row.owner_id else {
        return Ok(());
    };
    if row.kind == Kind::User {
        let message = "A user belongs to nobody.";
        return Err(Error::invalid(
            "owner_id",
            "holder.user_has_no_owner",
            message,
        ));
    }
    let owner = owners.iter().find(|owner| owner.id == owner_id);
    match owner {
        Some(owner) if owner.kind == Kind::User && owner.left_at.is_none() => Ok(()),
        _ => Err(no_user("owner_id")),
    }
}

/// No such user in the organization, or one that left.
pub fn no_user(field: &str) -> Error {
    let message = "The organization has no such user.";
    Error::invalid(field, "holder.unknown", message)
}

/// An error about a field of one row, named by its place where there are several.
fn in_row(mut error: Error, place: usize, rows: usize) -> Error {
    if rows > 1 {
        for field in &mut error.fields {
            field.field = format!("rows[{place}].{}", field.field);
        }
    }
    error
}

/// Which of the new holders has a name that is taken, in the book or among themselves.
async fn clash(tx: &mut Tx<'_>, organization_id: Uuid, new: &[Holder]) -> Error {
    let mut wrong = Vec::new();
    for (place, holder) in new.iter().enumerate() {
        let facts = HolderFacts::of(holder);
        match queries::find_clash(tx, organization_id, &facts, holder.id).await {
            Ok(Some(field)) => wrong.push(taken(field, place, new.len())),
            Ok(None) => {}
            Err(error) => return error,
        }
    }
    if wrong.is_empty() {
        let message = "Somebody added one of these at the same moment; please try again.";
        return Error::conflict("holder.changed", message);
    }
    Error::invalid_fields(wrong)
}

fn taken(field: &'static str, place: usize, rows: usize) -> FieldError {
    let field_name = match rows {
        1 => field.to_owned(),
        _ => format!("rows[{place}].{field}"),
    };
    FieldError {
        field: field_name,
        code: "holder.taken".into(),
        message: format!(
            "Another holder of the organization has this {}.",
            label(field)
        ),
    }
}

fn label(field: &str) -> &'static str {
    match field {
        "email" => "e-mail address",
        "extension" => "extension",
        "did" => "direct number",
        "serial" => "serial number",
        _ => "reference",
    }
}

/// Changes what is said about a holder.
#[derive(Clone, Debug, Serialize)]
pub struct EditHolder {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said about it from now on.
    #[serde(skip)]
    pub facts: HolderFacts,
}

impl Command for EditHolder {
    const NAME: &'static str = "holders.edit";
    const SECRET: bool = true;
    type Outcome = Holder;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Holder> {
        let before = current(tx, self.id, self.version).await?;
        let facts = self.facts.clone().checked(before.kind)?;
        let fields = facts.differing(&before);
        if fields.is_empty() {
            return Ok(before);
        }
        let clash = queries::find_clash(tx, before.organization_id, &facts, before.id).await?;
        if let Some(field) = clash {
            return Err(Error::invalid_fields(vec![taken(field, 0, 1)]));
        }
        let version = records::set_facts(tx, self.id, before.version, &facts).await?;
        let version = version.ok_or_else(|| stale(&before))?;
        tx.changed(Change {
            noun: "holder",
            row_id: self.id,
            version,
            organization_id: Some(before.organization_id),
            before: Some(json!({})),
            after: Some(json!({"changed": fields})),
        });
        let after = queries::find(tx, self.id).await?;
        let after = after.ok_or_else(Error::not_found)?;
        records::index(tx, std::slice::from_ref(&after)).await?;
        Ok(after)
    }
}

/// The holder, for whoever may change it, if it is present and its version is the one the editor saw.
pub async fn current(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Holder> {
    let found = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
    tx.require(Permission::HoldersEdit, found.organization_id)
        .await?;
    if version.is_some_and(|version| version != found.version) {
        return Err(stale(&found));
    }
    if found.left_at.is_some() {
        return Err(Error::conflict("holder.left", "This holder has left."));
    }
    Ok(found)
}

/// Somebody changed the holder meanwhile.
pub fn stale(found: &Holder) -> Error {
    let message = "Somebody changed this holder in the meantime; look at it again.";
    Error::new(ErrorKind::Stale, "version.stale", message).with("version", found.version)
}
