//! For each operation whose body names things: requests that are good, so that one foreign id is all that is wrong.

use serde_json::{Value, json};
use uuid::Uuid;

use super::family::Family;

/// A request that would be done.
pub struct Good {
    /// The operation.
    pub operation: &'static str,
    /// Whose id stands in its path.
    pub at: Option<Uuid>,
    /// Its body.
    pub body: Value,
}

/// What is not the provider's alone.
pub fn requests(family: &Family) -> Vec<Good> {
    let mut requests = units(family);
    requests.extend(people(family));
    requests.extend(ends(family));
    requests.extend(money(family));
    requests.extend(plans(family));
    requests.extend(files(family));
    requests
}

/// What the provider alone may do: the catalog.
pub fn of_the_provider(family: &Family) -> Vec<Good> {
    let of = |name: &str| family.of(name);
    let new = json!({"code": "NEW", "name": "New", "product_id": of("second"), "components": [of("product")]});
    let parts = |name: &str, id: &str| json!([{(name): of(id), "units": 1}]);
    let plan = |parts: Value| json!({"code": "NEW", "name": "New", "components": parts});
    let mut trial = plan(parts("sku_id", "sku"));
    (trial["edition"], trial["full_plan_id"]) = (json!("trial"), json!(of("larger")));
    vec![
        good(
            "catalog_set",
            "add_on",
            family,
            json!({"base_ids": [of("product")]}),
        ),
        open("catalog_create_sku", new.clone()),
        good("catalog_update_sku", "second_sku", family, new),
        open("service_plans_create", trial),
        open("service_plans_create", plan(parts("product_id", "product"))),
        good(
            "service_plans_update",
            "trial_plan",
            family,
            json!({"full_plan_id": of("larger")}),
        ),
        good(
            "service_plans_compose",
            "plan",
            family,
            json!({"components": parts("sku_id", "second_sku")}),
        ),
        good(
            "service_plans_compose",
            "plan",
            family,
            json!({"components": parts("product_id", "second")}),
        ),
    ]
}

fn good(operation: &'static str, at: &str, family: &Family, body: Value) -> Good {
    Good {
        operation,
        at: Some(family.of(at)),
        body,
    }
}

fn open(operation: &'static str, body: Value) -> Good {
    Good {
        operation,
        at: None,
        body,
    }
}

/// Units passed on, bound and asked for.
fn units(family: &Family) -> Vec<Good> {
    let of = |name: &str| family.of(name);
    let share = json!([{"pool_id": of("pool"), "units": 1}]);
    let seen = json!([{"pool_id": of("pool"), "seen": 20, "quantity": 21}]);
    let grid = json!([{"organization_id": of("customer"), "seen": 20, "quantity": 21}]);
    let row = json!([{"product_id": of("product"), "holder_id": of("other_user"), "pool_id": of("share"),
        "add_ons": [of("add_on")]}]);
    let add_on = json!([{"product_id": of("add_on"), "base_id": of("assignment")}]);
    let wish = json!({"organization_id": of("customer"), "sku_id": of("sku"), "quantity": 1});
    let granted = json!({"sku_id": of("sku"), "quantity": 1, "source_pool_id": of("pool")});
    vec![
        open(
            "allocations_allocate",
            json!({"pool_id": of("pool"), "organization_id": of("customer"), "units": 1}),
        ),
        good("allocations_set", "pool", family, json!({"rows": grid})),
        open(
            "customers_create",
            json!({"parent_id": of("home"), "name": "New", "units": share}),
        ),
        good(
            "customers_update",
            "customer",
            family,
            json!({"units": seen}),
        ),
        open(
            "assignments_assign",
            json!({"organization_id": of("customer"), "rows": row}),
        ),
        open(
            "assignments_assign",
            json!({"organization_id": of("customer"), "rows": add_on}),
        ),
        open("assignments_unassign", json!({"ids": [of("assignment")]})),
        good(
            "assignments_bind_add_ons",
            "assignment",
            family,
            json!({"product_ids": [of("add_on")]}),
        ),
        good(
            "assignments_reassign",
            "assignment",
            family,
            json!({"holder_id": of("other_user")}),
        ),
        open("requests_ask", wish),
        good("requests_approve", "request", family, granted),
    ]
}

/// Organizations, people, holders and what is asked about them.
fn people(family: &Family) -> Vec<Good> {
    let of = |name: &str| family.of(name);
    let asked = json!([{"holder": of("user"), "product": of("product")}]);
    let device = json!({"organization_id": of("customer"), "kind": "device", "name": "New", "owner_id": of("user")});
    let member =
        json!({"person_id": of("member"), "organization_id": of("customer"), "role": of("role")});
    vec![
        open(
            "organizations_create",
            json!({"parent_id": of("home"), "kind": "customer", "name": "New"}),
        ),
        good(
            "organizations_move_to",
            "moving",
            family,
            json!({"parent_id": of("below")}),
        ),
        open("holders_create", device),
        good(
            "holders_hand_over",
            "device",
            family,
            json!({"owner_id": of("other_user")}),
        ),
        open(
            "entitlements_check_many",
            json!({"organization_id": of("customer"), "questions": asked}),
        ),
        open(
            "people_invite",
            json!({"email": "new@example.org", "organization_id": of("home"), "role": of("role")}),
        ),
        open("people_add", member),
        good(
            "people_change",
            "membership",
            family,
            json!({"role": of("role")}),
        ),
        open(
            "roles_create",
            json!({"organization_id": of("home"), "name": "New", "permissions": ["jobs.read"]}),
        ),
    ]
}

/// Units that end, and who loses theirs.
fn ends(family: &Family) -> Vec<Good> {
    let of = |name: &str| family.of(name);
    let loser = json!([of("own_assignment")]);
    let fewer = json!({"quantity": 1, "assignment_ids": loser});
    let pools = json!([{"pool_id": of("share"), "units": 1}]);
    vec![
        open(
            "subscriptions_terminate_set",
            json!({"assignment_ids": loser, "pools": pools}),
        ),
        good("renewals_change", "own_pool", family, fewer.clone()),
        good("renewals_schedule", "own_pool", family, fewer.clone()),
        good("subscriptions_reduce", "own_pool", family, fewer),
        good(
            "subscriptions_unsubscribe",
            "own_pool",
            family,
            json!({"units": 1, "assignment_ids": loser}),
        ),
        good(
            "renewals_co_term",
            "customer",
            family,
            json!({"license_ids": [of("billed")], "end_date": "2027-07-31"}),
        ),
    ]
}

/// What is sold, redeemed and billed.
fn money(family: &Family) -> Vec<Good> {
    let of = |name: &str| family.of(name);
    let sale = json!({"seller_id": of("home"), "customer_id": of("customer"), "sku_id": of("sku"), "quantity": 1,
        "source_pool_id": of("pool")});
    let issue = json!({"organization_id": of("home"), "sku_id": of("sku"), "quantity": 1});
    vec![
        open("licenses_issue", issue),
        open("activation_sell", sale),
        open(
            "activation_redeem",
            json!({"organization_id": of("customer"), "code": family.code}),
        ),
        good(
            "activation_give",
            "unsold",
            family,
            json!({"customer_id": of("customer")}),
        ),
        open("invoices_draft", json!({"license_ids": [of("billed")]})),
        open("invoices_send", json!({"license_ids": [of("billed")]})),
        good(
            "invoices_update",
            "draft",
            family,
            json!({"without_license_ids": [of("drafted")]}),
        ),
    ]
}

/// Service plans of customers.
fn plans(family: &Family) -> Vec<Good> {
    let of = |name: &str| family.of(name);
    let part = |sku: &str, pool: &str| json!([{"sku_id": of(sku), "units": 1, "source_pool_id": of(pool)}]);
    let order = |customer: &str, plan: &str| {
        json!({"seller_id": of("home"), "organization_id": of(customer), "plan_id": of(plan),
            "components": part("sku", "pool")})
    };
    let overlap =
        json!([{"pool_id": of("moved_pool"), "units": "new", "losers": [of("moved_bound")]}]);
    let fewer = json!([{"license_id": of("amended_license"), "units": 1, "assignment_ids": [of("amended_bound")]}]);
    let more = json!([{"sku_id": of("sku"), "units": 4}]);
    let rollout = json!({"seller_id": of("home"), "plan_id": of("plan"), "organization_ids": [of("plain")],
        "components": part("sku", "pool")});
    vec![
        open("plan_subscriptions_assign", order("bare", "plan")),
        open(
            "crossgrades_crossgrade",
            json!({"order": order("moved", "larger"), "overlaps": overlap}),
        ),
        good(
            "amendments_change",
            "amended",
            family,
            json!({"components": fewer}),
        ),
        good(
            "amendments_change",
            "amended",
            family,
            json!({"components": more}),
        ),
        good(
            "compositions_approve",
            "locked",
            family,
            json!({"components": part("sku", "pool")}),
        ),
        good(
            "amendments_convert",
            "trial",
            family,
            json!({"components": part("second_sku", "second_pool")}),
        ),
        open("rollouts_create", rollout),
    ]
}

/// Files in, and lists out.
fn files(family: &Family) -> Vec<Good> {
    let of = |name: &str| family.of(name);
    let export = |list: &str, (name, id): (&str, &str)| {
        open("exports_create", json!({"list": list, (name): of(id)}))
    };
    let rows = json!({"organization_id": of("home"), "month": "2026-04",
        "file": "Customer,SKU,Quantity\nNobody,BASE,1\n"});
    let import =
        json!({"kind": "organizations", "organization_id": of("home"), "file": "name\nNew\n"});
    vec![
        open("imports_upload", import),
        open("statements_upload", rows),
        export("licenses", ("organization_id", "home")),
        export("customers", ("license_id", "license")),
        export("customers_as_of", ("pool_id", "pool")),
        export("plan_customers", ("plan_id", "plan")),
        export("rollout_customers", ("rollout_id", "rollout")),
        export("statement_rows", ("statement_id", "statement")),
    ]
}
