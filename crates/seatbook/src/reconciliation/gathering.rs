//! Lines laid out: all at once where that is little, else customer by customer along their names.

use std::collections::{BTreeMap, BTreeSet};

use store::Tx;
use uuid::Uuid;

use super::{
    model::{Line, Question, Totals},
    order::{Order, Place},
    queries::{self, Asked},
    then::{self, Stretch},
};
use crate::{
    console::format::Moment,
    error::{Error, Result},
    holdings::pools::TOO_LONG,
    invoices::queries::Sides,
    organizations,
    scope::{self, Permission, Scope},
    statements::{self, model::Month},
};

/// Customers looked at in one go of a walk.
const STRIDE: i64 = 100;
/// Customers that one request looks at in a walk, at most.
const WALKED: usize = 2_000;

/// What is between an organization and its customers, for somebody who looks.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The organization above.
    pub organization_id: Uuid,
    /// Its name.
    pub organization: String,
    /// The moment, in its zone.
    pub moment: Moment,
    /// Whether the invoices it issued may be seen.
    pub billing: bool,
}

impl Setting {
    /// Whose customers are looked at: 404 where what they were passed may not be seen.
    pub async fn read(
        tx: &mut Tx<'_>,
        scope: &Scope,
        organization_id: Uuid,
        now: store::Timestamp,
    ) -> Result<Setting> {
        let needed = Permission::AllocationsRead;
        scope::queries::check_visible(tx, scope, needed, organization_id).await?;
        let found = organizations::queries::find(tx, organization_id).await?;
        let found = found.ok_or_else(Error::not_found)?;
        Ok(Setting {
            organization_id,
            moment: Moment::new(now, &found.time_zone),
            organization: found.name,
            billing: Sides::of(scope).issuers.contains(&organization_id),
        })
    }

    /// The month that an address names; the last one that is over where it names none.
    pub fn month(&self, word: Option<&str>) -> Result<Month> {
        match word {
            Some(word) => Month::read(word, self.moment.today),
            None => Ok(Month::of(self.moment.today).back(1)),
        }
    }
}

/// A page of lines.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The lines.
    pub lines: Vec<Line>,
    /// Where the page before begins.
    pub previous: Option<Place>,
    /// Where the page after begins.
    pub next: Option<Place>,
    /// What all lines that are asked for come to; nothing where they are too many to be laid out at once.
    pub totals: Option<Totals>,
    /// In which order they are.
    pub order: Option<Order>,
    /// The distributor's statement about the month.
    pub statement: Option<statements::model::Statement>,
}

impl Page {
    /// Whether the statement says something of somebody.
    pub fn is_stated(&self) -> bool {
        self.statement.as_ref().is_some_and(|it| it.matched > 0)
    }
}

/// A page of what is asked for.
pub async fn page(tx: &mut Tx<'_>, setting: &Setting, question: &Question) -> Result<Page> {
    let mut desk = Desk::open(tx, setting, question).await?;
    if queries::is_gathered(tx, question.organization_id).await? {
        return desk.gather(tx).await;
    }
    let order = question.order.unwrap_or(Order::WALKED);
    if order != Order::WALKED {
        let message = "What more than 5,000 shares come to is sorted by customer only.";
        return Err(Error::invalid("sort", TOO_LONG, message));
    }
    desk.walk(tx).await
}

/// What every line of one question needs.
struct Desk<'a> {
    setting: &'a Setting,
    question: &'a Question,
    statement: Option<statements::model::Statement>,
    stretch: Stretch,
}

impl<'a> Desk<'a> {
    async fn open(
        tx: &mut Tx<'_>,
        setting: &'a Setting,
        question: &'a Question,
    ) -> Result<Desk<'a>> {
        let (month, zone) = (question.month, &setting.moment.zone);
        let now = setting.moment.now;
        let statement = statements::queries::find_of(tx, question.organization_id, month).await?;
        Ok(Desk {
            setting,
            question,
            statement,
            stretch: Stretch {
                begins: month.begins(zone)?,
                at: month.is_over(zone)?.min(now),
                now,
            },
        })
    }

    /// The statement, as soon as it says something of somebody.
    fn stating(&self) -> Option<&statements::model::Statement> {
        self.statement.as_ref().filter(|it| it.matched > 0)
    }

    /// All lines of these customers, or of all.
    async fn lines(&self, tx: &mut Tx<'_>, customers: Option<&[Uuid]>) -> Result<Vec<Line>> {
        let asked = Asked {
            seller_id: self.question.organization_id,
            customers,
            month: self.question.month,
        };
        let held = then::holdings(tx, &asked, self.stretch).await?;
        let mut lines: BTreeMap<(Uuid, Uuid), Line> = BTreeMap::new();
        for it in held {
            let line = lines
                .entry((it.organization_id, it.product_id))
                .or_default();
            line.in_use += it.allocated + it.assigned;
            if it.own {
                line.purchased += it.quantity;
            } else if it.quantity > 0 {
                line.allocated += it.quantity;
                line.license.and(it.license_id);
            }
        }
        if self.setting.billing {
            for (key, billed) in queries::billed(tx, &asked).await? {
                let line = lines.entry(key).or_default();
                (line.invoiced, line.invoice) = (Some(billed.units), billed.invoice);
            }
        }
        if let Some(statement) = self.stating() {
            let stated = statements::queries::stated(tx, statement.id, customers).await?;
            for (key, units) in stated {
                lines.entry(key).or_default().stated = Some(units);
            }
        }
        self.named(tx, lines).await
    }

    /// The lines with the names of customers and products. Who is no customer any more has none.
    async fn named(
        &self,
        tx: &mut Tx<'_>,
        lines: BTreeMap<(Uuid, Uuid), Line>,
    ) -> Result<Vec<Line>> {
        let ids = |which: fn(&(Uuid, Uuid)) -> Uuid| -> Vec<Uuid> {
            let ids: BTreeSet<Uuid> = lines.keys().map(which).collect();
            ids.into_iter().collect()
        };
        let seller_id = self.question.organization_id;
        let customers = queries::customers(tx, seller_id, &ids(|key| key.0)).await?;
        let products = queries::products(tx, &ids(|key| key.1)).await?;
        let named = lines.into_iter().filter_map(|((customer, product), line)| {
            let (organization_id, name, reference) = customers.get(&customer)?.clone();
            let (product_id, code, title, unit, units) = products.get(&product)?.clone();
            let zero = |shown: bool, said: Option<i64>| shown.then(|| said.unwrap_or_default());
            let line = Line {
                organization_id,
                organization_name: name,
                organization_reference: reference,
                product_id,
                product_code: code,
                product_name: title,
                unit: (unit, units),
                invoiced: zero(self.setting.billing, line.invoiced),
                stated: zero(self.stating().is_some(), line.stated),
                ..line
            };
            Some(line.settled())
        });
        Ok(named.filter(|line| self.question.wants(line)).collect())
    }

    /// Lays all lines out, sorts them, and takes a page of them.
    async fn gather(&mut self, tx: &mut Tx<'_>) -> Result<Page> {
        let order = self.question.order.unwrap_or(Order::USUAL);
        let mut lines = self.lines(tx, None).await?;
        let about = (self.setting.billing, self.stating().is_some());
        let totals = Totals::of(&lines, about);
        lines.sort_by_cached_key(|line| order.rank(line));
        if order.descending {
            lines.reverse();
        }
        let (start, end) = self.bounds(&lines, order);
        let place = |line: &Line, back: bool| Place::At {
            order: order.word(),
            back,
            rank: order.rank(line),
        };
        let page = Page {
            previous: (start > 0).then(|| place(&lines[start.min(lines.len() - 1)], true)),
            next: (end < lines.len()).then(|| place(&lines[end - 1], false)),
            totals: Some(totals),
            order: Some(order),
            statement: self.statement.take(),
            lines: vec![],
        };
        lines.truncate(end);
        Ok(Page {
            lines: lines.split_off(start.min(end)),
            ..page
        })
    }

    /// From which line to which the page goes.
    fn bounds(&self, lines: &[Line], order: Order) -> (usize, usize) {
        let limit = self.question.limit;
        let Some(Place::At { back, rank, .. }) = &self.question.from else {
            return (0, limit.min(lines.len()));
        };
        let is_before = |line: &Line| match order.descending {
            true => order.rank(line) > *rank,
            false => order.rank(line) < *rank,
        };
        let at = lines.partition_point(is_before);
        if *back && at > 0 {
            return (at.saturating_sub(limit), at);
        }
        let is_there = lines.get(at).is_some_and(|line| order.rank(line) == *rank);
        let start = at + usize::from(is_there && !back);
        (start, (start + limit).min(lines.len()))
    }

    /// Goes from customer to customer until the page is full, or enough were looked at.
    async fn walk(&mut self, tx: &mut Tx<'_>) -> Result<Page> {
        let limit = self.question.limit;
        let (mut found, mut walked) = (Vec::new(), 0);
        let mut from = self.question.from.clone();
        loop {
            let seller_id = self.question.organization_id;
            let some = queries::walk(tx, seller_id, from.as_ref(), STRIDE).await?;
            let ids: Vec<Uuid> = some.iter().map(|it| it.0).collect();
            let mut lines = self.lines(tx, Some(&ids)).await?;
            let place = |line: &Line| ids.iter().position(|id| *id == line.organization_id);
            lines.sort_by_cached_key(|line| (place(line), product_of(line)));
            lines.retain(|line| is_behind(line, from.as_ref()));
            found.extend(lines);
            walked += some.len();
            let last = some.last().filter(|_| some.len() as i64 == STRIDE);
            let through = last.map(|(id, name, _)| Place::Behind {
                customer: (name.clone(), *id),
                product: None,
            });
            if found.len() > limit {
                found.truncate(limit);
                let next = found.last().map(|line| Place::Behind {
                    customer: (line.organization_name.clone(), line.organization_id),
                    product: Some(product_of(line)),
                });
                return Ok(self.walked(found, next));
            }
            if through.is_none() || walked >= WALKED {
                return Ok(self.walked(found, through));
            }
            from = through;
        }
    }

    fn walked(&mut self, lines: Vec<Line>, next: Option<Place>) -> Page {
        Page {
            lines,
            next,
            order: Some(Order::WALKED),
            statement: self.statement.take(),
            ..Page::default()
        }
    }
}

fn product_of(line: &Line) -> (String, Uuid) {
    (line.product_name.clone(), line.product_id)
}

/// Whether a line stands behind a place that is within its customer.
fn is_behind(line: &Line, from: Option<&Place>) -> bool {
    match from {
        Some(Place::Behind {
            customer,
            product: Some(product),
        }) if customer.1 == line.organization_id => product_of(line) > *product,
        _ => true,
    }
}
