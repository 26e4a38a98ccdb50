//! The pages, asked as a browser asks.

use serde_json::json;

use super::{bind, path};
use crate::{assignments::stage::Stage, both_engines};

both_engines! {
    /// Found by a UUID, opened, terminated with names, brought back; the file holds the same and no formula.
    async fn a_unit_is_found_and_ended(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (browser, _) = app.browser_of(stage.customer, "customer_administrator").await;
        let bound = bind(&app, &stage, stage.desk, &["Anna Berg", "Ben"]).await;
        let list = format!("/organizations/{}/subscriptions", stage.customer);
        let all = browser.get(&list).await.page(200);
        assert!(all.contains("3 subscriptions") && all.contains("1 Jun 2027"), "{all}");
        let found = browser.get(&format!("{list}?q={}", bound[0])).await.page(200);
        assert!(found.contains(&format!("/subscriptions/{}\"", bound[0])) && found.contains("1 subscription"), "{found}");
        let nothing = browser.get(&format!("{list}?q={}", stage.someone)).await.page(200);
        assert!(nothing.contains("Nothing matches"), "{nothing}");
        let page = browser.get(&format!("/subscriptions/{}", bound[0])).await.page(200);
        assert!(page.contains("Terminate this unit") && page.contains("Anna Berg"), "{page}");
        let ask = format!("/subscriptions/{}/terminate", bound[0]);
        let asked = browser.get(&ask).await.page(200);
        assert!(asked.contains("Anna Berg loses 1 user at once."), "{asked}");
        browser.form(&ask, &[]).await.goes(&format!("/subscriptions/{}", stage.desk_pool));
        assert_eq!(app.balance(stage.desk_pool).await, [4, 0, 1, 3]);
        let back = format!("/subscriptions/{}/reactivate", bound[0]);
        assert!(browser.get(&back).await.page(200).contains("as a new record"));
        browser.form(&back, &[]).await.goes(&format!("/subscriptions/{}", stage.desk_pool));
        assert_eq!(app.balance(stage.desk_pool).await, [5, 0, 2, 3]);
        let place = format!("/exports?list=subscriptions&of={}", list.split('/').nth(2).unwrap_or_default());
        let file = browser.form(&place, &[("format", "csv")]).await;
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        let file = file.page(200);
        assert!(file.lines().count() == 4 && file.contains(",2027-06-01,on,0,2027-05-31,active"), "{file}");
        let stranger = app.organization(app.provider, "customer", "Elsewhere").await;
        let (other, _) = app.browser_of(stranger, "customer_administrator").await;
        other.form(&place, &[("format", "csv")]).await.page(404);
        for place in [&list, &ask, &back, &path(bound[0], "").replace("/api/v1", "")] {
            other.get(place.trim_end_matches('/')).await.page(404);
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A number above the free units leads to the planner; what is ticked there is what goes.
    async fn the_planner_names_who_loses(app: TestApp) {
        let stage = Stage::set(&app, 4).await;
        let (browser, _) = app.browser_of(stage.customer, "customer_administrator").await;
        let bound = bind(&app, &stage, stage.desk, &["Anna", "Ben", "Cleo"]).await;
        let place = format!("/subscriptions/{}", stage.desk_pool);
        let ask = format!("{place}/unsubscribe");
        assert!(browser.get(&ask).await.page(200).contains("Up to 1 are safe."));
        browser.form(&ask, &[("units", "1")]).await.goes(&place);
        let plan = format!("{place}/reduction?quantity=2&when=renewal");
        browser.form(&ask, &[("units", "2")]).await.goes(&plan);
        let planned = browser.get(&plan).await.page(200);
        assert!(planned.contains("1 unit in use has to go") && planned.contains("Lower to 2 at the renewal"), "{planned}");
        assert!(planned.contains(&format!("value=\"{}\" checked", bound[0])), "the oldest never used: {planned}");
        let newest = browser.get(&format!("{plan}&rule=newest")).await.page(200);
        assert!(newest.contains(&format!("value=\"{}\" checked", bound[2])), "{newest}");
        let lower = format!("{place}/reduction");
        let (ben, cleo) = (bound[1].to_string(), bound[2].to_string());
        let two = [("quantity", "2"), ("when", "now"), ("chosen", ben.as_str()), ("chosen", cleo.as_str())];
        assert!(browser.form(&lower, &two).await.page(409).contains("need not lose theirs"));
        browser.form(&lower, &two[..3]).await.goes(&place);
        assert_eq!(app.balance(stage.desk_pool).await, [2, 0, 2, 0]);
        browser.form(&format!("{place}/reactivate"), &[]).await.goes(&place);
        let below = json!({"quantity": 1});
        let license = format!("/api/v1/licenses/{}", stage.desk_license);
        assert_eq!(app.operator.patch(&license, below).await.code(409), "license.below_use");
        let (operator, _) = app.browser_of(app.provider, "operator").await;
        let edit = operator.form(&format!("/licenses/{}/edit", stage.desk_license), &[("quantity", "1")]).await;
        let edit = edit.page(422);
        assert!(edit.contains(&format!("{place}/reduction?quantity=1")), "{edit}");
        app.prove();
        app.end().await;
    }
}
