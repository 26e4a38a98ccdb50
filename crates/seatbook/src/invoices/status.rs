//! Where an invoice stands, and what that makes of a license: each a badge, and the same as a condition in SQL.
//! A test holds the two together, since neither is ever stored.

use rules::billing::Billing;
use serde::{Deserialize, Serialize};
use store::{Select, Timestamp};

use crate::console::badges::Badge;

/// Where an invoice stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Can still be changed.
    Draft,
    /// A draft that was given up.
    Void,
    /// Nothing was paid, and it is not due yet.
    Unpaid,
    /// Something was paid, and the rest is not due yet.
    Part,
    /// Something is open, and was due.
    Overdue,
    /// Nothing is open.
    Paid,
    /// A credit note took it back.
    Credited,
    /// It takes an invoice back itself.
    CreditNote,
}

/// `invoice i` with `invoice_balance p`: nothing is open.
const SETTLED: &str = "p.paid_minor + p.credited_minor >= i.total_minor";
const CREDITED: &str = "p.credited_minor >= i.total_minor AND p.credited_minor > 0";

impl Status {
    /// All of them.
    pub const ALL: [Status; 8] = [
        Status::Draft,
        Status::Void,
        Status::Unpaid,
        Status::Part,
        Status::Overdue,
        Status::Paid,
        Status::Credited,
        Status::CreditNote,
    ];

    /// What is sent, and its words and looks.
    fn told(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Status::Draft => ("draft", "mute", "pencil", "Draft"),
            Status::Void => ("void", "mute", "stop", "Void"),
            Status::Unpaid => ("unpaid", "info", "clock", "Unpaid"),
            Status::Part => ("part", "info", "clock", "Partly paid"),
            Status::Overdue => ("overdue", "bad", "warning", "Overdue"),
            Status::Paid => ("paid", "good", "check", "Paid"),
            Status::Credited => ("credited", "mute", "swap", "Credited"),
            Status::CreditNote => ("credit_note", "mute", "swap", "Credit note"),
        }
    }

    /// What is sent.
    pub fn as_str(self) -> &'static str {
        self.told().0
    }

    /// Reads a filter's word.
    pub fn parse(word: &str) -> Option<Status> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Its badge.
    pub fn badge(self) -> Badge {
        let (_, tone, icon, label) = self.told();
        let label = label.into();
        Badge { tone, icon, label }
    }

    /// The condition on `invoice i LEFT JOIN invoice_balance p`; every `?` takes the instant now.
    pub fn condition(self) -> String {
        const ISSUED: &str = "i.state = 'finalized' AND i.kind = 'invoice'";
        match self {
            Status::Draft => "i.state = 'draft'".into(),
            Status::Void => "i.state = 'void'".into(),
            Status::CreditNote => "i.state = 'finalized' AND i.kind = 'credit_note'".into(),
            Status::Credited => format!("{ISSUED} AND {CREDITED}"),
            Status::Paid => format!("{ISSUED} AND {SETTLED} AND NOT ({CREDITED})"),
            Status::Overdue => format!("{ISSUED} AND NOT ({SETTLED}) AND i.overdue_at <= ?"),
            Status::Part => {
                format!(
                    "{ISSUED} AND NOT ({SETTLED}) AND i.overdue_at > ? AND p.paid_minor + p.credited_minor > 0"
                )
            }
            Status::Unpaid => {
                format!(
                    "{ISSUED} AND NOT ({SETTLED}) AND i.overdue_at > ? AND p.paid_minor + p.credited_minor = 0"
                )
            }
        }
    }
}

/// The latest invoice that bills a license: a finalized one before one that was given up. Drafts bill nothing yet.
pub const LATEST: &str = "SELECT v.id FROM invoice_line x JOIN invoice v ON v.id = x.invoice_id
    WHERE x.license_id = l.id AND v.kind = 'invoice' AND v.state <> 'draft'
    ORDER BY CASE WHEN v.state = 'finalized' THEN 0 ELSE 1 END, v.id DESC LIMIT 1";

/// The badge of a license's billing.
pub fn billing_badge(billing: Billing) -> Badge {
    let (tone, icon) = match billing {
        Billing::Unbilled => ("mute", "info"),
        Billing::Invoiced => ("info", "clock"),
        Billing::Paid => ("good", "check"),
        Billing::Overdue => ("bad", "warning"),
        Billing::Void => ("mute", "stop"),
        Billing::Credited => ("mute", "swap"),
    };
    let label = billing.label().into();
    Badge { tone, icon, label }
}

/// Narrows a SELECT over `license l` to those whose billing stands so; `now` is the instant.
pub fn billed_as<'a>(select: &mut Select<'a>, billing: Billing, now: &'a Timestamp) {
    let of_latest = |condition: String| {
        format!(
            "EXISTS (SELECT 1 FROM invoice i LEFT JOIN invoice_balance p ON p.invoice_id = i.id
             WHERE i.id = ({LATEST}) AND {condition})"
        )
    };
    let open = |late: &str| {
        of_latest(format!(
            "i.state = 'finalized' AND NOT ({SETTLED}) AND i.overdue_at {late} ?"
        ))
    };
    match billing {
        Billing::Unbilled => select.and_raw(&format!("NOT EXISTS ({LATEST})")),
        Billing::Void => select.and_raw(&of_latest(Status::Void.condition())),
        Billing::Credited => select.and_raw(&of_latest(Status::Credited.condition())),
        Billing::Paid => select.and_raw(&of_latest(Status::Paid.condition())),
        Billing::Overdue => select.and(&open("<="), now),
        Billing::Invoiced => select.and(&open(">"), now),
    };
}
