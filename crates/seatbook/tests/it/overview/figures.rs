//! Figures that follow the book: whatever happens, they are what somebody comes to who adds everything up.

use serde_json::json;
use uuid::Uuid;

use super::play::{DAY, Play, kept, weeks_until};
use crate::{
    both_engines,
    harness::{id, random_id},
};

both_engines! {
    /// After any work, and after days in which nothing but time happens, what is kept is what adding up comes to, however
    /// late it was followed; and what is made anew comes to the same.
    async fn figures_follow_the_book(app: TestApp) {
        let seed = random_id().as_u64_pair().0;
        println!("seed {seed}");
        let mut play = Play::set(&app, seed).await;
        for round in 0..10 {
            for _ in 0..6 {
                play.step(&app).await;
            }
            if round == 9 || play.dice.throw(4) > 0 {
                app.follow().await;
                let counted = play.recount(&app).await;
                assert_eq!(kept(&app).await, counted, "seed {seed}, round {round}");
            }
            app.clock.advance_seconds(play.dice.throw(12) as i64 * DAY);
        }
        app.follow().await;
        let counted = play.recount(&app).await;
        assert_eq!(kept(&app).await, counted, "seed {seed}, after days");
        let short = |(key, sum): (&(Uuid, Uuid), &[i64; 4])| (*key, [sum[1], sum[2], sum[3]]);
        let held = counted.0.iter().map(short).collect();
        assert_eq!(weeks_until(&app, "9999-01-01").await, held, "seed {seed}, the last weeks");
        app.prove();

        for table in ["figure_pool", "figure", "figure_week", "figure_month"] {
            app.tamper(&format!("DELETE FROM {table}")).await;
        }
        app.tamper("UPDATE figure_place SET seq = 0, clock_id = NULL, clock_at = (SELECT min(at) FROM journal)").await;
        app.follow().await;
        assert_eq!(kept(&app).await, counted, "seed {seed}, made anew");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A week says what was held when it was over; what begins and ends by the clock belongs to the week in which it does.
    async fn weeks_are_told_as_they_were(app: TestApp) {
        let sku = app.insert_sku("MONTH", Some("P1M")).await;
        let product = id(&app.operator.get(&format!("/api/v1/skus/{sku}")).await.expect(200)["product_id"]);
        let child = app.organization(app.provider, "customer", "Customer").await;
        let own = (app.provider, product);
        let (_, pool) = app.license(app.provider, sku, 40).await;
        app.clock.advance_seconds(8 * DAY);
        app.allocate(pool, child, 15).await;
        app.clock.advance_seconds(40 * DAY);
        app.follow().await;
        assert_eq!(weeks_until(&app, "2026-05-25").await.get(&own), None);
        assert_eq!(weeks_until(&app, "2026-06-01").await[&own], [40, 0, 0]);
        assert_eq!(weeks_until(&app, "2026-06-08").await[&own], [40, 15, 0]);
        assert_eq!(weeks_until(&app, "2026-06-22").await[&(child, product)], [15, 0, 0]);
        // It ran to the end of June, a Tuesday.
        assert_eq!(weeks_until(&app, "2026-06-29").await.get(&own), None);
        assert!(kept(&app).await.0.is_empty());

        let path = format!("/api/v1/overview?organization_id={}", app.provider);
        let told = app.operator.get(&path).await.expect(200);
        let weeks: Vec<_> = told["weeks"].as_array().expect("weeks").iter()
            .map(|week| (week["week"].as_str().expect("a day"), week["quantity"].as_i64(), week["allocated"].as_i64()))
            .collect();
        assert_eq!(weeks[0], ("2026-06-01", Some(40), Some(0)));
        assert_eq!(weeks[1], ("2026-06-08", Some(40), Some(15)));
        assert_eq!(weeks[4], ("2026-06-29", Some(0), Some(0)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Of very many licenses the kept sums are shown, and are the same as adding up; what is late says so.
    async fn many_licenses_are_read_from_the_sums(app: TestApp) {
        let sku = app.insert_sku("YEAR", Some("P1Y")).await;
        let child = app.organization(app.provider, "customer", "Customer").await;
        let path = format!("/api/v1/overview?organization_id={}", app.provider);
        let mut pools = Vec::new();
        for _ in 0..500 {
            pools.push(app.license(app.provider, sku, 2).await.1);
        }
        app.allocate(pools[7], child, 1).await;
        let exact = app.operator.get(&path).await.expect(200);
        app.follow().await;
        app.license(app.provider, sku, 2).await;
        let late = app.operator.get(&path).await.expect(200);
        assert_eq!(late["products"], exact["products"], "501 licenses, of which one is not counted yet");
        assert!(late["as_of"].as_str() <= exact["as_of"].as_str(), "{}", late["as_of"]);
        app.clock.advance_seconds(5);
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        assert!(browser.get("/").await.page(200).contains("Figures as of 12:00:00"));
        app.follow().await;
        let told = app.operator.get(&path).await.expect(200);
        assert_eq!((&told["products"][0]["licenses"], &told["products"][0]["free"]), (&json!(501), &json!(1_001)));
        assert_eq!(told["as_of"], json!("2026-06-01T12:00:05Z"));
        let months = told["months"].as_array().expect("months");
        assert_eq!(months.iter().filter_map(|it| it["licenses"].as_i64()).sum::<i64>(), 501);
        let page = browser.get("/").await.page(200);
        assert!(page.contains("1,002") && !page.contains("Figures as of"), "{page}");
        app.end().await;
    }
}

both_engines! {
    /// A figure that is not what the book says is found, whichever it is.
    async fn planted_figures_are_found(app: TestApp) {
        let sku = app.insert_sku("YEAR", Some("P1Y")).await;
        app.license(app.provider, sku, 30).await;
        app.follow().await;
        app.prove();
        for (damage, mended, law) in [
            ("UPDATE figure SET quantity = 31", "UPDATE figure SET quantity = 30", "of a product is the sum of its active pools"),
            ("UPDATE figure_week SET assigned = 1", "UPDATE figure_week SET assigned = 0", "the latest week of a product"),
            ("UPDATE figure_month SET licenses = 2", "UPDATE figure_month SET licenses = 1", "what ends in a month"),
            ("UPDATE figure_pool SET allocated = 3", "UPDATE figure_pool SET allocated = 0", "the figures know every pool"),
        ] {
            app.tamper(damage).await;
            let (code, text) = app.verify();
            assert_eq!(code, 1, "{damage}: {text}");
            assert!(text.lines().any(|line| line.starts_with("OFF") && line.contains(law)), "{damage}: {text}");
            app.tamper(mended).await;
        }
        app.prove();
        app.end().await;
    }
}
