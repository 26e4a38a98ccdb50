//! What the pages about notices show.

use askama::Template;

use store::Tx;

use super::{
    model::{Audience, NoticeTold},
    queries, records,
};
use crate::{
    console::{
        badges::Badge,
        fields::Field,
        format::{self, Moment},
        layout::Shell,
    },
    error::Result,
    licenses::model::License,
    organizations::tabs::Tabs,
};

/// `/licenses/{id}/notices`: who is told about one license, and what was told.
#[derive(Template)]
#[template(path = "notices/license.html", blocks = ["sheet"])]
pub struct LicenseNoticesPage {
    /// The frame.
    pub shell: Shell,
    /// The license.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Who, when and below how many free units; none for somebody who may not change them.
    pub fields: Vec<Field>,
    /// How it is, as (name, value).
    pub facts: Vec<(String, String)>,
    /// What was told, the newest first.
    pub told: Vec<ToldRow>,
    /// Organizations in which there was nobody to tell.
    pub untold: Vec<String>,
    /// Why the last try was refused, as far as no field says it.
    pub error: Option<String>,
}

/// Something that was told.
#[derive(Clone, Debug, Default)]
pub struct ToldRow {
    /// What: "30 days before 31 Dec 2026".
    pub what: String,
    /// Whom.
    pub organization: String,
    /// When.
    pub at: String,
    /// What became of it.
    pub state: Badge,
    /// Its mails, for those who may see them.
    pub mail_ids: Vec<String>,
}

/// `/organizations/{id}/notices`: how an organization's notices go out, and its calendar.
#[derive(Template)]
#[template(path = "notices/organization.html")]
pub struct OrganizationNoticesPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages.
    pub tabs: Tabs,
    /// Who is told.
    pub who: String,
    /// When.
    pub when: String,
    /// Whether this person may change that.
    pub may_edit: bool,
    /// The last characters of the calendar's address; empty where there is none.
    pub feed: String,
    /// Since when it is there.
    pub feed_since: String,
    /// Whether this person may make and withdraw one.
    pub may_feed: bool,
}

/// "60, 30 and 7 days before the last day".
pub fn days_in_words(lead_days: &[i64]) -> String {
    let (last, first) = match lead_days.split_last() {
        None => return "Never".into(),
        Some(split) => split,
    };
    let first: Vec<String> = first.iter().map(i64::to_string).collect();
    let unit = format::count(last, "day", "days");
    match first.is_empty() {
        true => format!("{unit} before the last day"),
        false => format!("{} and {unit} before the last day", first.join(", ")),
    }
}

/// Who is told of the end of a license when, in one line; and whether there was nobody to tell.
pub async fn summary(tx: &mut Tx<'_>, license: &License) -> Result<(String, bool)> {
    let own = queries::rule(tx, license.id).await?.facts;
    let general = queries::policy(tx, license.authority()).await?.facts;
    let days = days_in_words(&own.lead_days.unwrap_or(general.lead_days));
    let audience = own.audience.unwrap_or(general.audience).label();
    let untold = records::is_untold(tx, license.id, license.end_date).await?;
    Ok((format!("{days}, to {audience}"), untold))
}

/// An audience as the beginning of a sentence.
pub fn who(audience: Audience) -> String {
    crate::journal::words::capitalized(audience.label())
}

/// "60, 30, 7", as it is typed.
pub fn typed(lead_days: &[i64]) -> String {
    let days: Vec<String> = lead_days.iter().map(i64::to_string).collect();
    days.join(", ")
}

/// Something told, as a row.
pub fn told_row(it: &NoticeTold, unit: (&str, &str), sees_mails: bool, moment: &Moment) -> ToldRow {
    let what = match (it.end_date, it.lead_days, it.free, it.quantity) {
        (Some(end), Some(days), ..) => {
            let days = format::count(days, "day", "days");
            format!("{days} before {}", format::date(end.0))
        }
        (_, _, Some(free), Some(quantity)) => {
            let free = format::count(free, unit.0, unit.1);
            format!("{free} free of {}", format::number(quantity))
        }
        _ => String::new(),
    };
    let (tone, icon, label) = match it.state.as_str() {
        "told" => ("good", "check", "Told"),
        "passed" => ("mute", "check", "Told with a shorter one"),
        "due" => ("info", "clock", "Told next"),
        _ => ("bad", "warning", "Nobody to tell"),
    };
    let label = label.into();
    ToldRow {
        what,
        organization: it.organization_name.clone(),
        at: it
            .told_at
            .map_or_else(String::new, |at| format::moment(at.get(), &moment.zone)),
        state: Badge { tone, icon, label },
        mail_ids: match sees_mails {
            true => it.mail_ids.iter().map(uuid::Uuid::to_string).collect(),
            false => vec![],
        },
    }
}
