//! Every statement about billing profiles.

use std::collections::HashMap;

use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::model::BillingProfile;
use crate::error::Result;

const PROFILE: &str = "SELECT organization_id, legal_name, street, city, postcode, country, vat_id, tax_number, email,
    iban, bic, account_name, payment_days, tax_rounding, most_licenses, invoice_per_license, tax_category,
    tax_rate_basis_points, tax_reason, buyer_reference, series, currency, parked_reason, parked_at, version
    FROM billing_profile";

/// The profile of an organization, as it is while nobody said anything where nobody did.
pub async fn get(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<BillingProfile> {
    let sql = format!("{PROFILE} WHERE organization_id = $1");
    let found = tx.query_opt(&sql, &[&organization_id]).await?;
    Ok(found.unwrap_or_else(|| BillingProfile::unsaid(organization_id)))
}

/// The profiles of these organizations; those of which nobody said anything are missing.
pub async fn of(
    tx: &mut Tx<'_>,
    organization_ids: &[Uuid],
) -> Result<HashMap<Uuid, BillingProfile>> {
    let mut found = HashMap::new();
    for some in organization_ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, some.len());
        let sql = format!("{PROFILE} WHERE organization_id IN {places}");
        for profile in tx.query::<BillingProfile>(&sql, &params).await? {
            found.insert(profile.organization_id, profile);
        }
    }
    Ok(found)
}

/// Writes a profile over version `seen`, 0 where there was none; `false` where it was another.
pub async fn put(tx: &mut Tx<'_>, new: &BillingProfile, seen: i64) -> Result<bool> {
    let it = &new.facts;
    let rounding = it.tax_rounding.as_str();
    let category = it.tax_category.map(rules::billing::Category::as_str);
    let sql = match seen {
        0 => {
            "INSERT INTO billing_profile (organization_id, legal_name, street, city, postcode, country, vat_id,
             tax_number, email, iban, bic, account_name, payment_days, tax_rounding, most_licenses, invoice_per_license,
             tax_category, tax_rate_basis_points, tax_reason, buyer_reference, series, currency, parked_reason,
             parked_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
             $22, $23, $24, CAST($25 AS BIGINT) + 1) ON CONFLICT (organization_id) DO NOTHING"
        }
        _ => {
            "UPDATE billing_profile SET legal_name = $2, street = $3, city = $4, postcode = $5, country = $6,
             vat_id = $7, tax_number = $8, email = $9, iban = $10, bic = $11, account_name = $12, payment_days = $13,
             tax_rounding = $14, most_licenses = $15, invoice_per_license = $16, tax_category = $17,
             tax_rate_basis_points = $18, tax_reason = $19, buyer_reference = $20, series = $21, currency = $22,
             parked_reason = $23, parked_at = $24, version = version + 1
             WHERE organization_id = $1 AND version = $25"
        }
    };
    let params: [&dyn Param; 25] = [
        &new.organization_id,
        &it.legal_name,
        &it.street,
        &it.city,
        &it.postcode,
        &it.country,
        &it.vat_id,
        &it.tax_number,
        &it.email,
        &it.iban,
        &it.bic,
        &it.account_name,
        &it.payment_days,
        &rounding,
        &it.most_licenses,
        &it.invoice_per_license,
        &category,
        &it.tax_rate_basis_points,
        &it.tax_reason,
        &it.buyer_reference,
        &it.series,
        &new.currency,
        &new.parked_reason,
        &new.parked_at,
        &seen,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Parks the invoicing of an organization; gives the new version, or nothing where it is parked already.
pub async fn park(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    (reason, at): (&str, Timestamp),
) -> Result<Option<i64>> {
    let sql = "UPDATE billing_profile SET parked_reason = $2, parked_at = $3, version = version + 1
        WHERE organization_id = $1 AND parked_reason IS NULL RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&organization_id, &reason, &at]).await?;
    Ok(row.map(|(version,)| version))
}

/// Keeps the currency of an organization's first invoice; gives the new version, or nothing where one was kept.
pub async fn set_currency(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    currency: &str,
) -> Result<Option<i64>> {
    let sql = "UPDATE billing_profile SET currency = $2, version = version + 1
        WHERE organization_id = $1 AND currency IS NULL RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&organization_id, &currency]).await?;
    Ok(row.map(|(version,)| version))
}
