//! The form on which a service plan of a customer is changed: what it stands on, and what was typed.

use rules::money::{Currency, Money as Amount};
use store::{Date, Tx};
use uuid::Uuid;

use super::{
    commands::{ChangePlanSubscription, check_changeable},
    model::WantedPart,
    pages::{ChangePage, Outcome},
};
use crate::{
    app::App,
    console::{
        fields::{Field, above, filled},
        form::{Form, value},
        format::{self, Moment},
        frame::Frame,
    },
    error::{Error, Result},
    gate::Caller,
    licenses::{
        self,
        model::{License, Pool},
        pools,
    },
    plan_subscriptions::{model::PlanSubscription, queries},
    plans::model::{Edition, MOST_UNITS},
    provisioning::{orders::renews, pages::ComponentFields},
    reductions::{self, Cut},
    renewals,
    scope::{self, Permission, queries::permissions_at},
};

/// What the form stands on.
pub struct One {
    it: PlanSubscription,
    parts: Vec<Part>,
    may_price: bool,
    people: bool,
}

/// One license of it.
struct Part {
    license: License,
    pool: Pool,
    /// Price of one unit, for who may see it.
    price: Option<(i64, String)>,
    /// Units of the next term, as they were decided.
    planned: i64,
    /// Who would lose a unit by what was typed.
    cut: Option<Cut>,
}

impl One {
    /// Reads it, for somebody who may sell to the customer; refused where there is nothing to change.
    pub async fn read(app: &App, frame: &Frame, id: Uuid, form: &Form) -> Result<One> {
        let (caller, given) = (frame.caller.clone(), form.pairs.clone());
        let read = app.read(move |mut tx| {
            Box::pin(async move { One::find(&mut tx, &caller, id, &given).await })
        });
        read.await
    }

    async fn find(
        tx: &mut Tx<'_>,
        caller: &Caller,
        id: Uuid,
        given: &[(String, String)],
    ) -> Result<One> {
        let found = queries::find_visible(tx, &caller.scope, id).await?;
        let it = found.ok_or_else(Error::not_found)?;
        let may = permissions_at(tx, caller.actor_id, it.seller_id).await?;
        if !may.contains(&Permission::LicensesSell) {
            return Err(scope::missing(Permission::LicensesSell));
        }
        check_changeable(&it)?;
        let people = permissions_at(tx, caller.actor_id, it.organization_id).await?;
        let people = people.contains(&Permission::AssignmentsRead);
        let mut parts = Vec::new();
        for part in queries::parts(tx, id).await? {
            if part.license.standing == rules::lifecycle::Standing::Issued {
                parts.push(Part::read(tx, caller, part.license, (given, people)).await?);
            }
        }
        Ok(One {
            it,
            parts,
            may_price: may.contains(&Permission::PricesEdit),
            people,
        })
    }

    /// The form with what was typed into it, and why it was refused.
    pub fn page(
        &self,
        app: &App,
        frame: &Frame,
        (form, refused): (&Form, Option<&Error>),
    ) -> ChangePage {
        let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
        let given = &form.pairs;
        let components: Vec<ComponentFields> = self
            .parts
            .iter()
            .map(|it| self.component(it, given, refused))
            .collect();
        let further = filled(self.further(), given, refused);
        let of_components = components.iter().flat_map(|it| it.fields());
        let fields: Vec<Field> = of_components.chain(&further).cloned().collect();
        let losing = self.parts.iter();
        let losing = losing.filter_map(|it| it.cut.as_ref()?.losing(&moment));
        ChangePage {
            shell: frame.shell(format!("Change {}", self.it.plan_name), "organizations"),
            customer: (
                self.it.organization_id.to_string(),
                self.it.organization_name.clone(),
            ),
            plan: (self.it.id.to_string(), self.it.plan_name.clone()),
            version: value(given, "version").parse().unwrap_or(self.it.version),
            words: match self.it.edition {
                Edition::NotForResale => "Not for resale: its units and prices stay as they are.",
                _ => "",
            },
            components,
            further,
            result: Outcome {
                losing: losing.collect(),
                ..Outcome::default()
            },
            error: match refused {
                Some(error) if error.code == "reduction.not_accepted" => Some(
                    "People would lose what they use. Look at who, and tick that you have seen it."
                        .into(),
                ),
                _ => above(&fields, refused),
            },
        }
    }

    /// Units, price and who gives way, of one license.
    fn component(
        &self,
        it: &Part,
        given: &[(String, String)],
        refused: Option<&Error>,
    ) -> ComponentFields {
        let (pool, key) = (&it.pool, it.pool.id);
        let at_renewal = value(given, "effective") == "renewal";
        let planned = if at_renewal {
            it.planned
        } else {
            pool.quantity
        };
        let used = format::number(pool.allocated + pool.assigned);
        let units = Field::new("number", &format!("units.{key}"), &pool.product_name)
            .value(planned.to_string())
            .between("1", MOST_UNITS.to_string())
            .hint(format!(
                "{} now, {used} in use.",
                format::number(pool.quantity)
            ))
            .required();
        let fixed = self.it.edition == Edition::NotForResale;
        let units = match fixed {
            true => Field::new("static", "", &pool.product_name).value(format::count(
                pool.quantity,
                &pool.unit,
                &pool.units,
            )),
            false => units,
        };
        let price = it.price.as_ref().filter(|_| self.may_price && !fixed);
        let price = price.map(|(minor, currency)| {
            let label = format!("Price of one {}, in {currency}", pool.unit);
            let known = currency.parse::<Currency>();
            let plain = known.map(|known| Amount::new(*minor, known).decimal());
            Field::text(&format!("price.{key}"), &label).value(plain.unwrap_or_default())
        });
        let rule = Some(reductions::field(key, self.people));
        let rule = rule.filter(|_| pool.assigned > 0 && !fixed);
        let mut units = filled(vec![units], given, refused);
        let others = price.into_iter().chain(rule).collect();
        ComponentFields {
            product: pool.product_name.clone(),
            sku: pool.sku_code.clone(),
            units: units.pop().unwrap_or_default(),
            unit: pool.units.clone(),
            prices: filled(others, given, refused),
            ..ComponentFields::default()
        }
    }

    fn further(&self) -> Vec<Field> {
        let times = [("now", "Now"), ("renewal", "At the renewal")];
        let renews = [("yes", "Renews by itself"), ("no", "Does not renew")];
        let full = self.it.edition == Edition::Full;
        let fields = [
            Field::select("effective", "Units and prices change", &times),
            Field::new("date", "end_date", "Last day")
                .value(self.it.end_date.to_string())
                .hint("Of all its licenses; it changes now."),
            Field::select("auto_renews", "At the end of its term", &renews)
                .value(if self.it.auto_renews { "yes" } else { "no" }),
            Field::new("number", "notice_days", "Days of notice")
                .value(self.it.notice_days.to_string())
                .between("0", "3660")
                .hint("Before the last day, from which the next term is announced."),
        ];
        let own = |it: &Field| full || !["effective", "auto_renews"].contains(&it.name.as_str());
        fields.into_iter().filter(own).collect()
    }

    /// What was typed.
    pub fn command(&self, form: &Form) -> Result<ChangePlanSubscription> {
        let fixed = self.it.edition == Edition::NotForResale;
        let mut wrong = Vec::new();
        let mut components = Vec::with_capacity(self.parts.len());
        for it in self.parts.iter().filter(|_| !fixed) {
            match it.wanted(form) {
                Ok(wanted) => components.push(wanted),
                Err(error) => wrong.extend(error.fields),
            }
        }
        if !wrong.is_empty() {
            return Err(Error::invalid_fields(wrong));
        }
        let end_date: Option<jiff::civil::Date> = form.parse("end_date", "a date")?;
        Ok(ChangePlanSubscription {
            id: self.it.id,
            version: form.parse("version", "a whole number")?,
            components,
            end_date: end_date.map(Date),
            auto_renews: renews(form),
            notice_days: form.parse("notice_days", "a whole number")?,
            at_renewal: form.text("effective") == "renewal",
        })
    }

    /// Makes it one for which whoever loses a unit was seen: what is asked by a preview.
    pub fn as_seen(&self, command: &mut ChangePlanSubscription) {
        for (part, wanted) in self.parts.iter().zip(&mut command.components) {
            if let Some(cut) = &part.cut {
                wanted.choice = cut.as_seen();
            }
        }
    }

    /// A refusal with its fields called as this form calls them: `components[2].units` is `units.<pool>`.
    pub fn renamed(&self, mut error: Error) -> Error {
        for wrong in &mut error.fields {
            let parts = wrong.field.strip_prefix("components[");
            let Some((at, field)) = parts.and_then(|rest| rest.split_once("].")) else {
                continue;
            };
            let place = at.parse().ok().and_then(|at: usize| self.parts.get(at));
            if let Some(part) = place {
                wrong.field = format!("{field}.{}", part.pool.id);
            }
        }
        error
    }
}

impl Part {
    async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        license: License,
        (given, people): (&[(String, String)], bool),
    ) -> Result<Part> {
        let pool = pools::find(tx, license.pool_id).await?;
        let pool = pool.ok_or_else(Error::not_found)?;
        let price = licenses::queries::find_price(tx, &caller.scope, &license).await?;
        let (planned, said) = renewals::queries::planned(tx, &pool).await?;
        let at_renewal = value(given, "effective") == "renewal";
        let units = value(given, &format!("units.{}", pool.id)).trim();
        let units = units.parse::<i64>().ok();
        let cut = match units.filter(|units| (1..pool.quantity).contains(units)) {
            Some(units) => Cut::read(tx, (&pool, units), given, people).await?.ok(),
            None => None,
        };
        Ok(Part {
            price: price.clone().and(said.filter(|_| at_renewal)).or(price),
            license,
            planned,
            pool,
            cut,
        })
    }

    /// What was typed of it.
    fn wanted(&self, form: &Form) -> Result<WantedPart> {
        let key = self.pool.id;
        let units = form.need(&format!("units.{key}"), "a whole number")?;
        let name = format!("price.{key}");
        let typed = form.text(&name);
        let price = match &self.price {
            Some((_, currency)) if !typed.is_empty() => {
                let wrong = || Error::invalid(name.as_str(), "field.invalid", "Such as 120.00.");
                let known: Currency = currency.parse().map_err(|_| wrong())?;
                let amount = Amount::parse(typed, known).map_err(|_| wrong())?;
                Some((amount.minor, currency.clone()))
            }
            _ => None,
        };
        Ok(WantedPart {
            license_id: Some(self.license.id),
            sku_id: None,
            units: Some(units),
            price,
            choice: reductions::choice(&form.pairs, key),
        })
    }
}
