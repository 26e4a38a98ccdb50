//! The pages that show service plans.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::{
    model::{Component, Edition, SaleState, ServicePlan, WholePlan},
    pages::{PlanPage, PlansPage, component, in_units, note, plan_list, row},
    queries,
};
use crate::{
    api::{Cursor, Id, List},
    app::App,
    console::{
        answer::html,
        badges,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        pages::{PickerOption, PickerOptions},
    },
    error::{Error, Result},
    files::Cell,
    listings::{Field, Found, Lines, Listing, PORTION, Reader, shown, table, text},
    scope::{Permission, Scope},
};

/// Rows on one page of the list.
const PAGE: i64 = 100;
/// Earlier compositions that a page shows.
const EARLIER: i64 = 10;

/// `/catalog/plans`.
pub async fn list(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let mut list = plan_list().read(&given);
    let after = Some(value(&given, "cursor")).filter(|cursor| !cursor.is_empty());
    let filter = queries::Filter {
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        edition: Edition::parse(list.chosen("edition")),
        include_ended: !list.chosen("include_ended").is_empty(),
        after: after.map(Cursor::read).transpose()?,
        limit: PAGE + 1,
        ..queries::Filter::default()
    };
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::list(&mut tx, &scope, &filter, now).await?;
            Ok((found, queries::is_empty(&mut tx).await?))
        })
    });
    let (found, is_empty) = read.await?;
    let name = |last: &WholePlan| (last.plan.name.clone(), last.plan.id);
    let page = List::page(found, PAGE, name);
    list.shown = page.items.len() as i64;
    (list.more, list.next) = (page.next_cursor.is_some(), page.next_cursor);
    let page = PlansPage {
        shell: frame.shell("Service plans", "catalog"),
        rows: page.items.iter().map(row).collect(),
        none_yet: is_empty,
        may_edit: frame.may(Permission::CatalogEdit),
        list,
    };
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

/// One plan with what its page shows beside it.
struct One {
    whole: WholePlan,
    earlier: Vec<(i64, Vec<Component>)>,
    /// The plan that a trial becomes, or the trials that become this one.
    related: Vec<ServicePlan>,
}

impl One {
    async fn read(tx: &mut Tx<'_>, scope: &Scope, id: Uuid, now: store::Timestamp) -> Result<One> {
        let found = queries::find_visible(tx, scope, (id, None), now).await?;
        let whole = found.ok_or_else(Error::not_found)?;
        let related = match whole.plan.full_plan_id {
            Some(full_id) => queries::find(tx, full_id).await?.into_iter().collect(),
            None => queries::trials_of(tx, id).await?,
        };
        Ok(One {
            earlier: queries::earlier(tx, &whole.plan, EARLIER).await?,
            related,
            whole,
        })
    }

    fn page(self, frame: &Frame, moment: &Moment) -> PlanPage {
        let plan = &self.whole.plan;
        let day = |day: store::Date| {
            let away = format::relative(day.0, moment.today);
            format!("{} ({away})", format::date(day.0))
        };
        let mut facts = vec![
            ("Renews", if plan.auto_renews { "Yes" } else { "No" }.into()),
            ("Notice", format::count(plan.notice_days, "day", "days")),
        ];
        facts.extend(plan.end_of_sale.map(|it| ("End of sale", day(it))));
        facts.extend(plan.end_of_life.map(|it| ("End of life", day(it))));
        let words = |(number, parts): &(i64, Vec<Component>)| {
            let part = |it: &Component| format!("{}: {}", it.product_name, in_units(it));
            (*number, parts.iter().map(part).collect())
        };
        let sells = !frame.visitor.is_customer && frame.may(Permission::LicensesSell);
        PlanPage {
            shell: frame.shell(plan.name.clone(), "catalog"),
            row: row(&self.whole),
            note: note(&self.whole, moment),
            facts,
            relation: match plan.full_plan_id {
                Some(_) => "Becomes",
                None => "Trials that become it",
            },
            related: self
                .related
                .iter()
                .map(|it| (it.id.to_string(), it.name.clone(), it.code.clone()))
                .collect(),
            composition: plan.composition,
            components: self.whole.components.iter().map(component).collect(),
            earlier: self.earlier.iter().map(words).collect(),
            older: (plan.composition - 1 - EARLIER).max(0),
            sees_customers: frame.may(Permission::LicensesRead),
            may_edit: frame.may(Permission::CatalogEdit),
            may_assign: sells && self.whole.state == SaleState::OnSale,
        }
    }
}

/// `/catalog/plans/{id}`.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read =
        app.read(move |mut tx| Box::pin(async move { One::read(&mut tx, &scope, id, now).await }));
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let page = read.await?.page(&frame, &moment);
    Ok(html(StatusCode::OK, page.render()))
}

/// `/catalog/plans/options?q=`: full plans, for a picker.
pub async fn options(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let keyword = value(&pairs(query.as_deref()), "q").to_owned();
    let filter = queries::Filter {
        keyword: Some(keyword).filter(|keyword| !keyword.trim().is_empty()),
        edition: Some(Edition::Full),
        limit: PickerOptions::MOST + 1,
        ..queries::Filter::default()
    };
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &scope, &filter, now).await })
    });
    let option = |it: WholePlan| PickerOption {
        value: it.plan.id.to_string(),
        label: it.plan.name,
        note: it.plan.code,
    };
    let options = PickerOptions::of(read.await?.into_iter().map(option));
    Ok(html(StatusCode::OK, options.render()))
}

/// The plans as a workbook shows them.
const FIELDS: &[Field<WholePlan>] = &[
    Field::text("", "Service plan", |it: &WholePlan, _| text(&it.plan.name)).wide(40),
    Field::text("", "Code", |it: &WholePlan, _| text(&it.plan.code)).wide(24),
    Field::text("", "Edition", |it, _| text(it.plan.edition.label())),
    Field::text("", "Term", |it, _| text(&it.plan.term.in_words())),
    Field::text("billed", "Billed", |it, _| text(it.plan.billing.label())),
    Field::number("components", "Components", |it, _| {
        Cell::Number(it.components.len() as i64)
    }),
    Field::text("", "State", |it, _| {
        text(&badges::sale(it.state.as_str()).label)
    }),
];

/// Where the list of plans has got to.
struct Plans(queries::Filter);

/// The plans, as an address describes them.
pub fn listing(pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = plan_list().read(pairs);
    let filter = queries::Filter {
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        edition: Edition::parse(list.chosen("edition")),
        include_ended: !list.chosen("include_ended").is_empty(),
        limit: PORTION,
        ..queries::Filter::default()
    };
    table(shown(FIELDS, &list), Plans(filter))
}

impl Lines for Plans {
    type Row = WholePlan;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<WholePlan>> {
        let found = queries::list(tx, &reader.scope, &self.0, reader.now).await?;
        let last = found.last();
        self.0.after = last.map(|last| (last.plan.name.clone(), last.plan.id));
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}
