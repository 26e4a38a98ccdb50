//! What is ordered of a plan in a form: who sells, what can be chosen, and the order that was typed.

use rules::money::{Currency, Money};
use serde_json::Value;
use store::{Date, Timestamp, Tx};
use uuid::Uuid;

use super::{pages::ComponentFields, queries};
use crate::{
    app::App,
    console::{
        fields::{Field, filled},
        form::Form,
        format,
    },
    error::{Error, FieldError, Kind, Result},
    gate::{Caller, Command},
    licenses::model::Pool,
    organizations::tabs::Place,
    plan_subscriptions::{
        model::{Overlap, PlanOrder, WantedComponent},
        overlaps,
    },
    plans::{
        self,
        model::{Component, Edition, MOST_UNITS, ServicePlan},
    },
    scope::{
        self, Permission,
        queries::permissions_at,
        tree::{find, is_within},
    },
};

/// How often a preview is asked for.
const TRIES: usize = 3;

/// What the choice of units says for new ones.
const ISSUE: &str = "issue";

/// The organization acted for, where somebody may sell for it to one below it.
#[derive(Clone, Debug)]
pub struct Seller {
    /// Which.
    pub id: Uuid,
    /// New units may be issued.
    pub may_issue: bool,
    /// Prices may be set.
    pub may_price: bool,
    /// There is somebody above who may be asked for more units.
    pub may_ask: bool,
}

impl Seller {
    /// What somebody may do for a seller to its customer; nothing where they may not sell to it.
    pub async fn find(
        tx: &mut Tx<'_>,
        caller: &Caller,
        (id, customer_id): (Uuid, Uuid),
    ) -> Result<Option<Seller>> {
        if id == customer_id || !is_within(tx, customer_id, id).await? {
            return Ok(None);
        }
        Seller::of(tx, caller, id).await
    }

    /// What somebody may do for a seller to whomever is below it; nothing where they may not sell.
    pub async fn of(tx: &mut Tx<'_>, caller: &Caller, id: Uuid) -> Result<Option<Seller>> {
        let may = permissions_at(tx, caller.actor_id, id).await?;
        if !may.contains(&Permission::LicensesSell) {
            return Ok(None);
        }
        let above = find(tx, id).await?.and_then(|node| node.parent_id);
        Ok(Some(Seller {
            id,
            may_issue: may.contains(&Permission::LicensesIssue),
            may_price: may.contains(&Permission::PricesEdit),
            may_ask: above.is_some() && may.contains(&Permission::UnitsRequest),
        }))
    }
}

/// A plan that was chosen, and what the customer has of it already.
pub struct Chosen {
    /// The plan.
    pub plan: ServicePlan,
    /// What it is made of.
    pub components: Vec<Component>,
    /// What the customer has of it already.
    pub overlaps: Vec<Overlap>,
    /// The seller's open pools of each component, in their order.
    sources: Vec<Vec<Pool>>,
}

/// What a form over a customer's plan stands on.
pub struct Ground {
    /// The customer, and what this person may do there.
    pub place: Place,
    /// Who sells.
    pub seller: Seller,
    /// The plan, once it is chosen.
    pub chosen: Option<Chosen>,
}

impl Ground {
    /// The customer, for somebody who may sell to it, with the plan that was chosen.
    pub async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        (seller_id, customer_id): (Uuid, Uuid),
        plan_id: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Ground> {
        let place = Place::read(tx, caller, customer_id, Permission::LicensesRead).await?;
        let seller = Seller::find(tx, caller, (seller_id, customer_id)).await?;
        let seller = seller.ok_or_else(|| scope::missing(Permission::LicensesSell))?;
        let plan = match plan_id {
            Some(id) => plans::queries::find(tx, id).await?,
            None => None,
        };
        let chosen = match plan {
            Some(plan) => {
                let components = plans::queries::components(tx, plan.id, plan.composition).await?;
                let overlaps = overlaps::find(tx, customer_id, &components, now).await?;
                let sources = queries::sources(tx, seller_id, &components, now).await?;
                Some(Chosen {
                    plan,
                    components,
                    overlaps,
                    sources,
                })
            }
            None => None,
        };
        Ok(Ground {
            place,
            seller,
            chosen,
        })
    }
}

impl Chosen {
    /// A plan with these components, of which units come from whichever pool runs long enough.
    pub fn of(plan: ServicePlan, components: Vec<Component>) -> Chosen {
        Chosen {
            plan,
            components,
            overlaps: vec![],
            sources: vec![],
        }
    }

    /// The order that was typed; whatever is not said is as the plan says.
    pub fn order(&self, form: &Form, (seller_id, customer_id): (Uuid, Uuid)) -> Result<PlanOrder> {
        let mut wrong = Vec::new();
        let mut components = Vec::with_capacity(self.components.len());
        let issue = form.text("source") == ISSUE;
        for it in &self.components {
            let at = it.position;
            let units = typed(
                form.parse(&format!("units.{at}"), "a whole number"),
                &mut wrong,
            );
            let price = typed(price(form, at), &mut wrong);
            let pool = form.parse::<Uuid>(&format!("source_pool_id.{at}"), "a pool");
            let pool = typed(pool, &mut wrong).flatten();
            components.push(WantedComponent {
                sku_id: it.sku_id,
                units: units.flatten(),
                price_minor: price.as_ref().and_then(|it| it.as_ref().map(|it| it.minor)),
                currency: price.flatten().map(|it| it.currency.to_string()),
                source_pool_id: pool.filter(|_| !issue),
            });
        }
        let mut day = |name: &str| {
            let read = form.parse::<jiff::civil::Date>(name, "a date");
            typed(read, &mut wrong).flatten().map(Date)
        };
        let (start_date, end_date) = (day("start_date"), day("end_date"));
        let notice = form.parse("notice_days", "a whole number");
        let notice_days = typed(notice, &mut wrong).flatten();
        if !wrong.is_empty() {
            return Err(Error::invalid_fields(wrong));
        }
        Ok(PlanOrder {
            seller_id,
            customer_id,
            plan_id: self.plan.id,
            issue,
            start_date,
            end_date,
            auto_renews: renews(form),
            notice_days,
            components,
        })
    }

    /// The fields of each component, with what was typed and what is wrong with it.
    pub fn components(
        &self,
        seller: &Seller,
        given: &[(String, String)],
        refused: Option<&Error>,
    ) -> Vec<ComponentFields> {
        let fields = |it: &Component| {
            let at = it.position;
            let units = Field {
                name: format!("units.{at}"),
                label: it.product_name.clone(),
                kind: "number",
                value: it.units.to_string(),
                required: true,
                ..Field::default()
            };
            let units = units.between("1", MOST_UNITS.to_string());
            let units = match self.plan.edition {
                Edition::NotForResale => Field {
                    kind: "static",
                    value: format::count(it.units, &it.unit, &it.units_name),
                    ..Field::new("static", "", &it.product_name)
                },
                _ => units,
            };
            let prices = [
                Field::text(&format!("price.{at}"), "Price of one unit"),
                Field::text(&format!("currency.{at}"), "Currency"),
            ];
            let prices = prices.into_iter().filter(|_| seller.may_price).collect();
            let mut units = filled(vec![units], given, refused);
            ComponentFields {
                product: it.product_name.clone(),
                sku: it.sku_code.clone(),
                units: units.pop().unwrap_or_default(),
                unit: it.units_name.clone(),
                prices: filled(prices, given, refused),
                source: filled(self.source(it).into_iter().collect(), given, refused).pop(),
            }
        };
        self.components.iter().map(fields).collect()
    }

    /// The pool that units of a component are drawn from, where that can be said.
    fn source(&self, of: &Component) -> Option<Field> {
        let place = self.components.iter().position(|it| it.sku_id == of.sku_id);
        let pools = place.and_then(|place| self.sources.get(place))?;
        let label = |it: &Pool| {
            let order = it.sales_order.as_deref().unwrap_or(&it.sku_code);
            let end = it.end_date.map_or("without end".into(), |end| {
                format!("until {}", format::date(end.0))
            });
            let label = format!("{order}, {} free, {end}", format::number(it.free));
            (it.id.to_string(), label)
        };
        let own: Vec<(String, String)> = pools.iter().map(label).collect();
        let own = own.iter().map(|(id, label)| (id.as_str(), label.as_str()));
        let choices: Vec<(&str, &str)> = std::iter::once(("", "The one that runs long enough"))
            .chain(own)
            .collect();
        let name = format!("source_pool_id.{}", of.position);
        Some(Field::select(&name, "Drawn from", &choices))
    }

    /// When it begins and ends, whether it renews, and where its units come from.
    pub fn further(
        &self,
        seller: &Seller,
        given: &[(String, String)],
        refused: Option<&Error>,
    ) -> Vec<Field> {
        let start = match self.plan.edition {
            Edition::NotForResale => Field::new("static", "", "First day").value("At once"),
            _ => Field::new("date", "start_date", "First day")
                .hint("At once, unless you choose another day."),
        };
        let end = Field::new("date", "end_date", "Last day")
            .hint("By the plan’s term, unless you choose another day.");
        let renewals = [("", "As the plan says"), ("yes", "Yes"), ("no", "No")];
        let renews = Field::select("auto_renews", "Renews by itself", &renewals);
        let notice = Field::new("number", "notice_days", "Days of notice")
            .value(self.plan.notice_days.to_string())
            .between("0", "3660")
            .hint("Before the last day, from which the next term is announced.");
        let sources = [("", "From my own units"), (ISSUE, "Issue new units")];
        let source = Field::select("source", "Units", &sources).hint("Where the units come from.");
        let full = self.plan.edition == Edition::Full;
        let fields = [
            Some(start),
            Some(end),
            Some(renews).filter(|_| full),
            Some(notice),
            Some(source).filter(|_| seller.may_issue),
        ];
        filled(fields.into_iter().flatten().collect(), given, refused)
    }

    /// What its edition means for who orders it; nothing for a full one.
    pub fn words(&self) -> &'static str {
        match self.plan.edition {
            Edition::Full => "",
            Edition::Trial => {
                "A trial: a customer tries each product once, and what is tried stays as it is until its last day."
            }
            Edition::NotForResale => {
                "Not for resale: it comes with these units, and begins at once."
            }
        }
    }
}

/// What was chosen of a renewal; as the plan says where nothing was.
pub fn renews(form: &Form) -> Option<bool> {
    match form.text("auto_renews") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// What was read, or a place among what is wrong.
fn typed<T>(read: Result<T>, wrong: &mut Vec<FieldError>) -> Option<T> {
    read.map_err(|error| wrong.extend(error.fields)).ok()
}

/// The price of one unit of a component, as it was typed.
fn price(form: &Form, at: i64) -> Result<Option<Money>> {
    let (price, currency) = (format!("price.{at}"), format!("currency.{at}"));
    let typed = form.text(&price);
    if typed.is_empty() {
        return Ok(None);
    }
    let known: Currency = form.text(&currency).parse().map_err(|_| {
        let message = "Give a currency, such as EUR.";
        Error::invalid(currency.as_str(), "unknown", message)
    })?;
    let wrong = |_| {
        let message = format!("“{typed}” is no amount, such as 12.50.");
        Error::invalid(price.as_str(), "malformed", message)
    };
    Ok(Some(Money::parse(typed, known).map_err(wrong)?))
}

/// A refusal with its fields called as this form calls them: `components[2].units` is `units.2`.
pub fn renamed(mut error: Error) -> Error {
    for wrong in &mut error.fields {
        let Some((at, field)) = wrong
            .field
            .strip_prefix("components[")
            .and_then(|rest| rest.split_once("]."))
        else {
            continue;
        };
        let field = field.strip_suffix("_minor").unwrap_or(field);
        wrong.field = format!("{field}.{at}");
    }
    error
}

/// What a refusal says that the seller is short of: SKU, units wanted, units there are.
pub fn short(error: &Error) -> Vec<(Uuid, i64, i64)> {
    let rows = error.facts.get("short").and_then(Value::as_array);
    let row = |row: &Value| {
        let sku_id = row["sku_id"].as_str()?.parse().ok()?;
        Some((sku_id, row["wanted"].as_i64()?, row["available"].as_i64()?))
    };
    rows.into_iter().flatten().filter_map(row).collect()
}

/// The gate's own preview of what would be done. It holds others up only for a moment; one that was given up is asked
/// for again, as the first of its kind pays for what the next ones find prepared.
pub async fn foresee<C: Command + Clone>(
    app: &App,
    caller: &Caller,
    command: &C,
) -> Result<C::Outcome> {
    for _ in 1..TRIES {
        match app.gate.preview(caller, command.clone()).await {
            Err(error) if error.kind == Kind::Unavailable => {}
            done => return Ok(done?.outcome),
        }
    }
    let done = app.gate.preview(caller, command.clone()).await;
    Ok(done?.outcome)
}
