//! The pages that show subscriptions.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use rules::reduction::Rule;
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    model::Subscription,
    pages::{
        SubscriptionPage, SubscriptionRow, SubscriptionsPage, UnitRow, facts, row,
        subscription_list, unit_row,
    },
    queries::{self, Candidate, Named},
};
use crate::{
    api::Id,
    app::App,
    assignments::model::Assignment,
    console::{
        answer::html,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        table::ListView,
    },
    error::{Error, Result},
    files::{Cell, ColumnKind},
    gate::Caller,
    holdings::{
        pools::{self, Total},
        sort::Sort,
    },
    licenses::model::Status,
    listings::{self, Field, Lines, Listing, PORTION, Reader, day, maybe, table, text},
    organizations::{
        self,
        model::Organization,
        tabs::{Place, Tabs},
    },
    scope::{self, Permission, Scope},
};

/// Rows on one page of the list.
const PAGE: i64 = 100;
/// Bound and terminated units shown on a subscription's page.
const UNITS: i64 = 50;

/// `/organizations/{id}/subscriptions`.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let pairs = pairs(query.as_deref());
    let mut view = subscription_list(id).read(&pairs);
    let filter = filter(&view, id, &pairs, PAGE);
    let at = (app.gate.now(), app.settings.reactivation_days);
    let (caller, uuid) = (frame.caller.clone(), view.q.trim().parse::<Uuid>().ok());
    let read = app.read(move |mut tx| {
        Box::pin(async move { Found::read(&mut tx, &caller, (filter, uuid), at).await })
    });
    let found = read.await?;
    let moment = Moment::new(at.0, &frame.visitor.time_zone);
    found.describe(&mut view);
    let row = |it: &Subscription| SubscriptionRow {
        id: found.opened.unwrap_or(it.id).to_string(),
        ..row(it, &moment)
    };
    let page = SubscriptionsPage {
        shell: frame.shell("Subscriptions", "organizations"),
        rows: found.subscriptions.iter().map(row).collect(),
        organization: (id.to_string(), found.organization.name.clone()),
        tabs: found.tabs.clone(),
        may_edit: found.may_edit,
        list: view,
    };
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

fn filter(
    view: &ListView,
    organization_id: Uuid,
    pairs: &[(String, String)],
    limit: i64,
) -> pools::Filter {
    let cursor = Some(value(pairs, "cursor")).filter(|cursor| !cursor.is_empty());
    pools::Filter {
        keyword: Some(view.q.clone()).filter(|q| !q.trim().is_empty()),
        status: Status::parse(view.chosen("status")),
        from: cursor.and_then(|cursor| Sort::End.place(false, cursor).ok()),
        ..pools::Filter::of(organization_id, limit)
    }
}

/// What the list needs of the book, read in one snapshot.
struct Found {
    organization: Organization,
    tabs: Tabs,
    subscriptions: Vec<Subscription>,
    page: pools::Page,
    /// The assignment whose UUID was looked for.
    opened: Option<Uuid>,
    may_edit: bool,
}

impl Found {
    async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        (filter, uuid): (pools::Filter, Option<Uuid>),
        at: (Timestamp, i64),
    ) -> Result<Found> {
        let (scope, whose) = (&caller.scope, filter.organization_id);
        let place = Place::read(tx, caller, whose, Permission::LicensesRead).await?;
        let page = found(tx, scope, (&filter, uuid), at.0).await?;
        let known = |id: &Uuid| {
            page.pools
                .iter()
                .any(|it| it.id == *id || it.license_id == *id)
        };
        Ok(Found {
            tabs: place.tabs("subscriptions"),
            may_edit: place.may(Permission::LicensesEdit),
            organization: place.organization,
            subscriptions: queries::of_pools(tx, &page.pools, at).await?,
            opened: uuid.filter(|id| !known(id)),
            page,
        })
    }

    fn describe(&self, view: &mut ListView) {
        let cursor = |place: &Option<_>| place.as_ref().map(|place| Sort::End.cursor(false, place));
        (view.previous, view.next) = (cursor(&self.page.previous), cursor(&self.page.next));
        view.shown = self.subscriptions.len() as i64;
        (view.total, view.more) = match self.page.total {
            Total::Exactly(count) => (Some(count), false),
            Total::MoreThan(count) => (Some(count), true),
            Total::Uncounted => (None, true),
        };
    }
}

/// `/subscriptions/{id}`: by the UUID of a pool, license, assignment or add-on.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let at = (app.gate.now(), app.settings.reactivation_days);
    let caller = frame.caller.clone();
    let read =
        app.read(move |mut tx| Box::pin(async move { One::read(&mut tx, &caller, id, at).await }));
    let moment = Moment::new(at.0, &frame.visitor.time_zone);
    let page = read.await?.page(&frame, &moment, at.1);
    Ok(html(StatusCode::OK, page.render()))
}

/// What one subscription's page needs of the book.
struct One {
    named: Named,
    subscription: Subscription,
    organization: Option<Organization>,
    may: Vec<Permission>,
    units: Vec<Candidate>,
    gone: Vec<queries::Gone>,
    followed: bool,
}

impl One {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, id: Uuid, at: (Timestamp, i64)) -> Result<One> {
        let named = queries::named(tx, &caller.scope, id).await?;
        let named = named.ok_or_else(Error::not_found)?;
        let pool = named.pool().clone();
        let whose = pool.organization_id;
        let found = queries::of_pools(tx, std::slice::from_ref(&pool), at).await?;
        let may = scope::queries::permissions_at(tx, caller.actor_id, whose).await?;
        let since = at.0.plus_seconds(-at.1 * 86_400);
        let (units, gone) = match may.contains(&Permission::AssignmentsRead) {
            true => (
                queries::candidates(tx, pool.id, Rule::Newest, UNITS).await?,
                queries::terminated(tx, pool.id, since, UNITS).await?,
            ),
            false => (vec![], vec![]),
        };
        let followed = match &named {
            Named::Assignment(it, _) => queries::ending(tx, it.id).await?.is_some_and(|it| it.2),
            Named::Pool(_) => false,
        };
        Ok(One {
            organization: organizations::queries::find_visible(tx, &caller.scope, whose).await?,
            subscription: found.into_iter().next().ok_or_else(Error::not_found)?,
            named,
            may,
            units,
            gone,
            followed,
        })
    }

    fn page(self, frame: &Frame, moment: &Moment, days: i64) -> SubscriptionPage {
        let it = &self.subscription;
        let losing = |id: Uuid| it.losers.contains(&id);
        let gone = |(id, holder, units, at): &queries::Gone| UnitRow {
            id: id.to_string(),
            holder: holder.clone(),
            units: *units,
            at: format::ago(at.get(), moment.now.get()),
            ended: true,
            reactivable: true,
            ..UnitRow::default()
        };
        let found = match &self.named {
            Named::Assignment(found, _) => Some(self.opened(found, moment, days)),
            Named::Pool(_) => None,
        };
        let state = it.status;
        SubscriptionPage {
            shell: frame.shell(format!("{} subscription", it.sku_code), "organizations"),
            organization: (
                it.organization_id.to_string(),
                self.organization
                    .as_ref()
                    .map_or_else(String::new, |it| it.name.clone()),
            ),
            row: row(it, moment),
            pool_id: it.id.to_string(),
            license_id: it.license_id.to_string(),
            own: it.parent_id.is_none(),
            unit: (it.unit.clone(), it.units.clone()),
            allocated: it.allocated,
            free: it.free,
            lapsing: it.lapsing,
            reactivate_until: it
                .reactivate_until
                .filter(|until| *until > moment.now)
                .map_or_else(String::new, |until| {
                    format::moment(until.get(), &moment.zone)
                }),
            facts: facts(it),
            found,
            units: self
                .units
                .iter()
                .map(|unit| unit_row(unit, moment, losing(unit.binding.id)))
                .collect(),
            gone: self.gone.iter().map(gone).collect(),
            shows_units: self.may.contains(&Permission::AssignmentsRead),
            may_end: self.may.contains(&Permission::SubscriptionsEnd),
            running: !matches!(
                state,
                rules::lifecycle::State::Terminated | rules::lifecycle::State::Superseded
            ),
            renews: it.renewal_date.is_some(),
        }
    }

    /// The unit whose UUID led here.
    fn opened(&self, found: &Assignment, moment: &Moment, days: i64) -> UnitRow {
        let until = found.ended_at.map(|at| at.plus_seconds(days * 86_400));
        let ended = found.ending.as_deref() == Some("terminated");
        UnitRow {
            id: found.id.to_string(),
            holder: found.holder_name.clone(),
            note: match found.base_id {
                Some(_) => format!("{}, an add-on", found.product_name),
                None => found.product_name.clone(),
            },
            units: found.units,
            add_ons: found.add_ons,
            at: format::ago(
                found.ended_at.unwrap_or(found.assigned_at).get(),
                moment.now.get(),
            ),
            ended: found.ended_at.is_some(),
            reactivable: ended && !self.followed && until.is_some_and(|until| until > moment.now),
            loses: self.subscription.losers.contains(&found.id),
            ..UnitRow::default()
        }
    }
}

/// What a file says of each.
const FIELDS: &[Field<Subscription>] = &[
    Field::text("", "UUID", |it: &Subscription, _| text(&it.id.to_string())).wide(38),
    Field::text("", "License UUID", |it: &Subscription, _| {
        text(&it.license_id.to_string())
    })
    .wide(38),
    Field::text("", "SKU", |it, _| text(&it.sku_code)),
    Field::text("", "Product", |it: &Subscription, _| text(&it.product_name)).wide(32),
    Field::text("", "Sales order", |it, _| maybe(it.sales_order.as_ref())),
    Field::number("", "Total", |it: &Subscription, _| Cell::Number(it.total)).summed(),
    Field::number("", "Passed on", |it, _| Cell::Number(it.allocated)),
    Field::number("", "Assigned", |it, _| Cell::Number(it.assigned)),
    Field::number("", "Available", |it, _| Cell::Number(it.available)),
    Field::new("", "Renewal date", ColumnKind::Date, |it, _| {
        day(it.renewal_date)
    }),
    Field::text("", "Auto-renewal", |it, _| {
        text(["off", "on"][usize::from(it.renewal_date.is_some())])
    }),
    Field::number("", "Units not renewed", |it, _| Cell::Number(it.lapsing)),
    Field::new("", "Expiry date", ColumnKind::Date, |it, _| {
        day(it.expiry_date)
    }),
    Field::text("", "Status", |it, _| text(it.status.as_str())),
];

/// The subscriptions of an organization, on their way into a file.
struct Subscriptions {
    filter: pools::Filter,
    uuid: Option<Uuid>,
}

/// The subscriptions of an organization, as an address describes them.
pub fn listing(id: Uuid, pairs: &[(String, String)]) -> Box<dyn Listing> {
    let view = subscription_list(id).read(pairs);
    let mut filter = filter(&view, id, pairs, PORTION);
    filter.from = None;
    let uuid = view.q.trim().parse().ok();
    table(FIELDS.iter().collect(), Subscriptions { filter, uuid })
}

impl Lines for Subscriptions {
    type Row = Subscription;

    async fn next(
        &mut self,
        tx: &mut Tx<'_>,
        reader: &Reader,
    ) -> Result<listings::Found<Subscription>> {
        let wanted = (&self.filter, self.uuid);
        let page = found(tx, &reader.scope, wanted, reader.now).await?;
        // Until when something can be reactivated is not in a file.
        let lines = queries::of_pools(tx, &page.pools, (reader.now, 0)).await?;
        let is_last = page.next.is_none();
        (self.filter.from, self.filter.size) = (page.next, Some(page.size));
        Ok((lines, is_last))
    }
}

/// The pools of a page: by what the address asks, or the one of a UUID.
async fn found(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (filter, uuid): (&pools::Filter, Option<Uuid>),
    now: Timestamp,
) -> Result<pools::Page> {
    let whose = filter.organization_id;
    let Some(id) = uuid else {
        return pools::page(tx, scope, filter, now).await;
    };
    scope::queries::check_visible(tx, scope, Permission::LicensesRead, whose).await?;
    let pools = queries::found_by(tx, scope, (id, Some(whose)), (None, filter.limit)).await?;
    Ok(pools::Page {
        total: Total::Exactly(pools.len() as i64),
        pools,
        ..pools::Page::default()
    })
}
