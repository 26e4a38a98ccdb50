//! A1: the operator gives licenses to a partner, the partner passes them on, and the customer reads what it got.

use crate::{
    harness::{Engine, PASSWORD},
    on_both,
    stage::Stage,
    visitor::{Look, Visitor},
};

on_both!(licenses_pass_down_the_tree);

/// From the link that the first start prints to a customer who reads, with nothing but the console.
async fn licenses_pass_down_the_tree(engine: Engine) {
    let stage = Stage::blank(engine).await;
    let olga = stage.visitor(Look::Light).await;
    olga.opens(&stage.set_up_link().await).await;
    olga.fills("Your organization", "Norvik").await;
    olga.fills("Your name", "Olga Operator").await;
    olga.fills("Your e-mail", "olga@norvik.example").await;
    olga.fills("Password", PASSWORD).await;
    olga.presses("Create and sign in").await;
    olga.sees("Welcome to Seatbook").await;

    adds_organization(&olga, "Nordlicht", "Partner").await;
    fills_the_catalog(&olga).await;
    issues(&olga).await;
    passes(&olga, "Nordlicht", "30").await;

    let link = invites(
        &olga,
        "paul@nordlicht.example",
        "Nordlicht",
        "Partner administrator",
    )
    .await;
    let paul = joins(&stage, &link, "Paul Partner").await;
    adds_organization(&paul, "Aurora Clinics", "Customer").await;
    passes(&paul, "Aurora Clinics", "20").await;

    paul.opens(&format!("/pools/{}/allocations", pool_of(&olga).await))
        .await;
    paul.sees("Error 404").await;
    paul.opens("/").await;

    let link = invites(&paul, "clara@aurora.example", "Aurora Clinics", "Reader").await;
    let clara = joins(&stage, &link, "Clara Customer").await;
    reads_but_cannot_change(&clara, &paul).await;
    drop((olga, paul, clara));
    stage.end().await;
}

async fn adds_organization(who: &Visitor, name: &str, kind: &str) {
    who.follows("Organizations").await;
    who.follows("New organization").await;
    who.fills("Legal name", name).await;
    who.chooses("Kind", kind).await;
    who.presses("Add organization").await;
    who.finds("heading", name).await;
}

async fn fills_the_catalog(who: &Visitor) {
    who.follows("Catalog").await;
    who.follows("New product").await;
    who.fills("Name", "Edge Router").await;
    who.fills("Code", "edge").await;
    who.fills("Unit", "device").await;
    who.fills("Units", "devices").await;
    who.presses("Add product").await;
    who.finds("heading", "Edge Router").await;
    who.follows("Catalog").await;
    who.follows("New SKU").await;
    who.fills("Name", "Edge Router, one year").await;
    who.fills("Code", "EDGE-1Y").await;
    who.fills("Product", "edge").await;
    who.fills("Validity", "P1Y").await;
    who.presses("Add SKU").await;
    who.finds("heading", "Edge Router, one year").await;
}

async fn issues(who: &Visitor) {
    who.follows("Licenses").await;
    who.follows("Issue license").await;
    who.chooses("SKU", "EDGE-1Y").await;
    who.fills("Quantity", "50").await;
    who.fills("Sales order", "SO-4711").await;
    who.sees("31 May 2027").await;
    who.presses("Issue license").await;
    who.finds("heading", "EDGE-1Y").await;
}

/// From the licenses page to the banner of the job that has done it.
async fn passes(who: &Visitor, to: &str, units: &str) {
    who.follows("Licenses").await;
    who.row("EDGE-1Y").follows("Assign").await;
    who.presses("Add tenant").await;
    who.chooses("Tenant", to).await;
    who.fills("Quantity", units).await;
    who.presses("Save this row").await;
    who.presses("Assign").await;
    who.sees_at("/licenses").await;
    who.sees("Update of SO-4711, EDGE-1Y").await;
    who.sees("Done").await;
    who.row("EDGE-1Y").finds("link", units).await;
}

/// Makes an invitation, and takes its link from the page.
async fn invites(who: &Visitor, email: &str, at: &str, role: &str) -> String {
    who.follows("People").await;
    who.follows("Invite someone").await;
    who.fills("E-mail", email).await;
    who.chooses("Organization", at).await;
    who.chooses("Role", role).await;
    who.presses("Make the link").await;
    who.sees(&format!("{email} is invited.")).await;
    let link = who
        .runs("return document.querySelector('dialog .secret code').textContent")
        .await;
    who.presses("Copy invitation link").await;
    who.sees("Copied").await;
    who.follows("Done").await;
    who.sees("Invited").await;
    link.as_str().expect("a link").to_owned()
}

async fn joins(stage: &Stage, link: &str, name: &str) -> Visitor {
    let visitor = stage.visitor(Look::Light).await;
    visitor.opens(link).await;
    visitor.fills("Your name", name).await;
    visitor.fills("Password", PASSWORD).await;
    visitor.presses("Join").await;
    visitor.sees_at("/").await;
    visitor
}

async fn reads_but_cannot_change(clara: &Visitor, paul: &Visitor) {
    clara.follows("Licenses").await;
    clara.row("EDGE-1Y").sees("20").await;
    for name in ["Assign EDGE-1Y", "Issue license", "Edit EDGE-1Y"] {
        clara.misses("link", name).await;
    }
    clara.misses("button", "Update assignment").await;
    let partners = pool_of(paul).await;
    let shares = format!(
        "return fetch('/api/v1/pools/{partners}/allocations').then(answer => answer.json())"
    );
    let own = paul.runs(&shares).await["items"][0]["pool_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    clara.opens(&format!("/pools/{own}/allocations")).await;
    clara.sees("Error 403").await;
}

/// The pool whose tenants the licenses page leads to.
async fn pool_of(who: &Visitor) -> String {
    who.follows("Licenses").await;
    who.finds("text", "Assigned").await;
    let link = who
        .runs("return document.querySelector('a[href$=\"/shares\"]').pathname.split('/')[2]")
        .await;
    link.as_str().expect("an id").to_owned()
}
