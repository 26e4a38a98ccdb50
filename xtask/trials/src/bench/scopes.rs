//! Who asks: an operator who sees the whole book, a partner with a hundredth of it, a customer with a hundred-thousandth.

use clap::ValueEnum;

use crate::{Result, book::Book, person::Person, server::Engine};

/// How much of the book somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    Operator,
    Partner,
    Customer,
}

/// What anybody has at least: more than a page, or there would be less to show in a small book.
const LEAST: u64 = 60;

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Operator => "operator",
            Scope::Partner => "partner",
            Scope::Customer => "customer",
        }
    }

    /// One row in so many is theirs, spread over all of the book.
    pub fn stride(self, size: u64) -> u64 {
        let each = |part: u64| (size / (size / part).max(LEAST)).max(3);
        match self {
            Scope::Operator => 1,
            Scope::Partner => each(100),
            // A multiple of the other, so that no row is of both.
            Scope::Customer => each(100_000) / each(100) * each(100),
        }
    }

    /// The number of a row of theirs near the middle of the book.
    pub fn middle(self, size: u64) -> u64 {
        let stride = self.stride(size);
        let near = (size / 2) / stride * stride;
        match self {
            Scope::Customer => near + 1,
            Scope::Operator | Scope::Partner => near.max(stride),
        }
    }
}

/// A partner, and a customer of that partner.
pub struct Places {
    pub partner: String,
    pub customer: String,
}

impl Places {
    /// Makes both.
    pub async fn new(book: &Book) -> Result<Places> {
        let partner = book
            .organization(&book.provider, "partner", "Partner")
            .await?;
        let customer = book.organization(&partner, "customer", "Customer").await?;
        Ok(Places { partner, customer })
    }

    /// Whose the row `n` of so many is, as SQL: the rest is the provider's.
    pub fn owner(&self, book: &Book, size: u64) -> String {
        let engine = book.site.engine;
        let [provider, partner, customer] =
            [&book.provider, &self.partner, &self.customer].map(|id| literal(engine, id));
        let [one, other] = [Scope::Partner, Scope::Customer].map(|scope| scope.stride(size));
        format!(
            "(CASE WHEN n % {one} = 0 THEN {partner} WHEN n % {other} = 1 THEN {customer} ELSE {provider} END)"
        )
    }

    /// Somebody who sees so much.
    pub async fn person(&self, book: &Book, scope: Scope) -> Result<Person> {
        match scope {
            Scope::Operator => Ok(book.operator.clone()),
            Scope::Partner => book.member(&self.partner, "partner_administrator").await,
            Scope::Customer => book.member(&self.customer, "customer_administrator").await,
        }
    }
}

/// An id in SQL.
pub fn literal(engine: Engine, id: &str) -> String {
    match engine {
        Engine::Sqlite => format!("x'{}'", id.replace('-', "")),
        Engine::Postgres => format!("'{id}'::uuid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_more_than_a_page_and_no_row_has_two_owners() {
        for size in [1_000, 100_000, 10_000_000] {
            let [partner, customer] = [Scope::Partner, Scope::Customer].map(|it| it.stride(size));
            assert!(size / partner >= LEAST && size / customer >= LEAST);
            assert_eq!(
                customer % partner,
                0,
                "{size}: where n % {customer} = 1, n % {partner} = 1"
            );
            assert_eq!(Scope::Partner.middle(size) % partner, 0);
            assert_eq!(Scope::Customer.middle(size) % customer, 1);
        }
        assert_eq!(Scope::Partner.stride(10_000_000), 100);
        assert_eq!(Scope::Customer.stride(10_000_000), 100_000);
    }
}
