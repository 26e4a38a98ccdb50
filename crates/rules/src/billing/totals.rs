//! Totals: net, tax and total of a document, and the tax of each line.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{TooLarge, half_up, sum};

/// How a line is taxed: the categories of EN 16931 that licenses meet (UNTDID 5305).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// At a rate.
    Standard,
    /// At the rate of zero.
    Zero,
    /// Exempt, for a reason that stands on the invoice.
    Exempt,
    /// The buyer owes the tax.
    ReverseCharge,
    /// Not subject to it at all.
    OutsideScope,
}

impl Category {
    /// All of them.
    pub const ALL: [Category; 5] = [
        Category::Standard,
        Category::Zero,
        Category::Exempt,
        Category::ReverseCharge,
        Category::OutsideScope,
    ];

    /// What is stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Standard => "standard",
            Category::Zero => "zero",
            Category::Exempt => "exempt",
            Category::ReverseCharge => "reverse_charge",
            Category::OutsideScope => "outside_scope",
        }
    }

    /// The category a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Category> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == word)
    }

    /// Whether a rate, in hundredths of a percent, goes with it: 0.01 to 100 % for the standard one, else 0.
    #[must_use]
    pub const fn takes(self, rate_basis_points: i64) -> bool {
        match self {
            Category::Standard => 0 < rate_basis_points && rate_basis_points <= 10_000,
            _ => rate_basis_points == 0,
        }
    }
}

/// Where the tax is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Once for each category and rate of the document, as EN 16931 has it.
    #[default]
    Document,
    /// On each line; the document's tax is their sum.
    Line,
}

impl Rounding {
    /// What is stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Rounding::Document => "document",
            Rounding::Line => "line",
        }
    }

    /// The rule a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Rounding> {
        [Rounding::Document, Rounding::Line]
            .into_iter()
            .find(|rule| rule.as_str() == word)
    }
}

/// What totals need of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its amount without tax.
    pub net_minor: i64,
    /// How it is taxed.
    pub category: Category,
    /// At which rate, in hundredths of a percent.
    pub rate_basis_points: i64,
}

/// The sums of one category at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxGroup {
    /// How it is taxed.
    pub category: Category,
    /// At which rate, in hundredths of a percent.
    pub rate_basis_points: i64,
    /// What is taxed.
    pub net_minor: i64,
    /// The tax on it.
    pub tax_minor: i64,
}

/// The sums of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Without tax.
    pub net_minor: i64,
    /// Tax.
    pub tax_minor: i64,
    /// Both.
    pub total_minor: i64,
    /// By category and rate, in their order.
    pub groups: Vec<TaxGroup>,
    /// The tax of each line, for the eye; their sum is the document's.
    pub line_taxes: Vec<i64>,
}

/// Why lines have no totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotalsError {
    /// Beyond what 64 bits of minor units hold.
    TooLarge,
    /// A rate that does not go with its category.
    Rate {
        /// The line, counted from 0.
        line: usize,
    },
}

/// Adds up a document.
///
/// Per document, the tax of a category is its sum times the rate, rounded half up once, and spread over its lines by
/// largest remainder. Per line, each line's tax is rounded, and the sums are the sums of those.
pub fn totals(lines: &[Line], rounding: Rounding) -> Result<Totals, TotalsError> {
    let mut groups: BTreeMap<(Category, i64), Vec<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if !line.category.takes(line.rate_basis_points) {
            return Err(TotalsError::Rate { line: at });
        }
        groups
            .entry((line.category, line.rate_basis_points))
            .or_default()
            .push(at);
    }
    let mut line_taxes = vec![0; lines.len()];
    let mut summed = Vec::with_capacity(groups.len());
    for ((category, rate_basis_points), members) in groups {
        let nets: Vec<i64> = members.iter().map(|&at| lines[at].net_minor).collect();
        let net_minor = sum(nets.iter().copied())?;
        let taxes = match rounding {
            Rounding::Document => spread(&nets, net_minor, rate_basis_points)?,
            Rounding::Line => {
                let rounded = nets.iter().map(|&net| tax(net, rate_basis_points));
                rounded.collect::<Result<_, _>>()?
            }
        };
        let tax_minor = sum(taxes.iter().copied())?;
        for (&at, tax) in members.iter().zip(taxes) {
            line_taxes[at] = tax;
        }
        summed.push(TaxGroup {
            category,
            rate_basis_points,
            net_minor,
            tax_minor,
        });
    }
    let net_minor = sum(summed.iter().map(|group| group.net_minor))?;
    let tax_minor = sum(summed.iter().map(|group| group.tax_minor))?;
    Ok(Totals {
        net_minor,
        tax_minor,
        total_minor: sum([net_minor, tax_minor])?,
        groups: summed,
        line_taxes,
    })
}

/// The tax on an amount, rounded half up.
fn tax(net_minor: i64, rate_basis_points: i64) -> Result<i64, TooLarge> {
    half_up(
        i128::from(net_minor) * i128::from(rate_basis_points),
        10_000,
    )
}

/// The rounded tax on the sum of these amounts, spread over them: each has its exact tax rounded down, and what is
/// left goes to the largest remainders, the earlier first among equals. Amounts below zero may be among them, for
/// which weights alone would not do; a sum below zero mirrors the one above.
fn spread(nets: &[i64], net_minor: i64, rate_basis_points: i64) -> Result<Vec<i64>, TooLarge> {
    let sign: i128 = if net_minor < 0 { -1 } else { 1 };
    let exact = nets
        .iter()
        .map(|&net| sign * i128::from(net) * i128::from(rate_basis_points));
    let (mut parts, remainders): (Vec<i128>, Vec<i128>) = exact
        .map(|tax| (tax.div_euclid(10_000), tax.rem_euclid(10_000)))
        .unzip();

    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&at| Reverse(remainders[at]));
    let whole = sign * i128::from(tax(net_minor, rate_basis_points)?);
    let left = usize::try_from(whole - parts.iter().sum::<i128>()).map_err(|_| TooLarge)?;
    for &at in by_remainder.iter().take(left) {
        parts[at] += 1;
    }
    let signed = parts
        .into_iter()
        .map(|part| i64::try_from(sign * part).map_err(|_| TooLarge));
    signed.collect()
}

impl From<TooLarge> for TotalsError {
    fn from(_: TooLarge) -> Self {
        TotalsError::TooLarge
    }
}

impl fmt::Display for TotalsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => TooLarge.fmt(f),
            Self::Rate { line } => write!(
                f,
                "a rate that does not go with its category in line {line}"
            ),
        }
    }
}

impl std::error::Error for TotalsError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(net_minor: i64, category: Category, rate_basis_points: i64) -> Line {
        Line {
            net_minor,
            category,
            rate_basis_points,
        }
    }

    #[test]
    fn rounding_per_line_and_per_document_differ_as_the_law_says() {
        let lines = vec![line(33, Category::Standard, 1_900); 100];
        let per_document = totals(&lines, Rounding::Document).expect("small");
        assert_eq!(
            (per_document.net_minor, per_document.tax_minor),
            (3_300, 627)
        );
        let per_line = totals(&lines, Rounding::Line).expect("small");
        assert_eq!((per_line.net_minor, per_line.tax_minor), (3_300, 600));
        assert_eq!(
            per_document
                .line_taxes
                .iter()
                .filter(|&&tax| tax == 7)
                .count(),
            27
        );
        assert_eq!(
            per_document.line_taxes[..27],
            [7; 27],
            "the earlier line first"
        );
    }

    #[test]
    fn categories_are_summed_apart() {
        let lines = [
            line(10_000, Category::Standard, 1_900),
            line(5_000, Category::Standard, 700),
            line(2_000, Category::ReverseCharge, 0),
            line(1, Category::Standard, 1_900),
        ];
        let sums = totals(&lines, Rounding::Document).expect("small");
        assert_eq!(
            (sums.net_minor, sums.tax_minor, sums.total_minor),
            (17_001, 2_250, 19_251)
        );
        let groups: Vec<(i64, i64, i64)> = sums
            .groups
            .iter()
            .map(|group| (group.rate_basis_points, group.net_minor, group.tax_minor))
            .collect();
        assert_eq!(
            groups,
            [(700, 5_000, 350), (1_900, 10_001, 1_900), (0, 2_000, 0)]
        );
        assert_eq!(sums.line_taxes, [1_900, 350, 0, 0]);
        let none = totals(&[], Rounding::Document).expect("nothing");
        assert_eq!((none.total_minor, none.groups.len()), (0, 0));
    }

    #[test]
    fn a_rate_goes_with_its_category() {
        for (category, rate) in [
            (Category::Standard, 0),
            (Category::Standard, 10_001),
            (Category::Standard, -1),
            (Category::Zero, 1),
            (Category::Exempt, 1_900),
            (Category::ReverseCharge, 1_900),
            (Category::OutsideScope, 1),
        ] {
            let lines = [line(1, Category::Zero, 0), line(1, category, rate)];
            let refused = totals(&lines, Rounding::Line);
            assert_eq!(refused, Err(TotalsError::Rate { line: 1 }));
        }
        let huge = [
            line(i64::MAX, Category::Zero, 0),
            line(1, Category::Zero, 0),
        ];
        assert_eq!(totals(&huge, Rounding::Line), Err(TotalsError::TooLarge));
        for category in Category::ALL {
            assert_eq!(Category::parse(category.as_str()), Some(category));
        }
        for rounding in [Rounding::Document, Rounding::Line] {
            assert_eq!(Rounding::parse(rounding.as_str()), Some(rounding));
        }
    }

    fn any_lines() -> impl Strategy<Value = Vec<Line>> {
        let rate = prop::sample::select(vec![1i64, 5, 700, 770, 1_900, 2_550, 10_000]);
        let taxed =
            (any::<i32>(), rate).prop_map(|(net, rate)| line(net.into(), Category::Standard, rate));
        let untaxed = (
            any::<i32>(),
            prop::sample::select(Category::ALL[1..].to_vec()),
        )
            .prop_map(|(net, category)| line(net.into(), category, 0));
        prop::collection::vec(prop_oneof![3 => taxed, 1 => untaxed], 0..30)
    }

    proptest! {
        #[test]
        fn sums_agree(lines in any_lines(), rounding in prop::sample::select(vec![Rounding::Document, Rounding::Line])) {
            let sums = totals(&lines, rounding).expect("small");
            prop_assert_eq!(sums.net_minor, lines.iter().map(|line| line.net_minor).sum::<i64>());
            prop_assert_eq!(sums.tax_minor, sums.line_taxes.iter().sum::<i64>());
            prop_assert_eq!(sums.total_minor, sums.net_minor + sums.tax_minor);
            prop_assert_eq!(sums.net_minor, sums.groups.iter().map(|group| group.net_minor).sum::<i64>());
            prop_assert_eq!(sums.tax_minor, sums.groups.iter().map(|group| group.tax_minor).sum::<i64>());
            for (line, given) in lines.iter().zip(&sums.line_taxes) {
                let exact = i128::from(line.net_minor) * i128::from(line.rate_basis_points);
                let apart = (i128::from(*given) * 10_000 - exact).abs();
                prop_assert!(apart < 10_000, "less than a minor unit from exact");
            }
            if rounding == Rounding::Document {
                for group in &sums.groups {
                    prop_assert_eq!(tax(group.net_minor, group.rate_basis_points), Ok(group.tax_minor));
                }
            }
        }

        #[test]
        fn a_credit_of_everything_is_the_negative(lines in any_lines()) {
            let back: Vec<Line> = lines.iter().map(|it| Line { net_minor: -it.net_minor, ..*it }).collect();
            for rounding in [Rounding::Document, Rounding::Line] {
                let (charged, taken) = (totals(&lines, rounding), totals(&back, rounding));
                let (charged, taken) = (charged.expect("small"), taken.expect("small"));
                prop_assert_eq!(taken.total_minor, -charged.total_minor);
                let mirrored: Vec<i64> = charged.line_taxes.iter().map(|tax| -tax).collect();
                prop_assert_eq!(taken.line_taxes.iter().sum::<i64>(), mirrored.iter().sum::<i64>());
            }
        }
    }
}
