//! What an invoice owes, and what that makes of the license it bills. Derived from the book and the day, never stored.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{TooLarge, sum};

/// How much of an invoice is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Nothing was paid.
    Unpaid,
    /// Something was paid or credited, something is open.
    Part,
    /// Nothing is open.
    Paid,
    /// Nothing is open, because a credit note took it back.
    Credited,
}

/// An invoice's amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// What it asks for.
    pub total_minor: i64,
    /// What was paid, less what was taken back.
    pub paid_minor: i64,
    /// What credit notes took back.
    pub credited_minor: i64,
}

impl Balance {
    /// The balance from payments, counter-entries among them, and credit notes.
    pub fn of(
        total_minor: i64,
        payments: impl IntoIterator<Item = i64>,
        credits: impl IntoIterator<Item = i64>,
    ) -> Result<Self, TooLarge> {
        Ok(Balance {
            total_minor,
            paid_minor: sum(payments)?,
            credited_minor: sum(credits)?,
        })
    }

    /// What is still to be paid; below zero is what the buyer has paid too much.
    #[must_use]
    pub fn open_minor(self) -> i64 {
        let open = i128::from(self.total_minor)
            - i128::from(self.paid_minor)
            - i128::from(self.credited_minor);
        i64::try_from(open).unwrap_or(if open < 0 { i64::MIN } else { i64::MAX })
    }

    /// How much is settled.
    #[must_use]
    pub fn settlement(self) -> Settlement {
        if self.credited_minor >= self.total_minor && self.credited_minor > 0 {
            Settlement::Credited
        } else if self.open_minor() <= 0 {
            Settlement::Paid
        } else if self.paid_minor > 0 || self.credited_minor > 0 {
            Settlement::Part
        } else {
            Settlement::Unpaid
        }
    }

    /// Whether something is open after the day it was due.
    #[must_use]
    pub fn is_overdue(self, due: Date, today: Date) -> bool {
        self.open_minor() > 0 && due < today
    }
}

/// How far an invoice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStanding {
    /// Can still be changed; has no number.
    Draft,
    /// Numbered, and never changed again.
    Finalized,
    /// A draft that was given up.
    Void,
}

impl InvoiceStanding {
    /// What is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            InvoiceStanding::Draft => "draft",
            InvoiceStanding::Finalized => "finalized",
            InvoiceStanding::Void => "void",
        }
    }

    /// The standing a stored word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<InvoiceStanding> {
        let all = [
            InvoiceStanding::Draft,
            InvoiceStanding::Finalized,
            InvoiceStanding::Void,
        ];
        all.into_iter().find(|standing| standing.as_str() == word)
    }
}

/// What the billing of a license follows from: its latest invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How far it is.
    pub standing: InvoiceStanding,
    /// Its amounts.
    pub balance: Balance,
    /// Whether the day it was due is over where the issuer is.
    pub late: bool,
}

/// Where a license stands with its invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// No invoice bills it, or only a draft does.
    Unbilled,
    /// An invoice bills it.
    Invoiced,
    /// That is paid.
    Paid,
    /// That is open and was due before today.
    Overdue,
    /// Its draft was given up.
    Void,
    /// A credit note took it back.
    Credited,
}

impl Billing {
    /// All of them.
    pub const ALL: [Billing; 6] = [
        Billing::Unbilled,
        Billing::Invoiced,
        Billing::Paid,
        Billing::Overdue,
        Billing::Void,
        Billing::Credited,
    ];

    /// What is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Billing::Unbilled => "unbilled",
            Billing::Invoiced => "invoiced",
            Billing::Paid => "paid",
            Billing::Overdue => "overdue",
            Billing::Void => "void",
            Billing::Credited => "credited",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Billing::Unbilled => "Unbilled",
            Billing::Invoiced => "Invoiced",
            Billing::Paid => "Paid",
            Billing::Overdue => "Overdue",
            Billing::Void => "Void",
            Billing::Credited => "Credited",
        }
    }

    /// The word's meaning.
    #[must_use]
    pub fn parse(word: &str) -> Option<Billing> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Where a license stands by its latest invoice.
    #[must_use]
    pub fn of(latest: Option<Facts>) -> Billing {
        let Some(facts) = latest else {
            return Billing::Unbilled;
        };
        match (facts.standing, facts.balance.settlement()) {
            (InvoiceStanding::Draft, _) => Billing::Unbilled,
            (InvoiceStanding::Void, _) => Billing::Void,
            (InvoiceStanding::Finalized, Settlement::Credited) => Billing::Credited,
            (InvoiceStanding::Finalized, Settlement::Paid) => Billing::Paid,
            (InvoiceStanding::Finalized, _) if facts.late => Billing::Overdue,
            (InvoiceStanding::Finalized, _) => Billing::Invoiced,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn balance(total: i64, payments: &[i64], credits: &[i64]) -> Balance {
        Balance::of(total, payments.iter().copied(), credits.iter().copied()).expect("small")
    }

    #[test]
    fn payments_and_credits_settle() {
        for (total, payments, credits, open, settlement) in [
            (1_000, vec![], vec![], 1_000, Settlement::Unpaid),
            (1_000, vec![400], vec![], 600, Settlement::Part),
            (1_000, vec![400, 600], vec![], 0, Settlement::Paid),
            (1_000, vec![400, -400], vec![], 1_000, Settlement::Unpaid),
            (1_000, vec![1_200], vec![], -200, Settlement::Paid),
            (1_000, vec![], vec![1_000], 0, Settlement::Credited),
            (1_000, vec![700], vec![300], 0, Settlement::Paid),
            (1_000, vec![], vec![300], 700, Settlement::Part),
            (0, vec![], vec![], 0, Settlement::Paid),
        ] {
            let found = balance(total, &payments, &credits);
            assert_eq!(
                (found.open_minor(), found.settlement()),
                (open, settlement),
                "{found:?}"
            );
        }
        assert_eq!(Balance::of(1, [i64::MAX, 1], []), Err(TooLarge));
    }

    #[test]
    fn the_day_after_the_due_one_is_late() {
        let open = balance(1_000, &[999], &[]);
        let due = date(2026, 3, 31);
        assert!(!open.is_overdue(due, due));
        assert!(open.is_overdue(due, date(2026, 4, 1)));
        assert!(!balance(1_000, &[1_000], &[]).is_overdue(due, date(2027, 1, 1)));
    }

    #[test]
    fn a_license_follows_its_latest_invoice() {
        let of = |standing, balance, late| {
            let facts = Facts {
                standing,
                balance,
                late,
            };
            Billing::of(Some(facts))
        };
        let open = balance(1_000, &[], &[]);
        assert_eq!(Billing::of(None), Billing::Unbilled);
        assert_eq!(of(InvoiceStanding::Draft, open, true), Billing::Unbilled);
        assert_eq!(of(InvoiceStanding::Void, open, true), Billing::Void);
        assert_eq!(
            of(InvoiceStanding::Finalized, open, false),
            Billing::Invoiced
        );
        assert_eq!(of(InvoiceStanding::Finalized, open, true), Billing::Overdue);
        let paid = balance(1_000, &[1_000], &[]);
        assert_eq!(of(InvoiceStanding::Finalized, paid, true), Billing::Paid);
        let credited = balance(1_000, &[], &[1_000]);
        assert_eq!(
            of(InvoiceStanding::Finalized, credited, true),
            Billing::Credited
        );
        for billing in Billing::ALL {
            assert_eq!(Billing::parse(billing.as_str()), Some(billing));
        }
    }

    proptest! {
        #[test]
        fn what_is_open_and_settled_agree(
            total in 0i64..1_000_000, payments in prop::collection::vec(-500_000i64..500_000, 0..6),
            credit in 0i64..1_000_000,
        ) {
            let found = balance(total, &payments, &[credit]);
            let settled = matches!(found.settlement(), Settlement::Paid | Settlement::Credited);
            prop_assert!(settled || found.open_minor() > 0);
            if found.settlement() == Settlement::Paid {
                prop_assert!(found.open_minor() <= 0);
            }
        }
    }
}
