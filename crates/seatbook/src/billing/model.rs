//! Billing profiles as rows, and what is said about them.

use rules::billing::{Category, Rounding, series_is_well_formed};
use serde::{Deserialize, Serialize};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{Error, FieldError, Result};

/// The most licenses in one send, whatever the setting.
pub const MOST_LICENSES: i64 = 500;

/// What is said about an organization for its invoices. Empty is unknown; what is not sent is as if nobody said anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BillingFacts {
    /// The name under which it is registered.
    pub legal_name: String,
    /// Street and number; further lines are separated by a line break.
    pub street: String,
    /// The city.
    pub city: String,
    /// The postcode.
    pub postcode: String,
    /// ISO 3166-1 alpha-2, such as `DE`.
    pub country: String,
    /// The VAT identifier with its country's prefix, such as `DE123456789`.
    pub vat_id: String,
    /// The number at the tax office, where there is no VAT identifier.
    pub tax_number: String,
    /// Where invoices are sent to; of a seller, where questions about them go.
    pub email: String,
    /// Seller: the account.
    pub iban: String,
    /// Seller: its bank.
    pub bic: String,
    /// Seller: whose account it is.
    pub account_name: String,
    /// Seller: days from the invoice's day to the last one for payment.
    pub payment_days: i64,
    /// Seller: what numbers begin with; each series counts from 1 without holes.
    pub series: String,
    /// Seller: where taxes are rounded, once per `document` and rate or on each `line`.
    #[schema(value_type = String)]
    pub tax_rounding: Rounding,
    /// Seller: the most licenses that one send bills, 1 to 500.
    pub most_licenses: i64,
    /// Seller: an invoice for each license, instead of one for each customer and currency.
    pub invoice_per_license: bool,
    /// Buyer: how it is taxed: `standard`, `zero`, `exempt`, `reverse_charge` or `outside_scope`.
    #[schema(value_type = Option<String>)]
    pub tax_category: Option<Category>,
    /// Buyer: the rate in hundredths of a percent: 1900 is 19 %. Only `standard` has one.
    pub tax_rate_basis_points: i64,
    /// Buyer: why no tax is charged, where none is.
    pub tax_reason: String,
    /// Buyer: what it asked to be quoted, such as a cost centre.
    pub buyer_reference: String,
}

impl Default for BillingFacts {
    fn default() -> Self {
        BillingFacts {
            legal_name: String::new(),
            street: String::new(),
            city: String::new(),
            postcode: String::new(),
            country: String::new(),
            vat_id: String::new(),
            tax_number: String::new(),
            email: String::new(),
            iban: String::new(),
            bic: String::new(),
            account_name: String::new(),
            payment_days: 14,
            series: "INV".into(),
            tax_rounding: Rounding::Document,
            most_licenses: 20,
            invoice_per_license: false,
            tax_category: None,
            tax_rate_basis_points: 0,
            tax_reason: String::new(),
            buyer_reference: String::new(),
        }
    }
}

impl BillingFacts {
    /// How it is taxed, which only its seller says.
    pub fn taxed(&self) -> (Option<Category>, i64, &str) {
        (
            self.tax_category,
            self.tax_rate_basis_points,
            &self.tax_reason,
        )
    }

    /// The same facts with stray spaces gone, or every field that is wrong.
    pub fn checked(mut self) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut complain = |field: &str, code: &'static str, message: &str| {
            wrong.push(FieldError {
                field: field.into(),
                code: code.into(),
                message: message.into(),
            });
        };
        for (field, text, most) in self.texts() {
            *text = rules::text::trim(text).to_owned();
            if text.chars().count() > most {
                let message = format!("At most {most} characters.");
                complain(field, "too_long", &message);
            }
        }
        for text in [
            &mut self.country,
            &mut self.vat_id,
            &mut self.iban,
            &mut self.bic,
        ] {
            text.retain(|letter| !letter.is_whitespace());
            text.make_ascii_uppercase();
        }
        let is_country =
            self.country.len() == 2 && self.country.bytes().all(|it| it.is_ascii_uppercase());
        if !self.country.is_empty() && !is_country {
            complain(
                "country",
                "field.invalid",
                "Two letters of ISO 3166-1, such as DE.",
            );
        }
        if !self.email.is_empty() && self.email.parse::<rules::email::EmailAddress>().is_err() {
            complain("email", "field.invalid", "This is no e-mail address.");
        }
        if !series_is_well_formed(&self.series) {
            complain(
                "series",
                "field.invalid",
                "1 to 24 letters, digits, and - / _ . between them, such as INV-2026.",
            );
        }
        for (field, value, most) in [
            ("payment_days", self.payment_days, 365),
            ("most_licenses", self.most_licenses - 1, MOST_LICENSES - 1),
        ] {
            if !(0..=most).contains(&value) {
                complain(field, "out_of_range", "This number is out of its range.");
            }
        }
        let takes = self
            .tax_category
            .map_or(self.tax_rate_basis_points == 0, |category| {
                category.takes(self.tax_rate_basis_points)
            });
        if !takes {
            let message =
                "The standard category has a rate of 0.01 to 100 %, the others have none.";
            complain("tax_rate_basis_points", "out_of_range", message);
        }
        match wrong.is_empty() {
            true => Ok(self),
            false => Err(Error::invalid_fields(wrong)),
        }
    }

    fn texts(&mut self) -> [(&'static str, &mut String, usize); 13] {
        [
            ("legal_name", &mut self.legal_name, 200),
            ("street", &mut self.street, 300),
            ("city", &mut self.city, 100),
            ("postcode", &mut self.postcode, 20),
            ("country", &mut self.country, 4),
            ("vat_id", &mut self.vat_id, 40),
            ("tax_number", &mut self.tax_number, 40),
            ("email", &mut self.email, 254),
            ("iban", &mut self.iban, 50),
            ("bic", &mut self.bic, 20),
            ("account_name", &mut self.account_name, 200),
            ("tax_reason", &mut self.tax_reason, 300),
            ("buyer_reference", &mut self.buyer_reference, 100),
        ]
    }
}

/// A billing profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillingProfile {
    /// Whose.
    pub organization_id: Uuid,
    /// What is said.
    #[serde(flatten)]
    pub facts: BillingFacts,
    /// Buyer: the currency of its first invoice; none before.
    pub currency: Option<String>,
    /// Why nothing is invoiced to it until somebody looked.
    pub parked_reason: Option<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub parked_at: Option<Timestamp>,
    /// Counts its changes; 0 while nobody said anything. Send it as `If-Match`.
    pub version: i64,
}

impl BillingProfile {
    /// How it is while nobody said anything.
    pub fn unsaid(organization_id: Uuid) -> Self {
        BillingProfile {
            organization_id,
            facts: BillingFacts::default(),
            currency: None,
            parked_reason: None,
            parked_at: None,
            version: 0,
        }
    }

    /// What the journal keeps: an e-mail address stands where it can be erased.
    pub(super) fn for_journal(&self) -> Self {
        let mut kept = self.clone();
        if !kept.facts.email.is_empty() {
            kept.facts.email = "(kept in the profile)".into();
        }
        kept
    }
}

impl FromRow for BillingProfile {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (rounding, category): (String, Option<String>) = (row.get(13)?, row.get(16)?);
        let odd = |word: &str| store::Error::Value(format!("billing profile: {word:?}"));
        let category = category
            .map(|word| Category::parse(&word).ok_or_else(|| odd(&word)))
            .transpose()?;
        Ok(BillingProfile {
            organization_id: row.get(0)?,
            facts: BillingFacts {
                legal_name: row.get(1)?,
                street: row.get(2)?,
                city: row.get(3)?,
                postcode: row.get(4)?,
                country: row.get(5)?,
                vat_id: row.get(6)?,
                tax_number: row.get(7)?,
                email: row.get(8)?,
                iban: row.get(9)?,
                bic: row.get(10)?,
                account_name: row.get(11)?,
                payment_days: row.get(12)?,
                tax_rounding: Rounding::parse(&rounding).ok_or_else(|| odd(&rounding))?,
                most_licenses: row.get(14)?,
                invoice_per_license: row.get(15)?,
                tax_category: category,
                tax_rate_basis_points: row.get(17)?,
                tax_reason: row.get(18)?,
                buyer_reference: row.get(19)?,
                series: row.get(20)?,
            },
            currency: row.get(21)?,
            parked_reason: row.get(22)?,
            parked_at: row.get(23)?,
            version: row.get(24)?,
        })
    }
}
