//! What customers of the story have of service plans: one that is in use, one that was moved to a larger plan, a trial,
//! and one whose plan is made of more by now.

use super::{
    companies::{NORDLICHT, PROVIDER},
    orders::{Line, line},
    story::{Story, named},
};
use crate::{
    crossgrades::commands::Crossgrade,
    error::Result,
    plan_subscriptions::{
        commands::AssignPlan,
        model::{PlanOrder, WantedComponent},
    },
};

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
