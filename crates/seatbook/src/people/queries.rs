//! Every statement about people as others see them.

use store::{FromRow, Row, Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Invitation, Membership, Person};
use crate::{
    access::links::Link,
    error::Result,
    scope::{
        BuiltIn, Permission, Scope,
        queries::{below_any, within_any},
    },
};

/// What a list of people is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of name or address.
    pub keyword: Option<String>,
    /// Who belong to this organization itself.
    pub organization_id: Option<Uuid>,
    /// Who hold this role.
    pub role: Option<String>,
    /// Behind this place: name and id of the last row seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
}

const PERSON: &str = "SELECT p.id, p.name, p.email, p.active, p.totp_confirmed,
    (SELECT max(s.seen_at) FROM session s WHERE s.person_id = p.id AND s.awaits_second_factor = FALSE)
    FROM person p";

impl FromRow for Person {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Person {
            id: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            active: row.get(3)?,
            second_factor: row.get(4)?,
            last_seen_at: row.get(5)?,
            memberships: vec![],
        })
    }
}

const MEMBERSHIP: &str = "SELECT m.id, m.person_id, m.organization_id, o.name, m.role, r.name, m.active, m.version
    FROM membership m JOIN organization o ON o.id = m.organization_id LEFT JOIN role r ON r.id = m.role_id";

impl FromRow for Membership {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let role: String = row.get(4)?;
        Ok(Membership {
            id: row.get(0)?,
            person_id: row.get(1)?,
            organization_id: row.get(2)?,
            organization: row.get(3)?,
            role_name: role_name(&role, row.get(5)?),
            role,
            active: row.get(6)?,
            version: row.get(7)?,
        })
    }
}

fn role_name(role: &str, custom: Option<String>) -> String {
    let built_in = BuiltIn::parse(role).map(|role| role.label().to_owned());
    built_in.or(custom).unwrap_or_default()
}

/// The people of the organizations the scope can see, by name.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Person>> {
    let roots = scope.require(Permission::PeopleRead)?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = Select::new(PERSON);
    let places: Vec<String> = roots.iter().map(|root| select.bind(root)).collect();
    let mut belong = format!(
        "SELECT m.person_id FROM membership m WHERE m.organization_id IN
         (SELECT descendant_id FROM organization_closure WHERE ancestor_id IN ({}))",
        places.join(", ")
    );
    if let Some(organization_id) = &filter.organization_id {
        belong += &format!(" AND m.organization_id = {}", select.bind(organization_id));
    }
    if let Some(role) = &filter.role {
        belong += &format!(" AND m.role = {}", select.bind(role));
    }
    select.and_raw(&format!("p.id IN ({belong})"));
    if let Some(keyword) = &keyword {
        select.and(
            "p.id IN (SELECT id FROM person_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some((name, id)) = &filter.after {
        select.and_all("(p.name, p.id) > (?, ?)", &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    let tail = format!(" ORDER BY p.name, p.id LIMIT {limit}");
    let mut people: Vec<Person> = tx.query(&select.sql(&tail), select.params()).await?;
    seat(tx, &roots, &mut people).await?;
    Ok(people)
}

/// One person, where the scope can see them.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Person>> {
    let roots = scope.roots(Permission::PeopleRead);
    let mut people: Vec<Person> = tx
        .query(&format!("{PERSON} WHERE p.id = $1"), &[&id])
        .await?;
    seat(tx, &roots, &mut people).await?;
    Ok(people
        .into_iter()
        .find(|person| !person.memberships.is_empty()))
}

/// Says of each person where they belong, as far as these roots reach.
async fn seat(tx: &mut Tx<'_>, roots: &[Uuid], people: &mut [Person]) -> Result<()> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.id).collect();
    let mut select = Select::new(MEMBERSHIP);
    within_any(&mut select, "m.person_id", &ids);
    below_any(&mut select, "m.organization_id", roots);
    let sql = select.sql(" ORDER BY o.name, m.id");
    let memberships: Vec<Membership> = tx.query(&sql, select.params()).await?;
    for membership in memberships {
        if let Some(person) = people.iter_mut().find(|it| it.id == membership.person_id) {
            person.memberships.push(membership);
        }
    }
    for person in people {
        person.active &= person.memberships.iter().any(|it| it.active);
    }
    Ok(())
}

/// One membership, whoever asks.
pub async fn find_membership(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Membership>> {
    Ok(tx
        .query_opt(&format!("{MEMBERSHIP} WHERE m.id = $1"), &[&id])
        .await?)
}

/// One membership, where the scope can see it.
pub async fn find_visible_membership(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<Membership>> {
    let roots = scope.roots(Permission::PeopleRead);
    let mut select = Select::new(MEMBERSHIP);
    select.and("m.id = ?", &id);
    below_any(&mut select, "m.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// Operators of the root who can sign in, without one person.
pub async fn other_operators(tx: &mut Tx<'_>, root: Uuid, but: Uuid) -> Result<i64> {
    let sql =
        "SELECT count(*) FROM membership m JOIN person p ON p.id = m.person_id AND p.active = TRUE
        WHERE m.organization_id = $1 AND m.role = $2 AND m.active = TRUE AND m.person_id <> $3";
    let (count,) = tx
        .query_one(sql, &[&root, &BuiltIn::Operator.key(), &but])
        .await?;
    Ok(count)
}

const INVITATION: &str =
    "SELECT i.id, i.kind, i.email, i.organization_id, i.role, i.role_id, i.invited_by,
    i.created_at, i.expires_at, i.version, o.name, r.name FROM invitation i
    JOIN organization o ON o.id = i.organization_id LEFT JOIN role r ON r.id = i.role_id";

impl FromRow for Invitation {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let link = Link::from_row(row)?;
        let role_name = role_name(link.role.as_deref().unwrap_or_default(), row.get(11)?);
        Ok(Invitation::new(link, row.get(10)?, role_name))
    }
}

/// Which invitations.
#[derive(Clone, Debug, Default)]
pub struct InvitationFilter {
    /// Behind this one.
    pub after: Option<Uuid>,
    /// Only this one.
    pub id: Option<Uuid>,
    /// Any part of the address.
    pub keyword: Option<String>,
    /// Rows at most.
    pub limit: i64,
}

/// Open invitations to the organizations the scope can see, the oldest first.
pub async fn invitations(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &InvitationFilter,
) -> Result<Vec<Invitation>> {
    let roots = scope.roots(Permission::PeopleRead);
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = Select::new(INVITATION);
    select.and_raw("i.kind = 'invitation' AND i.used_at IS NULL AND i.revoked_at IS NULL");
    below_any(&mut select, "i.organization_id", &roots);
    if let Some(after) = &filter.after {
        select.and("i.id > ?", after);
    }
    if let Some(id) = &filter.id {
        select.and("i.id = ?", id);
    }
    if let Some(keyword) = &keyword {
        select.and("i.email LIKE ?", keyword);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY i.id LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// Whether an invitation's time is over.
pub fn has_ended(invitation: &Invitation, now: Timestamp) -> bool {
    invitation.expires_at <= now
}
