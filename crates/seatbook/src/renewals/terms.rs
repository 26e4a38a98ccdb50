//! What the pages over terms show: those of one subscription, the forms, and what they come to.

use askama::Template;
use rules::money::Money as Amount;
use uuid::Uuid;

use super::{
    commands::{ChangeSubscription, CoTermed, CoTermedLicense, Money, ScheduleRenewal},
    model::Renewal,
    queries,
};
use crate::{
    app::App,
    console::{
        fields::{Field, above, filled},
        form::Form,
        format,
        frame::Frame,
        layout::Shell,
    },
    error::{Error, Result},
    licenses::model::Pool,
    organizations::{self, tabs::Tabs},
    scope::{self, Permission},
    subscriptions::{self, model::Choice},
};

/// `/subscriptions/{id}/terms`: the terms so far, and the next one.
#[derive(Template)]
#[template(path = "renewals/terms.html")]
pub struct TermsPage {
    shell: Shell,
    organization: (String, String),
    subscription: (String, String),
    terms: Vec<[String; 5]>,
    next: Vec<(String, String)>,
    waits: String,
    may_change: bool,
}

/// A form over one subscription, with what it comes to beside it.
#[derive(Template)]
#[template(path = "renewals/dialog.html", blocks = ["sheet", "preview"])]
pub struct Dialog {
    shell: Shell,
    subscription: (String, String),
    title: &'static str,
    verb: &'static str,
    fields: Vec<Field>,
    pub(super) preview: Vec<(String, String)>,
    /// Why it would be refused.
    pub(super) refused: Option<String>,
    error: Option<String>,
    withdraws: bool,
}

/// One subscription, as these pages need it.
pub(super) struct One {
    pub(super) pool: Pool,
    organization: String,
    renewal: Renewal,
    may: Vec<Permission>,
}

/// Units, and price of one unit in its currency, where they are to be others.
type Wanted = (Option<i64>, Option<(i64, String)>);

impl One {
    pub(super) async fn read(app: &App, frame: &Frame, id: Uuid) -> Result<One> {
        let caller = frame.caller.clone();
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                let named = subscriptions::queries::named(tx, &caller.scope, id).await?;
                let pool = named.ok_or_else(Error::not_found)?.pool().clone();
                let whose = pool.organization_id;
                let seen = organizations::queries::find_visible(tx, &caller.scope, whose).await?;
                Ok(One {
                    organization: seen.map_or_else(String::new, |it| it.name),
                    renewal: queries::renewal(tx, &caller.scope, &pool).await?,
                    may: scope::queries::permissions_at(tx, caller.actor_id, whose).await?,
                    pool,
                })
            })
        });
        read.await
    }

    fn subscription(&self) -> (String, String) {
        (self.pool.id.to_string(), self.pool.sku_code.clone())
    }

    /// The price of the present term, where it is seen.
    fn price(&self) -> Option<(i64, &str)> {
        let present = self.renewal.terms.last()?;
        Some((present.price_minor?, present.currency.as_deref()?))
    }

    pub(super) fn page(&self, frame: &Frame) -> TermsPage {
        let units = |it: Option<i64>| it.map_or_else(|| "–".into(), format::number);
        let price = |minor: Option<i64>, currency: &Option<String>| {
            let both = minor.zip(currency.as_deref());
            both.map_or_else(|| "–".into(), |(minor, it)| format::money(minor, it))
        };
        let terms = self.renewal.terms.iter().map(|it| {
            [
                format!("{}. {}", it.number, it.origin.label()),
                format::date(it.start_date.0),
                format::date(it.end_date.0),
                units(it.quantity),
                price(it.price_minor, &it.currency),
            ]
        });
        let it = &self.pool;
        let next = self.renewal.next.iter().flat_map(|next| {
            let mut facts = vec![
                ("From", format::date(next.start_date.0)),
                ("To", format::date(next.end_date.0)),
                ("Units", format::count(next.quantity, &it.unit, &it.units)),
            ];
            if let (Some(minor), Some(currency)) = (next.amount_minor, &next.currency) {
                facts.push(("Price", format::money(minor, currency)));
            }
            facts.extend(next.formula.clone().map(|it| ("How", it)));
            facts.into_iter().map(|(name, value)| (name.into(), value))
        });
        let running = !matches!(
            it.standing,
            rules::lifecycle::Standing::Terminated | rules::lifecycle::Standing::Superseded
        );
        TermsPage {
            shell: frame.shell(format!("Terms of {}", it.sku_code), "organizations"),
            organization: (it.organization_id.to_string(), self.organization.clone()),
            subscription: self.subscription(),
            terms: terms.collect(),
            next: next.collect(),
            waits: self
                .renewal
                .obstacle
                .map_or_else(String::new, |it| it.sentence().into()),
            may_change: running && self.may.contains(&Permission::SubscriptionsEnd),
        }
    }

    /// A form with what was typed into it, and why it was refused.
    pub(super) fn dialog(
        &self,
        frame: &Frame,
        verb: &'static str,
        (given, refused): (&[(String, String)], Option<&Error>),
    ) -> Dialog {
        let next = self.renewal.next.as_ref().filter(|_| verb == "next-term");
        let quantity = next.map_or(self.pool.quantity, |it| it.quantity);
        let mut fields = vec![
            Field::new("number", "quantity", "Units")
                .value(quantity.to_string())
                .between("0", "999999999")
                .required(),
        ];
        if let Some((minor, currency)) = self.price() {
            let minor = next.and_then(|it| it.price_minor).unwrap_or(minor);
            let label = format!("Price of one {}, in {currency}", self.pool.unit);
            let plain = currency.parse().map(|it| Amount::new(minor, it).decimal());
            fields.push(Field::text("price", &label).value(plain.unwrap_or_default()));
        }
        if verb == "change" {
            let times = [("now", "Now"), ("renewal", "At the renewal")];
            fields.push(Field::select("effective", "From", &times));
        }
        let fields = filled(fields, given, refused);
        let title = match verb {
            "change" => "Change units or price",
            _ => "Next term",
        };
        Dialog {
            shell: frame.shell(title, "organizations"),
            subscription: self.subscription(),
            title,
            verb,
            error: above(&fields, refused),
            fields,
            preview: vec![],
            refused: None,
            withdraws: next.is_some_and(|it| it.scheduled),
        }
    }

    /// What was typed, where it differs from what is: units, and the price of one.
    fn wanted(&self, form: &Form) -> Result<Wanted> {
        let quantity: i64 = form.need("quantity", "a whole number")?;
        let price = match (self.price(), form.text("price")) {
            (Some((_, currency)), text) if !text.is_empty() => {
                let wrong = || Error::invalid("price", "field.invalid", "Such as 120.00.");
                let parsed = currency.parse().map_err(|_| wrong())?;
                let amount = Amount::parse(text, parsed).map_err(|_| wrong())?;
                Some((amount.minor, currency.to_owned()))
            }
            _ => None,
        };
        let same = self
            .price()
            .map(|(minor, currency)| (minor, currency.to_owned()));
        Ok((Some(quantity), price.filter(|it| Some(it) != same.as_ref())))
    }

    pub(super) fn change(&self, form: &Form) -> Result<ChangeSubscription> {
        let (quantity, price) = self.wanted(form)?;
        Ok(ChangeSubscription {
            id: self.pool.id,
            version: None,
            quantity,
            price,
            at_renewal: form.text("effective") == "renewal",
            choice: Choice::default(),
        })
    }

    pub(super) fn schedule(&self, form: &Form) -> Result<ScheduleRenewal> {
        let (quantity, price) = self.wanted(form)?;
        Ok(ScheduleRenewal {
            id: self.pool.id,
            version: None,
            quantity,
            price,
            choice: Choice::default(),
        })
    }

    /// What it would come to.
    pub(super) async fn preview(
        &self,
        app: &App,
        frame: &Frame,
        (verb, form): (&str, &Form),
    ) -> Result<Vec<(String, String)>> {
        if verb == "change" {
            let command = self.change(form)?;
            let done = app.gate.preview(&frame.caller, command).await?.outcome;
            let (before, after) = (done.quantity_before, done.quantity);
            let mut facts = vec![(
                "Units".into(),
                format!("{} → {}", format::number(before), format::number(after)),
            )];
            facts.extend(said(&done.money));
            return Ok(facts);
        }
        let command = self.schedule(form)?;
        let renewal = app.gate.preview(&frame.caller, command).await?.outcome;
        let then = One {
            pool: self.pool.clone(),
            organization: String::new(),
            renewal,
            may: vec![],
        };
        Ok(then.page(frame).next)
    }
}

/// The money of a change, line by line.
pub(super) fn said(money: &Money) -> Vec<(String, String)> {
    let mut lines = vec![];
    if let (Some(days), Some(of_days)) = (money.days, money.of_days) {
        let days = format!(
            "{} of {} days",
            format::number(days),
            format::number(of_days)
        );
        lines.push(("Days".into(), days));
    }
    match (money.amount_minor, &money.currency, money.gap) {
        (Some(minor), Some(currency), _) => {
            lines.push(("Price".into(), format::money(minor, currency)))
        }
        (_, _, Some(gap)) => lines.push(("Price".into(), gap.sentence().into())),
        _ => {}
    }
    lines.extend(money.formula.clone().map(|it| ("How".into(), it)));
    lines
}

/// `/organizations/{id}/co-term`: which licenses, to which day, and the money of it.
#[derive(Template)]
#[template(path = "renewals/co_term.html", blocks = ["preview"])]
pub struct CoTermPage {
    pub(super) shell: Shell,
    pub(super) organization: (String, String),
    pub(super) tabs: Tabs,
    /// Id, name, units, last day, and whether it is chosen.
    pub(super) licenses: Vec<(String, String, String, String, bool)>,
    pub(super) field: Field,
    /// What becomes of each license: its name, and what is said of it.
    pub(super) lines: Vec<(String, Vec<(String, String)>)>,
    pub(super) sums: Vec<String>,
    pub(super) refused: Option<String>,
    pub(super) error: Option<String>,
}

impl CoTermPage {
    /// Says what it would come to.
    pub(super) fn fill(&mut self, done: &CoTermed) {
        self.lines = done.licenses.iter().map(line).collect();
        let sums = done.sums.iter();
        self.sums = sums
            .map(|it| format::money(it.amount_minor, &it.currency))
            .collect();
    }
}

fn line(it: &CoTermedLicense) -> (String, Vec<(String, String)>) {
    let (before, after) = (it.end_date_before.0, it.end_date.0);
    let ends = format!("{} → {}", format::date(before), format::date(after));
    let mut said = said(&it.money);
    said.insert(0, ("Last day".into(), ends));
    (named(&it.product_name, it.name.as_deref()), said)
}

/// A license in a line.
pub(super) fn named(product: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{product} – {name}"),
        None => product.to_owned(),
    }
}

/// A refusal in one line, whichever fields it is about.
pub(super) fn in_a_line(error: &Error) -> String {
    let fields: Vec<&str> = error.fields.iter().map(|it| it.message.as_str()).collect();
    match fields.is_empty() {
        true => error.message.clone(),
        false => fields.join(" "),
    }
}
