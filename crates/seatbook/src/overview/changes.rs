//! The latest changes as sentences. They are told from the journal's own answers, which hold no personal data.

use serde_json::Value;
use store::{FromRow, Json, Param, Row, Timestamp, Tx, placeholders};
use uuid::Uuid;

use crate::{console::format, error::Result, gate::Caller, scope::tree};

/// Entries looked through for what people did.
const LOOKED_THROUGH: i64 = 200;

/// One entry of the journal, with the names that the eye needs.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The entry.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub command: String,
    /// What was asked.
    pub input: Json,
    /// What was answered, where that is no secret.
    pub outcome: Option<Json>,
    /// Who did it; nobody where it was Seatbook itself.
    pub who: Option<String>,
    /// Whose book it is in.
    pub organization: Option<String>,
}

impl FromRow for Latest {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Latest {
            id: row.get(0)?,
            at: row.get(1)?,
            command: row.get(2)?,
            input: row.get(3)?,
            outcome: row.get(4)?,
            who: row.get(5)?,
            organization: row.get(6)?,
        })
    }
}

/// The latest changes at or below an organization; at the root all of them. What people did, or, where none of the last
/// [`LOOKED_THROUGH`] was that, what Seatbook did by itself.
pub async fn latest(tx: &mut Tx<'_>, organization_id: Uuid, limit: usize) -> Result<Vec<Latest>> {
    let is_root = tree::root(tx).await? == Some(organization_id);
    let below = "WHERE j.organization_id IN
        (SELECT descendant_id FROM organization_closure WHERE ancestor_id = $2)";
    let sql = format!(
        "SELECT j.id, j.actor_id, j.command FROM journal j {} ORDER BY j.id DESC LIMIT $1",
        if is_root { "" } else { below }
    );
    let params: [&dyn Param; 2] = [&LOOKED_THROUGH, &organization_id];
    let entries: Vec<(Uuid, Uuid, String)> = tx
        .query(&sql, &params[..if is_root { 1 } else { 2 }])
        .await?;
    let told = told(&entries, limit);
    if told.is_empty() {
        return Ok(vec![]);
    }
    let sql = format!(
        "SELECT j.id, j.at, j.command, j.input, j.outcome, p.name, o.name FROM journal j
         LEFT JOIN person p ON p.id = j.actor_id LEFT JOIN organization o ON o.id = j.organization_id
         WHERE j.id IN {} ORDER BY j.id DESC",
        placeholders(1, told.len())
    );
    let params: Vec<&dyn Param> = told.iter().map(|id| id as &dyn Param).collect();
    Ok(tx.query(&sql, &params).await?)
}

/// The first of these entries that people made; of all, where they made none.
fn told(entries: &[(Uuid, Uuid, String)], limit: usize) -> Vec<Uuid> {
    let by_people = |it: &&(Uuid, Uuid, String)| it.1 != Caller::SYSTEM && !is_errand(&it.2);
    let people: Vec<Uuid> = entries.iter().filter(by_people).map(|it| it.0).collect();
    let told = match people.is_empty() {
        true => entries.iter().map(|it| it.0).collect(),
        false => people,
    };
    told.into_iter().take(limit).collect()
}

/// What a job does in the name of somebody who asked for something else, and what changes nothing of the book.
fn is_errand(command: &str) -> bool {
    command == "invoices.deliver" || command.starts_with("exports.")
}

/// "Issued 500 users of SEC-ADV-1Y to Norvik Networks".
pub fn what(latest: &Latest) -> String {
    let empty = Value::Null;
    let outcome = latest.outcome.as_ref().map_or(&empty, |json| &json.0);
    let text = |name: &str| outcome[name].as_str().unwrap_or_default();
    let owner = latest.organization.as_deref().unwrap_or_default();
    let (noun, verb) = latest
        .command
        .split_once('.')
        .unwrap_or((&latest.command, ""));
    match (noun, verb) {
        ("platform", "set_up") => "Set Seatbook up".into(),
        ("demo", "begin") => "Began to fill the demo".into(),
        ("demo", _) => "Filled the demo".into(),
        ("organizations", "suspend") if latest.input.0["suspended"] == false => {
            format!("Resumed {owner}")
        }
        ("organizations", "create") => format!("Added {}", text("name")),
        ("organizations", verb) => format!("{} {owner}", past(verb)),
        ("catalog", "create_product" | "create_sku") => {
            format!("Added {} to the catalog", text("code"))
        }
        ("catalog", "edit_product" | "edit_sku") => {
            format!("Changed {} in the catalog", text("code"))
        }
        ("catalog", _) => "Changed the catalog".into(),
        ("licenses", "issue") => {
            let units = outcome["quantity"].as_i64().unwrap_or_default();
            let units = format::count(units, text("unit"), text("units"));
            format!(
                "Issued {units} of {} to {}",
                text("sku_code"),
                text("organization_name")
            )
        }
        ("licenses", "pause") if outcome["paused"] == false => {
            format!("Resumed {}", text("sku_code"))
        }
        ("licenses", "delete") => format!("Deleted a license of {owner}"),
        ("licenses", verb) => format!("{} {} of {owner}", past(verb), text("sku_code")),
        ("allocations", _) => allocated(outcome, owner),
        ("invitations", "create") => format!("Invited somebody to {owner}"),
        ("invitations", "accept") => format!("Somebody joined {owner}"),
        ("tokens", "create") => "Made an API token".into(),
        (noun, verb) => sentence(noun, verb),
    }
}

/// "Passed 120 units on to 4 organizations"; rows that lost units are told by their number alone.
fn allocated(outcome: &Value, owner: &str) -> String {
    let rows: &[Value] = outcome["changed"].as_array().map_or(&[], Vec::as_slice);
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap_or_default();
    let gains = rows
        .iter()
        .map(|row| number(row, "quantity") - number(row, "before"));
    let net: i64 = gains.sum();
    let tenants = format::count(rows.len() as i64, "organization", "organizations");
    match net {
        _ if rows.is_empty() => format!("Asked to pass units of {owner} on"),
        1.. => format!(
            "Passed {} of {owner} on to {tenants}",
            format::count(net, "unit", "units")
        ),
        ..0 => format!(
            "Took {} back to {owner} from {tenants}",
            format::count(-net, "unit", "units")
        ),
        0 => format!("Shifted units of {owner} between {tenants}"),
    }
}

fn past(verb: &str) -> &'static str {
    match verb {
        "move" => "Moved",
        "suspend" => "Suspended",
        "pause" => "Paused",
        "terminate" => "Terminated",
        _ => "Changed",
    }
}

/// "Service plans: give away" where nobody has found better words.
fn sentence(noun: &str, verb: &str) -> String {
    let text = format!("{noun}: {verb}").replace('_', " ");
    let mut letters = text.trim_end_matches(": ").chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(command: &str, outcome: Value) -> String {
        what(&Latest {
            id: Uuid::nil(),
            at: Timestamp::from_micros(0),
            command: command.into(),
            input: Json(json!({})),
            outcome: Some(Json(outcome)),
            who: None,
            organization: Some("Norvik".into()),
        })
    }

    #[test]
    fn people_come_first() {
        let entry = |id: u128, actor: u128, command: &str| {
            (
                Uuid::from_u128(id),
                Uuid::from_u128(actor),
                command.to_owned(),
            )
        };
        let entries = [
            entry(9, 0, "notices.tell"),
            entry(8, 1, "exports.finish"),
            entry(7, 1, "invoices.deliver"),
            entry(6, 1, "licenses.issue"),
            entry(5, 0, "renewals.renew"),
            entry(4, 2, "allocations.set"),
        ];
        let ids = |told: Vec<Uuid>| told.iter().map(Uuid::as_u128).collect::<Vec<_>>();
        assert_eq!(ids(super::told(&entries, 8)), [6, 4]);
        assert_eq!(ids(super::told(&entries, 1)), [6]);
        assert_eq!(ids(super::told(&entries[..3], 2)), [9, 8]);
    }

    #[test]
    fn entries_read_as_sentences() {
        let issued = json!({"quantity": 1200, "unit": "user", "units": "users", "sku_code": "A", "organization_name": "B"});
        assert_eq!(
            told("licenses.issue", issued),
            "Issued 1,200 users of A to B"
        );
        let shares =
            json!({"changed": [{"before": 0, "quantity": 20}, {"before": 5, "quantity": 10}]});
        assert_eq!(
            told("allocations.set", shares),
            "Passed 25 units of Norvik on to 2 organizations"
        );
        assert_eq!(
            told("licenses.pause", json!({"sku_code": "A", "paused": true})),
            "Paused A of Norvik"
        );
        assert_eq!(told("service_plans.give", json!({})), "Service plans: give");
    }
}
