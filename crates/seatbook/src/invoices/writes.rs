//! Every statement that writes invoices. What is finalized is left alone by each of them, and by the database itself.

use store::{Date, Json, Param, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Invoice, Line, Payment, Snapshot};
use crate::error::Result;

/// Writes a draft; `false` where the invoice it would take back is taken back already.
pub async fn insert(tx: &mut Tx<'_>, new: &Invoice) -> Result<bool> {
    let rounding = new.tax_rounding.as_str();
    let empty = Json(serde_json::json!({}));
    let rows = tx
        .execute(
            "INSERT INTO invoice (id, issuer_id, buyer_id, state, kind, currency, net_minor, tax_minor, total_minor,
             tax_rounding, snapshot, note, corrects_id, created_at, version)
             VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
             ON CONFLICT (corrects_id) DO NOTHING",
            &[
                &new.id, &new.issuer_id, &new.buyer_id, &new.kind.as_str(), &new.currency, &new.net_minor,
                &new.tax_minor, &new.total_minor, &rounding, &empty, &new.note, &new.corrects_id, &new.created_at,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Writes the lines of a draft.
pub async fn insert_lines(tx: &mut Tx<'_>, invoice_id: Uuid, lines: &[Line]) -> Result<()> {
    let words: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line.tax_category.as_str(), line.rule.as_str()))
        .collect();
    let mut params: Vec<&dyn Param> = Vec::with_capacity(lines.len() * 19);
    for (line, (category, rule)) in lines.iter().zip(&words) {
        let row: [&dyn Param; 19] = [
            &invoice_id,
            &line.position,
            &line.license_id,
            &line.sku_code,
            &line.description,
            &line.first_day,
            &line.last_day,
            &line.days,
            &line.of_days,
            &line.period_start,
            &line.quantity,
            &line.unit,
            &line.units,
            &line.unit_price_minor,
            &line.net_minor,
            category,
            &line.tax_rate_basis_points,
            &line.tax_minor,
            rule,
        ];
        params.extend(row);
    }
    let head = "INSERT INTO invoice_line (invoice_id, position, license_id, sku_code, description, first_day, last_day,
        days, of_days, period_start, quantity, unit, units, unit_price_minor, net_minor, tax_category,
        tax_rate_basis_points, tax_minor, rule)";
    tx.insert((head, ""), 19, &params).await?;
    Ok(())
}

/// Takes the lines of a draft out, to write others.
pub async fn delete_lines(tx: &mut Tx<'_>, invoice_id: Uuid) -> Result<()> {
    let sql = "DELETE FROM invoice_line WHERE invoice_id = $1
        AND EXISTS (SELECT 1 FROM invoice i WHERE i.id = $1 AND i.state = 'draft')";
    tx.execute(sql, &[&invoice_id]).await?;
    Ok(())
}

/// Marks the periods of these lines as billed, in the order of licenses; says how many were not before.
pub async fn cover(tx: &mut Tx<'_>, invoice_id: Uuid, lines: &[Line]) -> Result<usize> {
    let mut periods: Vec<(Uuid, Date)> = lines
        .iter()
        .map(|line| (line.license_id, line.period_start))
        .collect();
    periods.sort_by_key(|(id, day)| (*id, day.0));
    let mut params: Vec<&dyn Param> = Vec::with_capacity(periods.len() * 3);
    for (license_id, day) in &periods {
        let row: [&dyn Param; 3] = [license_id, day, &invoice_id];
        params.extend(row);
    }
    let text = (
        "INSERT INTO invoice_coverage (license_id, period_start, invoice_id)",
        "ON CONFLICT (license_id, period_start) DO NOTHING",
    );
    let rows = tx.insert(text, 3, &params).await?;
    Ok(usize::try_from(rows).unwrap_or_default())
}

/// Lets the periods that an invoice billed be billed again.
pub async fn uncover(tx: &mut Tx<'_>, invoice_id: Uuid) -> Result<()> {
    let sql = "DELETE FROM invoice_coverage WHERE invoice_id = $1";
    tx.execute(sql, &[&invoice_id]).await?;
    Ok(())
}

/// Changes a draft's sums and note over version `seen`; `false` where it was another, or is none any more.
pub async fn set_draft(tx: &mut Tx<'_>, draft: &Invoice, seen: i64) -> Result<bool> {
    let rounding = draft.tax_rounding.as_str();
    let sql = "UPDATE invoice SET net_minor = $3, tax_minor = $4, total_minor = $5, tax_rounding = $6, note = $7,
        version = version + 1 WHERE id = $1 AND version = $2 AND state = 'draft'";
    let params: [&dyn Param; 7] = [
        &draft.id,
        &seen,
        &draft.net_minor,
        &draft.tax_minor,
        &draft.total_minor,
        &rounding,
        &draft.note,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Gives a draft up; `false` where somebody was faster.
pub async fn set_void(tx: &mut Tx<'_>, id: Uuid, seen: i64) -> Result<bool> {
    let sql = "UPDATE invoice SET state = 'void', version = version + 1
        WHERE id = $1 AND version = $2 AND state = 'draft'";
    Ok(tx.execute(sql, &[&id, &seen]).await? == 1)
}

/// The next number of a series. From here to the end of the transaction, whoever else finalizes in it waits.
pub async fn next_number(tx: &mut Tx<'_>, issuer_id: Uuid, series: &str) -> Result<i64> {
    let sql = "INSERT INTO invoice_counter (issuer_id, series, last) VALUES ($1, $2, 1)
        ON CONFLICT (issuer_id, series) DO UPDATE SET last = invoice_counter.last + 1 RETURNING last";
    Ok(tx.query_one::<(i64,)>(sql, &[&issuer_id, &series]).await?.0)
}

/// Leaves out the numbers of a series up to `last`, which were given in a book that was lost: the next one is behind
/// them. Says which are left out; none where the series is that far, or the issuer is not in this book.
pub async fn leave_out(
    tx: &mut Tx<'_>,
    (issuer_id, series): (Uuid, &str),
    last: i64,
) -> Result<Option<(i64, i64)>> {
    let issuer = "SELECT id FROM organization_node WHERE id = $1";
    let issuer: Option<(Uuid,)> = tx.query_opt(issuer, &[&issuer_id]).await?;
    let reached = "SELECT last FROM invoice_counter WHERE issuer_id = $1 AND series = $2";
    let reached: Option<(i64,)> = tx.query_opt(reached, &[&issuer_id, &series]).await?;
    let first = reached.map_or(0, |(reached,)| reached) + 1;
    if issuer.is_none() || last < first {
        return Ok(None);
    }
    let counter = "INSERT INTO invoice_counter (issuer_id, series, last) VALUES ($1, $2, $3)
        ON CONFLICT (issuer_id, series) DO UPDATE SET last = excluded.last";
    tx.execute(counter, &[&issuer_id, &series, &last]).await?;
    let gap = "INSERT INTO invoice_gap (issuer_id, series, first_number, last_number) VALUES ($1, $2, $3, $4)";
    tx.execute(gap, &[&issuer_id, &series, &first, &last])
        .await?;
    Ok(Some((first, last)))
}

/// What finalizing adds to a draft.
pub struct Finalized<'a> {
    /// The issuer's text.
    pub series: &'a str,
    /// The counter.
    pub number: i64,
    /// The invoice's day.
    pub issued_on: Date,
    /// The last day for payment.
    pub due_on: Option<Date>,
    /// The instant after it.
    pub overdue_at: Option<Timestamp>,
    /// What it says beside its amounts.
    pub snapshot: &'a Snapshot,
    /// When.
    pub finalized_at: Timestamp,
    /// The version it has from then on.
    pub version: i64,
}

/// Finalizes a draft that has version `seen`, and opens its balance; `false` where somebody was faster.
pub async fn finalize(
    tx: &mut Tx<'_>,
    (id, seen): (Uuid, i64),
    with: &Finalized<'_>,
) -> Result<bool> {
    let at = Json(serde_json::to_value(with.snapshot)?);
    let sql = "UPDATE invoice SET state = 'finalized', series = $3, number = $4, issued_on = $5, due_on = $6,
        overdue_at = $7, snapshot = $8, finalized_at = $9, version = $10
        WHERE id = $1 AND version = $2 AND state = 'draft'";
    let now = with.finalized_at;
    let params: [&dyn Param; 10] = [
        &id,
        &seen,
        &with.series,
        &with.number,
        &with.issued_on,
        &with.due_on,
        &with.overdue_at,
        &at,
        &now,
        &with.version,
    ];
    if tx.execute(sql, &params).await? == 0 {
        return Ok(false);
    }
    let balance =
        "INSERT INTO invoice_balance (invoice_id, total_minor, paid_minor, credited_minor)
        SELECT id, total_minor, 0, 0 FROM invoice WHERE id = $1 AND kind = 'invoice'";
    tx.execute(balance, &[&id]).await?;
    Ok(true)
}

/// Makes an invoice findable.
pub async fn index(tx: &mut Tx<'_>, id: Uuid, parts: &[&str]) -> Result<()> {
    let text = rules::text::search_text(parts);
    let sql = "INSERT INTO invoice_search_text (id, text) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    tx.execute(sql, &[&id, &text]).await?;
    Ok(())
}

/// Counts a credit note of everything on the balance of the invoice that it takes back.
pub async fn credit(tx: &mut Tx<'_>, invoice_id: Uuid) -> Result<()> {
    let sql = "UPDATE invoice_balance SET credited_minor = total_minor WHERE invoice_id = $1";
    tx.execute(sql, &[&invoice_id]).await?;
    Ok(())
}

/// Counts money on the balance of an invoice, at most what is open, at least nothing; `false` where that does not fit.
pub async fn pay(tx: &mut Tx<'_>, invoice_id: Uuid, amount_minor: i64) -> Result<bool> {
    let sql = "UPDATE invoice_balance SET paid_minor = paid_minor + $2 WHERE invoice_id = $1
        AND paid_minor + $2 >= 0 AND ($2 < 0 OR paid_minor + credited_minor + $2 <= total_minor)";
    Ok(tx.execute(sql, &[&invoice_id, &amount_minor]).await? == 1)
}

/// Writes a payment; `false` where the one it would take back is taken back already.
pub async fn insert_payment(tx: &mut Tx<'_>, new: &Payment) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO payment (id, invoice_id, amount_minor, paid_on, reference, reverses_id, recorded_by, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (reverses_id) DO NOTHING",
            &[
                &new.id, &new.invoice_id, &new.amount_minor, &new.paid_on, &new.reference, &new.reverses_id,
                &new.recorded_by, &new.recorded_at,
            ],
        )
        .await?;
    Ok(rows == 1)
}
