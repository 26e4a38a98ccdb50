//! The statements of a command as the gate runs them in one transaction, for the drivers bare and for pgbench.
//!
//! Written once with `:names`, which SQLite and pgbench know by themselves, and `{words}` that each engine reads in
//! its own way. They follow `allocations::commands::Allocate`, `assignments::commands::Assign` and
//! `licenses::commands::IssueLicense`; a change there is a change here.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::server::Engine;

/// One statement, and the columns it returns that later ones use.
pub struct Step {
    pub sql: String,
    pub gives: &'static [&'static str],
}

/// A value of a statement.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    Id(Uuid),
    Number(i64),
}

/// The values of one client, by name.
pub type Values = BTreeMap<&'static str, Value>;

/// What a bare client works on: the ids of a book that the server made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Target {
    pub actor: Uuid,
    pub owner: Uuid,
    pub child: Uuid,
    pub sku: Uuid,
    pub product: Uuid,
    pub license: Uuid,
    pub pool: Uuid,
    pub child_pool: Uuid,
    pub holder: Uuid,
}

impl Target {
    pub fn values(&self) -> Values {
        let ids = [
            ("holder", self.holder),
            ("actor", self.actor),
            ("owner", self.owner),
            ("child", self.child),
            ("sku", self.sku),
            ("product", self.product),
            ("license", self.license),
            ("pool", self.pool),
            ("child_pool", self.child_pool),
        ];
        ids.into_iter()
            .map(|(name, id)| (name, Value::Id(id)))
            .collect()
    }
}

const SOURCE: &str =
    "SELECT p.organization_id, p.license_id, p.quantity, p.allocated, p.assigned, l.used
    FROM pool p JOIN license l ON l.id = p.license_id WHERE p.id = :pool";
const PERMISSIONS: &str =
    "SELECT m.organization_id, m.role, r.name, r.permissions, n.depth FROM membership m
    JOIN organization_closure c ON c.ancestor_id = m.organization_id AND c.descendant_id = :owner
    JOIN organization_node n ON n.id = m.organization_id AND n.blocked = FALSE
    LEFT JOIN role r ON r.id = m.role_id WHERE m.person_id = :actor AND m.active = TRUE";
const CHILDREN: &str = "SELECT n.id, p.id, p.parent_id, coalesce(p.quantity, 0),
    coalesce(p.allocated + p.assigned, 0), n.blocked FROM organization_node n
    LEFT JOIN pool p ON p.organization_id = n.id AND p.license_id = :license
    WHERE n.parent_id = :owner AND n.id IN (:child)";
const TAKE: &str = "UPDATE pool SET allocated = allocated + 1, version = version + 1
    WHERE id = :pool AND allocated + assigned + 1 <= quantity AND allocated + 1 >= 0
    AND open = TRUE AND (ends_at IS NULL OR ends_at > {now}) AND NOT EXISTS
    (SELECT 1 FROM organization_node n WHERE n.id = pool.organization_id AND n.blocked = TRUE)
    RETURNING version AS took";
const GIVE: &str = "UPDATE pool SET quantity = quantity + 1, version = version + 1
    WHERE id = :child_pool AND quantity + 1 >= allocated + assigned RETURNING version AS gave";
const OWNER: &str =
    "SELECT o.id, n.parent_id, o.kind, o.name, o.reference, o.website, o.tax_id, o.note,
    o.pricing_model, o.time_zone, n.suspended, n.blocked, o.created_at, o.version
    FROM organization o JOIN organization_node n ON n.id = o.id WHERE o.id = :owner";
const SKU: &str =
    "SELECT s.id, s.code, s.name, s.product_id, p.code, p.name, p.unit, p.units, p.kind, s.type,
    s.tier, s.class, s.validity, s.grace_days, s.price_minor, s.currency, s.created_at, s.version
    FROM sku s JOIN product p ON p.id = s.product_id WHERE s.id = :sku";
const LICENSE: &str = "INSERT INTO license (id, organization_id, sku_id, product_id, name, sales_order, start_date,
    time_zone, starts_at, standing, awaits_activation, paused, used, expiring_days, created_at, version)
    VALUES ({id}, :owner, :sku, :product, {word}, {word}, '2026-01-01', 'UTC', {now}, 'issued',
    FALSE, FALSE, FALSE, 30, {now}, 1) RETURNING id AS issued";
const POOL: &str = "INSERT INTO pool (id, license_id, organization_id, quantity, allocated, assigned, open, starts_at,
    sales_order, sku_code, created_at, version)
    VALUES ({id}, :issued, :owner, 100, 0, 0, TRUE, {now}, {word}, 'SEAT-1', {now}, 1) RETURNING id AS root";
const SEARCH: &str = "INSERT INTO license_search_text (id, text)
    VALUES (:issued, 'bench ' || {word} || ' so-17 seat-1 seat provider')
    ON CONFLICT (id) DO UPDATE SET text = excluded.text";
const PLAIN: &str = "SELECT p.id, p.code, p.reference, p.name, p.unit, p.units, p.kind, p.shareable,
    p.many_per_holder, p.has_extensions, p.created_at, p.version,
    h.id, h.organization_id, h.kind, h.name, h.email, h.extension, h.did, h.serial, h.reference, h.owner_id,
    o.name, h.left_at, h.bindings, h.created_at, h.version,
    s.id, s.license_id, s.product_id, s.quantity - s.allocated - s.assigned, s.ends_at, s.starts_at, l.used,
    s.open = TRUE AND n.blocked = FALSE, p.many_per_holder = FALSE AND EXISTS (SELECT 1 FROM assignment a
      WHERE a.holder_id = h.id AND a.product_id = p.id AND a.ended_at IS NULL AND a.base_id IS NULL)
    FROM pool s JOIN license l ON l.id = s.license_id JOIN organization_node n ON n.id = s.organization_id
    JOIN product p ON p.id = :product JOIN holder h ON h.id = :holder AND h.organization_id = s.organization_id
    LEFT JOIN holder o ON o.id = h.owner_id WHERE s.id = :pool AND s.organization_id = :owner";
const BIND: &str = "UPDATE pool SET assigned = assigned + 1, version = version + 1
    WHERE id = :pool AND allocated + assigned + 1 <= quantity AND open = TRUE AND starts_at <= {now}
    AND (ends_at IS NULL OR ends_at > {now}) AND NOT EXISTS
    (SELECT 1 FROM organization_node n WHERE n.id = pool.organization_id AND n.blocked = TRUE)
    RETURNING version AS took";
const COUNT: &str = "UPDATE holder SET bindings = bindings + 1
    WHERE id IN (:holder) AND left_at IS NULL AND bindings + 1 >= 0";
const ASSIGNMENT: &str = "INSERT INTO assignment (id, license_id, pool_id, organization_id, product_id, holder_id,
    user_id, units, single, add_ons, assigned_at, version) VALUES ({id}, :license, :pool, :owner, :product, :holder,
    :holder, 1, FALSE, 0, {now}, 1) ON CONFLICT DO NOTHING RETURNING id AS bound";
const JOURNAL: &str = "INSERT INTO journal (id, at, actor_id, organization_id, origin, command, input, outcome,
    request_id) VALUES ({id}, {now}, :actor, :owner, 'api', 'bench', '{asked}', '{answered}', {word})
    RETURNING id AS entry";
const CHANGES: &str =
    "INSERT INTO change (noun, row_id, version, journal_id, organization_id, before, after) VALUES
    ('pool', :pool, :took, :entry, :owner, '{\"allocated\": 10}', '{\"allocated\": 11}'),
    ('pool', :child_pool, :gave, :entry, :child, '{\"quantity\": 10}', '{\"quantity\": 11}')";
const BINDINGS: &str =
    "INSERT INTO change (noun, row_id, version, journal_id, organization_id, before, after) VALUES
    ('pool', :pool, :took, :entry, :owner, '{\"assigned\": 10}', '{\"assigned\": 11}'),
    ('assignment', :bound, 1, :entry, :owner, NULL, '{answered}')";
const BIRTHS: &str = "INSERT INTO change (noun, row_id, version, journal_id, organization_id, after) VALUES
    ('license', :issued, 1, :entry, :owner, '{answered}'), ('pool', :root, 1, :entry, :owner, '{asked}')";
const KEY: &str = "INSERT INTO request_key (actor_id, key, fingerprint, refused, answer, journal_id, at)
    VALUES (:actor, {key}, {key}, FALSE, '{answered}', :entry, {now}) ON CONFLICT (actor_id, key) DO NOTHING";

/// Passing one unit on.
pub fn allocate(engine: Engine) -> Vec<Step> {
    let steps: [(&str, &[&str]); 8] = [
        (SOURCE, &[]),
        (PERMISSIONS, &[]),
        (CHILDREN, &[]),
        (TAKE, &["took"]),
        (GIVE, &["gave"]),
        (JOURNAL, &["entry"]),
        (CHANGES, &[]),
        (KEY, &[]),
    ];
    // As long as what the gate stores of it.
    read(engine, &steps, ["x".repeat(120), "x".repeat(240)])
}

/// Binding one unit of a named pool to a holder.
pub fn assign(engine: Engine) -> Vec<Step> {
    let steps: [(&str, &[&str]); 8] = [
        (PERMISSIONS, &[]),
        (PLAIN, &[]),
        (BIND, &["took"]),
        (COUNT, &[]),
        (ASSIGNMENT, &["bound"]),
        (JOURNAL, &["entry"]),
        (BINDINGS, &[]),
        (KEY, &[]),
    ];
    read(engine, &steps, ["x".repeat(260), "x".repeat(380)])
}

/// Issuing one license.
pub fn issue(engine: Engine) -> Vec<Step> {
    let steps: [(&str, &[&str]); 9] = [
        (PERMISSIONS, &[]),
        (OWNER, &[]),
        (SKU, &[]),
        (LICENSE, &["issued"]),
        (POOL, &["root"]),
        (SEARCH, &[]),
        (JOURNAL, &["entry"]),
        (BIRTHS, &[]),
        (KEY, &[]),
    ];
    read(engine, &steps, ["x".repeat(260), "x".repeat(800)])
}

fn read<const N: usize>(
    engine: Engine,
    steps: &[(&str, &'static [&'static str]); N],
    [asked, answered]: [String; 2],
) -> Vec<Step> {
    let (id, now, key, word) = match engine {
        Engine::Sqlite => (
            "CAST(unhex(printf('%012x', CAST(unixepoch('subsec') * 1000 AS INTEGER))) || randomblob(10) AS BLOB)",
            "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            "hex(randomblob(16))",
            "hex(randomblob(4))",
        ),
        Engine::Postgres => (
            "bench_id()",
            "clock_timestamp()",
            "md5(random()::text)",
            "substr(md5(random()::text), 1, 8)",
        ),
    };
    let words = [
        ("{id}", id),
        ("{now}", now),
        ("{key}", key),
        ("{word}", word),
    ];
    let read = |sql: &str| {
        let mut sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        for (name, said) in words {
            sql = sql.replace(name, said);
        }
        let json = |text: &str| format!("{{\"text\": \"{text}\"}}");
        sql.replace("{asked}", &json(&asked))
            .replace("{answered}", &json(&answered))
    };
    let step = |(sql, gives): &(&str, &'static [&'static str])| Step {
        sql: read(sql),
        gives,
    };
    steps.iter().map(step).collect()
}

/// Ids that sort by time, as the gate draws them: with random ones the indexes would be slower than ours.
pub const POSTGRES_ID: &str = "CREATE FUNCTION bench_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
      || substr(md5(random()::text), 1, 3) || 'a' || substr(md5(random()::text), 1, 15))::uuid $$";

/// The same statement with `$1`, and the names in their order.
pub fn numbered(sql: &str) -> (String, Vec<String>) {
    let (mut out, mut names) = (String::with_capacity(sql.len()), Vec::<String>::new());
    let mut rest = sql;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let end = after[1..].find(|c: char| !c.is_ascii_lowercase() && c != '_');
        let name = &after[1..end.map_or(after.len(), |end| end + 1)];
        if name.is_empty() {
            // A cast, or a time in a text.
            let signs = after.len() - after.trim_start_matches(':').len();
            let kind = after[signs..].find(|c: char| !c.is_ascii_lowercase());
            let end = signs + kind.unwrap_or(after.len() - signs);
            out.push_str(&after[..end]);
            rest = &after[end..];
            continue;
        }
        let known = names.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        out.push_str(&format!("${}", index + 1));
        rest = &after[1 + name.len()..];
    }
    out.push_str(rest);
    (out, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers_and_casts_stay() {
        let (sql, names) = numbered("SELECT :a, :b_c, md5(x::text), '{\"n\": 1}', :a");
        assert_eq!(sql, "SELECT $1, $2, md5(x::text), '{\"n\": 1}', $1");
        assert_eq!(names, ["a", "b_c"]);
    }
}
