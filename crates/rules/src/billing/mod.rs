//! Billing: what an invoice says, and what follows from it.
//!
//! Owns: periods that are billed (`periods`), amounts for a part of one (`proration`), net, tax and total of a
//! document (`totals`), what is still owed (`owed`), and how numbers are written (`numbers`).
//! Does not own: rows, prices, who sells to whom, or the sentences on an invoice.
//! Keeps true: whole minor units and no floats; sums agree to the cent; what follows from payments and the clock is
//! never stored.

mod numbers;
mod owed;
mod periods;
mod proration;
mod totals;

use std::fmt;

pub use numbers::{SERIES_LENGTH, number, series_is_well_formed};
pub use owed::{Balance, Billing, Facts, InvoiceStanding, Settlement};
pub use periods::{Every, Slice, containing, slices};
pub use proration::{Proration, Rule};
pub use totals::{Category, Line, Rounding, TaxGroup, Totals, TotalsError, totals};

/// Beyond what 64 bits of minor units hold, or not computable at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("amount out of range")
    }
}

impl std::error::Error for TooLarge {}

/// The quotient rounded to the nearest whole, halves away from zero.
///
/// That is half-up for what is charged, and mirrored for what is taken back, so that a credit of everything is
/// precisely the negative of its invoice.
pub(crate) fn half_up(dividend: i128, divisor: i128) -> Result<i64, TooLarge> {
    if divisor <= 0 {
        return Err(TooLarge);
    }
    let doubled = dividend.unsigned_abs().checked_mul(2).ok_or(TooLarge)?;
    let divisor = divisor.unsigned_abs();
    let rounded = (doubled.checked_add(divisor).ok_or(TooLarge)?) / (2 * divisor);
    let rounded = i128::try_from(rounded).map_err(|_| TooLarge)?;
    i64::try_from(dividend.signum() * rounded).map_err(|_| TooLarge)
}

/// The sum, if it fits.
fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, TooLarge> {
    let total: i128 = amounts.into_iter().map(i128::from).sum();
    i64::try_from(total).map_err(|_| TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        for (dividend, divisor, rounded) in [
            (5, 10, 1),
            (4, 10, 0),
            (15, 10, 2),
            (-5, 10, -1),
            (-4, 10, 0),
            (0, 7, 0),
            (1, 3, 0),
            (2, 3, 1),
        ] {
            assert_eq!(
                half_up(dividend, divisor),
                Ok(rounded),
                "{dividend}/{divisor}"
            );
        }
        assert_eq!(half_up(1, 0), Err(TooLarge));
        assert_eq!(half_up(i128::MIN, 1), Err(TooLarge));
        assert_eq!(sum([i64::MAX, 1]), Err(TooLarge));
        assert_eq!(sum([i64::MAX, 1, -1]), Ok(i64::MAX));
    }
}
