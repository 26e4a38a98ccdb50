//! Licenses in the story: issued, passed down the tree, looked after.

use store::Date;
use uuid::Uuid;

use super::{
    companies::{CUSTOMERS, Company, PROVIDER},
    orders::{CORRECTED, Line, Order, PAUSED, SUSPENDED},
    story::{Story, named},
};
use crate::{
    allocations::{
        self,
        commands::{SetAllocations, WantedShare},
    },
    error::{Error, Result},
    licenses::commands::{EditLicense, IssueLicense, PauseLicense},
    organizations::commands::SuspendOrganization,
};

impl Story {
    /// Issues the licenses of an order, and passes their units down.
    pub(super) async fn take_order(&mut self, order: &'static Order) -> Result<()> {
        self.on(order.days_ago);
        let owner = self.company(order.owner)?;
        let mut issued = Vec::with_capacity(order.lines.len());
        for line in order.lines {
            let license = IssueLicense {
                organization_id: owner,
                sku_id: named(&self.skus, line.sku)?,
                quantity: line.units,
                sales_order: Some(order.number.into()),
                support_reference: order.support.map(str::to_owned),
                start_date: Some(self.day(order.begins)?),
                end_date: None,
                name: None,
                note: None,
                price: None,
            };
            issued.push((line, self.step(self.head(PROVIDER), license).await?));
        }
        for (line, license) in &issued {
            self.pass_down(order, line, license.pool_id).await?;
        }
        self.licenses.extend(
            issued
                .into_iter()
                .next()
                .map(|(_, license)| (order.number, license)),
        );
        Ok(())
    }

    /// From the owner to those the line names, and from each of them to its own customers.
    async fn pass_down(&mut self, order: &Order, line: &'static Line, pool_id: Uuid) -> Result<()> {
        let mut pools = self
            .pass_on(self.head(order.owner), pool_id, line.shares)
            .await?;
        while let Some((name, pool_id, units)) = pools.pop() {
            let shares = self.split(name, units);
            let passed: i64 = shares.iter().map(|(_, units)| units).sum();
            *self.kept.entry((name, line.sku)).or_default() += units - passed;
            pools.extend(self.pass_on(self.head(name), pool_id, &shares).await?);
        }
        Ok(())
    }

    /// Passes units on; gives the pool that each received.
    async fn pass_on(
        &mut self,
        who: Option<Uuid>,
        pool_id: Uuid,
        shares: &[(&'static str, i64)],
    ) -> Result<Vec<(&'static str, Uuid, i64)>> {
        if shares.is_empty() {
            return Ok(vec![]);
        }
        let mut rows = Vec::with_capacity(shares.len());
        for (name, quantity) in shares {
            let organization_id = self.company(name)?;
            rows.push(WantedShare {
                organization_id,
                seen: 0,
                quantity: *quantity,
            });
        }
        let named: Vec<Uuid> = rows.iter().map(|row| row.organization_id).collect();
        self.step(who, SetAllocations { pool_id, rows }).await?;
        let children = self.app.read(move |mut tx| {
            Box::pin(async move {
                let source = allocations::queries::find_source(&mut tx, pool_id).await?;
                let source = source.ok_or_else(Error::not_found)?;
                allocations::queries::find_children(&mut tx, &source, &named).await
            })
        });
        let children = children.await?;
        let pool = |(name, units): &(&'static str, i64)| {
            let id = self.companies.get(name)?;
            let child = children.iter().find(|child| child.organization_id == *id)?;
            Some((*name, child.pool_id?, *units))
        };
        Ok(shares.iter().filter_map(pool).collect())
    }

    /// What a company passes on of its units: uneven parts for some of its customers, and a rest it keeps.
    fn split(&self, name: &str, units: i64) -> Vec<(&'static str, i64)> {
        let below: Vec<&Company> = CUSTOMERS.iter().filter(|it| it.parent == name).collect();
        let count = below.len() as i64;
        let mut shares = Vec::new();
        for (place, customer) in below.into_iter().enumerate() {
            let turn = units + place as i64 * 3;
            // One in four goes without; the others get between a third and all of an even part.
            let part = units * (4 + turn % 7) / (count * 12);
            if turn % 4 != 1 && part > 0 {
                shares.push((customer.name, part));
            }
        }
        shares
    }

    /// What happened of late: a reference was corrected, a license paused, a customer suspended.
    pub(super) async fn look_after(&mut self) -> Result<()> {
        let operator = self.head(PROVIDER);
        self.on(2);
        let (number, reference) = CORRECTED;
        if let Some(id) = self.licenses.get(number).map(|license| license.id) {
            let support_reference = Some(reference.to_owned());
            self.step(
                operator,
                EditLicense {
                    id,
                    support_reference,
                    ..EditLicense::default()
                },
            )
            .await?;
        }
        if let Some(id) = self.licenses.get(PAUSED).map(|license| license.id) {
            self.step(
                operator,
                PauseLicense {
                    id,
                    version: None,
                    paused: true,
                },
            )
            .await?;
        }
        let suspension = SuspendOrganization {
            id: self.company(SUSPENDED)?,
            version: None,
            suspended: true,
        };
        self.step(operator, suspension).await?;
        self.on(1);
        Ok(())
    }

    /// The day so many days from today.
    pub(super) fn day(&self, from_today: i64) -> Result<Date> {
        let today = self.now.get().to_zoned(jiff::tz::TimeZone::UTC).date();
        let days = jiff::Span::new()
            .try_days(from_today)
            .map_err(Error::internal)?;
        Ok(Date(today.checked_add(days).map_err(Error::internal)?))
    }
}
