//! People as the gate knows them, and credentials narrower than their rights.

use seatbook::{
    gate,
    scope::{self, Permission, Scope},
};
use uuid::Uuid;

use super::{Engine, Person, TestApp, token};

/// An id nobody has.
pub fn random_id() -> Uuid {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("random");
    uuid::Builder::from_random_bytes(random).into_uuid()
}

impl TestApp {
    /// The same person with a token that may do only this.
    pub async fn limited(&self, person: &Person, permissions: &[Permission]) -> Person {
        let token = token(&self.app, person.id, permissions.to_vec()).await;
        Person::new(self.address, person.id, token)
    }

    /// Puts this many licenses of an owner past every rule, for lists that no test could issue one by one: ties
    /// in every sort, a seventh of them on no order, a fifth without an end, a tenth expired, each hundredth
    /// with a pool that is not open.
    pub async fn plant_licenses(&self, owner: Uuid, sku: Uuid, count: usize) {
        const NOON: i64 = 1_780_315_200;
        let sqlite = self.engine == Engine::Sqlite;
        let choose = |one: &'static str, other: &'static str| if sqlite { one } else { other };
        let at = |days: &str| match sqlite {
            true => format!("({NOON} + ({days}) * 86400) * 1000000"),
            false => format!("to_timestamp({NOON} + ({days}) * 86400)"),
        };
        let key = |id: Uuid| match sqlite {
            true => format!("x'{}'", id.simple()),
            false => format!("'{id}'::uuid"),
        };
        let id = choose("randomblob(16)", "gen_random_uuid()");
        let day = choose("'2026-01-01'", "DATE '2026-01-01'");
        let end = choose("'2026-12-31'", "DATE '2026-12-31'");
        let (owner, sku) = (key(owner), key(sku));
        let starts = at("i % 40 - 60");
        let ends = format!(
            "CASE WHEN i % 5 = 0 THEN NULL WHEN i % 10 = 1 THEN {} ELSE {} END",
            at("i % 3 - 5"),
            at("20 + i % 50")
        );
        let sql = format!(
            "INSERT INTO license (id, organization_id, sku_id, product_id, name, sales_order, start_date, end_date,
             time_zone, starts_at, ends_at, over_at, expiring_at, standing, awaits_activation, paused, used,
             expiring_days, created_at, version)
             WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {count})
             SELECT {id}, {owner}, {sku}, s.product_id, CASE WHEN i = 77 THEN 'Needle' ELSE 'Hay' END,
             CASE WHEN i % 7 = 0 THEN NULL ELSE 'BULK-' || (i % 90) END, {day}, CASE WHEN i % 5 = 0 THEN NULL
             ELSE {end} END, 'UTC', {starts}, {ends}, {ends}, NULL, 'issued', FALSE, i % 100 = 0, FALSE, 30, {starts},
             1 FROM g, sku s WHERE s.id = {sku};
             INSERT INTO pool (id, license_id, organization_id, quantity, allocated, assigned, open, starts_at,
             ends_at, sales_order, sku_code, product_id, created_at, version)
             SELECT {id}, id, organization_id, 1 + length(coalesce(sales_order, '')), 0, 0, paused = FALSE, starts_at,
             ends_at, sales_order, (SELECT code FROM sku s WHERE s.id = sku_id), product_id, created_at, 1
             FROM license WHERE name IN ('Hay', 'Needle') AND organization_id = {owner};
             INSERT INTO license_search_text (id, text)
             SELECT id, lower(name) || ' stack-' || length(name) FROM license WHERE name IN ('Hay', 'Needle') AND organization_id = {owner};"
        );
        self.tamper(&sql).await;
    }

    /// A person as the gate knows them, for commands that have no door.
    pub async fn caller(&self, person: &Person) -> gate::Caller {
        let id = person.id;
        let scope: Scope = self
            .app
            .read(move |mut tx| {
                Box::pin(async move { scope::queries::scope_of(&mut tx, id).await })
            })
            .await
            .expect("a scope");
        gate::Caller {
            actor_id: id,
            token_id: None,
            session_id: None,
            scope,
            limits: None,
            origin: gate::Origin::Api,
            request_id: None,
        }
    }
}
