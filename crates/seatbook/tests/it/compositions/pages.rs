//! The review of a changed composition and the customers of a plan, as somebody with a browser uses them.

use reqwest::Method;
use serde_json::json;

use super::{compose, decline, shown};
use crate::{
    both_engines,
    crossgrades::stage::Stage,
    harness::{Browser, send},
};

/// The part of a page that the module asks for.
async fn fragment(browser: &Browser, path: &str) -> String {
    let request = browser.request(Method::GET, path).header("X-Fragment", "1");
    send(request).await.page(200)
}

#[track_caller]
fn says(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} in {page}");
    }
}

both_engines! {
    /// Seen in three lists, with where units come from and the money; refused, declined, and approved after all.
    async fn a_change_is_reviewed(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let plan = app.plan("PLAN", "full", &[(stage.worry_free.sku, 25), (stage.email.sku, 5)]).await;
        let of = stage.assign(plan, json!({})).await.id();
        let (browser, _) = app.browser_of(stage.partner, "account_manager").await;
        let (own, tab) = (format!("/plan-subscriptions/{of}"), format!("/organizations/{}/licenses", stage.customer));
        let review = format!("{own}/composition");
        says(&browser.get(&review).await.page(200), &["nothing waits to be approved", "Stays", "25 users, until 31 May 2027"]);
        compose(&app, plan, &[(stage.worry_free.sku, 25), (stage.xdr.sku, 10)]).await;
        for place in [&own, &tab] {
            says(&browser.get(place).await.page(200), &["Locked", "made of other parts by now", "Review change", &review]);
        }
        let page = browser.get(&review).await.page(200);
        says(&page, &["Locked", "Units, holders and days stay as they are.", "name=\"units.0\"", "XDR-1Y", "Left over",
            "5 users, until 31 May 2027", "10 users", "90 left there", "1 Jun 2026 to 31 May 2027", ">Approve<", ">Decline<"]);
        assert!(!page.contains("Issue new units"), "{page}");
        let part = fragment(&browser, &format!("{review}?units.0=12&price.0=10.00&currency.0=EUR")).await;
        says(&part, &["12 users", "88 left there", "Charge for XDR-1Y", "120.00 EUR"]);
        assert!(!part.contains("<html"), "{part}");
        let seen = [("version", "1"), ("composition", "2")];
        let with = |more: &[(&'static str, &'static str)]| [&seen[..], more].concat();
        let short = browser.form(&review, &with(&[("units.0", "101"), ("step", "approve")])).await.page(422);
        says(&short, &["XDR: 101 users wanted, 100 free", "value=\"101\""]);
        let wrong = browser.form(&review, &with(&[("units.0", "0"), ("step", "approve")])).await.page(422);
        says(&wrong, &["A component has 1 to 999,999 units."]);
        browser.form(&review, &with(&[("step", "decline")])).await.goes(&format!("{own}?composition=declined"));
        let told = browser.get(&format!("{own}?composition=declined")).await.page(200);
        says(&told, &["The new composition was declined", "can still be approved"]);
        assert!(!told.contains("Locked"), "{told}");
        let stale = browser.form(&review, &with(&[("step", "approve")])).await.page(422);
        says(&stale, &["in the meantime"]);
        let page = browser.get(&review).await.page(200);
        assert!(page.contains("Declined") && !page.contains(">Decline<"), "{page}");
        let good = [("version", "2"), ("composition", "2"), ("units.0", "12"), ("step", "approve")];
        browser.form(&review, &good).await.goes(&format!("{own}?composition=approved"));
        let told = browser.get(&format!("{own}?composition=approved")).await.page(200);
        says(&told, &["The new composition was approved", "0 of 12 users in use"]);
        assert_eq!(shown(&stage.manager, of).await["composition"], 2);
        says(&browser.get(&tab).await.page(200), &["Left over", "0 of 5 users in use"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Who may not sell sees what would change and no button; others see nothing. The plan leads to its customers.
    async fn customers_of_a_plan(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let of = stage.assign(stage.standard, json!({})).await.id();
        let other = app.organization(stage.partner, "customer", "Borealis").await;
        let order = stage.order(stage.standard, json!({"organization_id": other}));
        let second = stage.manager.post("/api/v1/plan-subscriptions", order).await.id();
        let (browser, _) = app.browser_of(stage.partner, "account_manager").await;
        let plan = format!("/catalog/plans/{}", stage.standard);
        let list = format!("{plan}/customers");
        assert!(!browser.get(&plan).await.page(200).contains(&list));
        says(&browser.get(&list).await.page(200), &["Nobody has an earlier composition"]);
        compose(&app, stage.standard, &[(stage.worry_free.sku, 25), (stage.xdr.sku, 10)]).await;
        decline(&stage.manager, second).await.expect(200);
        assert!(browser.get(&plan).await.page(200).contains(&list));
        let page = browser.get(&list).await.page(200);
        says(&page, &["Aurora", "Borealis", "Locked", "Declined", &format!("/plan-subscriptions/{of}/composition")]);
        let locked = fragment(&browser, &format!("{list}?state=locked")).await;
        assert!(locked.contains("Aurora") && !locked.contains("Borealis"), "{locked}");
        let declined = fragment(&browser, &format!("{list}?state=declined")).await;
        assert!(declined.contains("Borealis") && !declined.contains("Aurora"), "{declined}");

        let review = format!("/plan-subscriptions/{of}/composition");
        let (reader, _) = app.browser_of(stage.customer, "reader").await;
        let page = reader.get(&review).await.page(200);
        says(&page, &["Locked", "New", "10 users", "Stays"]);
        assert!(!page.contains("<form class=\"cols") && !page.contains("left there"), "{page}");
        for step in ["approve", "decline"] {
            assert_eq!(reader.form(&review, &[("step", step)]).await.status, 403);
        }
        let page = reader.get(&list).await.page(200);
        assert!(page.contains("Aurora") && !page.contains("Borealis"), "{page}");
        let elsewhere = app.organization(app.provider, "partner", "Alpha").await;
        let (foreign, _) = app.browser_of(elsewhere, "account_manager").await;
        assert_eq!(foreign.get(&review).await.status, 404);
        assert_eq!(foreign.form(&review, &[("step", "approve")]).await.status, 404);
        says(&foreign.get(&list).await.page(200), &["Nobody has an earlier composition"]);
        app.end().await;
    }
}
