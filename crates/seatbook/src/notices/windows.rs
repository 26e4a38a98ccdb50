//! The pages about notices: of one license, and of one organization.

use askama::Template;
use axum::{extract::State, http::StatusCode};
use store::Tx;
use uuid::Uuid;

use super::{
    commands::{SetLicenseNotices, SetNoticePolicy},
    model::{Audience, LicenseNoticesFacts, LicenseNoticesOut, NoticePolicy, NoticePolicyFacts},
    pages::{LicenseNoticesPage, OrganizationNoticesPage, days_in_words, told_row, typed, who},
    queries, records,
    telling::name,
};
use crate::{
    api::Id,
    app::App,
    calendars,
    console::{
        answer::{go, html, part_or_page},
        fields::{Field, above, filled},
        form::Form,
        format::{self, Moment},
        frame::{Frame, PageResult},
        pages::Sheet,
    },
    error::{Error, Kind, Result},
    licenses::{self, model::License},
    organizations::{self, tabs::Place},
    scope::{Permission, queries::permissions_at},
};

/// What was typed, and why it was refused.
type Given<'a> = (&'a [(String, String)], Option<&'a Error>);

/// One license as its page shows it.
struct One {
    license: License,
    notices: LicenseNoticesOut,
    /// Whose policy holds where the license says nothing.
    policy: NoticePolicy,
    policy_of: String,
    may_edit: bool,
}

impl One {
    async fn read(app: &App, frame: &Frame, id: Uuid) -> Result<One> {
        let caller = frame.caller.clone();
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                let found = licenses::queries::find_visible(tx, &caller.scope, id).await?;
                let license = found.ok_or_else(Error::not_found)?;
                let authority = license.authority();
                let seen =
                    organizations::queries::find_visible(tx, &caller.scope, authority).await?;
                Ok(One {
                    notices: records::of_license(tx, &caller.scope, &license).await?,
                    policy: queries::policy(tx, authority).await?,
                    policy_of: seen.map_or_else(|| "its seller".into(), |it| it.name),
                    may_edit: may_edit(tx, caller.actor_id, &license).await?,
                    license,
                })
            })
        });
        read.await
    }

    fn page(
        &self,
        frame: &Frame,
        moment: &Moment,
        (given, refused): Given<'_>,
    ) -> LicenseNoticesPage {
        let fields = match self.may_edit {
            true => filled(self.fields(), given, refused),
            false => vec![],
        };
        let license = &self.license;
        let unit = (license.unit.as_str(), license.units.as_str());
        let sees_mails = frame.may(Permission::MailsRead);
        let told = self.notices.told.iter();
        let mut untold: Vec<String> = told
            .clone()
            .filter(|it| it.state == "nobody")
            .filter(|it| it.end_date.is_none() || it.end_date == license.end_date)
            .map(|it| it.organization_name.clone())
            .collect();
        untold.sort();
        untold.dedup();
        LicenseNoticesPage {
            shell: frame.shell(format!("Notices of {}", name(license)), "licenses"),
            id: license.id.to_string(),
            name: name(license),
            error: above(&fields, refused),
            fields,
            facts: self.facts(moment),
            told: told
                .map(|it| told_row(it, unit, sees_mails, moment))
                .collect(),
            untold,
        }
    }

    fn facts(&self, moment: &Moment) -> Vec<(String, String)> {
        let it = &self.notices;
        let last = self.license.end_date;
        let mut facts = vec![
            ("Told".into(), who(it.effective_audience)),
            ("When".into(), days_in_words(&it.effective_lead_days)),
            (
                "Last day".into(),
                last.map_or_else(|| "None".into(), |day| format::date(day.0)),
            ),
        ];
        if let Some(since) = it.low_since {
            let since = format::moment(since.get(), &moment.zone);
            facts.push(("Few units free".into(), format!("since {since}")));
        }
        facts
    }

    fn fields(&self) -> Vec<Field> {
        let it = &self.notices.notices;
        let general = &self.policy.facts;
        let as_policy = format!("As {} says: {}", self.policy_of, general.audience.label());
        let mut audiences = vec![("", as_policy.as_str())];
        audiences.extend(Audience::ALL.map(|audience| (audience.as_str(), audience.label())));
        let as_policy = format!(
            "As {} says: {}",
            self.policy_of,
            days_in_words(&general.lead_days)
        );
        let leads = [
            ("", as_policy.as_str()),
            ("own", "On the days below"),
            ("none", "Never"),
        ];
        let chosen = match &it.facts.lead_days {
            None => "",
            Some(days) if days.is_empty() => "none",
            Some(_) => "own",
        };
        let number = |number: Option<i64>| number.map_or_else(String::new, |it| it.to_string());
        vec![
            Field::select("audience", "Who is told", &audiences)
                .value(it.facts.audience.map_or("", Audience::as_str)),
            Field::select("leads", "When it ends", &leads).value(chosen),
            Field::text("lead_days", "Days before the last one")
                .value(typed(it.facts.lead_days.as_deref().unwrap_or_default()))
                .hint("Such as 60, 30, 7. At most ten."),
            Field::new("number", "low_units", "When fewer units are free than")
                .value(number(it.facts.low_units))
                .between("1", "999999999")
                .hint("Empty: never."),
            Field::new("number", "low_percent", "When fewer percent are free than")
                .value(number(it.facts.low_percent))
                .between("1", "100")
                .hint("Empty: never. Told again after there were enough."),
            Field::new("hidden", "version", "").value(it.version.to_string()),
        ]
    }
}

/// Whether somebody may change the notices of a license: where its owner is, and its seller.
async fn may_edit(tx: &mut Tx<'_>, person_id: Uuid, license: &License) -> Result<bool> {
    for organization_id in [license.organization_id, license.authority()] {
        let may = permissions_at(tx, person_id, organization_id).await?;
        if !may.contains(&Permission::LicensesEdit) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `/licenses/{id}/notices`.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    shown(&app, &frame, id, ((&[], None), StatusCode::OK)).await
}

/// Saves, or shows the form again with what is wrong.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let done = match wanted(id, &form) {
        Ok(command) => {
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/licenses/{id}"))),
        // Whoever may not change them has no form to mend.
        Err(error) if error.is_refusal() && error.kind != Kind::Forbidden => {
            let given = (form.pairs.as_slice(), Some(&error));
            shown(&app, &frame, id, (given, StatusCode::UNPROCESSABLE_ENTITY)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn shown(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (given, status): (Given<'_>, StatusCode),
) -> PageResult {
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let page = One::read(app, frame, id).await?.page(frame, &moment, given);
    Ok(part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    ))
}

fn wanted(license_id: Uuid, form: &Form) -> Result<SetLicenseNotices> {
    let lead_days = match form.text("leads") {
        "own" => Some(read_days(form)?).filter(|days| !days.is_empty()),
        "none" => Some(vec![]),
        _ => None,
    };
    if lead_days.is_none() && form.text("leads") == "own" {
        let message = "Say on which days, such as 60, 30, 7.";
        return Err(Error::invalid("lead_days", "required", message));
    }
    Ok(SetLicenseNotices {
        license_id,
        version: form.parse("version", "a version")?,
        facts: LicenseNoticesFacts {
            audience: Audience::parse(form.text("audience")),
            lead_days,
            low_units: form.parse("low_units", "a whole number")?,
            low_percent: form.parse("low_percent", "a whole number")?,
        },
    })
}

/// Days from `60, 30, 7`.
fn read_days(form: &Form) -> Result<Vec<i64>> {
    let words = form.text("lead_days").split([',', ';', ' ', '\n']);
    let words = words.map(str::trim).filter(|word| !word.is_empty());
    let days: Option<Vec<i64>> = words.map(|word| word.parse().ok()).collect();
    let message = "Whole numbers of days, such as 60, 30, 7.";
    days.ok_or_else(|| Error::invalid("lead_days", "field.invalid", message))
}

/// `/organizations/{id}/notices`.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let caller = frame.caller.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let place = Place::read(tx, &caller, id, Permission::LicensesRead).await?;
            let policy = queries::policy(tx, id).await?;
            Ok((place, policy, calendars::queries::get(tx, id).await?))
        })
    });
    let (place, policy, feed) = read.await?;
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let since = |at: store::Timestamp| format::moment(at.get(), &moment.zone);
    let page = OrganizationNoticesPage {
        shell: frame.shell(
            format!("Notices of {}", place.organization.name),
            "organizations",
        ),
        tabs: place.tabs("notices"),
        who: who(policy.facts.audience),
        when: days_in_words(&policy.facts.lead_days),
        may_edit: place.may(Permission::LicensesEdit),
        feed_since: feed.created_at.map_or_else(String::new, since),
        feed: feed.hint.unwrap_or_default(),
        may_feed: place.may(calendars::model::NEEDED),
    };
    Ok(html(StatusCode::OK, page.render()))
}

/// `/organizations/{id}/notices/edit`.
pub async fn edit_policy(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = sheet(&app, &frame, id, (&[], None)).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Saves, or shows the form again with what is wrong.
pub async fn save_policy(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    form: Form,
) -> PageResult {
    let done = match wanted_policy(id, &form) {
        Ok(command) => {
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/organizations/{id}/notices"))),
        Err(error) if error.is_refusal() => {
            let page = sheet(&app, &frame, id, (&form.pairs, Some(&error))).await?;
            Ok(page.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

fn wanted_policy(organization_id: Uuid, form: &Form) -> Result<SetNoticePolicy> {
    Ok(SetNoticePolicy {
        organization_id,
        version: form.parse("version", "a version")?,
        facts: NoticePolicyFacts {
            audience: Audience::parse(form.text("audience")).unwrap_or_default(),
            lead_days: read_days(form)?,
        },
    })
}

async fn sheet(app: &App, frame: &Frame, id: Uuid, (given, refused): Given<'_>) -> Result<Sheet> {
    let caller = frame.caller.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let place = Place::read(&mut tx, &caller, id, Permission::LicensesEdit).await?;
            Ok((place, queries::policy(&mut tx, id).await?))
        })
    });
    let (place, policy) = read.await?;
    let audiences = Audience::ALL.map(|audience| (audience.as_str(), audience.label()));
    let fields = vec![
        Field::select("audience", "Who is told", &audiences).value(policy.facts.audience.as_str()),
        Field::text("lead_days", "Days before the last one")
            .value(typed(&policy.facts.lead_days))
            .hint("Such as 60, 30, 7. At most ten. Empty: no notices."),
        Field::new("hidden", "version", "").value(policy.version.to_string()),
    ];
    let fields = filled(fields, given, refused);
    let title = format!("Expiry notices of {}", place.organization.name);
    Ok(Sheet {
        shell: frame.shell(title.clone(), "organizations"),
        title,
        lead: "For the licenses it sold and, where nobody sold them, those it owns.".into(),
        action: format!("/organizations/{id}/notices/edit"),
        label: "Save".into(),
        error: above(&fields, refused),
        fields,
        back: format!("/organizations/{id}/notices"),
        back_label: "Notices".into(),
    })
}
