//! Service plans in the story: a small vendor's suites, in every edition and state, and what customers have of them: one
//! that is in use, one that was moved to a larger plan, a trial, and one whose plan is made of more by now.

use super::{
    companies::{NORDLICHT, PROVIDER},
    orders::{Line, line},
    shelf::{BUSINESS, Sku, sku},
    story::{Story, named},
};
use crate::{
    crossgrades::commands::Crossgrade,
    error::Result,
    plan_subscriptions::{
        commands::AssignPlan,
        model::{PlanOrder, WantedComponent},
    },
    plans::{
        commands::{AddServicePlan, SetComposition},
        facts::{ComponentIn, PlanFacts, USUAL_NOTICE},
        model::{BilledEvery, Edition},
    },
};

/// What the suites are made of.
pub const SKUS: &[Sku] = &[
    sku(
        "WF-1Y",
        "Worry-Free, 1 year",
        "WF",
        BUSINESS,
        ("P1Y", 3_600),
    ),
    sku("WF-1M", "Worry-Free, monthly", "WF", BUSINESS, ("P1M", 330)),
    sku("XDR-1Y", "XDR, 1 year", "XDR", BUSINESS, ("P1Y", 2_900)),
    sku("XDR-1M", "XDR, monthly", "XDR", BUSINESS, ("P1M", 270)),
    sku(
        "EML-1Y",
        "Email Security, 1 year",
        "EML",
        BUSINESS,
        ("P1Y", 1_900),
    ),
    sku(
        "EML-1M",
        "Email Security, monthly",
        "EML",
        BUSINESS,
        ("P1M", 180),
    ),
];

/// A service plan.
struct Suite {
    code: &'static str,
    name: &'static str,
    edition: Edition,
    billing: BilledEvery,
    term: &'static str,
    /// SKUs by code, with their units.
    parts: &'static [(&'static str, i64)],
    /// The code of the plan that a trial becomes; it stands earlier in the list.
    becomes: Option<&'static str>,
    /// Days from today to the end of sale and of life.
    ends: (Option<i64>, Option<i64>),
}

const fn yearly(
    code: &'static str,
    name: &'static str,
    parts: &'static [(&'static str, i64)],
) -> Suite {
    Suite {
        code,
        name,
        edition: Edition::Full,
        billing: BilledEvery::Yearly,
        term: "P1Y",
        parts,
        becomes: None,
        ends: (None, None),
    }
}

const fn monthly(
    code: &'static str,
    name: &'static str,
    parts: &'static [(&'static str, i64)],
) -> Suite {
    Suite {
        billing: BilledEvery::Monthly,
        term: "P1M",
        ..yearly(code, name, parts)
    }
}

const SUITES: &[Suite] = &[
    yearly("WF-STD", "Worry-Free Standard", &[("WF-1Y", 10)]),
    monthly("WF-STD-M", "Worry-Free Standard, monthly", &[("WF-1M", 10)]),
    yearly(
        GROWN.0,
        "Worry-Free XDR Suite",
        &[("WF-1Y", 10), ("XDR-1Y", 10)],
    ),
    monthly(
        "WF-XDR-M",
        "Worry-Free XDR Suite, monthly",
        &[("WF-1M", 10), ("XDR-1M", 10), ("EML-1M", 10)],
    ),
    Suite {
        edition: Edition::Trial,
        term: "P30D",
        becomes: Some(GROWN.0),
        ..monthly(
            "WF-XDR-T",
            "Worry-Free XDR Suite, trial",
            &[("WF-1M", 25), ("XDR-1M", 25), ("EML-1M", 25)],
        )
    },
    Suite {
        edition: Edition::NotForResale,
        ..yearly(
            "WF-XDR-N",
            "Worry-Free XDR Suite, not for resale",
            &[("WF-1Y", 5), ("XDR-1Y", 5), ("EML-1Y", 5)],
        )
    },
    Suite {
        ends: (Some(-20), Some(400)),
        ..yearly(
            "WF-ADV",
            "Worry-Free Advanced",
            &[("WF-1Y", 10), ("EML-1Y", 10)],
        )
    },
    Suite {
        ends: (Some(-400), Some(-30)),
        ..yearly("WF-BAS", "Worry-Free Basic", &[("WF-1Y", 5)])
    },
];

/// A plan that was made of more later on.
const GROWN: (&str, &[(&str, i64)]) = ("WF-XDR", &[("WF-1Y", 10), ("XDR-1Y", 10), ("EML-1Y", 10)]);

/// The order by which a partner has units to give plans of; after it the plans are given.
pub const STOCKED: &str = "SO-10439";

/// Its licenses.
pub const STOCK: &[Line] = &[
    line("WF-1Y", 400, &[]),
    line("XDR-1Y", 200, &[]),
    line("EML-1Y", 200, &[]),
];

const AURORA: &str = "Aurora Hospitals";
const GRUENWALD: &str = "Grünwald & Söhne";
const LINDENTAL: &str = "Stadtwerke Lindental";
const WISLA: &str = "Kawiarnie Wisła";

impl Story {
    /// Names the suites.
    pub(super) async fn name_suites(&mut self) -> Result<()> {
        self.on(63);
        for suite in SUITES {
            let becomes = suite.becomes.map(|code| named(&self.plans, code));
            let day = |from_today: Option<i64>| from_today.map(|days| self.day(days)).transpose();
            let facts = PlanFacts {
                code: suite.code.into(),
                name: suite.name.into(),
                edition: suite.edition,
                billing: suite.billing,
                term: suite.term.into(),
                auto_renews: suite.edition == Edition::Full,
                notice_days: USUAL_NOTICE,
                full_plan_id: becomes.transpose()?,
                end_of_sale: day(suite.ends.0)?,
                end_of_life: day(suite.ends.1)?,
            };
            let components = self.components(suite.parts)?;
            let plan = AddServicePlan { facts, components };
            let made = self.step(self.head(PROVIDER), plan).await?;
            self.plans.insert(suite.code, made.plan.id);
        }
        Ok(())
    }

    /// One of them gets a component more.
    pub(super) async fn enlarge_suite(&mut self) -> Result<()> {
        let enlarged = SetComposition {
            id: named(&self.plans, GROWN.0)?,
            version: None,
            components: self.components(GROWN.1)?,
        };
        self.step(self.head(PROVIDER), enlarged).await?;
        Ok(())
    }

    fn components(&self, parts: &[(&'static str, i64)]) -> Result<Vec<ComponentIn>> {
        let component = |(sku, units): &(&'static str, i64)| {
            Ok(ComponentIn {
                sku_id: Some(named(&self.skus, sku)?),
                product_id: None,
                units: *units,
            })
        };
        parts.iter().map(component).collect()
    }
}

impl Story {
    /// The partner gives its customers plans, and moves one of them up.
    pub(super) async fn give_suites(&mut self) -> Result<()> {
        self.on(30);
        self.give(AURORA, ("WF-STD", &[("WF-1Y", 120)])).await?;
        self.give(GRUENWALD, ("WF-STD", &[("WF-1Y", 60)])).await?;
        self.give(LINDENTAL, ("WF-XDR", &[("WF-1Y", 40), ("XDR-1Y", 40)]))
            .await?;
        self.on(29);
        let trial = AssignPlan {
            order: PlanOrder {
                seller_id: self.company(PROVIDER)?,
                issue: true,
                ..self.order(WISLA, ("WF-XDR-T", &[]))?
            },
        };
        self.step(self.head(PROVIDER), trial).await?;
        self.on(27);
        let order = self.order(GRUENWALD, ("WF-XDR", &[("XDR-1Y", 30)]))?;
        let overlaps = vec![];
        let up = Crossgrade { order, overlaps };
        self.step(self.head(NORDLICHT), up).await?;
        Ok(())
    }

    async fn give(
        &mut self,
        customer: &'static str,
        (plan, units): (&'static str, &'static [(&'static str, i64)]),
    ) -> Result<()> {
        let order = self.order(customer, (plan, units))?;
        self.step(self.head(NORDLICHT), AssignPlan { order })
            .await?;
        for (sku, units) in units {
            *self.kept.entry((customer, sku)).or_default() += units;
        }
        Ok(())
    }

    fn order(&self, customer: &str, (plan, units): (&str, &[(&str, i64)])) -> Result<PlanOrder> {
        let component = |(sku, units): &(&str, i64)| {
            Ok(WantedComponent {
                sku_id: named(&self.skus, sku)?,
                units: Some(*units),
                price_minor: None,
                currency: None,
                source_pool_id: None,
            })
        };
        Ok(PlanOrder {
            seller_id: self.company(NORDLICHT)?,
            customer_id: self.company(customer)?,
            plan_id: named(&self.plans, plan)?,
            issue: false,
            start_date: None,
            end_date: None,
            auto_renews: None,
            notice_days: None,
            components: units.iter().map(component).collect::<Result<_>>()?,
        })
    }
}
