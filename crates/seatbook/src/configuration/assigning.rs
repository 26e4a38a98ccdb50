//! Assigning free units of a pool: one with all that belongs to it, or one each to many holders.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use uuid::Uuid;

use super::{
    add_ons::{ids, offers, sentence, shown_offer},
    lines::Without,
    pages::{AssignPage, HolderLine, SeveralPage, several_list},
    user::{self, holder_field, home, keep_choice},
};
use crate::{
    api::{Cursor, Id},
    app::App,
    assignments::{
        commands::{Assign, MOST_ROWS},
        model::{Mode, Wanted},
        queries::sources,
    },
    catalog::{
        self,
        model::{Product, ProductKind},
    },
    console::{
        answer::{go, part_or_page},
        fields::{Field, above, filled},
        form::{Form, pairs, value},
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
        table::ListView,
    },
    error::{Error, Result},
    holders::{
        self,
        model::{Holder, Kind},
    },
    licenses::{self, model::Pool},
    organizations::tabs::Place,
    scope::{self, Permission},
};

/// Holders on one page.
const PAGE: i64 = 100;

/// `/pools/{id}/assign`.
pub async fn form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let stock = Stock::find(&app, &frame, id).await?;
    let page = stock.page(&frame, None);
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// Assigns a unit, or says why not.
pub async fn submit(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let stock = Stock::find(&app, &frame, id).await?;
    let done = match stock.wanted(&form) {
        Ok(row) => {
            let command = stock.command(vec![row]);
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &home(stock.pool.organization_id))),
        Err(error) if error.is_refusal() => {
            let mut page = stock.page(&frame, Some((&form, &error)));
            keep_choice(&app, &frame, &mut page.fields).await?;
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// A pool whose units can be assigned, and its product.
struct Stock {
    pool: Pool,
    available: i64,
    product: Product,
    offers: Vec<(Product, i64)>,
    place: Place,
}

impl Stock {
    async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<Stock> {
        let (caller, now) = (frame.caller.clone(), app.gate.now());
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let pool = licenses::pools::find_visible(&mut tx, &caller.scope, id).await?;
                let pool = pool.ok_or_else(Error::not_found)?;
                let owner = pool.organization_id;
                let place =
                    Place::read(&mut tx, &caller, owner, Permission::AssignmentsSet).await?;
                let found = sources(&mut tx, (owner, now), &[], &[id]).await?.pop();
                let product_id = found.ok_or_else(Error::not_found)?.pool.product;
                let product = catalog::queries::find_product(&mut tx, product_id).await?;
                let product = product.ok_or_else(Error::not_found)?;
                let offers = offers(&mut tx, (owner, product.id), now).await?;
                Ok((pool, place, product, offers))
            })
        });
        let (pool, place, product, offers) = read.await?;
        if product.kind == ProductKind::AddOn {
            let message =
                "An add-on is bound to a base unit: open the unit's menu, then Manage add-ons.";
            return Err(Error::conflict("product.is_add_on", message));
        }
        Ok(Stock {
            available: pool.available(now),
            pool,
            product,
            offers,
            place,
        })
    }

    /// What a form wants.
    fn wanted(&self, form: &Form) -> Result<Wanted> {
        let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
        Ok(Wanted {
            product_id: self.product.id,
            holder_id: form.parse("holder_id", "a holder")?,
            pool_id: Some(self.pool.id),
            units: 1,
            extension: text("extension").filter(|_| self.product.has_extensions),
            number: text("number").filter(|_| self.product.has_extensions),
            add_ons: ids(form, "add"),
            base_id: None,
        })
    }

    fn command(&self, rows: Vec<Wanted>) -> Assign {
        Assign {
            organization_id: self.pool.organization_id,
            rows,
            mode: Mode::All,
        }
    }

    fn free(&self) -> String {
        format::count(self.available, &self.pool.unit, &self.pool.units)
    }

    fn page(&self, frame: &Frame, refused: Option<(&Form, &Error)>) -> AssignPage {
        let given = refused.map_or(&[][..], |(form, _)| form.pairs.as_slice());
        let error = refused.map(|(_, error)| error);
        let fields = filled(self.fields(), given, error);
        let ticked = |id: &str| refused.is_some_and(|(form, _)| form.all("add").any(|it| it == id));
        let organization_id = self.pool.organization_id;
        let end = self
            .pool
            .end_date
            .map(|end| format!(", until {}", format::date(end.0)));
        AssignPage {
            shell: frame.shell(format!("Assign {}", self.product.name), "configuration"),
            pool_id: self.pool.id.to_string(),
            title: format!("Assign {}", self.product.name),
            lead: format!(
                "{} of license {} available{}.",
                self.free(),
                self.pool.sku_code,
                end.unwrap_or_default()
            ),
            offers: self
                .offers
                .iter()
                .map(|offer| shown_offer(offer, &ticked))
                .collect(),
            several: self.available > 1,
            new_holder: format!("/holders/new?organization={organization_id}"),
            back: home(organization_id),
            error: above(&fields, error),
            fields,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let organization_id = self.pool.organization_id;
        if !self.product.has_extensions {
            return vec![
                holder_field("holder_id", "User", (organization_id, ""))
                    .hint("A user, device or screen.")
                    .required(),
            ];
        }
        vec![
            holder_field("holder_id", "User", (organization_id, "user"))
                .hint("Without a user, the extension is set up and waits for one."),
            Field::text("extension", "Extension")
                .hint("3 to 5 digits. Without one, the unit is the user's own."),
            Field::text("number", "Number")
                .hint("The direct number of the extension, in any spelling; optional."),
        ]
    }
}

fn shown(frame: &Frame, status: StatusCode, page: &AssignPage) -> Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

/// `/pools/{id}/assign-several`: holders without a unit of it, to be ticked.
pub async fn several(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let pairs = pairs(query.as_deref());
    let mut list = several_list(id).read(&pairs);
    let stock = Stock::find(&app, &frame, id).await?;
    if !stock.place.may(Permission::HoldersRead) {
        return Err(scope::missing(Permission::HoldersRead).into());
    }
    let wanted = stock.without(&list, value(&pairs, "cursor"));
    let read = app.read(move |mut tx| Box::pin(async move { wanted.find(&mut tx).await }));
    let mut found = read.await?;
    let more = found.len() as i64 > PAGE;
    found.truncate(PAGE as usize);
    let last = found.last().filter(|_| more);
    list.next = last.map(|last| Cursor::write(&(&last.name, last.id)));
    list.shown = found.len() as i64;
    list.more = more || !value(&pairs, "cursor").is_empty();
    let page = SeveralPage {
        shell: frame.shell(format!("Assign {}", stock.product.name), "configuration"),
        tabs: stock.place.tabs("configuration"),
        pool_id: id.to_string(),
        free: stock.free(),
        product: stock.product.name,
        rows: found.iter().map(holder_line).collect(),
        list,
    };
    let (rows, whole) = (|| page.as_rows().render(), || page.render());
    Ok(part_or_page(frame.fragment, StatusCode::OK, rows, whole))
}

/// A holder in few words.
pub(super) fn holder_line(holder: &Holder) -> HolderLine {
    let detail = [
        &holder.email,
        &holder.extension,
        &holder.serial,
        &holder.reference,
    ];
    let detail = detail
        .into_iter()
        .flatten()
        .find(|it| !holder.name.contains(it.as_str()));
    HolderLine {
        id: holder.id.to_string(),
        name: holder.name.clone(),
        kind: holder.kind.label(),
        detail: detail.cloned().unwrap_or_default(),
        owner: holder.owner_name.clone().unwrap_or_default(),
    }
}

/// Says what giving each ticked holder a unit comes to, then does it.
pub async fn submit_several(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    form: Form,
) -> PageResult {
    let stock = Stock::find(&app, &frame, id).await?;
    let wanted = ids(&form, "id");
    if wanted.is_empty() {
        return Ok(go(frame.fragment, &format!("/pools/{id}/assign-several")));
    }
    if form.text("step") != "save" {
        let page = stock.confirm(&app, &frame, &wanted).await?;
        return Ok(page.shown(&frame, StatusCode::OK));
    }
    let command = stock.command(stock.rows(&wanted));
    match app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await
    {
        Ok(_) => Ok(go(frame.fragment, &home(stock.pool.organization_id))),
        Err(error) if error.is_refusal() => {
            let page = stock.confirm(&app, &frame, &wanted).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

impl Stock {
    /// Holders that have no unit of it, as an address asks for them.
    fn without(&self, list: &ListView, cursor: &str) -> Without {
        let keyword = Some(list.q.trim()).filter(|q| !q.is_empty());
        Without {
            organization_id: self.pool.organization_id,
            product_id: self.product.id,
            single: !self.product.many_per_holder,
            kind: Kind::parse(list.chosen("kind")).map(Kind::as_str),
            pattern: keyword.map(holders::queries::pattern),
            after: Cursor::read(cursor).ok(),
            limit: PAGE + 1,
        }
    }

    fn rows(&self, holders: &[Uuid]) -> Vec<Wanted> {
        let row = |holder_id: &Uuid| Wanted {
            product_id: self.product.id,
            holder_id: Some(*holder_id),
            pool_id: Some(self.pool.id),
            units: 1,
            ..Wanted::default()
        };
        holders.iter().map(row).collect()
    }

    /// The last step before many units are assigned: the command's own answer, or why it would refuse.
    async fn confirm(&self, app: &App, frame: &Frame, holders: &[Uuid]) -> Result<Confirm> {
        let command = self.command(self.rows(holders));
        let refused = user::preview(app, frame, &command).await?.err();
        let back = format!("/pools/{}/assign-several", self.pool.id);
        let count = holders.len() as i64;
        let title = format!(
            "Assign {} to {}?",
            self.product.name,
            format::count(count, "holder", "holders")
        );
        let mut fields = vec![
            Field::new("hidden", "step", "").value("save"),
            Field::new("hidden", "selection", "").value(back.clone()),
        ];
        fields.extend(
            holders
                .iter()
                .map(|id| Field::new("hidden", "id", "").value(id.to_string())),
        );
        Ok(Confirm {
            shell: frame.shell(title.clone(), "configuration"),
            title,
            lead: "Each of them gets one unit of this license.".into(),
            facts: vec![
                ("Units to assign".into(), format::number(count)),
                ("Available now".into(), format::number(self.available)),
                (
                    "Available then".into(),
                    format::number(self.available - count),
                ),
            ],
            warnings: refused.iter().map(|error| reason(error, count)).collect(),
            fields,
            tone: "warn",
            allowed: refused.is_none(),
            action: back.clone(),
            label: "Assign".into(),
            back,
            back_label: "Assign to several".into(),
            error: None,
        })
    }
}

fn reason(error: &Error, count: i64) -> String {
    match count > MOST_ROWS as i64 {
        true => format!("At most {MOST_ROWS} holders at once; choose fewer."),
        false => sentence(error),
    }
}
