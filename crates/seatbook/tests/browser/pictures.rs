//! The pictures in the documentation: of the demo's book, on a day that never passes, so that a picture changes
//! only when its page does.

use std::{fs, path::Path};

use thirtyfour::Key;

use crate::{
    harness::Engine,
    stage::Stage,
    visitor::{Look, Visitor},
    workbook_sheet::{number, text},
    workbooks,
};

/// Set by `cargo xtask screenshots`. Without it the pages are visited, and the pictures stay as they are.
const VARIABLE: &str = "UPDATE_SCREENSHOTS";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn screenshots_of_the_documentation() {
    let stage = Stage::demo(Engine::Sqlite).await;
    let ingrid = stage
        .demo_person("ingrid@norvik.example", Look::Light)
        .await;
    ingrid.sees("Latest changes").await;
    take(&ingrid, "overview").await;
    ingrid.opens("/licenses").await;
    take(&ingrid, "licenses").await;
    ingrid.looks(Look::Dark).await;
    take(&ingrid, "licenses-dark").await;
    ingrid.looks(Look::Phone).await;
    take(&ingrid, "licenses-phone").await;
    ingrid.looks(Look::Light).await;
    fills_a_grid(&ingrid).await;
    take(&ingrid, "update-assignment").await;
    ingrid.opens("/sales").await;
    ingrid.ticks("Select all on this page").await;
    take(&ingrid, "sales").await;
    ingrid.opens("/reconciliation").await;
    ingrid.sees("What the numbers are").await;
    take(&ingrid, "reconciliation").await;
    brings_a_workbook_back(&ingrid).await;
    take(&ingrid, "workbook").await;
    drop(ingrid);
    service_plans(&stage).await;
    let lena = stage
        .demo_person("lena@aurora-hospitals.example", Look::Light)
        .await;
    lena.follows("Configuration").await;
    take(&lena, "configuration").await;
    lowers_a_quantity(&lena).await;
    take(&lena, "reduction").await;
    lena.opens("/portal").await;
    take(&lena, "portal").await;
    drop(lena);
    stage.end().await;
}

/// What a partner sees of the service plans of its customers.
async fn service_plans(stage: &Stage) {
    let jonas = stage
        .demo_person("jonas@nordlicht.example", Look::Light)
        .await;
    opens_licenses_of(&jonas, "Grünwald & Söhne").await;
    jonas.sees("Worry-Free XDR Suite").await;
    take(&jonas, "service-plans").await;
    jonas.follows("Review change").await;
    jonas.sees("Email Security").await;
    take(&jonas, "composition").await;
    opens_licenses_of(&jonas, "Aurora Hospitals").await;
    jonas.follows("Assign service plan").await;
    jonas.chooses("Service plan", "Worry-Free XDR Suite").await;
    jonas.presses("Review crossgrade").await;
    jonas.sees("in use go over").await;
    take(&jonas, "crossgrade").await;
}

async fn opens_licenses_of(who: &Visitor, customer: &str) {
    who.follows("Organizations").await;
    who.follows(customer).await;
    who.sees("by licenses it bought").await;
    let url = who.driver.current_url().await.expect("an address");
    who.opens(&format!("{}/licenses", url.path())).await;
}

/// An update with a row that is finished and one that is being filled.
async fn fills_a_grid(who: &Visitor) {
    who.opens("/licenses?q=SASE-ADV-1Y&status=active").await;
    who.row("640").follows("640").await;
    who.follows("Update assignment").await;
    who.presses("Add tenant").await;
    who.finds("option", "").await;
    who.keys(Key::Enter).await;
    who.fills("Quantity", "25").await;
    who.presses("Save this row").await;
}

/// The difference of a workbook in which something was changed, added, removed and misspelled.
async fn brings_a_workbook_back(who: &Visitor) {
    who.opens("/licenses?q=SASE-ADV-1Y&status=active").await;
    who.follows("Customers of SASE-ADV-1Y").await;
    who.presses("Workbook").await;
    who.follows("Download workbook").await;
    workbooks::brings_back(who, Engine::Sqlite, |sheet| {
        let names: Vec<String> = sheet.customers().into_keys().collect();
        let (first, last) = (&names[0], &names[names.len() - 1]);
        sheet.set(first, "Units", number(250));
        sheet.remove(last);
        sheet.add(&[("Name", text("Fjordlys Shipping")), ("Units", number(25))]);
        sheet.add(&[("Name", text("Solheim Dental")), ("Units", text("ten"))]);
    })
    .await;
}

/// Below its use, so that it says who would lose a unit.
async fn lowers_a_quantity(who: &Visitor) {
    who.follows("Subscriptions").await;
    who.follows("Open PS-1Y").await;
    who.follows("Lower the quantity").await;
    who.fills("New quantity", "90").await;
    who.presses("Show who loses theirs").await;
    who.sees("units in use have to go").await;
}

async fn take(who: &Visitor, name: &str) {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    // A focus ring says where somebody is; a picture is of nobody.
    who.runs("document.activeElement?.blur()").await;
    let picture = who.driver.screenshot_as_png().await.expect("a picture");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots");
    fs::write(folder.join(format!("{name}.png")), picture).expect("it is written");
}
