//! The page, as somebody with a browser uses it.

use serde_json::json;

use super::{Given, standard};
use crate::{both_engines, crossgrades::stage::Stage};

#[track_caller]
fn says(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} in {page}");
    }
}

both_engines! {
    /// The money and the days stand beside the form while it is filled; what is refused keeps what was typed.
    async fn a_plan_is_changed_by_a_form(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = standard(&stage, 4).await;
        let (browser, _) = app.browser_of(stage.partner, "account_manager").await;
        let one = format!("/plan-subscriptions/{}", given.subscription);
        let (path, pool) = (format!("{one}/change"), given.pool);
        let page = browser.get(&one).await.page(200);
        says(&page, &[&path, "Change plan…"]);
        let form = browser.get(&path).await.page(200);
        says(&form, &["4 now, 0 in use.", "value=\"2027-05-31\"", "Renews by itself", "is said here while you type"]);
        let typed = format!("units.{pool}=6&price.{pool}=365.00&end_date=2027-12-31&auto_renews=no&notice_days=10&effective=now&version=1");
        let asked = browser.get(&format!("{path}/preview?{typed}")).await.page(200);
        says(&asked, &["Units of Worry-Free", "<del>4</del>", "<ins>6</ins>", "31 Dec 2027", "2,190.00 − 1,460.00 = 730.00", "214 of 366 days", "Total"]);
        assert!(!asked.contains("<html"), "{asked}");
        let (units, price) = (format!("units.{pool}"), format!("price.{pool}"));
        let wrong = [(units.as_str(), "0"), (&price, "cheap"), ("end_date", "2027-12-31"), ("step", "save")];
        says(&browser.form(&path, &wrong).await.page(422), &["Such as 120.00.", "value=\"0\""]);
        let wrong = [(units.as_str(), "1000000"), ("step", "save")];
        says(&browser.form(&path, &wrong).await.page(422), &["A component has 1 to 999,999 units."]);
        let wrong = [(units.as_str(), "4"), ("end_date", "2026-01-01"), ("notice_days", "1"), ("step", "save")];
        says(&browser.form(&path, &wrong).await.page(422), &["The last day lies before today"]);
        let same = [(units.as_str(), "4"), ("end_date", "2027-05-31"), ("step", "save")];
        says(&browser.form(&path, &same).await.page(422), &["That is how it is already."]);
        let good = [(units.as_str(), "6"), (&price, "365.00"), ("end_date", "2027-12-31"), ("auto_renews", "no"),
            ("notice_days", "10"), ("effective", "now"), ("version", "1"), ("step", "save")];
        browser.form(&path, &good).await.goes(&one);
        says(&browser.get(&one).await.page(200), &["0 of 6 users in use", "31 Dec 2027", "does not renew"]);
        let stale = [(units.as_str(), "7"), ("version", "1"), ("step", "save")];
        says(&browser.form(&path, &stale).await.page(422), &["in the meantime"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whoever loses a unit is named and must be seen, or is chosen by hand.
    async fn who_loses_a_unit_is_seen_or_chosen(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = standard(&stage, 4).await;
        let bound = stage.bind(&app, 4).await;
        let (browser, _) = app.browser_of(stage.partner, "account_manager").await;
        let one = format!("/plan-subscriptions/{}", given.subscription);
        let (path, pool) = (format!("{one}/change"), given.pool);
        let [units, rule, seen, listed, chosen] = ["units", "rule", "seen", "listed", "chosen"].map(|name| format!("{name}.{pool}"));
        let asked = browser.get(&format!("{path}/preview?{units}=3&{rule}=newest")).await.page(200);
        says(&asked, &["1 loses a unit of Worry-Free", "never used", "<ins>3</ins>"]);
        let (_, rest) = asked.split_once(&format!("name=\"{seen}\" value=\"")).expect("who loses theirs must be seen");
        let fingerprint = rest.split_once('"').expect("a fingerprint").0.to_owned();
        let unseen = [(units.as_str(), "3"), (&rule, "newest"), ("step", "save")];
        says(&browser.form(&path, &unseen).await.page(422), &["Look at who, and tick that you have seen it."]);
        let accepted = [(units.as_str(), "3"), (&rule, "newest"), (&seen, &fingerprint), ("step", "save")];
        browser.form(&path, &accepted).await.goes(&one);
        let left = stage.bound(&app, given.license).await;
        assert_eq!(left, bound[..3]);
        // By hand: the list comes ticked as the rule has it, and then as it was ticked.
        let asked = browser.get(&format!("{path}/preview?{units}=2&{rule}=hand")).await.page(200);
        says(&asked, &["Choose who loses 1 user of Worry-Free", &listed]);
        assert_eq!(asked.matches(" loses theirs\"").count(), 3, "{asked}");
        assert_eq!(asked.matches(" checked").count(), 1, "{asked}");
        let nobody = browser.get(&format!("{path}/preview?{units}=2&{rule}=hand&{listed}=1")).await.page(200);
        says(&nobody, &["1 more units must go; choose who else loses theirs."]);
        let ticked = left[1].to_string();
        let by_hand = [(units.as_str(), "2"), (&rule, "hand"), (&listed, "1"), (&chosen, &ticked), ("step", "save")];
        browser.form(&path, &by_hand).await.goes(&one);
        assert_eq!(stage.bound(&app, given.license).await, [left[0], left[2]]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A trial leads to the review of the full plan; what is not for resale has no fields for what is fixed; others
    /// do not see the page.
    async fn editions_show(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let (browser, _) = app.browser_of(stage.partner, "account_manager").await;
        let page = |given: &Given| format!("/plan-subscriptions/{}", given.subscription);
        let plan = app.plan("TRY", "trial", &[(stage.worry_free.sku, 4)]).await;
        let full = json!({"full_plan_id": stage.suite});
        app.operator.patch(&format!("/api/v1/service-plans/{plan}"), full).await.expect(200);
        let trial = Given::of(&stage.assign(plan, json!({})).await.expect(201));
        let review = format!("/organizations/{}/licenses/crossgrade?plan_id={}", stage.customer, stage.suite);
        let shown = browser.get(&page(&trial)).await.page(200);
        says(&shown, &["Convert to Plan SUITE", &review]);
        assert!(!shown.contains("/change\""), "{shown}");
        says(&browser.get(&review).await.page(200), &["Plan TRY: Worry-Free", "value=\"transfer\" checked"]);
        says(&browser.get(&format!("{}/change", page(&trial))).await.page(409), &["A trial stays as it was given"]);
        let fixed = app.plan("NFR", "not_for_resale", &[(stage.email.sku, 5)]).await;
        let fixed = Given::of(&stage.assign(fixed, json!({})).await.expect(201));
        let form = browser.get(&format!("{}/change", page(&fixed))).await.page(200);
        assert!(!form.contains("name=\"units.") && !form.contains("name=\"auto_renews\""), "{form}");
        let path = format!("{}/change", page(&fixed));
        browser.form(&path, &[("end_date", "2027-06-30"), ("notice_days", "5"), ("step", "save")]).await.goes(&page(&fixed));
        let (reader, _) = app.browser_of(stage.customer, "reader").await;
        assert!(!reader.get(&page(&fixed)).await.page(200).contains("/change"));
        assert_eq!(reader.get(&path).await.status, 403);
        assert_eq!(reader.form(&path, &[("step", "save")]).await.status, 403);
        let other = app.organization(app.provider, "partner", "Alpha").await;
        let (foreign, _) = app.browser_of(other, "account_manager").await;
        assert_eq!(foreign.get(&path).await.status, 404);
        app.prove();
        app.end().await;
    }
}
