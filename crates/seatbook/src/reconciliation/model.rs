//! One customer and product with all that is said of them; what is asked for, and what it comes to.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::order::{Order, Place};
use crate::{console::format, statements::model::Month};

/// What one customer has of one product, as several books say it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ReconciliationLine)]
pub struct Line {
    /// The customer, directly below you.
    pub organization_id: Uuid,
    /// Its name.
    pub organization_name: String,
    /// Its reference.
    pub organization_reference: Option<String>,
    /// The product.
    pub product_id: Uuid,
    /// Its code.
    pub product_code: String,
    /// Its name.
    pub product_name: String,
    /// Units of licenses that you sold to the customer.
    pub purchased: i64,
    /// Units that the customer was passed from your pools.
    pub allocated: i64,
    /// Both: what it holds.
    pub held: i64,
    /// Units of them that the customer has bound to holders or passed on.
    pub in_use: i64,
    /// Units on your finalized invoices for days of the month, credit notes taken off; absent where invoices may not be
    /// seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoiced: Option<i64>,
    /// Units held and not billed; below zero: billed and not held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unbilled: Option<i64>,
    /// Units that the distributor's statement says; absent where there is none about the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<i64>,
    /// Units that the statement says and the customer does not hold; below zero: held and not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overstated: Option<i64>,
    /// Whether all that is there says the same.
    pub agrees: bool,
    /// What differs, in words; empty where nothing does.
    pub difference: String,
    /// One unit, several units.
    #[serde(skip)]
    pub unit: (String, String),
    /// The license that units were passed of, where it is one.
    #[serde(skip)]
    pub license: Only,
    /// The invoice, where it is one.
    #[serde(skip)]
    pub invoice: Only,
}

/// A thing where there is exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Only {
    /// There is none.
    #[default]
    Nothing,
    /// This one.
    This(Uuid),
    /// There are several.
    Several,
}

impl Only {
    /// The thing, where it is one.
    pub fn one(self) -> Option<Uuid> {
        match self {
            Only::This(id) => Some(id),
            Only::Nothing | Only::Several => None,
        }
    }

    /// One more.
    pub fn and(&mut self, id: Uuid) {
        *self = match *self {
            Only::Nothing => Only::This(id),
            Only::This(known) if known == id => Only::This(id),
            _ => Only::Several,
        };
    }
}

/// One difference: `warn` or `bad`, a few words, and the whole sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How bad it is.
    pub tone: &'static str,
    /// “20 not billed”.
    pub short: String,
    /// “invoiced 100, holds 120”.
    pub why: String,
}

impl Line {
    /// Says what follows from the numbers.
    pub fn settled(mut self) -> Line {
        self.held = self.purchased + self.allocated;
        self.unbilled = self.invoiced.map(|invoiced| self.held - invoiced);
        self.overstated = self.stated.map(|stated| stated - self.held);
        let differences = self.differences();
        self.agrees = differences.is_empty();
        let words = differences.iter();
        let words: Vec<String> = words
            .map(|it| format!("{}: {}", it.why, it.short))
            .collect();
        self.difference = words.join("; ");
        self
    }

    /// What differs: with the invoices first, then with the statement.
    pub fn differences(&self) -> Vec<Difference> {
        let n = |units: i64| format::number(units.abs());
        let holds = format!("holds {}", format::number(self.held));
        let mut found = Vec::new();
        if let Some((invoiced, open)) = self.invoiced.zip(self.unbilled).filter(|it| it.1 != 0) {
            let (tone, what) = match open > 0 {
                true => ("warn", "not billed"),
                false => ("bad", "billed too much"),
            };
            found.push(Difference {
                tone,
                short: format!("{} {what}", n(open)),
                why: format!("invoiced {}, {holds}", format::number(invoiced)),
            });
        }
        if let Some((stated, over)) = self.stated.zip(self.overstated).filter(|it| it.1 != 0) {
            let (tone, what) = match over > 0 {
                true => ("bad", "more than held"),
                false => ("warn", "not stated"),
            };
            found.push(Difference {
                tone,
                short: format!("{} {what}", n(over)),
                why: format!("distributor says {}, {holds}", format::number(stated)),
            });
        }
        found
    }

    /// Whether there is anything to be seen in it.
    pub fn says_something(&self) -> bool {
        let others = [self.invoiced, self.stated].map(Option::unwrap_or_default);
        self.held != 0 || self.in_use != 0 || others.iter().any(|units| *units != 0)
    }

    /// Whether a word stands in the names of customer or product.
    pub fn mentions(&self, word: &str) -> bool {
        let texts = [
            Some(&self.organization_name),
            self.organization_reference.as_ref(),
            Some(&self.product_name),
            Some(&self.product_code),
        ];
        let mut texts = texts.into_iter().flatten();
        texts.any(|text| text.to_lowercase().contains(word))
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose customers.
    pub organization_id: Uuid,
    /// Which month.
    pub month: Month,
    /// Any part of a customer's or product's name, of the reference or the code.
    pub keyword: Option<String>,
    /// Only lines that do not agree.
    pub only_differences: bool,
    /// In this order; nothing for the usual one.
    pub order: Option<Order>,
    /// From this place.
    pub from: Option<Place>,
    /// Lines at most.
    pub limit: usize,
}

impl Question {
    /// Whether a line is asked for.
    pub fn wants(&self, line: &Line) -> bool {
        let word = self.keyword.as_deref().map(str::trim);
        let named = word.is_none_or(|word| line.mentions(&word.to_lowercase()));
        named && line.says_something() && !(self.only_differences && line.agrees)
    }
}

/// What a list of lines comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReconciliationTotals)]
pub struct Totals {
    /// Lines.
    pub lines: i64,
    /// Lines that differ.
    pub differences: i64,
    /// Units held and not billed; absent where invoices may not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_billed: Option<i64>,
    /// Units billed and not held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed_too_much: Option<i64>,
    /// Lines of which the distributor says something else; absent without a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated_otherwise: Option<i64>,
}

impl Totals {
    /// What these lines come to.
    pub fn of(lines: &[Line], (billing, statement): (bool, bool)) -> Totals {
        let count = |which: &dyn Fn(&Line) -> bool| {
            let found = lines.iter().filter(|line| which(line)).count();
            i64::try_from(found).unwrap_or(i64::MAX)
        };
        let open = |sign: i64| -> i64 {
            let open = lines.iter().filter_map(|line| line.unbilled);
            open.map(|units| (units * sign).max(0)).sum()
        };
        Totals {
            lines: count(&|_: &Line| true),
            differences: count(&|line: &Line| !line.agrees),
            not_billed: billing.then(|| open(1)),
            billed_too_much: billing.then(|| open(-1)),
            stated_otherwise: statement
                .then(|| count(&|line: &Line| line.overstated.is_some_and(|over| over != 0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(held: i64, invoiced: Option<i64>, stated: Option<i64>) -> Line {
        Line {
            purchased: held,
            invoiced,
            stated,
            ..Line::default()
        }
        .settled()
    }

    #[test]
    fn differences_are_said_in_words() {
        for (line, said) in [
            (
                line(120, Some(100), None),
                "invoiced 100, holds 120: 20 not billed",
            ),
            (
                line(100, Some(1_200), None),
                "invoiced 1,200, holds 100: 1,100 billed too much",
            ),
            (line(100, Some(100), None), ""),
            (line(100, None, None), ""),
            (
                line(100, None, Some(130)),
                "distributor says 130, holds 100: 30 more than held",
            ),
            (
                line(10, Some(0), Some(0)),
                "invoiced 0, holds 10: 10 not billed; distributor says 0, holds 10: 10 not stated",
            ),
        ] {
            assert_eq!(
                (line.difference.as_str(), line.agrees),
                (said, said.is_empty())
            );
        }
    }
}
