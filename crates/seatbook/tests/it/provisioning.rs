//! The console's pages over a customer's service plans, as somebody with a browser uses them.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    both_engines,
    crossgrades::stage::Stage,
    harness::{Answer, Browser, TestApp, id, send},
};

/// The account manager's browser.
async fn manager(app: &TestApp, stage: &Stage) -> Browser {
    app.browser_of(stage.partner, "account_manager").await.0
}

/// The part of a page that the module asks for.
async fn fragment(browser: &Browser, path: &str) -> String {
    let request = browser.request(Method::GET, path).header("X-Fragment", "1");
    send(request).await.page(200)
}

/// Where a form leads.
fn place(answer: Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    answer.headers["location"]
        .to_str()
        .expect("a place")
        .to_owned()
}

#[track_caller]
fn says(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} in {page}");
    }
}

/// The first pool that the customer has of a plan.
async fn overlap(stage: &Stage, plan: Uuid) -> String {
    let path = format!(
        "/api/v1/organizations/{}/overlaps?plan_id={plan}",
        stage.customer
    );
    let found = stage.manager.get(&path).await.expect(200);
    found["items"][0]["pool"]["id"]
        .as_str()
        .expect("an overlap")
        .to_owned()
}

both_engines! {
    /// The tab shows plans with their components, what belongs to none, and a button to who may sell; nobody else's.
    async fn the_tab_shows_what_a_customer_has(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let browser = manager(&app, &stage).await;
        let tab = format!("/organizations/{}/licenses", stage.customer);
        says(&browser.get(&tab).await.page(200), &["No licenses yet", "Assign service plan", "Time zone", "Nordlicht"]);
        let given = stage.assign(stage.suite, stage.units(stage.worry_free, 30)).await.expect(201);
        let sale = json!({"seller_id": stage.partner, "customer_id": stage.customer, "sku_id": stage.xdr.sku, "quantity": 7});
        stage.manager.post("/api/v1/licenses/sell", sale).await.expect(201);
        let page = browser.get(&tab).await.page(200);
        says(&page, &["Plan SUITE", "0 of 30 users in use", "0 of 10 users in use", "renews by itself", "Other licenses", "0 of 7 users in use"]);
        assert!(!page.contains("Left over") && !page.contains("Locked"), "{page}");
        let one = format!("/plan-subscriptions/{}", id(&given["id"]));
        let page = browser.get(&one).await.page(200);
        says(&page, &["Plan SUITE", "0 of 30 users in use", "Nordlicht", "31 May 2027"]);
        assert!(!page.contains("How it came to be"), "{page}");
        app.tamper("UPDATE service_plan SET composition = 2 WHERE code = 'SUITE'").await;
        for path in [&tab, &one] {
            says(&browser.get(path).await.page(200), &["Locked", "made of other parts by now"]);
        }

        let (reader, _) = app.browser_of(stage.customer, "reader").await;
        let page = reader.get(&tab).await.page(200);
        assert!(page.contains("Plan SUITE") && !page.contains("licenses/assign"), "{page}");
        assert_eq!(reader.get(&one).await.status, 200);
        for part in ["/assign", "/assign/preview", "/plans"] {
            assert_eq!(reader.get(&format!("{tab}{part}")).await.status, 403, "{part}");
        }
        let review = format!("{tab}/crossgrade?plan_id={}", stage.suite);
        assert_eq!(reader.get(&review).await.status, 403);
        assert_eq!(reader.form(&format!("{tab}/assign"), &[("step", "save")]).await.status, 403);
        let other = app.organization(app.provider, "partner", "Alpha").await;
        let (foreign, _) = app.browser_of(other, "account_manager").await;
        for path in [&tab, &one, &review, &format!("{tab}/assign"), &format!("{tab}/plans"), &format!("{tab}/assign/preview")] {
            assert_eq!(foreign.get(path).await.status, 404, "{path}");
        }
        app.end().await;
    }
}

both_engines! {
    /// Plans are found by a word; one at the end of its sale is seen and cannot be picked, and one at the end of its
    /// life is not seen.
    async fn plans_are_picked(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        app.plan("OLD", "full", &[(stage.xdr.sku, 1)]).await;
        app.plan("GONE", "full", &[(stage.xdr.sku, 1)]).await;
        app.tamper("UPDATE service_plan SET end_of_sale = '2026-05-01' WHERE code IN ('OLD', 'GONE')").await;
        app.tamper("UPDATE service_plan SET end_of_life = '2026-05-20' WHERE code = 'GONE'").await;
        let browser = manager(&app, &stage).await;
        let path = format!("/organizations/{}/licenses/plans", stage.customer);
        let all = fragment(&browser, &path).await;
        says(&all, &["Plan SUITE", "Plan WFS", "aria-disabled=\"true\"", "not on sale any more since 1 May 2026"]);
        assert!(!all.contains("GONE"), "{all}");
        assert!(all.find("Plan WFS") < all.find("Plan OLD"), "{all}");
        let found = fragment(&browser, &format!("{path}?q=suite")).await;
        assert!(found.contains("Plan SUITE") && !found.contains("Plan WFS"), "{found}");
        app.end().await;
    }
}

both_engines! {
    /// Units for each component; what is refused keeps what was typed; what is short can be asked for.
    async fn a_plan_is_assigned_by_a_form(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let browser = manager(&app, &stage).await;
        let tab = format!("/organizations/{}/licenses", stage.customer);
        let (path, suite) = (format!("{tab}/assign"), stage.suite.to_string());
        let blank = browser.get(&path).await.page(200);
        assert!(!blank.contains("units.0") && blank.contains("Plan SUITE"), "{blank}");
        let form = fragment(&browser, &format!("{path}?plan_id={suite}")).await;
        says(&form, &["name=\"units.2\"", "XDR-1Y", "75 left there", "1 Jun 2026 to 31 May 2027", "Price of one unit"]);
        assert!(!form.contains("Issue new units"), "{form}");
        let wrong = [("plan_id", suite.as_str()), ("units.0", "30"), ("units.1", "0"), ("units.2", "x"), ("price.0", "1,x"), ("currency.0", "EUR"), ("step", "save")];
        let again = browser.form(&path, &wrong).await.page(422);
        says(&again, &["value=\"30\"", "value=\"x\"", "is not a whole number", "is no amount"]);
        let zero = [("plan_id", suite.as_str()), ("units.0", "30"), ("units.1", "0"), ("units.2", "1000000"), ("step", "save")];
        let again = browser.form(&path, &zero).await.page(422);
        assert_eq!(again.matches("A component has 1 to 999,999 units.").count(), 2, "{again}");

        let short = [("plan_id", suite.as_str()), ("units.0", "101"), ("units.1", "10"), ("units.2", "103"), ("step", "save")];
        let again = browser.form(&path, &short).await.page(422);
        says(&again, &["Worry-Free: 101 users wanted, 100 free", "Email Security: 103 users wanted", "Ask for 3 more"]);
        let ask = format!("{}:3", stage.email.sku);
        let asked = [("plan_id", suite.as_str()), ("units.2", "103"), ("ask", ask.as_str())];
        says(&browser.form(&path, &asked).await.page(200), &["was asked for 3 users", "value=\"103\""]);
        let requests = format!("/api/v1/unit-requests?organization_id={}", stage.partner);
        assert_eq!(stage.manager.get(&requests).await.expect(200)["items"][0]["quantity"], 3);

        let good = [("plan_id", suite.as_str()), ("units.0", "30"), ("units.1", "12"), ("units.2", "5"), ("price.1", "9.50"), ("currency.1", "EUR"), ("step", "save"), ("idempotency_key", "once")];
        let told = place(browser.form(&path, &good).await);
        assert_eq!(place(browser.form(&path, &good).await), told);
        says(&browser.get(&told).await.page(200), &["has “Plan SUITE” now, with 3 licenses.", ">Undo<", "0 of 12 users in use"]);
        assert_eq!(app.balance(stage.xdr.pool).await, [100, 12, 0, 88]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A trial says what it is; what is not for resale has no fields for what is fixed; who may issue may choose so.
    async fn editions_and_issuing_show_in_the_form(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let trial = app.plan("TRY", "trial", &[(stage.xdr.sku, 10)]).await;
        let fixed = app.plan("NFR", "not_for_resale", &[(stage.email.sku, 5)]).await;
        let browser = manager(&app, &stage).await;
        let path = format!("/organizations/{}/licenses/assign", stage.customer);
        let form = browser.get(&format!("{path}?plan_id={trial}")).await.page(200);
        says(&form, &["tries each product once", "name=\"units.0\""]);
        let form = browser.get(&format!("{path}?plan_id={fixed}")).await.page(200);
        says(&form, &["Not for resale", "<output>5 users</output>", "At once"]);
        assert!(!form.contains("name=\"units.0\"") && !form.contains("start_date"), "{form}");
        let fixed = fixed.to_string();
        let told = place(browser.form(&path, &[("plan_id", fixed.as_str()), ("step", "save")]).await);
        says(&browser.get(&told).await.page(200), &["Not for resale", "0 of 5 users in use"]);
        let (operator, _) = app.browser_of(app.provider, "operator").await;
        let form = operator.get(&format!("{path}?plan_id={}", stage.suite)).await.page(200);
        says(&form, &["Issue new units"]);
        let suite = stage.suite.to_string();
        let issued = [("plan_id", suite.as_str()), ("source", "issue"), ("units.0", "999999"), ("step", "save")];
        // What the customer has of Email Security already is shown instead of being doubled.
        assert_eq!(operator.form(&path, &issued).await.status, 422);
        let other = app.organization(stage.partner, "customer", "Borealis").await;
        let told = place(operator.form(&format!("/organizations/{other}/licenses/assign"), &issued).await);
        says(&operator.get(&told).await.page(200), &["0 of 999,999 users in use"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Up to the suite: the form says what the customer has, the review follows each choice, whoever loses a unit is
    /// named and must be seen, and the page of the subscription keeps how it came to be.
    async fn a_crossgrade_is_reviewed(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        stage.assign(stage.standard, stage.units(stage.worry_free, 4)).await.expect(201);
        let bound = stage.bind(&app, 3).await;
        let browser = manager(&app, &stage).await;
        let tab = format!("/organizations/{}/licenses", stage.customer);
        let (assign, review) = (format!("{tab}/assign"), format!("{tab}/crossgrade"));
        let (suite, pool) = (stage.suite.to_string(), overlap(&stage, stage.suite).await);
        let form = browser.get(&format!("{assign}?plan_id={suite}")).await.page(200);
        says(&form, &["Aurora has Worry-Free already: 3 of 4 users in use, until 31 May 2027.", "Review crossgrade"]);
        let typed = [("plan_id", suite.as_str()), ("units.0", "2"), ("step", "review")];
        let to = place(browser.form(&assign, &typed).await);
        assert_eq!(to, format!("{review}?plan_id={suite}&units.0=2"));
        let page = browser.get(&to).await.page(200);
        says(&page, &["Plan WFS: Worry-Free, 3 of 4 users in use", "Both include", "Person 002", "value=\"transfer\" checked",
            "3 users in use go over", "Superseded", "XDR, 10 users"]);
        let seen = "name=\"seen.";
        assert!(!page.contains(seen), "{page}");
        let fewer = format!("{to}&units.{pool}=new&rule.{pool}=newest");
        let part = fragment(&browser, &fewer).await;
        assert!(!part.contains("<html"), "{part}");
        says(&part, &["1 loses a unit of Worry-Free", "Person 0", "never used", "<del>4 users</del>", "<ins>2 users</ins>"]);
        let (_, rest) = part.split_once(&format!("{seen}{pool}\" value=\"")).expect("who loses theirs must be seen");
        let fingerprint = rest.split_once('"').expect("a fingerprint").0.to_owned();
        let end = fragment(&browser, &format!("{to}&resolution.{pool}=end")).await;
        says(&end, &["3 lose a unit of Worry-Free", "Ended"]);
        let both = fragment(&browser, &format!("{to}&resolution.{pool}=keep_both")).await;
        assert!(both.contains("Both kept") && !both.contains(seen), "{both}");

        let (units, rule, mark) = (format!("units.{pool}"), format!("rule.{pool}"), format!("seen.{pool}"));
        let mut choice = vec![("plan_id", suite.as_str()), ("units.0", "2"), (&units, "new"), (&rule, "newest"), ("step", "save")];
        let again = browser.form(&review, &choice).await.page(422);
        says(&again, &["Look at who, and tick that you have seen it.", "value=\"new\" selected", "value=\"newest\" selected"]);
        choice.push((&mark, &fingerprint));
        let told = place(browser.form(&review, &choice).await);
        let page = browser.get(&told).await.page(200);
        says(&page, &["moved to “Plan SUITE”; 2 units in use went over.", ">Undo<", "2 of 2 users in use", "Earlier service plans", "Superseded"]);
        let path = format!("/api/v1/assignments/{}", bound[2]);
        assert!(!stage.manager.get(&path).await.expect(200)["ended_at"].is_null());
        let begun = told.split_once("given=").and_then(|(_, rest)| rest.split_once('&')).expect("what began").0;
        let page = browser.get(&format!("/plan-subscriptions/{begun}")).await.page(200);
        says(&page, &["How it came to be", "Plan WFS", "2 users in use go over, 1 freed", "Transferred"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Down to the small plan: what is left over stands apart, an unused one is deleted, and what is used stays. The
    /// money is for who may see it.
    async fn what_is_left_over_is_deleted(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let first = stage.assign(stage.suite, json!({})).await.expect(201);
        let browser = manager(&app, &stage).await;
        let tab = format!("/organizations/{}/licenses", stage.customer);
        let (review, plan) = (format!("{tab}/crossgrade"), stage.standard.to_string());
        let priced = format!("{review}?plan_id={plan}&price.0=12.00&currency.0=EUR");
        let part = fragment(&browser, &priced).await;
        says(&part, &["Left over", "XDR, 10 users, runs until 31 May 2027", "Charge for WF-1Y", "25 × 12.00 = 300.00", "300.00 EUR"]);
        let told = place(browser.form(&review, &[("plan_id", plan.as_str()), ("step", "save")]).await);
        let page = browser.get(&told).await.page(200);
        says(&page, &["2 licenses are left over.", "Left over", "Each runs to its own end."]);
        let license = |at: usize| id(&first["parts"][at]["license"]["id"]);
        let (xdr, email) = (license(1), license(2));
        let person = app.holder(stage.customer, "Anna").await;
        let rows = json!([{"product_id": stage.email.product, "holder_id": person}]);
        let body = json!({"organization_id": stage.customer, "rows": rows});
        app.operator.post("/api/v1/assignments", body).await.expect(201);
        let page = browser.get(&tab).await.page(200);
        assert!(page.contains(&format!("{xdr}/delete")) && !page.contains(&format!("{email}/delete")), "{page}");
        let path = |license: Uuid| format!("{tab}/{license}/delete");
        says(&browser.get(&path(xdr)).await.page(200), &["Nobody has used it", "10 users"]);
        browser.form(&path(xdr), &[]).await.goes(&tab);
        assert_eq!(browser.get(&path(xdr)).await.status, 404);
        assert_eq!(app.balance(stage.xdr.pool).await, [100, 0, 0, 100]);
        assert_eq!(browser.form(&path(email), &[]).await.status, 409);
        let (reader, _) = app.browser_of(stage.customer, "reader").await;
        let page = reader.get(&tab).await.page(200);
        assert!(page.contains("Left over") && !page.contains("/delete"), "{page}");
        assert_eq!(browser.get(&path(stage.worry_free.license)).await.status, 404);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Last day, renewal, notice, and for each component the pool it is drawn from.
    async fn an_order_says_days_renewal_and_source(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let license = json!({"organization_id": app.provider, "sku_id": stage.xdr.sku, "quantity": 40, "end_date": "2028-12-31"});
        let license = app.operator.post("/api/v1/licenses", license).await.expect(201);
        let share = json!({"pool_id": license["pool_id"], "organization_id": stage.partner, "units": 40});
        app.operator.post("/api/v1/allocations", share).await.expect(201);
        let pools = format!("/api/v1/pools?organization_id={}&limit=200", stage.partner);
        let pools = app.operator.get(&pools).await.expect(200);
        let mut pools = pools["items"].as_array().expect("pools").iter();
        let later = id(&pools.find(|it| it["license_id"] == license["id"]).expect("a share")["id"]);
        let browser = manager(&app, &stage).await;
        let path = format!("/organizations/{}/licenses/assign", stage.customer);
        let (suite, later_pool) = (stage.suite.to_string(), later.to_string());
        let form = browser.get(&format!("{path}?plan_id={suite}")).await.page(200);
        says(&form, &["Drawn from", "The one that runs long enough", "XDR-1Y, 100 free, until 31 May 2028", "XDR-1Y, 40 free, until 31 Dec 2028",
            "name=\"end_date\"", "name=\"auto_renews\"", "name=\"notice_days\""]);
        let wrong = [("plan_id", suite.as_str()), ("end_date", "2026-01-01"), ("step", "save")];
        says(&browser.form(&path, &wrong).await.page(422), &["The last day lies before the first."]);
        let wrong = [("plan_id", suite.as_str()), ("notice_days", "3661"), ("step", "save")];
        says(&browser.form(&path, &wrong).await.page(422), &["0 to 3,660 days."]);
        let foreign = stage.email.pool.to_string();
        let wrong = [("plan_id", suite.as_str()), ("source_pool_id.1", foreign.as_str()), ("step", "save")];
        says(&browser.form(&path, &wrong).await.page(422), &["This pool holds Email Security"]);
        let good = [("plan_id", suite.as_str()), ("end_date", "2027-03-31"), ("auto_renews", "no"), ("notice_days", "7"),
            ("source_pool_id.1", later_pool.as_str()), ("step", "save")];
        let told = place(browser.form(&path, &good).await);
        says(&browser.get(&told).await.page(200), &["31 Mar 2027", "does not renew"]);
        assert_eq!(app.balance(later).await, [40, 10, 0, 30]);
        let list = format!("/api/v1/plan-subscriptions?organization_id={}", stage.customer);
        let given = stage.manager.get(&list).await.expect(200)["items"][0].clone();
        assert_eq!((&given["end_date"], &given["auto_renews"], &given["notice_days"]), (&json!("2027-03-31"), &json!(false), &json!(7)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whoever loses a unit in a crossgrade is chosen by hand: the list comes ticked as the rule has it.
    async fn losers_are_chosen_by_hand(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        stage.assign(stage.standard, stage.units(stage.worry_free, 4)).await.expect(201);
        let bound = stage.bind(&app, 3).await;
        let browser = manager(&app, &stage).await;
        let review = format!("/organizations/{}/licenses/crossgrade", stage.customer);
        let (suite, pool) = (stage.suite.to_string(), overlap(&stage, stage.suite).await);
        let [units, rule, listed, chosen] = ["units", "rule", "listed", "chosen"].map(|name| format!("{name}.{pool}"));
        let asked = format!("{review}?plan_id={suite}&units.0=2&{units}=new&{rule}=hand");
        let part = fragment(&browser, &asked).await;
        says(&part, &["Choose who loses 1 user of Worry-Free", &listed, "<ins>2 users</ins>"]);
        assert_eq!(part.matches(" loses theirs\"").count(), 3, "{part}");
        assert!(!part.contains("name=\"seen."), "{part}");
        let both = format!("{asked}&{listed}=1&{chosen}={}&{chosen}={}", bound[0], bound[1]);
        says(&fragment(&browser, &both).await, &["1 of those you chose need not lose theirs."]);
        let ticked = bound[1].to_string();
        let choice = [("plan_id", suite.as_str()), ("units.0", "2"), (&units, "new"), (&rule, "hand"), (&listed, "1"),
            (&chosen, &ticked), ("step", "save")];
        let told = place(browser.form(&review, &choice).await);
        says(&browser.get(&told).await.page(200), &["2 of 2 users in use"]);
        let ended = stage.manager.get(&format!("/api/v1/assignments/{}", bound[1])).await.expect(200);
        assert!(!ended["ended_at"].is_null());
        let kept = stage.manager.get(&format!("/api/v1/assignments/{}", bound[0])).await.expect(200);
        assert!(kept["ended_at"].is_null());
        app.prove();
        app.end().await;
    }
}
