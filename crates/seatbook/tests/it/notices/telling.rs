//! Last days are told once for each lead time, to whom it may concern.

use serde_json::{Value, json};

use super::{DAY, Desk, address, after_days, mails, say, subjects, sweep, told};
use crate::both_engines;

const KIND: &str = "expiry_notice";

both_engines! {
    /// However often and by however many it is looked, over the days to the last one and beyond it: one mail for each
    /// lead time and reader.
    async fn each_lead_time_is_told_once(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.license(&app, "Lobby", "2026-07-31").await;
        let (one, other, third) = tokio::join!(
            seatbook::notices::sweep::run(&app.app, app.app.gate.now()),
            seatbook::notices::sweep::run(&app.app, app.app.gate.now()),
            seatbook::notices::sweep::run(&app.app, app.app.gate.now()),
        );
        assert!(one.is_ok() && other.is_ok() && third.is_ok());
        let mut expected = vec!["Lobby ends in 60 days"];
        assert_eq!(subjects(&app, KIND, desk.customer).await, expected);
        assert_eq!(subjects(&app, KIND, desk.partner).await, expected);
        after_days(&app, 1).await;
        after_days(&app, 28).await;
        assert_eq!(subjects(&app, KIND, desk.customer).await, expected);
        after_days(&app, 1).await;
        expected.push("Lobby ends in 30 days");
        assert_eq!(subjects(&app, KIND, desk.customer).await, expected);
        // A server that was away for a day tells it a day later.
        after_days(&app, 24).await;
        expected.push("Lobby ends in 6 days");
        for days in [1, 5, 1, 40] {
            after_days(&app, days).await;
        }
        assert_eq!(subjects(&app, KIND, desk.customer).await, expected);
        assert_eq!(subjects(&app, KIND, desk.partner).await, expected);
        assert!(subjects(&app, KIND, app.provider).await.is_empty());
        let mails = mails(&app, KIND, desk.customer).await;
        assert_eq!(mails[0].0, address(&app, &desk.admin).await);
        assert!(mails[0].2.contains("10 devices, Customer\n  ends on 31 Jul 2026 (in 60 days)"), "{}", mails[0].2);
        let all = told(&app, license).await;
        assert_eq!(all.len(), 6);
        assert!(all.iter().all(|it| it.1 == "told"), "{all:?}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is due on a day comes in one mail, the soonest first; of lead times that are due together the nearest is
    /// told and stands for the others; what comes to be due later on the day waits for the next.
    async fn a_day_is_one_mail(app: TestApp) {
        let desk = Desk::set(&app).await;
        let late = desk.license(&app, "Late", "2026-07-20").await;
        let soon = desk.license(&app, "Soon", "2026-06-05").await;
        desk.license(&app, "Far", "2026-12-31").await;
        sweep(&app).await;
        let first = mails(&app, KIND, desk.customer).await;
        assert_eq!((first.len(), first[0].1.as_str()), (1, "2 licenses end soon"));
        let (at_soon, at_late) = (first[0].2.find("Soon:"), first[0].2.find("Late:"));
        assert!(at_soon.is_some() && at_soon < at_late && !first[0].2.contains("Far"), "{}", first[0].2);
        let own = |all: Vec<(String, String, i64)>| {
            let own = all.into_iter().filter(|it| it.0 == "Customer");
            own.map(|it| (it.1, it.2)).collect::<Vec<_>>()
        };
        let state = |word: &str, lead: i64| (word.to_owned(), lead);
        assert_eq!(own(told(&app, soon).await), [state("told", 7), state("passed", 30), state("passed", 60)]);
        assert_eq!(own(told(&app, late).await), [state("told", 60)]);
        desk.license(&app, "New", "2026-06-10").await;
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.customer).await.len(), 1);
        after_days(&app, 1).await;
        assert_eq!(subjects(&app, KIND, desk.customer).await[1], "New ends in 8 days");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A license that was extended is told of again, for its new last day.
    async fn an_extended_license_is_told_again(app: TestApp) {
        let desk = Desk::set(&app).await;
        let body = json!({"organization_id": desk.customer, "sku_id": desk.sku, "quantity": 1, "name": "Lobby", "start_date": "2026-05-10"});
        let license = app.operator.post("/api/v1/licenses", body).await.id();
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.customer).await, ["Lobby ends in 8 days"]);
        let path = format!("/api/v1/licenses/{license}");
        app.operator.patch(&path, json!({"start_date": "2026-05-20"})).await.expect(200);
        after_days(&app, 1).await;
        after_days(&app, 1).await;
        assert_eq!(subjects(&app, KIND, desk.customer).await, ["Lobby ends in 8 days", "Lobby ends in 17 days"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Who is told and when follows from the license, else from its seller, else from its owner.
    async fn whoever_is_named_is_told(app: TestApp) {
        let desk = Desk::set(&app).await;
        let sold = desk.sale(&app, "Sold").await;
        let own = desk.license(&app, "Own", "2026-06-20").await;
        let never = desk.license(&app, "Never", "2026-06-20").await;
        let policy = format!("/api/v1/organizations/{}/notices", desk.partner);
        let unsaid = desk.manager.get(&policy).await.expect(200);
        assert_eq!((&unsaid["audience"], &unsaid["lead_days"], &unsaid["version"]), (&json!("both"), &json!([60, 30, 7]), &json!(0)));
        let said = desk.manager.put(&policy, json!({"audience": "account_manager", "lead_days": [10, 90, 10]})).await.expect(200);
        assert_eq!((&said["lead_days"], &said["version"]), (&json!([90, 10]), &json!(1)));
        // The partner's policy is for what it sold; what the customer owns of itself is as it says, or as it is by itself.
        say(&app, own, json!({"audience": "customer", "lead_days": [20]})).await;
        say(&app, never, json!({"lead_days": []})).await;
        let seen = desk.admin.get(&format!("/api/v1/licenses/{sold}/notices")).await.expect(200);
        assert_eq!((&seen["effective_audience"], &seen["effective_lead_days"]), (&json!("account_manager"), &json!([90, 10])));
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.customer).await, ["Own ends in 19 days"]);
        assert_eq!(subjects(&app, KIND, desk.partner).await, ["Sold ends in 29 days"]);
        // Another reader of the same organization has a mail of its own, one without the right has none.
        let second = app.member(desk.partner, "partner_administrator").await;
        app.member(desk.partner, "reader").await;
        after_days(&app, 20).await;
        let mut to: Vec<String> = mails(&app, KIND, desk.partner).await.into_iter().skip(1).map(|it| it.0).collect();
        to.sort();
        let mut both = [address(&app, &desk.manager).await, address(&app, &second).await];
        both.sort();
        assert_eq!(to, both);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Where there is nobody to tell, that is kept and shown; an address for invoices is somebody.
    async fn nobody_to_tell_is_kept(app: TestApp) {
        let desk = Desk::set(&app).await;
        let alone = app.organization(desk.partner, "customer", "Alone").await;
        let body = json!({"organization_id": alone, "sku_id": desk.sku, "quantity": 1, "name": "Lobby", "start_date": "2026-01-01", "end_date": "2026-07-01"});
        let license = app.operator.post("/api/v1/licenses", body).await.id();
        say(&app, license, json!({"audience": "customer"})).await;
        sweep(&app).await;
        let state = |word: &str, lead: i64| ("Alone".to_owned(), word.to_owned(), lead);
        assert_eq!(told(&app, license).await, [state("nobody", 30), state("passed", 60)]);
        let (browser, _) = app.browser_of(desk.partner, "account_manager").await;
        let page = browser.get(&format!("/licenses/{license}/notices")).await.page(200);
        assert!(page.contains("There was nobody to tell at Alone"), "{page}");
        let profile = format!("/api/v1/organizations/{alone}/billing-profile");
        app.operator.put(&profile, json!({"email": "books@alone.example"})).await.expect(200);
        after_days(&app, 23).await;
        assert_eq!(told(&app, license).await[0], state("told", 7));
        let sent = mails(&app, KIND, alone).await;
        assert_eq!((sent.len(), sent[0].0.as_str()), (1, "books@alone.example"));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// It is told in the morning of who is told; days are those of the license's zone. Paused licenses are told of,
    /// terminated ones are not, and a suspended customer is told when it is resumed.
    async fn what_is_told_when(app: TestApp) {
        let desk = Desk::set(&app).await;
        let far = json!({"parent_id": desk.partner, "kind": "customer", "name": "Far", "time_zone": "Pacific/Auckland"});
        let far = app.operator.post("/api/v1/organizations", far).await.id();
        app.member(far, "customer_administrator").await;
        let body = json!({"organization_id": far, "sku_id": desk.sku, "quantity": 1, "name": "There", "start_date": "2026-01-01", "end_date": "2026-07-02"});
        app.operator.post("/api/v1/licenses", body).await.expect(201);
        let paused = desk.license(&app, "Paused", "2026-06-20").await;
        let over = desk.license(&app, "Over", "2026-06-20").await;
        app.operator.act(&format!("/api/v1/licenses/{paused}/pause")).await.expect(200);
        app.operator.act(&format!("/api/v1/licenses/{over}/terminate")).await.expect(200);
        let suspend = format!("/api/v1/organizations/{}", desk.customer);
        app.operator.act(&format!("{suspend}/suspend")).await.expect(200);
        // It is midnight there, and 2 June has just begun: 30 days are left.
        sweep(&app).await;
        assert!(subjects(&app, KIND, far).await.is_empty());
        assert!(subjects(&app, KIND, desk.customer).await.is_empty());
        let partner = mails(&app, KIND, desk.partner).await;
        assert_eq!((partner.len(), partner[0].1.as_str()), (1, "2 licenses end soon"));
        assert!(partner[0].2.contains("Paused:") && partner[0].2.contains("(in 30 days)"), "{}", partner[0].2);
        app.clock.advance_seconds(7 * 3_600);
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, far).await, ["There ends in 30 days"]);
        app.operator.act(&format!("{suspend}/resume")).await.expect(200);
        app.clock.advance_seconds(DAY);
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.customer).await, ["Paused ends in 18 days"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is said is checked, by whoever may say it, over the version that was seen.
    async fn what_is_said_is_checked(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.license(&app, "Lobby", "2026-12-31").await;
        let (own, general) = (format!("/api/v1/licenses/{license}/notices"), format!("/api/v1/organizations/{}/notices", desk.partner));
        for wrong in [json!({"lead_days": [0]}), json!({"lead_days": [731]}), json!({"lead_days": (1..=11).collect::<Vec<i64>>()})] {
            assert_eq!(app.operator.put(&own, wrong.clone()).await.field(), "out_of_range");
            assert_eq!(app.operator.put(&general, wrong).await.field(), "out_of_range");
        }
        for wrong in [json!({"low_units": 0}), json!({"low_percent": 101})] {
            assert_eq!(app.operator.put(&own, wrong).await.field(), "out_of_range");
        }
        assert_eq!(desk.admin.put(&own, json!({})).await.code(403), "permission.missing");
        assert_eq!(desk.admin.put(&general, json!({})).await.code(404), "not_found");
        let first = app.operator.put(&own, json!({"lead_days": [5]})).await.expect(200);
        assert_eq!((&first["version"], &first["audience"]), (&json!(1), &Value::Null));
        let stale = app.operator.request(reqwest::Method::PUT, &own).header("If-Match", "\"0\"").json(&json!({}));
        assert_eq!(crate::harness::send(stale).await.code(412), "version.stale");
        app.prove();
        app.end().await;
    }
}
