//! The grid as it is shown, posted, and shown again with what was refused.

use std::collections::BTreeMap;

use serde_json::Value;
use store::Tx;
use uuid::Uuid;

use super::{
    commands::WantedShare,
    model::Allocation,
    pages::{AllocationPage, Conflict, ShareRow},
    queries::{self, Filter},
};
use crate::{
    app::App,
    console::{
        badges,
        fields::{Choice, rows},
        form::{Form, new_key},
        format,
        frame::Frame,
    },
    error::{Error, FieldError, Kind, Result},
    licenses::{self, model::Pool},
    scope::Permission,
};

/// Tenants shown as rows; a pool with more is edited by adding the ones to change.
const ROWS: i64 = 200;
const CHOICES: i64 = 50;

/// One row as it was posted.
#[derive(Clone, Debug, Default)]
struct PostedRow {
    key: String,
    organization_id: String,
    seen: i64,
    quantity: String,
    removed: bool,
    takes_theirs: bool,
}

/// The posted grid.
#[derive(Clone, Debug, Default)]
pub(super) struct Posted {
    rows: Vec<PostedRow>,
    find: String,
}

impl Posted {
    /// Reads the fields `organization.<key>`, `seen.<key>`, `quantity.<key>`, `remove.<key>`, `choice.<key>`.
    pub(super) fn read(form: &Form) -> Posted {
        let row = |(key, fields): (String, BTreeMap<&str, &str>)| {
            let field = |name: &str| fields.get(name).map_or("", |value| value.trim());
            PostedRow {
                organization_id: field("organization").to_owned(),
                seen: field("seen").parse().unwrap_or_default(),
                quantity: field("quantity").to_owned(),
                removed: !field("remove").is_empty(),
                takes_theirs: field("choice") == "theirs",
                key,
            }
        };
        Posted {
            rows: rows(&form.pairs).into_iter().map(row).collect(),
            find: form.text("find").to_owned(),
        }
    }

    /// The same with an empty row at the end: adding without script.
    pub(super) fn with_new_row(mut self) -> Posted {
        let key = format!("new-{}", self.rows.len());
        self.rows.push(PostedRow {
            key,
            ..PostedRow::default()
        });
        self
    }

    /// The rows that change something, or what cannot be read of them.
    pub(super) fn rows(&self) -> Result<Vec<WantedShare>> {
        let mut wanted = Vec::new();
        let mut wrong = Vec::new();
        for row in self.rows.iter().filter(|row| !row.takes_theirs) {
            let quantity = if row.removed {
                Ok(0)
            } else {
                row.quantity.parse::<i64>()
            };
            match (row.organization_id.parse::<Uuid>(), quantity) {
                (Ok(organization_id), Ok(quantity)) if quantity != row.seen => {
                    wanted.push(WantedShare {
                        organization_id,
                        seen: row.seen,
                        quantity,
                    });
                }
                (Ok(_), Ok(_)) => {}
                (Err(_), _) => wrong.push(problem(&row.key, "required", "Choose a tenant.")),
                (_, Err(_)) => wrong.push(problem(&row.key, "required", "Give a whole number.")),
            }
        }
        match (wrong.is_empty(), wanted.is_empty()) {
            (false, _) => Err(Error::invalid_fields(wrong)),
            (true, true) => Err(Error::new(
                Kind::Invalid,
                "rows.unchanged",
                "Nothing was changed, so there is nothing to assign.",
            )),
            (true, false) => Ok(wanted),
        }
    }
}

fn problem(key: &str, code: &'static str, message: &str) -> FieldError {
    FieldError {
        field: key.to_owned(),
        code: code.into(),
        message: message.into(),
    }
}

/// The page, with the posted rows laid over the saved ones and every refusal beside its row.
pub(super) async fn page(
    app: &App,
    frame: &Frame,
    pool_id: Uuid,
    posted: Posted,
    refused: Option<&Error>,
) -> Result<AllocationPage> {
    frame.caller.scope.require(Permission::AllocationsSet)?;
    let (scope, find) = (frame.caller.scope.clone(), posted.find.clone());
    let data = app.read(move |mut tx| {
        Box::pin(async move {
            let pool = licenses::pools::find_visible(&mut tx, &scope, pool_id).await?;
            Saved::read(&mut tx, pool.ok_or_else(Error::not_found)?, &find).await
        })
    });
    let saved = data.await?;
    let excess = refused
        .and_then(|error| error.facts.get("excess"))
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let said_by_rows = excess > 0 || refused.is_some_and(|error| !error.fields.is_empty());
    Ok(AllocationPage {
        shell: frame.shell("Update license assignment", "licenses"),
        pool_id: pool_id.to_string(),
        facts: facts(&saved.pool),
        status: badges::lifecycle(saved.pool.state(app.gate.now()).as_str()),
        unit: (saved.pool.unit.clone(), saved.pool.units.clone()),
        quantity: saved.pool.quantity,
        assigned: saved.pool.allocated,
        in_use: saved.pool.assigned,
        rows: saved.rows(&posted, refused),
        tenant_count: saved.count,
        choices: saved.choices.iter().map(choice).collect(),
        find: posted.find.clone(),
        excess,
        error: refused
            .filter(|_| !said_by_rows)
            .map(|error| error.message.clone()),
        idempotency_key: new_key(),
    })
}

fn choice(found: &Allocation) -> Choice {
    Choice {
        value: found.organization_id.to_string(),
        label: found.organization_name.clone(),
    }
}

fn facts(pool: &Pool) -> Vec<(String, String)> {
    let mut facts = vec![
        (
            "Sales order".to_owned(),
            pool.sales_order.clone().unwrap_or_else(|| "–".into()),
        ),
        ("License SKU".into(), pool.sku_code.clone()),
        ("Product".into(), pool.product_name.clone()),
        ("Start date".into(), format::date(pool.start_date.0)),
        (
            "End date".into(),
            pool.end_date
                .map_or("no end".into(), |end| format::date(end.0)),
        ),
    ];
    if let Some(reference) = &pool.support_reference {
        facts.push(("Support reference".into(), reference.clone()));
    }
    facts
}

/// What the book says.
struct Saved {
    pool: Pool,
    shares: Vec<Allocation>,
    count: i64,
    choices: Vec<Allocation>,
}

impl Saved {
    async fn read(tx: &mut Tx<'_>, pool: Pool, find: &str) -> Result<Saved> {
        let filter = Filter {
            pool_id: pool.id,
            keyword: None,
            after: None,
            limit: ROWS,
        };
        let source = queries::find_source(tx, pool.id)
            .await?
            .ok_or_else(Error::not_found)?;
        Ok(Saved {
            shares: queries::list(tx, &filter).await?,
            count: licenses::pools::count_shares(tx, pool.id).await?,
            choices: queries::candidates(tx, &source, find, CHOICES).await?,
            pool,
        })
    }

    /// Saved rows with what was typed over them, then the rows just added.
    fn rows(&self, posted: &Posted, refused: Option<&Error>) -> Vec<ShareRow> {
        let is_saved = |row: &PostedRow| {
            self.shares
                .iter()
                .any(|share| share.organization_id.to_string() == row.organization_id)
        };
        let mut rows: Vec<ShareRow> = self
            .shares
            .iter()
            .map(|share| self.saved_row(share, posted))
            .collect();
        rows.extend(
            posted
                .rows
                .iter()
                .filter(|row| !is_saved(row))
                .map(|row| self.added_row(row)),
        );
        for row in &mut rows {
            explain(row, posted, refused);
        }
        rows
    }

    fn saved_row(&self, share: &Allocation, posted: &Posted) -> ShareRow {
        let id = share.organization_id.to_string();
        let typed = posted.rows.iter().find(|row| row.organization_id == id);
        ShareRow {
            key: id.clone(),
            organization_id: id,
            name: share.organization_name.clone(),
            place: badges::kind(&share.organization_kind).label,
            quantity: typed.map_or(share.quantity.to_string(), |row| row.quantity.clone()),
            seen: share.quantity,
            floor: share.in_use,
            added: false,
            removed: typed.is_some_and(|row| row.removed),
            error: None,
            conflict: None,
        }
    }

    fn added_row(&self, row: &PostedRow) -> ShareRow {
        let found = self
            .choices
            .iter()
            .find(|choice| choice.organization_id.to_string() == row.organization_id);
        ShareRow {
            key: row.key.clone(),
            organization_id: row.organization_id.clone(),
            name: found.map_or_else(String::new, |found| found.organization_name.clone()),
            quantity: row.quantity.clone(),
            seen: found.map_or(0, |found| found.quantity),
            floor: found.map_or(0, |found| found.in_use),
            added: true,
            removed: row.removed,
            ..ShareRow::default()
        }
    }
}

/// Puts what was refused about a row beside it: a field's problem, too little left, or two values to choose from.
fn explain(row: &mut ShareRow, posted: &Posted, refused: Option<&Error>) {
    let Some(error) = refused else { return };
    row.error = error
        .fields
        .iter()
        .find(|wrong| wrong.field == row.key)
        .map(|wrong| wrong.message.clone());
    let about = error
        .facts
        .get("rows")
        .and_then(Value::as_array)
        .and_then(|rows| {
            rows.iter()
                .find(|about| about["organization_id"] == row.organization_id.as_str())
        });
    let Some(about) = about else { return };
    let number = |name: &str| about[name].as_i64().unwrap_or_default();
    if about["current"].is_number() {
        let seen = posted
            .rows
            .iter()
            .find(|typed| typed.organization_id == row.organization_id);
        row.conflict = Some(Conflict {
            when: "meanwhile".into(),
            before: seen.map_or(number("seen"), |typed| typed.seen),
            now: number("current"),
            mine: number("wanted"),
            who: String::new(),
        });
    } else if about["to_free"].is_number() {
        row.error = Some(format!(
            "{} are in use there: free {} first, or leave at least {}.",
            format::number(number("in_use")),
            format::number(number("to_free")),
            format::number(number("in_use")),
        ));
    }
}
