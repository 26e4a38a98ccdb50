//! What the review of a crossgrade stands on: overlaps with what was said of them, and who would lose a unit.

use rules::reduction::Rule;
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    licenses::UnitsRow,
    orders::{Chosen, Ground, Seller},
    pages::{OverlapCard, Way},
};
use crate::{
    app::App,
    catalog,
    console::{
        fields::{Field, filled},
        form::{Form, value},
        format::{self, Moment},
        frame::Frame,
    },
    crossgrades::{
        commands::settle::settle,
        model::{Resolution, Said, Units},
    },
    error::{Error, Result},
    gate::Caller,
    licenses,
    organizations::tabs::Place,
    plan_subscriptions::{
        self,
        commands::order::Line,
        model::{Overlap, PlanOrder},
    },
    reductions::{self, Cut},
    scope::Permission,
    subscriptions,
};

/// First names of who uses an overlap.
const NAMED: i64 = 5;

/// Everything that the review reads.
pub struct Scene {
    /// The customer.
    pub place: Place,
    /// Who sells.
    pub seller: Seller,
    /// The plan.
    pub chosen: Chosen,
    /// The overlaps, in their order.
    pub overlaps: Vec<Seen>,
    /// Why what was said cannot be settled.
    trouble: Option<Error>,
}

/// One overlap with what is known of it.
pub struct Seen {
    /// What the customer has.
    pub overlap: Overlap,
    /// The service plan that it is a part of.
    bundle: Option<String>,
    product_id: Uuid,
    /// The component that takes over.
    taker: String,
    names: Vec<String>,
    /// Whether people may be seen.
    people: bool,
    /// What becomes of it, as far as that could be settled.
    resolution: Resolution,
    /// Who would lose a unit, where there are to be fewer.
    pub cut: Option<Cut>,
}

impl Scene {
    /// What the form stands on; nothing where no plan is chosen.
    pub async fn find(app: &App, frame: &Frame, id: Uuid, form: &Form) -> Result<Option<Scene>> {
        let (caller, now) = (frame.caller.clone(), app.gate.now());
        let (whose, given) = ((frame.visitor.organization_id, id), form.pairs.clone());
        let read = app.read(move |mut tx| {
            Box::pin(async move { Scene::read(&mut tx, &caller, whose, &given, now).await })
        });
        read.await
    }

    async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        whose: (Uuid, Uuid),
        given: &[(String, String)],
        now: Timestamp,
    ) -> Result<Option<Scene>> {
        let plan_id = value(given, "plan_id").trim().parse().ok();
        let Ground {
            place,
            seller,
            chosen,
        } = Ground::read(tx, caller, whose, plan_id, now).await?;
        let Some(chosen) = chosen else {
            return Ok(None);
        };
        let people = place.may(Permission::AssignmentsRead);
        let lines = lines(tx, &chosen, given).await?;
        let said: Vec<Said> = chosen.overlaps.iter().map(|it| said(it, given)).collect();
        let (settled, mut trouble) = match settle(&lines, chosen.overlaps.clone(), &said) {
            Ok(settled) => (settled, None),
            Err(error) if error.is_refusal() => (vec![], Some(error)),
            Err(error) => return Err(error),
        };
        let mut overlaps = Vec::with_capacity(chosen.overlaps.len());
        for (at, overlap) in chosen.overlaps.iter().enumerate() {
            let mut seen = Seen::read(tx, overlap, &chosen, people).await?;
            seen.resolution = said[at].resolution.unwrap_or_else(|| overlap.usual());
            if let Some(it) = settled.get(at)
                && it.resolution != Resolution::KeepBoth
                && it.units < overlap.pool.quantity
            {
                match Cut::read(tx, (&overlap.pool, it.units), given, people).await? {
                    Ok(cut) => seen.cut = Some(cut),
                    Err(refused) => trouble = trouble.or(Some(refused)),
                }
            }
            overlaps.push(seen);
        }
        Ok(Some(Scene {
            place,
            seller,
            chosen,
            overlaps,
            trouble,
        }))
    }

    /// The order that was typed.
    pub fn order(&self, form: &Form) -> Result<PlanOrder> {
        let whose = (self.seller.id, self.place.organization.id);
        self.chosen.order(form, whose)
    }

    /// What was said of the overlaps; whoever loses a unit was seen where that was ticked.
    pub fn said(&self, form: &Form) -> Vec<Said> {
        let overlaps = self.overlaps.iter();
        overlaps.map(|it| said(&it.overlap, &form.pairs)).collect()
    }

    /// What the customer has of the plan, one line for each overlap.
    pub fn has(&self) -> Vec<String> {
        let line = |it: &Seen| {
            let pool = &it.overlap.pool;
            let all = format::count(pool.quantity, &pool.unit, &pool.units);
            let used = format::number(pool.allocated + pool.assigned);
            let name = it.bundle.as_ref().map_or_else(
                || pool.product_name.clone(),
                |plan| format!("{plan}: {}", pool.product_name),
            );
            format!("{name}, {used} of {all} in use")
        };
        self.overlaps.iter().map(line).collect()
    }

    /// A card for each overlap.
    pub fn cards(
        &self,
        (given, refused): (&[(String, String)], Option<&Error>),
        moment: &Moment,
    ) -> Vec<OverlapCard> {
        let refused = refused.or(self.trouble.as_ref());
        let card = |(at, it): (usize, &Seen)| {
            let pool = &it.overlap.pool;
            let of_this = refused.map(|error| of_overlap(error, at, pool.id));
            let fields = filled(it.fields(), given, of_this.as_ref());
            let choice = format!("resolution.{}", pool.id);
            let wrong = of_this.as_ref().and_then(|error| {
                let mut wrong = error.fields.iter();
                wrong
                    .find(|it| it.field == choice)
                    .map(|it| it.message.clone())
            });
            let id = self.place.organization.id;
            OverlapCard {
                pool_id: pool.id.to_string(),
                row: UnitsRow::of_pool(pool, moment),
                shared: it.overlap.shared.join(", "),
                taker: it.taker.clone(),
                bound: match pool.assigned {
                    0 => "nobody uses it".into(),
                    bound => format!("{} in use", format::count(bound, &pool.unit, &pool.units)),
                },
                names: it.named(),
                configuration: match self.place.may(Permission::AssignmentsRead)
                    && self.place.counts_licenses()
                {
                    true => {
                        let product = it.product_id;
                        format!("/organizations/{id}/configuration?product={product}")
                    }
                    false => String::new(),
                },
                choices: it.ways(&self.chosen.plan.name),
                fields,
                error: wrong,
            }
        };
        self.overlaps.iter().enumerate().map(card).collect()
    }
}

impl Seen {
    async fn read(
        tx: &mut Tx<'_>,
        overlap: &Overlap,
        chosen: &Chosen,
        people: bool,
    ) -> Result<Seen> {
        let pool = &overlap.pool;
        let names = match people {
            true => subscriptions::queries::candidates(tx, pool.id, Rule::Newest, NAMED).await?,
            false => vec![],
        };
        let bundle = match overlap.subscription_id {
            Some(id) => plan_subscriptions::queries::find(tx, id).await?,
            None => None,
        };
        let mut components = chosen.components.iter();
        let taker = components.find(|it| it.position == overlap.position);
        Ok(Seen {
            bundle: bundle.map(|it| it.plan_name),
            product_id: licenses::carrying::product_of(tx, pool.license_id).await?,
            taker: taker.map_or_else(String::new, |it| it.product_name.clone()),
            names: names.into_iter().map(|it| it.holder_name).collect(),
            resolution: overlap.usual(),
            cut: None,
            people,
            overlap: overlap.clone(),
        })
    }

    /// The first names, and a sign where there are more.
    fn named(&self) -> Vec<String> {
        let more = !self.names.is_empty() && (self.names.len() as i64) < self.overlap.pool.assigned;
        let more = more.then(|| "…".to_owned());
        self.names.iter().cloned().chain(more).collect()
    }

    fn fields(&self) -> Vec<Field> {
        let pool = &self.overlap.pool;
        let keep = format!("As many as now ({})", format::number(pool.quantity));
        let units = [
            ("keep", keep.as_str()),
            ("larger", "As many as now or as ordered, whatever is more"),
            ("new", "As many as ordered"),
        ];
        let name = |word: &str| format!("{word}.{}", pool.id);
        let units = Field::select(&name("units"), "Units after a transfer", &units);
        let rule = reductions::field(pool.id, self.people);
        let fields = [
            Some(units).filter(|_| self.overlap.transferable),
            Some(rule).filter(|_| pool.assigned > 0),
        ];
        fields.into_iter().flatten().collect()
    }

    fn ways(&self, plan: &str) -> Vec<Way> {
        let pool = &self.overlap.pool;
        let way = |resolution: Resolution, value, label, means: String| Way {
            value,
            label,
            means,
            chosen: self.resolution == resolution,
            possible: resolution != Resolution::Transfer || self.overlap.transferable,
        };
        let transfer = match self.overlap.transferable {
            true => format!(
                "Everybody keeps their unit and add-ons, which are of “{plan}” from now on. The old license is superseded."
            ),
            false => "Not possible: one is a base, the other an add-on.".into(),
        };
        let end = match pool.assigned {
            0 => "The old license is superseded. Nobody uses it.".into(),
            bound => format!(
                "The old license is superseded, and {} lose their unit.",
                match bound {
                    1 => "the one who uses it would".to_owned(),
                    bound => format!("all {} in use", format::number(bound)),
                }
            ),
        };
        vec![
            way(Resolution::Transfer, "transfer", "Transfer", transfer),
            way(
                Resolution::KeepBoth,
                "keep_both",
                "Keep both",
                "The old license stays beside the new one. Nobody’s unit changes.".into(),
            ),
            way(Resolution::End, "end", "End the old one", end),
        ]
    }
}

/// What was said of one overlap in the form.
fn said(it: &Overlap, given: &[(String, String)]) -> Said {
    let word = |name: &str| value(given, &format!("{name}.{}", it.pool.id)).trim();
    Said {
        pool_id: it.pool.id,
        resolution: Resolution::parse(word("resolution")),
        units: Units::parse(word("units")).unwrap_or_default(),
        choice: reductions::choice(given, it.pool.id),
    }
}

/// What is ordered of each component, as far as it could be read.
async fn lines(tx: &mut Tx<'_>, chosen: &Chosen, given: &[(String, String)]) -> Result<Vec<Line>> {
    let ids: Vec<Uuid> = chosen.components.iter().map(|it| it.sku_id).collect();
    let skus = catalog::queries::skus_of_ids(tx, &ids).await?;
    let line = |component: &crate::plans::model::Component| {
        let sku = skus.iter().find(|sku| sku.id == component.sku_id)?;
        let units = value(given, &format!("units.{}", component.position));
        Some(Line {
            sku: sku.clone(),
            units: units.trim().parse().unwrap_or(component.units),
            price: None,
            source_pool_id: None,
            component: component.clone(),
        })
    };
    Ok(chosen.components.iter().filter_map(line).collect())
}

/// What a refusal says of one overlap, by the names of this form: `overlaps[1].units` is `units.<pool>`.
fn of_overlap(error: &Error, at: usize, pool_id: Uuid) -> Error {
    let mut own = error.clone();
    let head = format!("overlaps[{at}].");
    for wrong in &mut own.fields {
        if let Some(field) = wrong.field.strip_prefix(&head) {
            wrong.field = format!("{field}.{pool_id}");
        }
    }
    own
}
