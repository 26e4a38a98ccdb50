//! The pages, asked as a browser asks.

use serde_json::json;

use super::Stage;
use crate::both_engines;

both_engines! {
    /// From the license to its customers: metrics, table, the form that takes one in, and what is said while it is filled.
    async fn a_customer_is_taken_in(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (paula, _) = app.browser_of(stage.partner, "partner_administrator").await;
        let list = format!("/licenses/{}/customers", stage.license);
        assert!(paula.get(&format!("/licenses/{}", stage.license)).await.page(200).contains(&list));
        let empty = paula.get(&list).await.page(200);
        assert!(empty.contains("Nobody has received devices yet") && empty.contains("1,000 devices"), "{empty}");
        let new = format!("{list}/new");
        let form = paula.get(&new).await.page(200);
        assert!(form.contains("1,000 devices unallocated") && form.contains("CLOUD-1Y"), "{form}");
        let (own, other) = (format!("units.{}", stage.pool), format!("units.{}", stage.spare));
        let asked = paula.get(&format!("{new}/preview?name=Aurora&{own}=100&{other}=21")).await.page(200);
        assert!(asked.contains("21 more units are wanted"), "{asked}");
        let asked = paula.get(&format!("{new}/preview?name=Aurora&{own}=100")).await.page(200);
        assert!(asked.contains("Left of MDR-1Y") && asked.contains("900 devices"), "{asked}");
        let over = paula.form(&new, &[("name", "Aurora"), (&own, "100"), (&other, "21")]).await.page(422);
        assert!(over.contains("21 more units are wanted") && over.contains("aria-invalid"), "{over}");
        let none = paula.form(&new, &[("name", "Aurora"), (&own, "")]).await.page(422);
        assert!(none.contains("Say how many devices of this license."), "{none}");
        let fields = [("name", "Aurora GmbH"), ("administrator_email", "anna@aurora.example"), (own.as_str(), "100")];
        let welcome = paula.form(&new, &fields).await.page(200);
        assert!(welcome.contains("/invitations/") && welcome.contains("anna@aurora.example"), "{welcome}");
        let asked = paula.get(&format!("{new}/preview?name=Aurora+Ltd&{own}=1")).await.page(200);
        assert!(asked.contains("Aurora GmbH") && asked.contains("accept_duplicates"), "{asked}");
        let twin = [("name", "Aurora Ltd"), (own.as_str(), "5")];
        assert!(paula.form(&new, &twin).await.page(422).contains("It is somebody else"));
        paula.form(&new, &[twin[0], twin[1], ("accept_duplicates", "1")]).await.goes(&list);
        let table = paula.get(&list).await.page(200);
        for text in ["Aurora GmbH", "Aurora Ltd", "895", "Customers of MDR-1Y"] {
            assert!(table.contains(text), "{text}: {table}");
        }
        let (reader, _) = app.browser_of(stage.partner, "reader").await;
        let seen = reader.get(&list).await.page(200);
        assert!(!seen.contains("New customer") && !seen.contains("Offboard"), "{seen}");
        reader.get(&new).await.page(403);
        let elsewhere = app.organization(app.provider, "partner", "Elsewhere").await;
        let (stranger, _) = app.browser_of(elsewhere, "partner_administrator").await;
        for place in [list, new] {
            stranger.get(&place).await.page(404);
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Name and units of both licenses on one form; what is refused stands beside its row, and what others did is shown.
    async fn a_customer_is_edited_and_let_go(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (customer, _) = stage.customer(&app, "Aurora", 100).await;
        let (paula, _) = app.browser_of(stage.partner, "partner_administrator").await;
        let list = format!("/licenses/{}/customers", stage.license);
        let edit = format!("{list}/{customer}/edit");
        let form = paula.get(&edit).await.page(200);
        assert!(form.contains("data-remaining") && form.contains("CLOUD-1Y") && form.contains("data-free=\"900\""), "{form}");
        let (one, two) = (stage.pool.to_string(), stage.spare.to_string());
        let named = |name: &str, pool: &str| format!("{name}.{pool}");
        let send = async |name: &str, version: &str, seen: [&str; 2], wanted: [&str; 2]| {
            let keys = [named("seen", &one), named("quantity", &one), named("seen", &two), named("quantity", &two)];
            paula.form(&edit, &[("name", name), ("version", version), ("row", &one), ("row", &two), (&keys[0], seen[0]),
                (&keys[1], wanted[0]), (&keys[2], seen[1]), (&keys[3], wanted[1])]).await
        };
        let over = send("Aurora", "1", ["100", "0"], ["120", "21"]).await.page(422);
        assert!(over.contains("The shares add up to 21 of 20 units: 1 too many."), "{over}");
        let changed = send("Aurora", "1", ["90", "0"], ["120", "1"]).await.page(422);
        assert!(changed.contains("Somebody changed this share from 90 to 100 meanwhile; you wanted 120."), "{changed}");
        assert!(send("Aurora", "1", ["100", "0"], ["many", "1"]).await.page(422).contains("Give a whole number."));
        send("Aurora Clinics", "1", ["100", "0"], ["120", "20"]).await.goes(&list);
        let table = paula.get(&list).await.page(200);
        assert!(table.contains("Aurora Clinics") && table.contains("120"), "{table}");
        assert_eq!(app.balance(stage.spare).await, [20, 20, 0, 0]);
        let offboard = format!("{list}/{customer}/offboard");
        let form = paula.get(&offboard).await.page(200);
        assert!(form.contains("Units that return") && form.contains("140"), "{form}");
        let unsaid = paula.form(&offboard, &[("leaves_on", "2026-12-31"), ("contact", ""), ("reason", "")]).await.page(422);
        assert!(unsaid.contains("This must be said."), "{unsaid}");
        let said = [("leaves_on", "2026-12-31"), ("contact", "Anna Berg"), ("reason", "Moves")];
        paula.form(&offboard, &said).await.goes(&list);
        assert!(paula.get(&list).await.page(200).contains("Leaves on 31 Dec 2026"));
        let shown = paula.get(&format!("/organizations/{customer}")).await.page(200);
        assert!(shown.contains("Leaves on 31 Dec 2026"), "{shown}");
        assert!(paula.get(&offboard).await.page(200).contains("Anna Berg"));
        paula.form(&offboard, &[("step", "withdraw"), ("version", "1")]).await.goes(&list);
        assert!(!paula.get(&list).await.page(200).contains("Leaves on"));
        let beside = format!("/licenses/{}/customers/{customer}/edit", stage.other);
        assert!(paula.get(&beside).await.page(200).contains("CLOUD-1Y"));
        let nobody = app.organization(app.provider, "customer", "Nobody").await;
        paula.get(&format!("{list}/{nobody}/edit")).await.page(404);
        let asked = app.operator.get("/api/v1/organizations?q=clinics").await.expect(200);
        assert_eq!(asked["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(json!(asked["items"][0]["name"]), "Aurora Clinics");
        app.prove();
        app.end().await;
    }
}
