//! Who is told when, as rows and as they are said.

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Date, FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{Error, FieldError, Result};

/// Days before the last one, while nobody said anything.
pub const LEAD_DAYS: [i64; 3] = [60, 30, 7];
/// Lead times of one license at most.
const MOST_LEADS: usize = 10;
/// The longest lead time.
const LONGEST: i64 = 730;
/// The most units a license has.
const MOST_UNITS: i64 = crate::licenses::model::MAX_UNITS;

/// Who is told about a license.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeAudience)]
pub enum Audience {
    /// The people of its owner who may end subscriptions; where there are none, its address for invoices.
    Customer,
    /// The people of its seller who may sell; where nobody sold it, of the organization above its owner.
    AccountManager,
    /// Both.
    #[default]
    Both,
}

impl Audience {
    /// All of them.
    pub const ALL: [Audience; 3] = [Audience::Both, Audience::Customer, Audience::AccountManager];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Audience::Customer => "customer",
            Audience::AccountManager => "account_manager",
            Audience::Both => "both",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Audience::Customer => "the customer",
            Audience::AccountManager => "the account manager",
            Audience::Both => "the customer and the account manager",
        }
    }

    /// The audience a stored word names.
    pub fn parse(word: &str) -> Option<Audience> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

fn audience(word: &str) -> store::Result<Audience> {
    Audience::parse(word).ok_or_else(|| store::Error::Value(format!("audience {word:?}")))
}

fn days(stored: &Json) -> Vec<i64> {
    let days = stored.0.as_array().into_iter().flatten();
    days.filter_map(serde_json::Value::as_i64).collect()
}

/// Lead times as they are stored.
pub(super) fn stored(lead_days: &[i64]) -> Json {
    Json(json!(lead_days))
}

/// Lead times, the longest first and each once, or what is wrong with them.
fn checked(mut lead_days: Vec<i64>, wrong: &mut Vec<FieldError>) -> Vec<i64> {
    lead_days.sort_unstable_by(|one, other| other.cmp(one));
    lead_days.dedup();
    let in_range = lead_days.iter().all(|days| (1..=LONGEST).contains(days));
    if lead_days.len() > MOST_LEADS || !in_range {
        wrong.push(FieldError {
            field: "lead_days".into(),
            code: "out_of_range".into(),
            message: "At most ten lead times, each of 1 to 730 days.".into(),
        });
    }
    lead_days
}

fn settled<T>(it: T, wrong: Vec<FieldError>) -> Result<T> {
    match wrong.is_empty() {
        true => Ok(it),
        false => Err(Error::invalid_fields(wrong)),
    }
}

/// What an organization says about its notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoticePolicyFacts {
    /// Who is told: `customer`, `account_manager` or `both`.
    pub audience: Audience,
    /// Days before the last one, at most ten, each 1 to 730; none for no notices.
    pub lead_days: Vec<i64>,
}

impl Default for NoticePolicyFacts {
    fn default() -> Self {
        NoticePolicyFacts {
            audience: Audience::Both,
            lead_days: LEAD_DAYS.to_vec(),
        }
    }
}

impl NoticePolicyFacts {
    /// The same facts in order, or what is wrong with them.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Vec::new();
        let lead_days = checked(self.lead_days, &mut wrong);
        settled(NoticePolicyFacts { lead_days, ..self }, wrong)
    }
}

/// How an organization's notices go out, of the licenses it sold or, where nobody sold them, owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticePolicy {
    /// Whose.
    pub organization_id: Uuid,
    /// What is said.
    #[serde(flatten)]
    pub facts: NoticePolicyFacts,
    /// Counts its changes; 0 while nobody said anything. Send it as `If-Match`.
    pub version: i64,
}

impl FromRow for NoticePolicy {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(NoticePolicy {
            organization_id: row.get(0)?,
            facts: NoticePolicyFacts {
                audience: audience(&row.get::<String>(1)?)?,
                lead_days: days(&row.get(2)?),
            },
            version: row.get(3)?,
        })
    }
}

/// What is otherwise for one license. What is not sent, or null, is as the policy says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LicenseNoticesFacts {
    /// Who is told.
    pub audience: Option<Audience>,
    /// Days before the last one, at most ten, each 1 to 730; an empty list for no notices.
    pub lead_days: Option<Vec<i64>>,
    /// Fewer free units than this are told of.
    pub low_units: Option<i64>,
    /// Fewer percent of all units free than this, 1 to 100, are told of.
    pub low_percent: Option<i64>,
}

impl LicenseNoticesFacts {
    /// The same facts in order, or what is wrong with them.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Vec::new();
        let lead_days = self.lead_days.map(|days| checked(days, &mut wrong));
        for (field, given, most) in [
            ("low_units", self.low_units, MOST_UNITS),
            ("low_percent", self.low_percent, 100),
        ] {
            if given.is_some_and(|number| !(1..=most).contains(&number)) {
                wrong.push(FieldError {
                    field: field.into(),
                    code: "out_of_range".into(),
                    message: "This number is out of its range.".into(),
                });
            }
        }
        settled(LicenseNoticesFacts { lead_days, ..self }, wrong)
    }

    /// When units run low.
    pub fn threshold(&self) -> (Option<i64>, Option<i64>) {
        (self.low_units, self.low_percent)
    }
}

/// What was said about one license.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LicenseNotices {
    /// Which.
    pub license_id: Uuid,
    /// What is said.
    #[serde(flatten)]
    pub facts: LicenseNoticesFacts,
    /// Counts its changes; 0 while nobody said anything. Send it as `If-Match`.
    pub version: i64,
}

impl FromRow for LicenseNotices {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let who: Option<String> = row.get(1)?;
        Ok(LicenseNotices {
            license_id: row.get(0)?,
            facts: LicenseNoticesFacts {
                audience: who.as_deref().map(audience).transpose()?,
                lead_days: row.get::<Option<Json>>(2)?.as_ref().map(days),
                low_units: row.get(3)?,
                low_percent: row.get(4)?,
            },
            version: row.get(5)?,
        })
    }
}

/// A license with a last day that is still to come, and who is told of it when.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The license.
    pub license_id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
    /// Its seller, else the organization above its owner.
    pub seller_id: Option<Uuid>,
    /// Its last day.
    pub end_date: Date,
    /// The zone of its days.
    pub time_zone: String,
    /// The instant after its last day.
    pub ends_at: Timestamp,
    /// Who is told.
    pub audience: Audience,
    /// When.
    pub lead_days: Vec<i64>,
}

impl FromRow for Ending {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (own, general): (Option<String>, Option<String>) = (row.get(6)?, row.get(8)?);
        let (own_days, general_days): (Option<Json>, Option<Json>) = (row.get(7)?, row.get(9)?);
        let said = own.or(general).as_deref().map(audience).transpose()?;
        let lead_days = own_days.or(general_days).as_ref().map(days);
        Ok(Ending {
            license_id: row.get(0)?,
            owner_id: row.get(1)?,
            seller_id: row.get(2)?,
            end_date: row.get(3)?,
            time_zone: row.get(4)?,
            ends_at: row.get(5)?,
            audience: said.unwrap_or_default(),
            lead_days: lead_days.unwrap_or_else(|| LEAD_DAYS.to_vec()),
        })
    }
}

impl Ending {
    /// The organizations that are told.
    pub fn recipients(&self) -> Vec<Uuid> {
        recipients(self.audience, self.owner_id, self.seller_id)
    }

    /// Days until the last one, in the license's zone: 0 is today.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        let zone = jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let today = now.get().to_zoned(zone).date();
        today
            .until(self.end_date.0)
            .map_or(-1, |span| i64::from(span.get_days()))
    }

    /// What an organization is to be told now, after what it was told before.
    pub fn due(&self, now: Timestamp, organization_id: Uuid, said: &[Said]) -> Option<Due> {
        let same = |it: &&Said| {
            it.license_id == self.license_id
                && it.organization_id == organization_id
                && it.end_date == self.end_date
        };
        let said: Vec<i64> = said.iter().filter(same).map(|it| it.lead_days).collect();
        rules::notices::due(&self.lead_days, self.days_left(now), &said)
    }
}

pub use rules::notices::Due;

/// The organizations on the sides that an audience names.
pub fn recipients(audience: Audience, owner_id: Uuid, seller_id: Option<Uuid>) -> Vec<Uuid> {
    let owner = (audience != Audience::AccountManager).then_some(owner_id);
    let seller = seller_id.filter(|_| audience != Audience::Customer);
    let mut both: Vec<Uuid> = owner.into_iter().chain(seller).collect();
    both.dedup();
    both
}

/// One lead time that an organization was told, or that passed by.
#[derive(Clone, Debug)]
pub struct Said {
    /// The license.
    pub license_id: Uuid,
    /// Who was told.
    pub organization_id: Uuid,
    /// The last day that was said.
    pub end_date: Date,
    /// The lead time.
    pub lead_days: i64,
}

impl FromRow for Said {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Said {
            license_id: row.get(0)?,
            organization_id: row.get(1)?,
            end_date: row.get(2)?,
            lead_days: row.get(3)?,
        })
    }
}

/// Something that was told about a license, or could be told to nobody.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeTold {
    /// `expiry`: it ends; `low`: its free units ran low.
    pub kind: String,
    /// Who was told.
    pub organization_id: Uuid,
    /// Its name.
    pub organization_name: String,
    /// `told`; `passed`, where a shorter lead time was due as well and told instead; `nobody`, where there was nobody
    /// to tell; `due`, where it is told next.
    pub state: String,
    /// The last day that was said.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
    /// Which lead time.
    pub lead_days: Option<i64>,
    /// The units that were free.
    pub free: Option<i64>,
    /// Of how many.
    pub quantity: Option<i64>,
    /// When it was told.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub told_at: Option<Timestamp>,
    /// The mails it went out as, in the Outbox of that organization.
    pub mail_ids: Vec<Uuid>,
}

/// How the notices of one license go out, and what was told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LicenseNoticesOut {
    /// What is said about this license alone.
    #[serde(flatten)]
    pub notices: LicenseNotices,
    /// Who is told, as it follows from that and the policy.
    pub effective_audience: Audience,
    /// When, as it follows from that and the policy.
    pub effective_lead_days: Vec<i64>,
    /// The organization whose policy it is: the seller, else the owner.
    pub policy_of: Uuid,
    /// Since when free units are below the threshold; absent while there are enough.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub low_since: Option<Timestamp>,
    /// What was told, the newest first, at most a hundred. You see what organizations were told that you see.
    pub told: Vec<NoticeTold>,
}
