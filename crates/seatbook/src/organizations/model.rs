//! An organization as a row, and what is said about a new one.

use serde::{Deserialize, Serialize};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{Error, FieldError, Result};

/// What an organization is in the chain of sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrganizationKind)]
pub enum Kind {
    /// The root: issues licenses.
    Provider,
    /// Passes units on.
    Partner,
    /// Uses units.
    Customer,
}

impl Kind {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Provider => "provider",
            Kind::Partner => "partner",
            Kind::Customer => "customer",
        }
    }

    fn parse(word: &str) -> store::Result<Kind> {
        match word {
            "provider" => Ok(Kind::Provider),
            "partner" => Ok(Kind::Partner),
            "customer" => Ok(Kind::Customer),
            _ => Err(store::Error::Value(format!("organization kind {word:?}"))),
        }
    }
}

/// How an organization pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PricingModel {
    /// By licenses it bought.
    #[default]
    License,
    /// By what it used.
    Usage,
}

impl PricingModel {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            PricingModel::License => "license",
            PricingModel::Usage => "usage",
        }
    }
}

/// An organization.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// Its id.
    pub id: Uuid,
    /// The organization above it; absent for the provider, and for the top of what you can see.
    pub parent_id: Option<Uuid>,
    /// Provider, partner or customer.
    pub kind: Kind,
    /// Its legal name.
    pub name: String,
    /// The key by which other systems know it.
    pub reference: Option<String>,
    /// Its web site.
    pub website: Option<String>,
    /// Its tax number.
    pub tax_id: Option<String>,
    /// A note for those who look after it.
    pub note: String,
    /// How it pays.
    pub pricing_model: PricingModel,
    /// The IANA zone in which its days begin and end.
    pub time_zone: String,
    /// It was suspended itself.
    pub suspended: bool,
    /// It or one above it is suspended: nobody below signs in, no check says yes.
    pub blocked: bool,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl FromRow for Organization {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let model: String = row.get(8)?;
        Ok(Organization {
            id: row.get(0)?,
            parent_id: row.get(1)?,
            kind: Kind::parse(&row.get::<String>(2)?)?,
            name: row.get(3)?,
            reference: row.get(4)?,
            website: row.get(5)?,
            tax_id: row.get(6)?,
            note: row.get(7)?,
            pricing_model: if model == "usage" {
                PricingModel::Usage
            } else {
                PricingModel::License
            },
            time_zone: row.get(9)?,
            suspended: row.get(10)?,
            blocked: row.get(11)?,
            created_at: row.get(12)?,
            version: row.get(13)?,
        })
    }
}

/// What is said about an organization, new or changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationFacts {
    /// Its legal name, 1 to 200 characters.
    pub name: String,
    /// The key by which other systems know it; unique.
    #[serde(default)]
    pub reference: Option<String>,
    /// Its web site.
    #[serde(default)]
    pub website: Option<String>,
    /// Its tax number.
    #[serde(default)]
    pub tax_id: Option<String>,
    /// A note for those who look after it.
    #[serde(default)]
    pub note: Option<String>,
    /// How it pays; `license` unless said.
    #[serde(default)]
    pub pricing_model: PricingModel,
    /// The IANA zone in which its days begin and end, such as `Europe/Berlin`; its parent's unless said.
    #[serde(default)]
    pub time_zone: Option<String>,
}

const LONGEST_NAME: usize = 200;
const LONGEST_TEXT: usize = 2_000;

impl OrganizationFacts {
    /// What is said about an organization now.
    pub fn of(organization: &Organization) -> Self {
        OrganizationFacts {
            name: organization.name.clone(),
            reference: organization.reference.clone(),
            website: organization.website.clone(),
            tax_id: organization.tax_id.clone(),
            note: Some(organization.note.clone()).filter(|note| !note.is_empty()),
            pricing_model: organization.pricing_model,
            time_zone: Some(organization.time_zone.clone()),
        }
    }

    /// The same facts with stray spaces gone, or every field that is wrong.
    pub fn checked(mut self) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut complain = |field: &str, code: &'static str, message: String| {
            wrong.push(FieldError {
                field: field.into(),
                code: code.into(),
                message,
            });
        };
        self.name = rules::text::normalize_key(&self.name);
        if self.name.is_empty() {
            complain("name", "required", "Give the organization a name.".into());
        } else if self.name.chars().count() > LONGEST_NAME {
            complain(
                "name",
                "too_long",
                format!("A name has at most {LONGEST_NAME} characters."),
            );
        }
        for (field, text) in [
            ("reference", &mut self.reference),
            ("website", &mut self.website),
            ("tax_id", &mut self.tax_id),
            ("note", &mut self.note),
        ] {
            *text = text
                .take()
                .map(|text| rules::text::trim(&text).to_owned())
                .filter(|text| !text.is_empty());
            if text
                .as_ref()
                .is_some_and(|text| text.chars().count() > LONGEST_TEXT)
            {
                complain(
                    field,
                    "too_long",
                    format!("At most {LONGEST_TEXT} characters."),
                );
            }
        }
        if let Some(zone) = &self.time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            complain(
                "time_zone",
                "unknown",
                format!("“{zone}” is no IANA time zone, such as Europe/Berlin."),
            );
        }
        if wrong.is_empty() {
            Ok(self)
        } else {
            Err(Error::invalid_fields(wrong))
        }
    }
}
