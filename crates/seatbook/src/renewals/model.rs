//! Terms as rows, and what is known of the next one.

use jiff::civil;
use rules::{
    billing::{Slice, containing},
    change::Stub,
    lifecycle::Standing,
    money::Currency,
    term::{self, Validity},
};
use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Row};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    licenses::model::License,
};

/// How a term came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TermOrigin)]
pub enum Origin {
    /// It began with the license.
    Issued,
    /// It began when the one before it ended.
    Renewed,
}

impl Origin {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Issued => "issued",
            Origin::Renewed => "renewed",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Origin::Issued => "Issued",
            Origin::Renewed => "Renewed",
        }
    }

    fn parse(word: &str) -> store::Result<Origin> {
        [Origin::Issued, Origin::Renewed]
            .into_iter()
            .find(|origin| origin.as_str() == word)
            .ok_or_else(|| store::Error::Value(format!("term origin {word:?}")))
    }
}

/// One term of a license.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = LicenseTerm)]
pub struct Term {
    /// Its id; none for the only term of a license.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Counts the terms of the license from 1.
    pub number: i64,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub start_date: Date,
    /// The last day, inclusive.
    #[schema(value_type = String, format = Date)]
    pub end_date: Date,
    /// How it came about.
    pub origin: Origin,
    /// Units at its end; of the present one, those there are. Only for the license's own subscription.
    pub quantity: Option<i64>,
    /// Price of one unit for one validity of the SKU, in minor units; only for seller and buyer with `prices.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Counts its changes.
    #[serde(skip)]
    pub version: i64,
}

impl FromRow for Term {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Term {
            id: row.get(0)?,
            number: row.get(1)?,
            start_date: row.get(2)?,
            end_date: row.get(3)?,
            origin: Origin::parse(&row.get::<String>(4)?)?,
            quantity: Some(row.get(5)?),
            price_minor: row.get(6)?,
            currency: row.get(7)?,
            version: row.get(8)?,
        })
    }
}

/// What was said of the next term.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NextTerm {
    /// Units, where they are more than now.
    pub quantity: Option<i64>,
    /// Price of one unit for one validity of the SKU, where it is another.
    pub price: Option<(i64, String)>,
    /// Counts its changes; 0 while nobody said anything.
    pub version: i64,
}

impl FromRow for NextTerm {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (price, currency): (Option<i64>, Option<String>) = (row.get(1)?, row.get(2)?);
        Ok(NextTerm {
            quantity: row.get(0)?,
            price: price.zip(currency),
            version: row.get(3)?,
        })
    }
}

/// Why a license does not renew at its end, or waits with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RenewalObstacle)]
pub enum Obstacle {
    /// It is off: somebody unsubscribed it, or nobody decided that it renews.
    Off,
    /// It has ended by decision.
    Ended,
    /// It has no end.
    NoEnd,
    /// Its SKU says not how long a term is.
    NoValidity,
    /// Nobody owns it yet.
    AwaitsActivation,
    /// It is a trial, not for resale, or what was left over of a service plan.
    RunsOut,
    /// The license its units were drawn from does not go on beyond its end so far.
    SourceEnds,
    /// It is part of a service plan that does not renew.
    PlanEnds,
}

impl Obstacle {
    /// What is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Obstacle::Off => "off",
            Obstacle::Ended => "ended",
            Obstacle::NoEnd => "no_end",
            Obstacle::NoValidity => "no_validity",
            Obstacle::AwaitsActivation => "awaits_activation",
            Obstacle::RunsOut => "runs_out",
            Obstacle::SourceEnds => "source_ends",
            Obstacle::PlanEnds => "plan_ends",
        }
    }

    /// A sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Obstacle::Off => "It does not renew by itself.",
            Obstacle::Ended => "It has ended.",
            Obstacle::NoEnd => "It has no end, so there is nothing to renew.",
            Obstacle::NoValidity => "Its SKU does not say how long a term is.",
            Obstacle::AwaitsActivation => "Nobody has activated it yet.",
            Obstacle::RunsOut => "It runs out: a trial, not for resale, or left over of a plan.",
            Obstacle::SourceEnds => {
                "It waits for the license its units were drawn from, which ends no later."
            }
            Obstacle::PlanEnds => "The service plan it is part of does not renew.",
        }
    }
}

/// What the renewal of a license depends on, beside the license itself.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// For how long a price of its SKU is.
    pub validity: Option<Validity>,
    /// How long a term is: of the service plan that it is a part of, else of its SKU.
    pub term: Option<Validity>,
    /// It is a trial, not for resale, or what was left over of a service plan.
    pub runs_out: bool,
    /// How many terms it has had.
    pub terms: i64,
    /// Price of one unit for one validity.
    pub price: Option<(i64, String)>,
    /// The last day of the license its units were drawn from, where there is one.
    pub source_end: Option<Date>,
    /// The service plan that it is a part of, and whether that renews.
    pub plan: Option<(Uuid, bool)>,
}

impl FromRow for Circumstances {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let parsed = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let validity = parsed(row.get(0)?);
        let (edition, unbundled): (String, bool) = (row.get(1)?, row.get(2)?);
        let (price, currency): (Option<i64>, Option<String>) = (row.get(4)?, row.get(5)?);
        let (plan, renews): (Option<Uuid>, Option<bool>) = (row.get(7)?, row.get(8)?);
        Ok(Circumstances {
            validity,
            term: parsed(row.get(9)?).or(validity),
            runs_out: edition != "full" || unbundled,
            terms: row.get(3)?,
            price: price.zip(currency),
            source_end: row.get(6)?,
            plan: plan.zip(renews),
        })
    }
}

impl Circumstances {
    /// What keeps a license from having a next term, whatever was decided about it.
    pub fn obstacle(&self, license: &License) -> Option<Obstacle> {
        let Some(end) = license.end_date else {
            return Some(Obstacle::NoEnd);
        };
        match self {
            _ if license.standing != Standing::Issued => Some(Obstacle::Ended),
            _ if license.awaits_activation => Some(Obstacle::AwaitsActivation),
            _ if self.runs_out => Some(Obstacle::RunsOut),
            _ if self.term.is_none() => Some(Obstacle::NoValidity),
            _ if self.source_end.is_some_and(|source| source <= end) => Some(Obstacle::SourceEnds),
            _ => None,
        }
    }
}

/// The period that begins on a day: counted from the first of the anchors that has a boundary there, so that terms keep
/// the day on which the license began; else from the day itself.
pub fn period_from(every: Validity, anchors: &[Date], day: civil::Date) -> Result<term::Term> {
    let far = |_| Error::internal("a period beyond the calendar");
    for anchor in anchors {
        let found = containing(every, anchor.0, day).map_err(far)?;
        if let Some((_, period)) = found.filter(|(_, period)| period.start() == day) {
            return Ok(period);
        }
    }
    every.period(day, 0).map_err(far)
}

/// A term that is to come, with its price for those who may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ComingTerm)]
pub struct Ahead {
    /// Counts the terms of the license from 1.
    pub number: i64,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub start_date: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub end_date: Date,
    /// Units it shall have; of what is in use by people whom nobody named, nothing goes.
    pub quantity: i64,
    /// Whether units or price were said to be other than now.
    pub scheduled: bool,
    /// Price of one unit for one validity of the SKU; only for seller and buyer with `prices.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// Price of the term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// How the amount came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
}

impl Ahead {
    /// The same with its price.
    pub fn priced(self, slice: Slice, (minor, currency): (i64, String)) -> Result<Ahead> {
        let stub = Stub::of(slice, self.quantity, minor).map_err(too_large)?;
        Ok(Ahead {
            price_minor: Some(minor),
            amount_minor: Some(stub.amount_minor),
            formula: in_words(&currency, |it| stub.formula(it)),
            currency: Some(currency),
            ..self
        })
    }
}

/// A formula in the figures of a currency.
pub fn in_words(currency: &str, words: impl FnOnce(Currency) -> String) -> Option<String> {
    currency.parse().ok().map(words)
}

/// An amount beyond all reason.
pub fn too_large<E>(_: E) -> Error {
    let message = "The amount is larger than can be computed.";
    Error::conflict("renewal.too_large", message)
}

/// A subscription seen from its terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Renewal {
    /// The pool, and so the subscription.
    pub subscription_id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// Whether these are the license's own units; a share renews with its license.
    pub own: bool,
    /// Whether it renews at the end of the present term.
    pub renews: bool,
    /// Why it does not, or waits.
    pub obstacle: Option<Obstacle>,
    /// The terms so far, the first one first.
    pub terms: Vec<Term>,
    /// What the next one will be: none where there will be none.
    pub next: Option<Ahead>,
}

/// What a renewal did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Renewed {
    /// The license.
    pub license_id: Uuid,
    /// The number of the term that began.
    pub number: i64,
    /// Its first day.
    pub start_date: Date,
    /// Its last day.
    pub end_date: Date,
    /// Its units.
    pub quantity: i64,
    /// More units were wanted, and there were not enough to draw: they are still wanted for the term after.
    pub short: bool,
}
