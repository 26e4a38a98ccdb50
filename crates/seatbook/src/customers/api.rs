//! Customers over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{EditCustomer, Edited, OnboardCustomer, Onboarded, PoolUnits, WantedUnits},
    model::{Customer, Metrics, Sort},
    queries::{self, Filter, Page},
};
use crate::{
    api::{Id, List, Paging, Params, Write},
    app::App,
    billing::model::BillingFacts,
    error::{Error, Result},
    gate::Caller,
    licenses::pools,
    organizations::model::{Kind, OrganizationFacts},
    scope::{Permission, Scope},
    secrets::{Secret, random_text},
};

/// Which customers.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of name, reference, web site or tax number.
    q: Option<String>,
    /// `name` unless said, or `units`; up to 5,000 rows also `kind`, `in_use`, `usage` or `changed`. With a `-` before
    /// it the largest come first.
    sort: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the organizations that were passed units of a pool, with how many they use and whether they leave.
#[utoipa::path(get, path = "/pools/{id}/customers", tag = "customers", params(ListParams,
    ("id" = Uuid, Path, description = "The pool whose units were passed on.")),
    responses((status = 200, description = "A page of customers.", body = List<Customer>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Id(pool_id): Id,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Customer>>> {
    caller.scope.require(Permission::AllocationsRead)?;
    let filter = params.filter(pool_id)?;
    let (sort, descending) = (filter.sort, filter.descending);
    let read = app
        .read(move |mut tx| Box::pin(async move { visible(&mut tx, &caller.scope, filter).await }));
    let page = read.await?;
    Ok(Json(List {
        next_cursor: page.next.map(|next| sort.cursor(descending, &next)),
        items: page.customers,
    }))
}

impl ListParams {
    fn filter(self, pool_id: Uuid) -> Result<Filter> {
        let (sort, descending) = Sort::read(self.sort.as_deref())?;
        let from = self.cursor.as_deref();
        Ok(Filter {
            pool_id,
            license_id: Uuid::nil(),
            keyword: self.q,
            sort,
            descending,
            from: from.map(|it| sort.place(descending, it)).transpose()?,
            limit: Paging::of(self.limit, None).limit()?,
            size: None,
        })
    }
}

/// The customers of a pool, where the scope can see the pool.
async fn visible(tx: &mut Tx<'_>, scope: &Scope, filter: Filter) -> Result<Page> {
    let pool = pools::find_visible(tx, scope, filter.pool_id).await?;
    let license_id = pool.ok_or_else(Error::not_found)?.license_id;
    queries::page(
        tx,
        &Filter {
            license_id,
            ..filter
        },
    )
    .await
}

/// Shows what is worth knowing of a pool whose units are passed on: commitment, what is left, customers, renewal, and
/// for those who may see it the price.
#[utoipa::path(get, path = "/pools/{id}/metrics", tag = "customers",
    params(("id" = Uuid, Path, description = "The pool.")),
    responses((status = 200, description = "Its key metrics.", body = Metrics)))]
pub async fn metrics(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Metrics>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let pool = pools::find_visible(&mut tx, &caller.scope, id).await?;
            let pool = pool.ok_or_else(Error::not_found)?;
            queries::metrics(&mut tx, &caller.scope, &pool).await
        })
    });
    Ok(Json(read.await?))
}

/// Where a customer is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CustomerAddress)]
pub struct AddressIn {
    /// Street and number; further lines are separated by a line break.
    pub(super) street: String,
    /// The postcode.
    pub(super) postcode: String,
    /// The city.
    pub(super) city: String,
    /// ISO 3166-1 alpha-2, such as `DE`.
    pub(super) country: String,
}

/// A new customer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerIn {
    /// The organization above it, whose units it is passed.
    pub(super) parent_id: Uuid,
    /// `customer` unless said, or `partner`.
    #[serde(default)]
    pub(super) kind: Option<Kind>,
    /// Its legal name, 1 to 200 characters.
    pub(super) name: String,
    /// The key by which other systems know it; unique.
    #[serde(default)]
    pub(super) reference: Option<String>,
    /// Its web site.
    #[serde(default)]
    pub(super) website: Option<String>,
    /// Its tax number. One that begins with two letters is its VAT identifier on invoices.
    #[serde(default)]
    pub(super) tax_id: Option<String>,
    /// The IANA zone in which its days begin and end; its parent's unless said.
    #[serde(default)]
    pub(super) time_zone: Option<String>,
    /// The address on its invoices. Takes `billing.edit`.
    #[serde(default)]
    pub(super) address: Option<AddressIn>,
    /// Who is invited as its first administrator. Takes `people.edit`.
    #[serde(default)]
    pub(super) administrator_email: Option<String>,
    /// Units of pools that the organization above it holds.
    #[serde(default)]
    pub(super) units: Vec<PoolUnits>,
    /// Send true where you saw names that sound alike, and it is somebody else.
    #[serde(default)]
    pub(super) accept_duplicates: bool,
}

impl CustomerIn {
    /// The command, with a link's secret that is drawn here.
    pub(super) fn command(self) -> Result<OnboardCustomer> {
        let billing = self.address.map(|address| {
            let tax_id = self.tax_id.clone().unwrap_or_default();
            let letters = tax_id.trim().chars().take(2);
            let is_vat = letters.filter(char::is_ascii_alphabetic).count() == 2;
            let (vat_id, tax_number) = match is_vat {
                true => (tax_id, String::new()),
                false => (String::new(), tax_id),
            };
            BillingFacts {
                legal_name: self.name.clone(),
                street: address.street,
                postcode: address.postcode,
                city: address.city,
                country: address.country,
                vat_id,
                tax_number,
                ..BillingFacts::default()
            }
        });
        Ok(OnboardCustomer {
            parent_id: self.parent_id,
            kind: self.kind.unwrap_or(Kind::Customer),
            facts: OrganizationFacts {
                name: self.name,
                reference: self.reference,
                website: self.website,
                tax_id: self.tax_id,
                time_zone: self.time_zone,
                ..OrganizationFacts::default()
            },
            billing,
            units: self.units,
            administrator: self.administrator_email,
            accept_duplicates: self.accept_duplicates,
            secret: Secret(random_text(32)?),
        })
    }
}

/// Takes a customer in: the organization, the address on its invoices, its units and its first administrator, all of it
/// or nothing.
///
/// Where a name of yours sounds alike, it is refused with `customer.near_duplicate` and `duplicates`, until you send
/// `accept_duplicates`. Units that a pool does not give are refused with its code, each in `rows`. The administrator is
/// mailed a link; the answer holds it too, this once. `?preview=true` does nothing of that and says the same.
#[utoipa::path(post, path = "/customers", tag = "customers", request_body = CustomerIn,
    responses((status = 201, description = "The customer.", body = Onboarded)))]
pub async fn create(State(app): State<App>, write: Write<CustomerIn>) -> Result<Response> {
    let command = write.body.clone().command()?;
    let base = app.settings.base_url();
    let answer = write.submit(&app, command).await?;
    let is_preview = answer.journal_id.is_none();
    let answer = answer.map(|made| made.with_link(&base, is_preview));
    let location = format!("/api/v1/organizations/{}", answer.outcome.organization.id);
    Ok(answer.created(&location))
}

impl Onboarded {
    /// The same with the administrator's link as an address; a preview has made none.
    pub(super) fn with_link(mut self, base: &str, is_preview: bool) -> Onboarded {
        if let Some(invited) = &mut self.invitation {
            invited.link = match is_preview {
                true => String::new(),
                false => format!("{base}/invitations/{}", invited.link),
            };
        }
        self
    }
}

/// What changes of a customer.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerChange {
    /// Its legal name from now on.
    #[serde(default)]
    name: Option<String>,
    /// Its units of pools that the organization above it holds; those that are not named stay.
    #[serde(default)]
    units: Vec<WantedUnits>,
}

/// Changes a customer's legal name and its units of several pools, all of it or nothing.
///
/// `If-Match` is the version of the organization, for its name. A share that somebody changed since you saw it is
/// refused with `allocation.changed`, one below what is used there with `allocation.below_use`, and one that its pool does
/// not give with `pool.exhausted`; every such row stands in `rows`.
#[utoipa::path(patch, path = "/customers/{id}", tag = "customers", request_body = CustomerChange,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The customer as it is now.", body = Edited)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<CustomerChange>,
) -> Result<Response> {
    let command = EditCustomer {
        organization_id: id,
        version: write.if_match(),
        name: write.body.name.clone(),
        units: write.body.units.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
