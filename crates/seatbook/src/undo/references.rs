//! What keeps a row in the book because it refers to it.

/// What refers to a row that would go: noun, table, column, and what is said of the row.
pub(super) const REFERENCES: [(&str, &str, &str, &str); 53] = [
    (
        "organization",
        "pool",
        "organization_id",
        "holds or held units",
    ),
    ("organization", "license", "organization_id", "has licenses"),
    ("organization", "license", "seller_id", "has sold licenses"),
    (
        "organization",
        "membership",
        "organization_id",
        "has people",
    ),
    (
        "organization",
        "invitation",
        "organization_id",
        "has invited people",
    ),
    (
        "organization",
        "role",
        "organization_id",
        "has roles of its own",
    ),
    ("organization", "job", "organization_id", "has had jobs"),
    (
        "organization",
        "import_batch",
        "organization_id",
        "has imported files",
    ),
    (
        "organization",
        "import_mapping",
        "organization_id",
        "has imported files",
    ),
    (
        "organization",
        "session",
        "organization_id",
        "is acted for by somebody who is signed in",
    ),
    (
        "organization",
        "assignment",
        "organization_id",
        "has used units",
    ),
    (
        "organization",
        "extension_policy",
        "organization_id",
        "has settings for its extensions",
    ),
    (
        "organization",
        "subscription",
        "organization_id",
        "has decided how its licenses renew",
    ),
    (
        "organization",
        "activation_code",
        "organization_id",
        "has given out codes",
    ),
    (
        "organization",
        "activation_code",
        "redeemed_by",
        "has redeemed a code",
    ),
    (
        "organization",
        "redemption_guard",
        "organization_id",
        "has tried codes",
    ),
    (
        "organization",
        "redemption_failure",
        "organization_id",
        "has tried codes",
    ),
    (
        "organization",
        "redemption_failure",
        "partner_id",
        "has customers who tried codes",
    ),
    (
        "organization",
        "redemption_request",
        "organization_id",
        "has asked for a license",
    ),
    (
        "organization",
        "redemption_request",
        "partner_id",
        "was asked for a license",
    ),
    (
        "organization",
        "unit_request",
        "organization_id",
        "has asked for units",
    ),
    (
        "organization",
        "unit_request",
        "partner_id",
        "was asked for units",
    ),
    (
        "organization",
        "mail",
        "organization_id",
        "has mails in its Outbox",
    ),
    (
        "organization",
        "billing_profile",
        "organization_id",
        "says what stands on its invoices",
    ),
    (
        "organization",
        "invoice",
        "issuer_id",
        "has issued invoices",
    ),
    ("organization", "invoice", "buyer_id", "has invoices"),
    (
        "organization",
        "invoice_counter",
        "issuer_id",
        "has issued invoices",
    ),
    (
        "organization",
        "notice_policy",
        "organization_id",
        "says who is told what ends",
    ),
    (
        "organization",
        "notice_digest",
        "organization_id",
        "was told what ends",
    ),
    (
        "organization",
        "notice",
        "organization_id",
        "was told what ends",
    ),
    (
        "organization",
        "low_alert",
        "organization_id",
        "was told that units run low",
    ),
    (
        "organization",
        "calendar_feed",
        "organization_id",
        "has a calendar",
    ),
    (
        "organization",
        "plan_subscription",
        "organization_id",
        "has service plans",
    ),
    (
        "organization",
        "plan_subscription",
        "seller_id",
        "has sold service plans",
    ),
    (
        "organization",
        "plan_trial",
        "organization_id",
        "has tried products",
    ),
    (
        "organization",
        "crossgrade",
        "organization_id",
        "has moved between service plans",
    ),
    (
        "organization",
        "rollout",
        "seller_id",
        "has given service plans to many",
    ),
    (
        "organization",
        "rollout_row",
        "organization_id",
        "was among many for a service plan",
    ),
    (
        "organization",
        "offboarding",
        "organization_id",
        "was to leave",
    ),
    (
        "organization",
        "statement",
        "organization_id",
        "has a distributor's statement",
    ),
    (
        "organization",
        "statement_row",
        "organization_id",
        "is named in a distributor's statement",
    ),
    (
        "organization",
        "workbook",
        "organization_id",
        "has exported its customers",
    ),
    ("sku", "license", "sku_id", "was ordered"),
    (
        "sku",
        "service_plan_component",
        "sku_id",
        "is part of a service plan",
    ),
    ("sku", "unit_request", "sku_id", "was asked for"),
    ("product", "license", "product_id", "was ordered"),
    ("product", "pool", "product_id", "was ordered"),
    ("product", "assignment", "product_id", "was used"),
    (
        "product",
        "product_fit",
        "add_on_id",
        "is said to fit another product",
    ),
    (
        "product",
        "product_fit",
        "base_id",
        "is said to take another product",
    ),
    ("product", "plan_trial", "product_id", "was tried"),
    (
        "product",
        "statement_row",
        "product_id",
        "is named in a distributor's statement",
    ),
    ("license", "invoice_line", "license_id", "was billed"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::MIGRATIONS;

    /// Refer to an organization, and go with it or are looked at in another way.
    const OTHERWISE: [(&str, &str); 5] = [
        ("organization_node", "parent_id"),
        ("organization_closure", "ancestor_id"),
        ("organization_closure", "descendant_id"),
        ("organization", "id"),
        ("holder", "organization_id"),
    ];

    /// A column that refers to organizations and is looked at by nobody would end an undo in the middle.
    #[test]
    fn everything_that_refers_to_an_organization_is_looked_at() {
        let mut table = "";
        let mut seen = 0;
        for line in MIGRATIONS.iter().flat_map(|it| it.sql.lines()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let column = match words.as_slice() {
                ["CREATE", "TABLE", name, ..] => {
                    table = name;
                    continue;
                }
                ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..] => {
                    table = name;
                    column
                }
                [column, ..] => column,
                [] => continue,
            };
            if !line.contains("REFERENCES organization") {
                continue;
            }
            seen += 1;
            let known = REFERENCES
                .iter()
                .any(|(_, of, by, _)| (of, by) == (&table, column));
            assert!(
                known || OTHERWISE.contains(&(table, column)),
                "{table}.{column}"
            );
        }
        assert!(seen > REFERENCES.len() / 2, "{seen}");
    }
}
