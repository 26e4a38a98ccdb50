//! Taking a customer in by a form: names that sound alike are told while somebody types.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{
    api::{AddressIn, CustomerIn},
    commands::{OnboardCustomer, Onboarded, PoolUnits},
    duplicates,
    model::Alike,
    queries::{self, Offer},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html, part_or_page},
        fields::{Field, above, filled},
        form::{Form, pairs, value},
        format,
        frame::{Frame, PageResult},
        layout::Shell,
    },
    error::{Error, Result},
    gate::Key,
    licenses::model::Pool,
    organizations::model::Kind,
    scope::{self, Permission},
};

/// Pools that a form names.
const POOLS: i64 = 20;

/// `/licenses/{id}/customers/new`: the form, and afterwards the administrator's link.
#[derive(Template)]
#[template(path = "customers/new.html", blocks = ["sheet", "preview"])]
pub struct NewCustomerPage {
    shell: Shell,
    license_id: String,
    sku: String,
    fields: Vec<Field>,
    /// Names that sound like the one that was typed.
    duplicates: Vec<(String, String)>,
    /// They were seen, and it is somebody else.
    accepted: bool,
    /// What it would come to, or why it would be refused.
    preview: Vec<(String, String)>,
    refused: Option<String>,
    error: Option<String>,
    /// Who was taken in, whose administrator has a link now.
    welcome: Option<Welcome>,
}

/// A new customer whose first administrator was invited.
struct Welcome {
    name: String,
    email: String,
    link: String,
    until: String,
    mailed: bool,
}

/// What the form needs of the book.
struct Place {
    pool: Pool,
    offers: Vec<Offer>,
    may: Vec<Permission>,
}

impl Place {
    async fn read(app: &App, frame: &Frame, license_id: Uuid) -> Result<Place> {
        let (caller, now) = (frame.caller.clone(), app.gate.now());
        caller.scope.require(Permission::OrganizationsCreate)?;
        let place = (license_id, frame.visitor.organization_id);
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                let pool = queries::pool_of(tx, &caller.scope, place).await?;
                let holder = pool.organization_id;
                let may = scope::queries::permissions_at(tx, caller.actor_id, holder).await?;
                let mut offers = queries::offers(tx, holder, None, (now, POOLS)).await?;
                offers.retain(|offer| offer.pool.id != pool.id);
                Ok(Place { pool, offers, may })
            })
        });
        read.await
    }

    /// The pools of the form, the license's own first, in the order of its rows.
    fn pools(&self) -> impl Iterator<Item = &Pool> {
        std::iter::once(&self.pool).chain(self.offers.iter().map(|offer| &offer.pool))
    }

    fn may(&self, permission: Permission) -> bool {
        self.may.contains(&permission)
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![
            Field::text("name", "Legal name").required(),
            Field::text("website", "Web site"),
            Field::text("tax_id", "Tax number"),
        ];
        if self.may(Permission::BillingEdit) {
            let country = "Two letters, such as DE.";
            fields.extend([
                Field::heading("Address on invoices"),
                Field::new("textarea", "street", "Street and number"),
                Field::text("postcode", "Postcode"),
                Field::text("city", "City"),
                Field::text("country", "Country").hint(country),
            ]);
        }
        if self.may(Permission::PeopleEdit) {
            let hint = "Invited as administrator of the new customer.";
            fields.push(Field::heading("First administrator"));
            let email = Field::new("email", "administrator_email", "E-mail");
            fields.push(email.hint(hint).autocomplete("off"));
        }
        fields.push(Field::heading("Units"));
        fields.extend(self.pools().enumerate().map(|(row, pool)| {
            let label = match row {
                0 => format!("{} of this license", capitalized(&pool.units)),
                _ => label(pool),
            };
            let free = format::count(pool.free, &pool.unit, &pool.units);
            let field = Field::new("number", &named(pool), &label);
            let field = field.between("0", pool.free.to_string());
            let field = field.hint(format!("{free} unallocated"));
            if row == 0 { field.required() } else { field }
        }));
        fields
    }

    /// What was typed, as the command.
    fn command(&self, given: &[(String, String)]) -> Result<OnboardCustomer> {
        let text = |name: &str| value(given, name).trim().to_owned();
        let said = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let address = AddressIn {
            street: text("street"),
            postcode: text("postcode"),
            city: text("city"),
            country: text("country"),
        };
        let filled = [
            &address.street,
            &address.postcode,
            &address.city,
            &address.country,
        ];
        let has_address = filled.iter().any(|text| !text.is_empty());
        let mut units = Vec::new();
        for pool in self.pools() {
            let typed = text(&named(pool));
            let wrong = || Error::invalid(named(pool), "field.invalid", "Give a whole number.");
            let count: i64 = match typed.is_empty() {
                true => 0,
                false => typed.parse().map_err(|_| wrong())?,
            };
            if count != 0 {
                units.push(PoolUnits {
                    pool_id: pool.id,
                    units: count,
                });
            }
        }
        if units
            .first()
            .is_none_or(|first| first.pool_id != self.pool.id)
        {
            let message = format!("Say how many {} of this license.", self.pool.units);
            return Err(Error::invalid(named(&self.pool), "required", message));
        }
        let new = CustomerIn {
            parent_id: self.pool.organization_id,
            kind: Some(Kind::Customer),
            name: text("name"),
            reference: None,
            website: said("website"),
            tax_id: said("tax_id"),
            time_zone: None,
            address: has_address.then_some(address),
            administrator_email: said("administrator_email"),
            units,
            accept_duplicates: !text("accept_duplicates").is_empty(),
        };
        new.command()
    }

    fn page(
        &self,
        frame: &Frame,
        (given, refused): (&[(String, String)], Option<&Error>),
    ) -> NewCustomerPage {
        let fields = filled(self.fields(), given, refused);
        NewCustomerPage {
            shell: frame.shell("New customer", "licenses"),
            license_id: self.pool.license_id.to_string(),
            sku: self.pool.sku_code.clone(),
            error: above(&fields, refused),
            fields,
            duplicates: vec![],
            accepted: !value(given, "accept_duplicates").is_empty(),
            preview: vec![],
            refused: None,
            welcome: None,
        }
    }
}

/// The field of a pool's units.
fn named(pool: &Pool) -> String {
    format!("units.{}", pool.id)
}

fn label(pool: &Pool) -> String {
    match &pool.sales_order {
        Some(order) => format!("{} ({order})", pool.sku_code),
        None => pool.sku_code.clone(),
    }
}

fn capitalized(text: &str) -> String {
    crate::journal::words::capitalized(text)
}

/// `/licenses/{id}/customers/new`.
pub async fn form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let place = Place::read(&app, &frame, id).await?;
    let page = place.page(&frame, (&[], None));
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// `/licenses/{id}/customers/new/preview`: asked while the form is filled.
pub async fn preview(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let place = Place::read(&app, &frame, id).await?;
    let page = previewed(&app, &frame, &place, &given).await?;
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// Takes the customer in, or shows the form again with what is wrong.
pub async fn create(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let place = Place::read(&app, &frame, id).await?;
    if form.text("step") == "preview" {
        let page = previewed(&app, &frame, &place, &form.pairs).await?;
        return Ok(shown(&frame, StatusCode::OK, &page));
    }
    match submit(&app, &frame, (&place, &form.pairs), form.key.clone()).await {
        Ok(made) => Ok(welcomed(&app, &frame, &place, made)),
        Err(error) if error.is_refusal() => {
            let mut page = place.page(&frame, (&form.pairs, Some(&error)));
            page.duplicates = told(&find(&app, &frame, value(&form.pairs, "name")).await?);
            if error.code == "customer.near_duplicate" {
                page.error = None;
            }
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn submit(
    app: &App,
    frame: &Frame,
    (place, given): (&Place, &[(String, String)]),
    key: Key,
) -> Result<Onboarded> {
    let command = place.command(given)?;
    let pools: Vec<Uuid> = command.units.iter().map(|row| row.pool_id).collect();
    let done = app.gate.submit(&frame.caller, key, command).await;
    done.map(|done| done.outcome)
        .map_err(|error| beside_fields(error, &pools))
}

/// A refusal with its fields named as the form names them.
fn beside_fields(mut error: Error, pools: &[Uuid]) -> Error {
    for wrong in &mut error.fields {
        let row = wrong.field.strip_prefix("units[");
        let row = row.and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
        if let Some(pool_id) = row.and_then(|row| pools.get(row)) {
            wrong.field = format!("units.{pool_id}");
        } else if let Some(field) = wrong.field.strip_prefix("address.") {
            wrong.field = field.to_owned();
        }
    }
    error
}

/// What it would come to: names that sound alike, and what is left of each pool or why it is refused.
async fn previewed(
    app: &App,
    frame: &Frame,
    place: &Place,
    given: &[(String, String)],
) -> Result<NewCustomerPage> {
    let mut page = place.page(frame, (given, None));
    let name = value(given, "name").trim();
    if name.is_empty() {
        return Ok(page);
    }
    page.duplicates = told(&find(app, frame, name).await?);
    let command = place.command(given).map(|command| OnboardCustomer {
        accept_duplicates: true,
        ..command
    });
    let done = match command {
        Ok(command) => app.gate.preview(&frame.caller, command).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => page.preview = left(place, &done.outcome),
        Err(error) if error.is_refusal() => {
            page.refused = Some(error.in_a_line());
        }
        Err(error) => return Err(error),
    }
    Ok(page)
}

fn left(place: &Place, made: &Onboarded) -> Vec<(String, String)> {
    let pools = place.pools();
    let left = pools.filter_map(|pool| {
        let balance = made.pools.iter().find(|it| it.pool_id == pool.id)?;
        let what = format!("Left of {}", pool.sku_code);
        Some((what, format::count(balance.free, &pool.unit, &pool.units)))
    });
    left.collect()
}

async fn find(app: &App, frame: &Frame, name: &str) -> Result<Vec<Alike>> {
    let (scope, name) = (frame.caller.scope.clone(), name.to_owned());
    let read = app.read(move |mut tx| {
        Box::pin(async move { duplicates::find(&mut tx, &scope, (&name, None)).await })
    });
    read.await
}

fn told(found: &[Alike]) -> Vec<(String, String)> {
    let link = |it: &Alike| {
        let place = format!("/organizations/{}", it.organization_id);
        (place, it.name.clone())
    };
    found.iter().map(link).collect()
}

/// With an invitation the page shows its link, once; else the way leads on to the customers.
fn welcomed(app: &App, frame: &Frame, place: &Place, made: Onboarded) -> Response {
    let made = made.with_link(&app.settings.base_url(), false);
    let Some(invited) = made.invitation else {
        let list = format!("/licenses/{}/customers", place.pool.license_id);
        return go(frame.fragment, &list);
    };
    let zone = TimeZone::get(&frame.visitor.time_zone).unwrap_or(TimeZone::UTC);
    let welcome = Welcome {
        name: made.organization.name,
        email: invited.invitation.email.clone(),
        until: format::moment(invited.invitation.expires_at.get(), &zone),
        link: invited.link,
        mailed: app.gate.sends_mail(),
    };
    let page = NewCustomerPage {
        welcome: Some(welcome),
        ..place.page(frame, (&[], None))
    };
    shown(frame, StatusCode::OK, &page)
}

fn shown(frame: &Frame, status: StatusCode, page: &NewCustomerPage) -> Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}
