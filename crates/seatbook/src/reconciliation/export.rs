//! A reconciliation as a file.

use store::Tx;

use super::{
    api::Asking,
    gathering::{Setting, page},
    list::{asked_month, asking, find, reconciliation_list},
    model::Line,
    order::{Order, Place},
};
use crate::{
    error::Result,
    files::Cell,
    listings::{Field, Found, Lines, Listing, Reader, maybe, shown, table, text},
    scope::Permission,
    statements::model::Month,
};

/// Lines of one portion. What is laid out at once is laid out anew for each, so that they are few.
const LINES: usize = 5_000;

/// Rights that show what was billed.
const BILLS: &[Permission] = &[Permission::InvoicesRead, Permission::PricesRead];

const FIELDS: &[Field<Line>] = &[
    Field::text("", "Customer", |it: &Line, _| text(&it.organization_name)).wide(32),
    Field::text("", "Customer reference", |it: &Line, _| {
        maybe(it.organization_reference.as_ref())
    })
    .wide(20),
    Field::text("", "Product", |it: &Line, _| text(&it.product_name)).wide(32),
    Field::text("", "Product code", |it: &Line, _| text(&it.product_code)).wide(20),
    Field::number("purchased", "Purchased", |it: &Line, _| {
        Cell::Number(it.purchased)
    })
    .summed(),
    Field::number("allocated", "Allocated", |it: &Line, _| {
        Cell::Number(it.allocated)
    })
    .summed(),
    Field::number("in_use", "In use", |it: &Line, _| Cell::Number(it.in_use)).summed(),
    Field::number("invoiced", "Invoiced", |it: &Line, _| said(it.invoiced))
        .needing(BILLS)
        .summed(),
    Field::number("invoiced", "Not billed", |it: &Line, _| said(it.unbilled))
        .needing(BILLS)
        .summed(),
    Field::number("stated", "Distributor says", |it: &Line, _| said(it.stated)).summed(),
    Field::number("stated", "Beyond what is held", |it: &Line, _| {
        said(it.overstated)
    })
    .summed(),
    Field::text("", "Difference", |it: &Line, _| text(&it.difference))
        .needing(BILLS)
        .wide(48),
];

fn said(units: Option<i64>) -> Cell {
    units.map_or(Cell::Empty, Cell::Number)
}

/// Everything that search and filters of a month find.
struct Customers {
    pairs: Vec<(String, String)>,
    asking: Asking,
    /// What is known once the first lines are read.
    about: Option<About>,
    /// Where it goes on, and in which order.
    from: (Option<Place>, Option<Order>),
    settled: Option<Vec<&'static Field<Line>>>,
}

struct About {
    month: Month,
    organization: String,
    billing: bool,
}

/// What customers of the reader's organization have, as an address describes it.
pub fn listing(pairs: &[(String, String)], reader: &Reader) -> Box<dyn Listing> {
    let customers = Customers {
        asking: asking(reader.organization_id, pairs),
        pairs: pairs.to_vec(),
        about: None,
        from: (None, None),
        settled: None,
    };
    table(vec![], customers)
}

impl Lines for Customers {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        let whose = reader.organization_id;
        let setting = Setting::read(tx, &reader.scope, whose, reader.now).await?;
        let month = match &self.about {
            Some(about) => about.month,
            None => asked_month(&setting, self.asking.month.as_deref())?,
        };
        self.asking.month = Some(month.to_string());
        let mut question = self.asking.question(&setting, LINES)?;
        question.from = self.from.0.take();
        question.order = self.from.1.or(question.order);
        // Only the first may give way to another order: a place is one of an order.
        let found = match self.about {
            None => find(tx, &setting, question).await?.0,
            Some(_) => page(tx, &setting, &question).await?,
        };
        if self.about.is_none() {
            let about = (setting.billing, found.is_stated());
            let list = reconciliation_list(&setting, month, about).read(&self.pairs);
            self.settled = Some(shown(FIELDS, &list));
            self.about = Some(About {
                month,
                organization: setting.organization,
                billing: setting.billing,
            });
        }
        let is_last = found.next.is_none();
        self.from = (found.next, found.order);
        Ok((found.lines, is_last))
    }

    fn settled(&mut self) -> Option<Vec<&'static Field<Line>>> {
        self.settled.take()
    }

    fn notes(&self) -> Vec<String> {
        self.about.as_ref().map(notes).unwrap_or_default()
    }
}

fn notes(about: &About) -> Vec<String> {
    let mut notes = vec![
        format!("Customers of {}, {}.", about.organization, about.month.label()),
        "Purchased: units of licenses that were sold to the customer. Allocated: units that it was passed. In use: units of \
         both that it has bound to holders or passed on."
            .into(),
        "The numbers are those at the end of the month, or now in the present one; of a license that ended within the \
         month, those at its end."
            .into(),
    ];
    if about.billing {
        let invoiced =
            "Invoiced: units on finalized invoices for days of the month, credit notes taken off.";
        notes.push(invoiced.into());
    }
    notes
}
