//! The pages over one service plan for many customers, as somebody with a browser uses them.

use uuid::Uuid;

use super::{customers, run_jobs};
use crate::{
    both_engines,
    crossgrades::stage::{ASSIGN, Stage},
    harness::{Answer, Browser, TestApp},
};

async fn manager(app: &TestApp, stage: &Stage) -> Browser {
    app.browser_of(stage.partner, "account_manager").await.0
}

#[track_caller]
fn says(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} in {page}");
    }
}

/// Where a form leads.
#[track_caller]
fn place(answer: Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    answer.headers["location"]
        .to_str()
        .expect("a place")
        .to_owned()
}

/// The form with these customers, chosen one by one.
async fn form(browser: &Browser, (plan, ids): (Uuid, &[Uuid]), more: &[(&str, &str)]) -> Answer {
    let plan = plan.to_string();
    let ids: Vec<(String, String, String)> = (ids.iter().enumerate())
        .map(|(place, id)| {
            (
                place.to_string(),
                format!("organization.{place}"),
                id.to_string(),
            )
        })
        .collect();
    let mut fields = vec![("plan_id", plan.as_str()), ("whom", "chosen")];
    for (key, name, id) in &ids {
        fields.push(("row", key));
        fields.push((name, id));
    }
    fields.extend_from_slice(more);
    browser.form("/rollouts/new", &fields).await
}

both_engines! {
    /// From the plan's page to the last customer: form, check, page with totals and answers, done.
    async fn a_plan_is_given_to_many(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let ids = customers(&app, &stage, 4).await;
        let order = serde_json::json!({"seller_id": stage.partner, "organization_id": ids[3], "plan_id": stage.suite});
        stage.manager.post(ASSIGN, order).await.expect(201);
        let browser = manager(&app, &stage).await;
        let plan = browser.get(&format!("/catalog/plans/{}", stage.standard)).await.page(200);
        says(&plan, &["Assign to many customers", &format!("/rollouts/new?plan_id={}", stage.standard)]);
        let new = browser.get(&format!("/rollouts/new?plan_id={}&organization_id={}", stage.standard, ids[0])).await;
        says(&new.page(200), &["Units<span class=\"vh\"> of Worry-Free", "Customer 01", "Everybody below Nordlicht"]);
        let more = form(&browser, (stage.standard, &ids[..1]), &[("step", "add")]).await.page(200);
        says(&more, &["organization.new1"]);

        let path = place(form(&browser, (stage.standard, &ids), &[("step", "save"), ("units.0", "30")]).await);
        says(&browser.get(&path).await.page(200), &["Checking", "Not checked yet", "Nothing has changed yet."]);
        run_jobs(&app).await;
        let ready = browser.get(&path).await.page(200);
        says(&ready, &["Checked, nothing done", "3 of 4 customers fit.", "your units are enough for 2 of 3",
            "15 short", "Review crossgrade", "Only if all fit", "Assign to 3 customers"]);
        let refused = browser.get(&format!("{path}?state=refused")).await.page(200);
        assert!(refused.contains("Customer 04") && !refused.contains("Customer 01"), "{refused}");
        let all = browser.form(&format!("{path}/apply"), &[("mode", "all")]).await.page(409);
        says(&all, &["Not all of them fit: 1 customer is refused; your units are enough for 2 customers."]);
        let done = browser.form(&format!("{path}/apply"), &[("mode", "fits")]).await;
        assert_eq!(place(done), path);
        says(&browser.get(&path).await.page(200), &["Being done", "data-job-then=\"reload\""]);
        run_jobs(&app).await;
        let done = browser.get(&path).await.page(200);
        says(&done, &["Done for 2 customers; 2 were refused.", "See its service plan", "See your licenses"]);
        says(&browser.get("/rollouts").await.page(200), &["“Plan WFS” for 4 customers", "2 done, 2 refused"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is wrong stands beside what it is about; pickers offer what is below; who may not sell sees no form.
    async fn what_is_wrong_is_said(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let ids = customers(&app, &stage, 2).await;
        let browser = manager(&app, &stage).await;
        let nobody = form(&browser, (stage.standard, &[]), &[("step", "save")]).await;
        says(&nobody.page(422), &["Say which customers, or that all are meant."]);
        let twice = form(&browser, (stage.standard, &[ids[0], ids[0]]), &[("step", "save")]).await;
        says(&twice.page(422), &["This customer was named before.", "organization-1-error"]);
        let units = form(&browser, (stage.standard, &ids), &[("step", "save"), ("units.0", "0")]).await;
        says(&units.page(422), &["A component has 1 to 999,999 units."]);
        let past = form(&browser, (stage.standard, &ids), &[("step", "save"), ("start_date", "2026-05-01")]).await;
        says(&past.page(422), &["A service plan begins today or later."]);
        says(&browser.get("/rollouts/customers?q=customer 0").await.page(200), &["Customer 01", "Customer 02"]);
        let plans = browser.get("/rollouts/plans?q=suite").await.page(200);
        assert!(plans.contains("Plan SUITE") && !plans.contains("Plan WFS"), "{plans}");

        let fields = [("plan_id", stage.standard.to_string()), ("whom", "customers".into()), ("step", "save".into())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let path = place(browser.form("/rollouts/new", &fields).await);
        says(&browser.get(&format!("{path}/cancel")).await.page(200), &["Stop it", "Nothing has changed yet, and nothing will."]);
        assert_eq!(place(browser.form(&format!("{path}/cancel"), &[]).await), path);
        run_jobs(&app).await;
        says(&browser.get(&path).await.page(200), &["It was canceled. Nothing was done."]);
        let reader = app.browser_of(stage.partner, "reader").await.0;
        assert_eq!(reader.get("/rollouts/new").await.status.as_u16(), 403);
        let seen = reader.get(&path).await.page(200);
        assert!(!seen.contains("Assign to"), "{seen}");
        app.end().await;
    }
}
