//! What is open between one organization and the others: what it is owed, and what it owes.

use std::collections::BTreeMap;

use serde::Serialize;
use store::{Param, Timestamp, Tx};
use utoipa::ToSchema;
use uuid::Uuid;

use super::status::Status;
use crate::error::Result;

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
