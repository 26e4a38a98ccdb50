//! The sums of a document (BG-22).

use super::{Breaches, shown};
use crate::invoice::Invoice;

pub fn judge(invoice: &Invoice, breaches: &mut Breaches) {
    let totals = &invoice.totals;
    let [net, tax, total, prepaid, due] = [
        totals.net_minor,
        totals.tax_minor,
        totals.total_minor,
        totals.prepaid_minor,
        totals.due_minor,
    ]
    .map(i128::from);
    let shown = |minor| shown(invoice, minor);

    let lines: i128 = invoice
        .lines
        .iter()
        .map(|line| i128::from(line.amount_minor))
        .sum();
    breaches.unless(net == lines, "BR-CO-10", "totals.net_minor", || {
        format!(
            "The lines sum to {}, but the net total is {}.",
            shown(lines),
            shown(net)
        )
    });
    let taxes: i128 = invoice
        .taxes
        .iter()
        .map(|row| i128::from(row.tax_minor))
        .sum();
    breaches.unless(tax == taxes, "BR-CO-14", "totals.tax_minor", || {
        format!(
            "The taxes sum to {}, but the total of taxes is {}.",
            shown(taxes),
            shown(tax)
        )
    });
    breaches.unless(total == net + tax, "BR-CO-15", "totals.total_minor", || {
        format!(
            "Net and tax are {}, but the total is {}.",
            shown(net + tax),
            shown(total)
        )
    });
    let left = total - prepaid;
    breaches.unless(due == left, "BR-CO-16", "totals.due_minor", || {
        format!(
            "{} is left of the total, but the amount due is {}.",
            shown(left),
            shown(due)
        )
    });
}
