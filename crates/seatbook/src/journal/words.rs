//! Commands in words, as pages and refusals say them.

/// Commands as sentences; what is not here is read from the command's own word.
pub const COMMANDS: &[(&str, &str)] = &[
    ("platform.set_up", "Set Seatbook up"),
    ("book.release", "Released a restored book"),
    ("organizations.create", "Added an organization"),
    ("organizations.edit", "Changed an organization"),
    ("organizations.move", "Moved an organization"),
    (
        "organizations.suspend",
        "Suspended or resumed an organization",
    ),
    ("licenses.issue", "Issued a license"),
    ("licenses.edit", "Changed a license"),
    ("licenses.sell", "Sold a license"),
    ("licenses.give", "Gave a license to its customer"),
    ("licenses.return", "Returned units of an ended license"),
    ("activation.redeem", "Tried an activation code"),
    ("activation.renew_code", "Drew a new code for a license"),
    ("activation.revoke_code", "Took a code back"),
    (
        "activation.expire_code",
        "Ended a code whose day had passed",
    ),
    ("activation.decide", "Decided about a redemption"),
    ("requests.ask", "Asked for units"),
    ("requests.approve", "Approved a request for units"),
    ("requests.refuse", "Refused a request for units"),
    ("requests.withdraw", "Withdrew a request for units"),
    ("allocations.set", "Passed units on"),
    (
        "allocations.allocate",
        "Passed units on to one organization",
    ),
    ("allocations.request", "Asked for units to be passed on"),
    ("holders.add", "Added holders"),
    ("holders.edit", "Changed a holder"),
    ("holders.leave", "Let a holder leave"),
    ("holders.delete", "Erased a holder"),
    ("holders.hand_over", "Handed a device or extension over"),
    ("assignments.assign", "Assigned units"),
    ("assignments.unassign", "Unassigned units"),
    ("assignments.reassign", "Reassigned a unit"),
    ("assignments.set_add_ons", "Changed the add-ons of a unit"),
    ("catalog.set_fits", "Said which bases an add-on is made for"),
    ("plans.add", "Added a service plan"),
    ("plans.edit", "Changed a service plan"),
    ("plans.compose", "Changed what a service plan is made of"),
    ("plans.remove", "Removed a service plan"),
    ("subscriptions.edit", "Changed a subscription"),
    ("subscriptions.terminate", "Terminated units"),
    ("subscriptions.unsubscribe", "Stopped a renewal"),
    ("subscriptions.resubscribe", "Took up a renewal again"),
    ("subscriptions.reactivate", "Brought a terminated unit back"),
    ("subscriptions.reduce", "Lowered a quantity below use"),
    ("plan_subscriptions.assign", "Assigned a service plan"),
    (
        "crossgrades.crossgrade",
        "Moved a customer to another service plan",
    ),
    (
        "compositions.approve",
        "Approved what a service plan is made of by now",
    ),
    (
        "compositions.decline",
        "Declined what a service plan is made of by now",
    ),
    ("rollouts.create", "Asked for a service plan for many"),
    (
        "rollouts.ready",
        "Checked for whom a service plan is possible",
    ),
    ("rollouts.apply", "Told a service plan to be given to many"),
    (
        "rollouts.carry_out",
        "Assigned a service plan to one of many",
    ),
    (
        "rollouts.decide",
        "Decided about what a service plan is made of, for one of many",
    ),
    ("rollouts.finish", "Ended a service plan for many"),
    ("rollouts.cancel", "Canceled a service plan for many"),
    ("renewals.renew", "Renewed a license"),
    ("renewals.renew_plan", "Renewed a service plan"),
    ("renewals.schedule", "Decided what the next term shall be"),
    (
        "renewals.withdraw",
        "Took back what the next term should be",
    ),
    (
        "renewals.change",
        "Changed units or price of a subscription",
    ),
    ("renewals.co_term", "Brought licenses to one last day"),
    (
        "amendments.change",
        "Changed the service plan of a customer",
    ),
    (
        "amendments.convert",
        "Converted a trial to the full service plan",
    ),
    ("customers.onboard", "Onboarded a customer"),
    ("customers.edit", "Changed a customer"),
    ("workbooks.export", "Exported customers as a workbook"),
    ("offboarding.plan", "Decided that a customer leaves"),
    ("offboarding.withdraw", "Decided that a customer stays"),
    ("offboarding.leave", "Let a customer leave"),
    ("billing.edit", "Changed a billing profile"),
    ("billing.unpark", "Let an organization be invoiced again"),
    ("invoices.send", "Sent invoices"),
    ("invoices.draft", "Drafted invoices"),
    ("invoices.edit", "Changed a draft"),
    ("invoices.finalize", "Finalized an invoice"),
    ("invoices.delete", "Gave a draft up"),
    ("invoices.deliver", "Made an invoice ready and mailed it"),
    ("invoices.credit", "Took an invoice back by a credit note"),
    ("payments.record", "Recorded a payment"),
    ("payments.remove", "Took the record of a payment back"),
    ("statements.upload", "Uploaded a distributor's statement"),
    (
        "statements.map",
        "Said which column of a statement is which",
    ),
    ("statements.remove", "Took a distributor's statement away"),
    ("exports.request", "Asked for a list as a file"),
    ("exports.take", "Took a list along as a file"),
    ("exports.finish", "Wrote a list into a file"),
    ("imports.apply", "Imported a file"),
    ("imports.apply_part", "Imported a part of a file"),
    (
        "imports.abandon",
        "Gave a file up that could not be imported whole",
    ),
    ("journal.undo", "Took a change back"),
    ("journal.take_back", "Took a part of a file back"),
    (
        "journal.request_undo",
        "Asked for a change to be taken back",
    ),
    ("jobs.cancel", "Canceled a job"),
    ("jobs.retry", "Told a job to try again"),
    ("mails.send", "Told a mail to be sent"),
    ("notices.edit", "Changed the notices of a license"),
    ("notices.edit_policy", "Changed who is told what ends"),
    ("notices.tell", "Told what ends"),
    ("notices.tell_low", "Told where units run low"),
    (
        "notices.watch",
        "Noticed that units ran low, or are enough again",
    ),
    ("calendars.renew", "Made a calendar address"),
    ("calendars.withdraw", "Withdrew a calendar address"),
    ("tokens.create", "Made an API token"),
];

/// "Added an organization"; "Licenses: pause" where nobody has found better words.
pub fn what(command: &str) -> String {
    if let Some((_, words)) = COMMANDS.iter().find(|(name, _)| *name == command) {
        return (*words).to_owned();
    }
    let (noun, verb) = command.split_once('.').unwrap_or((command, ""));
    let text = format!("{noun}: {verb}").replace('_', " ");
    capitalized(text.trim_end_matches(": "))
}

/// The same, its first letter large.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_read_as_sentences() {
        assert_eq!(what("organizations.move"), "Moved an organization");
        assert_eq!(what("service_plans.give_away"), "Service plans: give away");
        assert_eq!(what("odd"), "Odd");
    }
}
