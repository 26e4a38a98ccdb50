//! What there is behind the paths and properties of the document: what a room adds when it brings new ones.

/// Where the things behind a path are found: the segment before an id, and what finds one of them in the
/// book that [`super::book::Book::write`] has written. A room that brings a path adds its line here.
pub const THINGS: &[(&str, &str, &str)] = &[
    (
        "organizations",
        "organization",
        "SELECT id FROM organization WHERE name = 'Hidden Customer'",
    ),
    (
        "customers",
        "organization",
        "SELECT id FROM organization WHERE name = 'Hidden Customer'",
    ),
    (
        "products",
        "product",
        "SELECT id FROM product ORDER BY id LIMIT 1",
    ),
    ("skus", "sku", "SELECT id FROM sku ORDER BY id LIMIT 1"),
    (
        "service-plans",
        "service_plan",
        "SELECT id FROM service_plan ORDER BY id LIMIT 1",
    ),
    (
        "licenses",
        "license",
        // The one that was sold: it has all that a license can have.
        "SELECT license_id FROM activation_code",
    ),
    (
        "pools",
        "pool",
        "SELECT id FROM pool WHERE parent_id IS NULL ORDER BY id LIMIT 1",
    ),
    (
        "holders",
        "holder",
        "SELECT id FROM holder WHERE kind = 'user'",
    ),
    (
        "assignments",
        "assignment",
        "SELECT id FROM assignment WHERE base_id IS NULL",
    ),
    (
        "subscriptions",
        "subscription",
        // One with units: a license whose place another one took has none left.
        "SELECT p.id FROM pool p JOIN organization o ON o.id = p.organization_id WHERE o.name = 'Hidden Customer' AND p.quantity > 0",
    ),
    (
        "invoices",
        "invoice",
        "SELECT id FROM invoice ORDER BY id LIMIT 1",
    ),
    (
        "payments",
        "payment",
        "SELECT id FROM payment ORDER BY id LIMIT 1",
    ),
    ("jobs", "job", "SELECT id FROM job ORDER BY id LIMIT 1"),
    (
        "exports",
        "export",
        "SELECT id FROM export ORDER BY id LIMIT 1",
    ),
    ("mails", "mail", "SELECT id FROM mail WHERE kind = 'hidden'"),
    (
        "attachments",
        "mail_attachment",
        "SELECT id FROM mail_attachment ORDER BY id LIMIT 1",
    ),
    (
        "journal",
        "journal",
        "SELECT id FROM journal WHERE command = 'allocations.allocate'",
    ),
    (
        "people",
        "person",
        "SELECT m.person_id FROM membership m JOIN organization o ON o.id = m.organization_id WHERE o.name = 'Hidden Customer'",
    ),
    (
        "memberships",
        "membership",
        "SELECT m.id FROM membership m JOIN organization o ON o.id = m.organization_id WHERE o.name = 'Hidden Customer'",
    ),
    (
        "tokens",
        "api_token",
        "SELECT t.id FROM api_token t JOIN membership m ON m.person_id = t.person_id JOIN organization o ON o.id = m.organization_id WHERE o.name = 'Hidden Customer'",
    ),
    ("roles", "role", "SELECT id FROM role ORDER BY id LIMIT 1"),
    (
        "invitations",
        "invitation",
        "SELECT id FROM invitation WHERE email LIKE 'hidden%' AND used_at IS NULL",
    ),
    (
        "unit-requests",
        "unit_request",
        "SELECT id FROM unit_request",
    ),
    (
        "redemption-requests",
        "redemption_request",
        "SELECT id FROM redemption_request",
    ),
    (
        "plan-subscriptions",
        "plan_subscription",
        "SELECT id FROM crossgrade",
    ),
    (
        "rollouts",
        "rollout",
        "SELECT id FROM rollout ORDER BY id LIMIT 1",
    ),
    (
        "imports",
        "import_batch",
        "SELECT id FROM import_batch ORDER BY id LIMIT 1",
    ),
    (
        "statements",
        "statement",
        "SELECT id FROM statement ORDER BY id LIMIT 1",
    ),
    (
        "workbooks",
        "workbook",
        "SELECT id FROM workbook ORDER BY id LIMIT 1",
    ),
];

/// Properties that hold an id, and whose: the segment of the path to such things.
pub const PROPERTIES: &[(&str, &str)] = &[
    ("organization_id", "organizations"),
    ("parent_id", "organizations"),
    ("product_id", "products"),
    ("component_id", "products"),
    ("components", "products"),
    ("sku_id", "skus"),
    ("full_plan_id", "service-plans"),
    ("plan_id", "service-plans"),
    ("license_id", "licenses"),
    ("license_ids", "licenses"),
    ("without_license_ids", "licenses"),
    ("pool_id", "pools"),
    ("holder_id", "holders"),
    ("owner_id", "holders"),
    ("user_id", "holders"),
    ("base_id", "assignments"),
    ("ids", "assignments"),
    ("organization", "organizations"),
    ("holder", "holders"),
    ("product", "products"),
    ("assignment_ids", "assignments"),
    ("losers", "assignments"),
    ("uuid", "subscriptions"),
    ("base_ids", "products"),
    ("product_ids", "products"),
    ("add_ons", "products"),
    ("person_id", "people"),
    ("role_id", "roles"),
    // A built-in role has a word.
    ("role", "roles"),
    ("job_id", "jobs"),
    ("import_id", "imports"),
    ("customer_id", "organizations"),
    ("seller_id", "organizations"),
    ("partner_id", "organizations"),
    ("source_pool_id", "pools"),
    ("organization_ids", "organizations"),
    ("rollout_id", "rollouts"),
    ("statement_id", "statements"),
];

/// Properties that are called like ids and hold none of ours.
pub const NO_IDS: [&str; 2] = ["tax_id", "vat_id"];

/// Operations whose path holds a word instead of an id, and which: no secret, so there is nothing to hide.
pub const WORDS: &[(&str, &str)] = &[("roles_demand", "reader")];

/// The catalog is everybody's to read: its ids are no secret.
pub const SHARED: [&str; 3] = ["products", "skus", "service-plans"];

/// What belongs to a person and to nobody else: others do not see it at all.
pub const PERSONAL: [&str; 1] = ["tokens"];

/// Operations for whoever may read, and asked by POST: because their question is long, or their answer takes a while.
pub const READS: [&str; 2] = ["entitlements_check_many", "exports_create"];
