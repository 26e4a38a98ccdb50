//! What a restored book has lost, by the marks of a later moment.

use std::{collections::BTreeSet, io::Write};

use super::{marks::HighWater, releasing::Gap, say};
use crate::error::Result;

/// What the later marks have and this book has not.
pub(super) fn tell(
    here: &HighWater,
    later: &HighWater,
    gaps: &[Gap],
    out: &mut impl Write,
) -> Result<()> {
    let mut lost = Vec::new();
    if later.journal_seq > here.journal_seq {
        let (first, last) = (here.journal_seq + 1, later.journal_seq);
        lost.push(format!(
            "{} entries of the journal, {first} to {last}: the same numbers are given again, so programs that follow \
             it begin anew behind {}",
            last + 1 - first,
            here.journal_seq
        ));
    }
    let numbers: i64 = gaps.iter().map(|gap| gap.last + 1 - gap.first).sum();
    if numbers > 0 {
        lost.push(format!("{numbers} invoices and credit notes, as listed"));
    }
    lost.extend(redeemed(here, later));
    if later.mail_id > here.mail_id {
        lost.push("mails that were written since".into());
    }
    if later.job_id > here.job_id {
        lost.push("jobs that were begun since".into());
    }
    match lost.is_empty() {
        true => say(out, "Beside those marks, nothing is lost."),
        false => lost
            .iter()
            .try_for_each(|what| say(out, &format!("Lost: {what}."))),
    }
}

/// Codes that somebody can redeem once more: how many, and the newest of them one by one.
fn redeemed(here: &HighWater, later: &HighWater) -> Vec<String> {
    let codes = later.redemptions - here.redemptions;
    if codes <= 0 {
        return vec![];
    }
    let known: BTreeSet<_> = here.redeemed.iter().map(|it| it.license_id).collect();
    let gone = later
        .redeemed
        .iter()
        .filter(|it| !known.contains(&it.license_id));
    let all = format!("{codes} redeemed activation codes, which can be redeemed again");
    let each = gone.map(|it| {
        let (license, owner, at) = (it.license_id, it.organization_id, it.at);
        format!("that the code of license {license} was redeemed by {owner} at {at}")
    });
    [all].into_iter().chain(each).collect()
}
