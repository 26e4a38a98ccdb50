//! Cursors of others: every place of the whole book, sent by somebody who sees a part of it.
//!
//! A cursor holds a sort key and an id, and no right. Whoever sends one that somebody else was given finds rows of
//! their own behind it, and no others.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Complaint, book::SECRET, family::Family, operation::Operation, sample::Sampler, settle,
};
use crate::{both_engines, harness::TestApp};

const CHECK: &str = "cursors";
/// Places of a list that are tried.
const PLACES: usize = 12;

/// Of whose things a list is, where it is of somebody's.
#[derive(Clone, Copy)]
enum Side {
    Beside,
    Home,
    Customer,
    /// Of all that is seen.
    Everybody,
}

/// Whose list the cursor is from, and whose it is sent to.
const SIDES: [(Side, Side); 4] = [
    (Side::Beside, Side::Home),
    (Side::Home, Side::Home),
    (Side::Customer, Side::Customer),
    (Side::Everybody, Side::Everybody),
];

both_engines! {
    /// A foreign cursor gives nothing that is not one's own.
    async fn cursors_of_others_hold_no_right(app: TestApp) {
        let document = app.operator.get("/api/v1/openapi.json").await.expect(200);
        let family = Family::write(&app).await;
        // Tokens are personal: the operator needs two to have a place between them.
        app.limited(&app.operator, &[]).await;
        let (mut complaints, mut found, mut sent, mut answered) = (Vec::new(), 0, 0, 0);
        for operation in Operation::all(&document) {
            if operation.parameters().all(|it| it["name"] != "cursor") {
                continue;
            }
            found += 1;
            let list = List { document: &document, operation: &operation, family: &family };
            let (mut count, mut rows) = (0, 0);
            for (theirs, ours) in SIDES {
                let swap = list.swap(&app, theirs, ours).await;
                count += swap.sent;
                rows += swap.answered;
                complaints.extend(swap.wrong);
            }
            if count == 0 {
                let what = "has fewer than two rows, so nothing is proven: write some in strangers/family.rs";
                complaints.push(operation.complain(CHECK, what));
            } else if rows == 0 {
                complaints.push(operation.complain(CHECK, "refuses every cursor, so nothing is proven of its rows"));
            }
            sent += count;
            answered += rows;
        }
        let left = settle(complaints, &[CHECK]);
        println!("{}", json!({"name": "strangers: cursors", "engine": format!("{:?}", app.engine).to_lowercase(),
            "tried": found, "wrong": left.len(), "requests": sent, "answered": answered, "command": "cargo xtask test strangers --no-capture"}));
        assert!(left.is_empty(), "\n\n{}\n\n{} to mend\n", left.join("\n"), left.len());
        app.end().await;
    }
}

struct List<'a> {
    document: &'a Value,
    operation: &'a Operation,
    family: &'a Family,
}

/// What came of the cursors of one list sent to another.
#[derive(Default)]
struct Swap {
    sent: usize,
    /// With rows or without, and not refused.
    answered: usize,
    wrong: Vec<Complaint>,
}

impl List<'_> {
    /// Sends each place of one list of the operator to another list of the partner.
    async fn swap(&self, app: &TestApp, theirs: Side, ours: Side) -> Swap {
        let mut swap = Swap::default();
        let (Some(theirs), Some(ours)) = (self.address(theirs), self.address(ours)) else {
            return swap;
        };
        let own = self.family.boss.get(&format!("{ours}limit=200")).await;
        if own.status.as_u16() == 422 {
            // Some lists are of somebody.
            return swap;
        }
        if own.status.as_u16() != 200 {
            let what = format!("{ours}: {}", own.text);
            swap.wrong.push(self.operation.complain(CHECK, what));
            return swap;
        }
        let mut cursor = String::new();
        while swap.sent < PLACES {
            let page = app
                .operator
                .get(&format!("{theirs}limit=1{cursor}"))
                .await
                .body;
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
            let answer = self
                .family
                .boss
                .get(&format!("{ours}limit=200{cursor}"))
                .await;
            swap.sent += 1;
            swap.answered += usize::from(answer.status.as_u16() == 200);
            let rows = answer.body["items"].as_array().into_iter().flatten();
            let own = own.body["items"].as_array();
            let all_own = rows
                .into_iter()
                .all(|row| own.is_some_and(|own| own.contains(row)));
            let known = [200, 422].contains(&answer.status.as_u16());
            if !known || !all_own || answer.text.contains(SECRET) {
                let what = format!("{ours}{cursor}: {} {}", answer.status, answer.text);
                swap.wrong.push(self.operation.complain(CHECK, what));
            }
        }
        swap
    }

    /// Where the list of a side is, ready for another parameter.
    fn address(&self, side: Side) -> Option<String> {
        let (_, beside) = &self.family.others[0];
        let organization = match side {
            Side::Beside => Some(beside["organizations"]),
            Side::Home => Some(self.family.of("home")),
            Side::Customer => Some(self.family.of("customer")),
            Side::Everybody => None,
        };
        let path = match self.operation.path.split_once("/{id}") {
            None => self.operation.path.clone(),
            Some((before, after)) => {
                let segment = before.rsplit('/').next().unwrap_or_default();
                format!("{before}/{}{after}", self.thing(side, segment)?)
            }
        };
        let ids = |name: &str| match name {
            "organization_id" | "seller_id" | "partner_id" => {
                organization.ok_or_else(|| format!("{name} is left out"))
            }
            _ => Err(format!("{name} is not needed")),
        };
        let sampler = Sampler {
            document: self.document,
            ids: &ids,
            whole: false,
        };
        let mut address = format!("{path}?");
        for parameter in self.operation.parameters() {
            let name = parameter["name"].as_str().unwrap_or_default();
            // The month that has begun, of which there are rows.
            if name == "month" {
                address += "month=2026-06&";
            }
            let wanted = parameter["required"] == true || ids(name).is_ok();
            if parameter["in"] == "query" && wanted {
                let value = sampler.value(&parameter["schema"], name).ok()?;
                address += &format!("{name}={}&", value.as_str().unwrap_or_default());
            }
        }
        Some(address)
    }

    fn thing(&self, side: Side, segment: &str) -> Option<Uuid> {
        let (_, beside) = &self.family.others[0];
        match (side, segment) {
            (Side::Beside, _) => beside.get(segment).copied(),
            (_, "pools") => Some(self.family.of("pool")),
            (_, "rollouts") => Some(self.family.of("rollout")),
            (_, "statements") => Some(self.family.of("statement")),
            (_, "imports") => Some(self.family.of("import")),
            _ => None,
        }
    }
}
