//! Organizations as files bring them: one a row, parents before or behind their children.

mod rows;

use std::collections::{HashMap, HashSet};

use store::Tx;
use uuid::Uuid;

use super::{
    cells::Outcome,
    kinds::{Asker, Field, Judged, What, field},
};
use crate::{
    error::{FieldError, Result},
    gate::{self, Command},
    organizations::{
        self,
        commands::{CreateOrganization, EditOrganization},
        model::{Kind, Organization, OrganizationFacts, PricingModel},
    },
    scope::Permission,
};
pub use rows::understand;

/// The fields of organizations.
pub const FIELDS: &[Field] = &[
    Field {
        name: "reference",
        label: "Reference",
        hint: "The key by which other systems know it; decides which organization a row means.",
        required: true,
        headings: &[
            "reference",
            "organizationreference",
            "externalid",
            "customernumber",
            "customerid",
            "id",
            "number",
            "code",
        ],
    },
    Field {
        name: "name",
        label: "Name",
        hint: "Its legal name.",
        required: true,
        headings: &[
            "name",
            "legalname",
            "organization",
            "organizationname",
            "company",
            "companyname",
        ],
    },
    field(
        "parent_reference",
        "Parent's reference",
        "Where there is none, it stands below yours.",
        &["parentreference", "parent", "parentid", "parentcode"],
    ),
    field(
        "kind",
        "Kind",
        "partner or customer; customer unless said.",
        &["kind", "type", "organizationkind"],
    ),
    field(
        "website",
        "Web site",
        "",
        &["website", "web", "url", "homepage"],
    ),
    field(
        "tax_id",
        "Tax number",
        "",
        &["taxid", "taxnumber", "vat", "vatid", "vatnumber"],
    ),
    field(
        "pricing_model",
        "Pricing model",
        "license or usage.",
        &["pricingmodel"],
    ),
    field(
        "time_zone",
        "Time zone",
        "Such as Europe/Berlin.",
        &["timezone", "zone"],
    ),
    field("note", "Note", "", &["note", "notes", "comment", "remark"]),
];

/// An organization as a file says it. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrganizationRow {
    /// Which.
    pub reference: String,
    /// Its name.
    pub name: String,
    /// The reference of the one above it.
    pub parent: Option<String>,
    /// Partner or customer.
    pub kind: Option<Kind>,
    /// Its web site.
    pub website: Option<String>,
    /// Its tax number.
    pub tax_id: Option<String>,
    /// How it pays.
    pub pricing_model: Option<PricingModel>,
    /// Its zone.
    pub time_zone: Option<String>,
    /// A note.
    pub note: Option<String>,
}

/// What stands, or would stand, behind a reference.
#[derive(Clone)]
struct Known {
    organization: Option<Organization>,
    id: Uuid,
    kind: Kind,
}

/// What would become of organizations. Parents that are not there yet are thought to be.
pub async fn judge(tx: &mut Tx<'_>, asker: &Asker, units: &[&What]) -> Result<Vec<Judged>> {
    let mut known = known(tx, units).await?;
    let mut rights: HashMap<(Permission, Uuid), bool> = HashMap::new();
    let mut judged = Vec::with_capacity(units.len());
    for what in units {
        let What::Organization(row) = what else {
            judged.push(Judged::bad(vec![]));
            continue;
        };
        let plan = plan(row, &known, asker.organization_id);
        let asks = match &plan {
            Ok(Plan::Create(parent, _)) => Some((Permission::OrganizationsCreate, *parent)),
            Ok(Plan::Update(before, _) | Plan::Same(before)) => {
                Some((Permission::OrganizationsEdit, before.id))
            }
            Err(_) => None,
        };
        let allowed = match asks {
            // Below something that is only imagined, the right follows from the place above it.
            Some((_, at)) if at.is_nil() => true,
            Some(asks) => match rights.get(&asks) {
                Some(held) => *held,
                None => {
                    let held = asker.may(tx, asks.0, asks.1).await?;
                    rights.insert(asks, held);
                    held
                }
            },
            None => true,
        };
        judged.push(match plan {
            Err(why) => Judged::bad(vec![why]),
            Ok(plan) if !allowed => Judged::bad(vec![not_yours(&plan)]),
            Ok(Plan::Create(_, facts)) => {
                let kind = row.kind.unwrap_or(Kind::Customer);
                known.insert(
                    row.reference.clone(),
                    Known {
                        organization: None,
                        id: Uuid::nil(),
                        kind,
                    },
                );
                Judged::good(Outcome::Create, format!("{facts:?}"))
            }
            Ok(Plan::Update(before, facts)) => {
                Judged::good(Outcome::Update, format!("{} {facts:?}", before.version))
            }
            Ok(Plan::Same(_)) => Judged::good(Outcome::Same, String::new()),
        });
    }
    Ok(judged)
}

/// Writes organizations, parents first.
pub async fn keep(tx: &mut gate::Tx<'_>, below: Uuid, units: &[&What]) -> Result<Vec<Judged>> {
    tx.require(Permission::ImportsRun, below).await?;
    let asker = Asker {
        caller: tx.caller().clone(),
        organization_id: below,
        now: tx.now(),
    };
    // What cannot be taken is known before anything is written.
    let mut judged = judge(tx, &asker, units).await?;
    let mut known = known(tx, units).await?;
    for (what, judged) in units.iter().zip(&mut judged) {
        let What::Organization(row) = what else {
            continue;
        };
        if judged.outcome == Outcome::Bad {
            continue;
        }
        let made = match plan(row, &known, below) {
            Err(why) => {
                *judged = Judged::bad(vec![why]);
                continue;
            }
            Ok(Plan::Create(parent_id, facts)) => {
                let kind = row.kind.unwrap_or(Kind::Customer);
                CreateOrganization {
                    parent_id,
                    kind,
                    facts,
                }
                .run(tx)
                .await?
            }
            Ok(Plan::Update(before, facts)) => {
                EditOrganization {
                    id: before.id,
                    version: Some(before.version),
                    facts,
                }
                .run(tx)
                .await?
            }
            Ok(Plan::Same(same)) => *same,
        };
        known.insert(
            row.reference.clone(),
            Known {
                id: made.id,
                kind: made.kind,
                organization: Some(made),
            },
        );
    }
    Ok(judged)
}

enum Plan {
    Create(Uuid, OrganizationFacts),
    Update(Box<Organization>, OrganizationFacts),
    Same(Box<Organization>),
}

async fn known(tx: &mut Tx<'_>, units: &[&What]) -> Result<HashMap<String, Known>> {
    let mut references = HashSet::new();
    for what in units {
        if let What::Organization(row) = what {
            references.insert(row.reference.as_str());
            references.extend(row.parent.as_deref());
        }
    }
    let mut references: Vec<&str> = references.into_iter().collect();
    references.sort_unstable();
    let found = organizations::queries::of_references(tx, &references).await?;
    let known = found.into_iter().filter_map(|organization| {
        let reference = organization.reference.clone()?;
        Some((
            reference,
            Known {
                id: organization.id,
                kind: organization.kind,
                organization: Some(organization),
            },
        ))
    });
    Ok(known.collect())
}

fn plan(
    row: &OrganizationRow,
    known: &HashMap<String, Known>,
    below: Uuid,
) -> std::result::Result<Plan, FieldError> {
    let parent = match &row.parent {
        None => None,
        Some(reference) => Some(known.get(reference).ok_or_else(|| {
            let message = format!("There is no organization “{reference}” that you can see.");
            wrong("parent_reference", "organization.parent_unknown", message)
        })?),
    };
    let kind = row.kind.unwrap_or(Kind::Customer);
    let before = known
        .get(&row.reference)
        .and_then(|known| known.organization.as_ref());
    let Some(before) = before else {
        if parent.is_some_and(|parent| parent.kind == Kind::Customer) && kind == Kind::Partner {
            let message = "A partner cannot stand below a customer.".into();
            return Err(wrong(
                "kind",
                "organization.partner_below_customer",
                message,
            ));
        }
        let facts = facts(row, OrganizationFacts::default())?;
        return Ok(Plan::Create(
            parent.map_or(below, |parent| parent.id),
            facts,
        ));
    };
    if row.kind.is_some_and(|kind| kind != before.kind) {
        let message =
            "It is there as something else; a file does not change what an organization is.".into();
        return Err(wrong("kind", "organization.other_kind", message));
    }
    if parent.is_some_and(|parent| Some(parent.id) != before.parent_id) {
        let message =
            "It stands somewhere else; move it on its page, where what it holds is looked after."
                .into();
        return Err(wrong("parent_reference", "organization.elsewhere", message));
    }
    let now = OrganizationFacts::of(before);
    let then = facts(row, now.clone())?;
    let before = Box::new(before.clone());
    Ok(if format!("{now:?}") == format!("{then:?}") {
        Plan::Same(before)
    } else {
        Plan::Update(before, then)
    })
}

fn facts(
    row: &OrganizationRow,
    now: OrganizationFacts,
) -> std::result::Result<OrganizationFacts, FieldError> {
    let row = row.clone();
    let facts = OrganizationFacts {
        name: row.name,
        reference: Some(row.reference),
        website: row.website.or(now.website),
        tax_id: row.tax_id.or(now.tax_id),
        note: row.note.or(now.note),
        pricing_model: row.pricing_model.unwrap_or(now.pricing_model),
        time_zone: row.time_zone.or(now.time_zone),
    };
    facts.checked().map_err(|mut error| error.fields.remove(0))
}

/// A reference is unique in the whole tree: that it is taken may be said, by whom may not.
fn not_yours(plan: &Plan) -> FieldError {
    match plan {
        Plan::Create(..) => {
            let message = "You may not add organizations there.".into();
            wrong("parent_reference", "permission.missing", message)
        }
        _ => wrong(
            "reference",
            "organization.reference_taken",
            "The reference is in use.".into(),
        ),
    }
}

fn wrong(field: &str, code: &'static str, message: String) -> FieldError {
    FieldError {
        field: field.into(),
        code: code.into(),
        message,
    }
}
