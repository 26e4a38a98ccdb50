//! Where an invoice stands, and what that makes of a license: each a badge, and the same as a condition in SQL.
//! A test holds the two together, since neither is ever stored. And what is open between one organization and the others.

use std::collections::BTreeMap;

use rules::billing::Billing;
use serde::{Deserialize, Serialize};
use store::{Param, Select, Timestamp, Tx};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{console::badges::Badge, error::Result};

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

/// Invoices are added up to this many; of more, nobody waits for the sum.
const ADDED: i64 = 5_000;

/// On which side of an invoice an organization is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// It issued it, and is owed.
    Issued,
    /// It received it, and owes.
    Received,
}

impl Side {
    /// What stands in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Issued => "issued",
            Side::Received => "received",
        }
    }

    /// Reads what stands there.
    pub fn parse(word: &str) -> Option<Side> {
        let mut all = [Side::Issued, Side::Received].into_iter();
        all.find(|side| side.as_str() == word)
    }
}

/// Open invoices of one side, status and currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenInvoices {
    /// Whether the organization is owed, or owes.
    pub side: Side,
    /// `overdue`, `unpaid` or `part`: not due yet, with nothing or a part of it paid.
    #[schema(value_type = String)]
    pub status: Status,
    /// ISO 4217.
    pub currency: String,
    /// How many.
    pub invoices: i64,
    /// What is open of them, in minor units.
    pub open_minor: i64,
}

/// Which sides of an organization's invoices somebody sees.
#[derive(Clone, Copy, Debug)]
pub struct Sees {
    /// Those it issued.
    pub issued: bool,
    /// Those it received.
    pub received: bool,
}

/// What is open, the overdue first; nothing where that is more than can be added up while somebody waits.
pub async fn open(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    sees: Sees,
    now: Timestamp,
) -> Result<Option<Vec<OpenInvoices>>> {
    let nobody = Uuid::nil();
    let side = |sees: bool| if sees { organization_id } else { nobody };
    let (issuer_id, buyer_id) = (side(sees.issued), side(sees.received));
    let sql = format!(
        "SELECT i.issuer_id, i.overdue_at <= $3, p.paid_minor + p.credited_minor, i.currency, i.total_minor
         FROM invoice_balance p CROSS JOIN invoice i
         WHERE p.paid_minor + p.credited_minor < p.total_minor AND i.id = p.invoice_id
           AND i.state = 'finalized' AND i.kind = 'invoice' AND (i.issuer_id = $1 OR i.buyer_id = $2) LIMIT {}",
        ADDED + 1
    );
    let params: [&dyn Param; 3] = [&issuer_id, &buyer_id, &now];
    let rows: Vec<(Uuid, bool, i64, String, i64)> = tx.query(&sql, &params).await?;
    if rows.len() as i64 > ADDED {
        return Ok(None);
    }
    let mut sums: BTreeMap<(Side, usize, String), (i64, i64)> = BTreeMap::new();
    for (issuer, overdue, settled, currency, total) in rows {
        let side = match issuer == issuer_id {
            true => Side::Issued,
            false => Side::Received,
        };
        let status = match (overdue, settled) {
            (true, _) => 0,
            (false, 0) => 1,
            (false, _) => 2,
        };
        let sum = sums.entry((side, status, currency)).or_default();
        (sum.0, sum.1) = (sum.0 + 1, sum.1 + total - settled);
    }
    let row = |((side, status, currency), (invoices, open_minor))| OpenInvoices {
        side,
        status: [Status::Overdue, Status::Unpaid, Status::Part][status],
        currency,
        invoices,
        open_minor,
    };
    Ok(Some(sums.into_iter().map(row).collect()))
}
