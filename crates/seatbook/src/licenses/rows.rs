//! What a pool is read from: its own row, and those of its license, SKU and product.

/// What a [`Pool`](super::model::Pool) is read from.
macro_rules! columns {
    () => {
        "p.id, p.license_id, p.organization_id, p.parent_id, p.quantity, p.allocated, p.assigned,
        s.code, s.type, s.tier, s.class, r.name, r.unit, r.units, l.sales_order, l.support_reference, l.start_date,
        l.end_date, l.starts_at, l.ends_at, l.grace_until, l.standing, l.awaits_activation,
        (l.paused OR l.held), l.expiring_days, p.version, l.renews"
    };
}

/// How many they are.
pub const COLUMNS: usize = 27;

/// Pools, each with its license, SKU and product.
pub const POOL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM pool p JOIN license l ON l.id = p.license_id
    JOIN sku s ON s.id = l.sku_id JOIN product r ON r.id = l.product_id"
);

/// What [`around`] takes of `pool p` from the statement within it.
pub const TAKEN: &str = "p.id, p.license_id, p.organization_id, p.parent_id, p.quantity, p.allocated, p.assigned, p.version";

/// The pools that a statement finds, each with what it calls `k`, in no order: one statement instead of another that is
/// told their ids, and each row of `pool` read once. The order in which tables are named is the order in which SQLite
/// reads them.
pub fn around(found: &str) -> String {
    format!(
        concat!(
            "SELECT ",
            columns!(),
            ", p.k FROM ({found}) p CROSS JOIN license l CROSS JOIN sku s CROSS JOIN product r
            WHERE l.id = p.license_id AND s.id = l.sku_id AND r.id = l.product_id"
        ),
        found = found
    )
}
