//! What the overview says of one organization, for the page and for programs: each part for those who may read it.

use jiff::civil::Date;
use store::{Timestamp, Tx};
use uuid::Uuid;

use crate::{
    error::Result,
    figures::{
        model::{Week, monday},
        queries::{self as figures, Figures},
    },
    invoices::status::{OpenInvoices, Sees, open},
    jobs::queries::{Unfinished, unfinished},
    notices::queries::{LowPool, low},
    requests::queries::{Whose, count_waiting},
    sales,
    scope::{Permission, Scope, queries::check_visible},
};

/// Months from the present one on.
pub const MONTHS: i64 = 12;
/// Weeks before the present one.
const WEEKS: i64 = 52;
/// Licenses that run low, and jobs, are looked at up to this many.
pub const LOOKED_AT: i64 = 100;

/// Which overview.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Of this organization.
    pub organization_id: Uuid,
    /// The weeks of this product; of all where there is none.
    pub product_id: Option<Uuid>,
    /// The day there.
    pub today: Date,
}

/// What is open in money; `None` inside where it is too much to be added up.
pub type Open = Option<Vec<OpenInvoices>>;

/// The overview of one organization. What the reader may not see is not there.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What it holds.
    pub figures: Option<Figures>,
    /// Week by week.
    pub weeks: Vec<Week>,
    /// What it is owed, and owes.
    pub open: Option<Open>,
    /// Its licenses that run low, the fewest free units first.
    pub low: Option<Vec<LowPool>>,
    /// Requests for units that wait for it.
    pub requests: Option<i64>,
    /// Redemptions that wait for it.
    pub redemptions: Option<i64>,
    /// Its own requests that wait for somebody else.
    pub asked: Option<i64>,
    /// Jobs at or below it.
    pub jobs: Option<Unfinished>,
}

impl Summary {
    /// Reads it, in the reader's snapshot.
    pub async fn read(
        tx: &mut Tx<'_>,
        scope: &Scope,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Summary> {
        let id = asked.organization_id;
        let mut summary = Summary::default();
        if may(tx, scope, Permission::LicensesRead, id).await {
            summary.hold(tx, scope, asked, now).await?;
        }
        let sees = Sees {
            issued: is_side(scope, Permission::InvoicesRead, id)
                && is_side(scope, Permission::PricesRead, id),
            received: is_side(scope, Permission::InvoicesRead, id),
        };
        if sees.received {
            summary.open = Some(open(tx, id, sees, now).await?);
        }
        if may(tx, scope, Permission::LicensesSell, id).await {
            summary.requests = Some(count_waiting(tx, Whose::For(id)).await?);
            summary.redemptions = Some(sales::queries::redemptions(tx, id).await?);
        }
        if may(tx, scope, Permission::UnitsRequest, id).await {
            summary.asked = Some(count_waiting(tx, Whose::Of(id)).await?);
        }
        if may(tx, scope, Permission::JobsRead, id).await {
            summary.jobs = Some(unfinished(tx, id, LOOKED_AT).await?);
        }
        Ok(summary)
    }

    async fn hold(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<()> {
        let id = asked.organization_id;
        let mut held = figures::read(tx, id, now, (asked.today, MONTHS)).await?;
        if !is_side(scope, Permission::PricesRead, id) {
            held.months
                .iter_mut()
                .for_each(|month| month.values.clear());
        }
        let this = monday(asked.today);
        let first = this.checked_sub(jiff::Span::new().weeks(WEEKS));
        let range = (first.unwrap_or(this), this);
        self.weeks = figures::history(tx, id, asked.product_id, range).await?;
        self.end_now(&held, asked.product_id);
        self.low = Some(low(tx, id, now, LOOKED_AT).await?);
        self.figures = Some(held);
        Ok(())
    }

    /// The last week is the present one: it says what is held now.
    fn end_now(&mut self, held: &Figures, product_id: Option<Uuid>) {
        let Some(week) = self.weeks.last_mut() else {
            return;
        };
        let of = |id: &Uuid| product_id.is_none_or(|product_id| product_id == *id);
        let now = held.products.iter().filter(|it| of(&it.product_id));
        (week.quantity, week.allocated, week.assigned) = (0, 0, 0);
        for product in now {
            week.quantity += product.quantity;
            week.allocated += product.allocated;
            week.assigned += product.assigned;
        }
    }
}

/// Whether the reader holds a permission at an organization or above it.
pub async fn may(tx: &mut Tx<'_>, scope: &Scope, permission: Permission, id: Uuid) -> bool {
    check_visible(tx, scope, permission, id).await.is_ok()
}

/// Whether the permission is held at the organization itself: amounts are between seller and buyer, and rights held
/// further up do not reach them.
fn is_side(scope: &Scope, permission: Permission, id: Uuid) -> bool {
    scope.roots(permission).contains(&id)
}
