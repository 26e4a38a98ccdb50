//! The pages that show licenses, and what they show.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use rules::lifecycle::State as Lifecycle;
use store::{Timestamp, Tx};
use uuid::Uuid;

use crate::{
    api::Id,
    app::App,
    catalog,
    console::{
        answer::html,
        badges::{self, Badge},
        fields::Field,
        form::pairs,
        format::{self, Due, Moment},
        frame::{Frame, PageResult},
        layout::Shell,
    },
    error::{Error, Result},
    journal,
    licenses::{
        model::{License, Pool},
        pools, queries,
    },
    organizations,
    scope::{Permission, Scope},
};

/// `/licenses/assign?id=`: from the ticked row to its grid.
pub async fn assign(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let wanted: Vec<Uuid> = pairs
        .iter()
        .filter(|(name, _)| name == "id")
        .filter_map(|(_, id)| id.parse().ok())
        .collect();
    let [license_id] = wanted[..] else {
        return Err(Error::invalid(
            "id",
            "selection.one",
            "Select one license to update its assignment.",
        )
        .into());
    };
    let (scope, organization_id) = (frame.caller.scope.clone(), frame.visitor.organization_id);
    let found = app.read(move |mut tx| {
        Box::pin(async move { pools::find_at(&mut tx, &scope, license_id, organization_id).await })
    });
    let pool = found.await?.ok_or_else(Error::not_found)?;
    Ok(Redirect::to(&format!("/pools/{}/allocations", pool.id)).into_response())
}

/// `/licenses/{id}`: one license, as the organization acted for holds it.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let (scope, organization_id, now) = (
        frame.caller.scope.clone(),
        frame.visitor.organization_id,
        app.gate.now(),
    );
    let data = app.read(move |mut tx| {
        Box::pin(async move { One::read(&mut tx, &scope, id, organization_id).await })
    });
    let page = data
        .await?
        .page(&frame, &Moment::new(now, &frame.visitor.time_zone));
    Ok(html(StatusCode::OK, page.render()))
}

/// What one license's page needs of the book.
struct One {
    pool: Pool,
    owner: String,
    owned: Option<License>,
    validity: String,
    price: String,
    shares: Vec<pools::Received>,
    share_count: i64,
    changes: Vec<journal::queries::Latest>,
}

impl One {
    async fn read(tx: &mut Tx<'_>, scope: &Scope, id: Uuid, organization_id: Uuid) -> Result<One> {
        let held = pools::find_at(tx, scope, id, organization_id).await?;
        let license = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
        let pool = match held {
            Some(pool) => pool,
            None => pools::find_visible(tx, scope, license.pool_id)
                .await?
                .ok_or_else(Error::not_found)?,
        };
        let sku = catalog::queries::find_sku(tx, license.sku_id).await?;
        let owned = queries::find_visible(tx, scope, id).await?;
        let price = match &owned {
            Some(owned) => queries::find_price(tx, scope, owned).await?,
            None => None,
        };
        let price = price.and_then(|(minor, currency)| {
            Some(rules::money::Money::new(minor, currency.parse().ok()?).to_string())
        });
        let owner =
            organizations::queries::find_visible(tx, scope, license.organization_id).await?;
        Ok(One {
            owner: owner.map_or_else(String::new, |owner| owner.name),
            owned,
            validity: sku
                .and_then(|sku| sku.validity)
                .map_or("no end".into(), |validity| validity.in_words()),
            price: price.unwrap_or_default(),
            shares: pools::largest_shares(tx, pool.id, 8).await?,
            share_count: pools::count_shares(tx, pool.id).await?,
            changes: journal::queries::latest_of(tx, "pool", pool.id, 6).await?,
            pool,
        })
    }

    fn page(self, frame: &Frame, moment: &Moment) -> LicensePage {
        let row = row(&self.pool, moment);
        let share = |(id, name, kind, quantity, in_use): pools::Received| Share {
            organization_id: id.to_string(),
            name,
            kind: badges::kind(&kind).label,
            quantity,
            in_use,
        };
        let change = |(at, who, command): journal::queries::Latest| {
            (
                format::ago(at.get(), moment.now.get()),
                who.unwrap_or_else(|| "Seatbook".into()),
                command,
            )
        };
        let owned = self.owned.as_ref();
        LicensePage {
            shell: frame.shell(row.sku.clone(), "licenses"),
            owner: if self.owner.is_empty() {
                frame.visitor.organization.clone()
            } else {
                self.owner
            },
            unit: (self.pool.unit.clone(), self.pool.units.clone()),
            in_use: self.pool.assigned,
            support_reference: self.pool.support_reference.clone().unwrap_or_default(),
            validity: self.validity,
            zone: owned.map_or_else(String::new, |license| license.time_zone.clone()),
            price: self.price,
            attributes: vec![],
            shares: self.shares.into_iter().map(share).collect(),
            share_count: self.share_count,
            changes: self.changes.into_iter().map(change).collect(),
            may_edit: owned.is_some() && frame.may(Permission::LicensesEdit),
            may_allocate: frame.may(Permission::AllocationsSet),
            may_end: owned.is_some() && frame.may(Permission::LicensesTerminate),
            deletable: owned.is_some_and(|license| !license.used)
                && frame.may(Permission::LicensesTerminate),
            row,
        }
    }
}

/// One pool as a row of the list.
pub fn row(pool: &Pool, moment: &Moment) -> LicenseRow {
    let state = pool.state(moment.now);
    let mut marks = Vec::new();
    let days = u16::try_from(pool.expiring_days).unwrap_or(u16::MAX);
    let ends = pool.ends_at.map(Timestamp::get);
    if state == Lifecycle::Active && rules::lifecycle::expiring_soon(ends, moment.now.get(), days) {
        marks.push(badges::lifecycle("expiring_soon"));
    }
    if pool.assigned > 0 && !matches!(state, Lifecycle::Active | Lifecycle::Grace) {
        marks.push(badges::lifecycle("exceeded"));
    }
    LicenseRow {
        id: pool.license_id.to_string(),
        pool_id: pool.id.to_string(),
        sku: pool.sku_code.clone(),
        product: pool.product_name.clone(),
        sales_order: pool.sales_order.clone().unwrap_or_default(),
        kind: pool.sku_type.clone().unwrap_or_default(),
        tier: pool.sku_tier.clone().unwrap_or_default(),
        class: pool.sku_class.clone().unwrap_or_default(),
        start: format::date(pool.start_date.0),
        end: format::due(
            pool.end_date.map(|end| end.0),
            moment.today,
            i32::from(days),
        ),
        quantity: pool.quantity,
        available: pool.available(moment.now),
        assigned: pool.allocated,
        status: badges::lifecycle(state.as_str()),
        marks,
        allocatable: state.may_allocate(),
    }
}

/// One license as the organization sees it: its own pool of it.
#[derive(Clone, Debug, Default)]
pub struct LicenseRow {
    /// The license.
    pub id: String,
    /// The pool that stands at this organization.
    pub pool_id: String,
    /// The SKU's code.
    pub sku: String,
    /// The product's name.
    pub product: String,
    /// The sales order; shown as a column when grouped by SKU.
    pub sales_order: String,
    /// The SKU's type.
    pub kind: String,
    /// The SKU's tier.
    pub tier: String,
    /// The SKU's class.
    pub class: String,
    /// First day.
    pub start: String,
    /// Last day and how far it is.
    pub end: Due,
    /// Units here.
    pub quantity: i64,
    /// Units neither passed on nor in use; 0 unless active today.
    pub available: i64,
    /// Units passed on to tenants.
    pub assigned: i64,
    /// Lifecycle, as `badges::lifecycle`.
    pub status: Badge,
    /// Derived marks beside it: expiring soon, exceeded.
    pub marks: Vec<Badge>,
    /// Whether units may be passed on now.
    pub allocatable: bool,
}

/// `/licenses/{id}`: one license, its pool here and who received units of it.
#[derive(Template)]
#[template(path = "licensing/show.html")]
pub struct LicensePage {
    /// The frame.
    pub shell: Shell,
    /// The license and its pool.
    pub row: LicenseRow,
    /// Name of the organization that owns it.
    pub owner: String,
    /// The unit: ("device", "devices").
    pub unit: (String, String),
    /// Units in use by the organization's own holders.
    pub in_use: i64,
    /// The support reference.
    pub support_reference: String,
    /// The SKU's validity in words: "12 months".
    pub validity: String,
    /// The time zone its days are counted in.
    pub zone: String,
    /// Price with currency; empty where it may not be seen.
    pub price: String,
    /// Further attributes of the SKU: (name, value).
    pub attributes: Vec<(String, String)>,
    /// The tenants that received units, most first.
    pub shares: Vec<Share>,
    /// How many tenants there are in all.
    pub share_count: i64,
    /// The latest changes: (when, who, what).
    pub changes: Vec<(String, String, String)>,
    /// Whether this person may change it.
    pub may_edit: bool,
    /// Whether this person may pass units on.
    pub may_allocate: bool,
    /// Whether this person may pause, resume or terminate it.
    pub may_end: bool,
    /// Whether it was never used and can be deleted.
    pub deletable: bool,
}

/// What one tenant received.
#[derive(Clone, Debug, Default)]
pub struct Share {
    /// The tenant.
    pub organization_id: String,
    /// Its name.
    pub name: String,
    /// Partner or customer.
    pub kind: String,
    /// Units it received.
    pub quantity: i64,
    /// Units of them it has passed on or uses.
    pub in_use: i64,
}

/// `/licenses/{id}/edit`: reference, start, quantity.
#[derive(Template)]
#[template(path = "licensing/edit.html", blocks = ["sheet"])]
pub struct LicenseEditPage {
    /// The frame.
    pub shell: Shell,
    /// The license.
    pub id: String,
    /// Its version, sent back so that two editors cannot overwrite each other.
    pub version: i64,
    /// What is fixed: (owner, sales order, SKU …) as (name, value).
    pub fixed: Vec<(String, String)>,
    /// Support reference, start date, quantity.
    pub fields: Vec<Field>,
    /// The sales order that a new reference or start date reaches; empty for none.
    pub sales_order: String,
    /// How many other licenses stand on it.
    pub order_siblings: i64,
    /// Units passed on or in use, below which the quantity cannot go.
    pub in_use: i64,
    /// Where the end lies now, in words.
    pub end: String,
    /// Where to see who would lose a unit, if the quantity was refused for being below use; empty else.
    pub planner: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/licenses/new`: issuing a license.
#[derive(Template)]
#[template(path = "licensing/new.html", blocks = ["sheet", "preview"])]
pub struct LicenseNewPage {
    /// The frame.
    pub shell: Shell,
    /// Owner (a searchable select), SKU (a searchable select), quantity, sales order, reference, start.
    pub fields: Vec<Field>,
    /// What would be issued, once SKU and start are known: (name, value); empty before.
    pub preview: Vec<(String, String)>,
    /// Whether the catalog has no SKU yet.
    pub no_skus: bool,
    /// Why the last try was refused.
    pub error: Option<String>,
}
