//! The pages over one organization's units, as somebody with a browser uses them.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Browser, TestApp, send},
};

async fn operator(app: &TestApp) -> Browser {
    app.browser_of(app.provider, "operator").await.0
}

/// The rows of the list, as the module asks for them.
async fn rows(browser: &Browser, customer: Uuid, query: &str) -> String {
    let path = format!("/organizations/{customer}/configuration{query}");
    let request = browser
        .request(Method::GET, &path)
        .header("X-Fragment", "1");
    send(request).await.page(200)
}

#[track_caller]
fn says(page: &str, words: &[&str]) {
    for word in words {
        assert!(page.contains(word), "{word:?} in {page}");
    }
}

both_engines! {
    /// Information says what there is of each product; an organization that pays by use is told why it sees nothing.
    async fn information_says_what_is_in_use(app: TestApp) {
        let book = app.telephones(5).await;
        let [(recording, _), _] = book.add_ons;
        app.assigned(&book, book.people[0], "101", &[recording]).await;
        let browser = operator(&app).await;
        let path = format!("/organizations/{}/information", book.customer);
        let page = browser.get(&path).await.page(200);
        says(&page, &["Phone System", "Base", "1 / 5", "Call Recording", "Add-on", "Mobile", "0 / 5",
            &format!("/organizations/{}/configuration?product={}", book.customer, book.phone.0)]);
        let usage = json!({"name": "Aurora Hospitals", "pricing_model": "usage"});
        app.operator.put(&format!("/api/v1/organizations/{}", book.customer), usage).await.expect(200);
        let page = browser.get(&path).await.page(200);
        assert!(page.contains("pays by what it used") && !page.contains("1 / 5"), "{page}");
        assert!(rows(&browser, book.customer, "").await.trim().is_empty());
        let other = app.organization(app.provider, "partner", "Nordlicht").await;
        let (stranger, _) = app.browser_of(other, "partner_administrator").await;
        assert_eq!(stranger.get(&path).await.status, 404);
        app.end().await;
    }
}

both_engines! {
    /// One line for each unit in use and each license with free ones, found by name, extension, number and UUID.
    async fn lines_are_found_by_what_people_know(app: TestApp) {
        let book = app.telephones(5).await;
        let [(recording, _), (mobile, _)] = book.add_ons;
        let anna = app.assigned(&book, book.people[0], "101", &[recording, mobile]).await;
        app.clock.advance_seconds(60);
        let row = json!({"product_id": book.phone.0, "holder_id": book.people[1], "extension": "0102", "number": "+49 555 0102"});
        app.assign(book.customer, row).await;
        let browser = operator(&app).await;
        let all = rows(&browser, book.customer, "").await;
        says(&all, &["Anna Berg", "Bruno Koch", "101", "0102", "+495550102", "3 extensions", "Call Recording", "Mobile"]);
        for (query, found, missing) in [
            ("?q=anna", "Anna Berg", "Bruno Koch"),
            ("?q=0102", "Bruno Koch", "Anna Berg"),
            ("?q=555+0102", "Bruno Koch", "Anna Berg"),
            (&format!("?q={anna}"), "Anna Berg", "Bruno Koch"),
            (&format!("?user={}&show=used", book.people[1]), "Bruno Koch", "Anna Berg"),
            (&format!("?q={}&show=free", book.license), "3 extensions", "Anna Berg"),
            ("?show=free", "4 users", "Anna Berg"),
            ("?show=used", "Anna Berg", "3 extensions"),
        ] {
            let page = rows(&browser, book.customer, query).await;
            assert!(page.contains(found) && !page.contains(missing), "{query}: {page}");
        }
        let nothing = rows(&browser, book.customer, "?q=nobody").await;
        assert!(nothing.contains("Nothing matches"), "{nothing}");
        for sort in ["-user", "extension", "-number", "license", "since"] {
            let page = rows(&browser, book.customer, &format!("?show=used&sort={sort}")).await;
            let first = page.find("Anna Berg") < page.find("Bruno Koch");
            assert_eq!(first, !matches!(sort, "-user" | "extension" | "-number"), "{sort}: {page}");
        }
        app.end().await;
    }
}

both_engines! {
    /// A list longer than a page is walked forwards and back, and no line is lost or shown twice.
    async fn a_long_list_is_walked(app: TestApp) {
        let book = app.telephones(130).await;
        let lines: Vec<_> = (0..120).map(|number| json!({"product_id": book.phone.0, "extension": format!("{}", 200 + number)})).collect();
        let body = json!({"organization_id": book.customer, "rows": lines});
        app.operator.post("/api/v1/assignments", body).await.expect(201);
        let browser = operator(&app).await;
        let numbers = |page: &str| -> Vec<String> {
            let cells = page.split("data-label=\"Extension\" class=\"nowrap\">").skip(1);
            cells.map(|cell| cell.split('<').next().unwrap_or_default().to_owned()).collect()
        };
        let link = |page: &str, rel: &str| {
            let (before, _) = page.split_once(&format!("rel=\"{rel}\""))?;
            let (_, href) = before.rsplit_once("href=\"")?;
            let query = href.split('"').next()?.split_once('?')?.1.replace("&#38;", "&").replace("&amp;", "&");
            Some(format!("?{query}"))
        };
        for sort in ["extension", "-extension", "since"] {
            let (mut seen, mut query) = (Vec::new(), format!("?show=used&sort={sort}"));
            let (mut first, mut last) = (String::new(), String::new());
            loop {
                last = std::mem::replace(&mut first, last);
                let page = rows(&browser, book.customer, &query).await;
                seen.push(numbers(&page));
                first = page;
                match link(&first, "next") {
                    Some(next) => query = next,
                    None => break,
                }
            }
            assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20], "{sort}");
            let mut all: Vec<String> = seen.concat();
            // Those that were assigned in one step are in no order among themselves.
            match sort {
                "-extension" => all.reverse(),
                "since" => all.sort(),
                _ => {}
            }
            let expected: Vec<String> = (200..320).map(|number| number.to_string()).collect();
            assert_eq!(all, expected, "{sort}");
            let back = rows(&browser, book.customer, &link(&first, "prev").expect("a page before")).await;
            assert_eq!(numbers(&back), seen[1], "{sort}");
        }
        app.end().await;
    }
}

both_engines! {
    /// A free unit is assigned with extension, number and add-ons; what is wrong is said, and what was typed stands.
    async fn a_free_unit_is_assigned(app: TestApp) {
        let book = app.telephones(2).await;
        let browser = operator(&app).await;
        let path = format!("/pools/{}/assign", book.phone.1);
        says(&browser.get(&path).await.page(200), &["Assign Phone System", "2 extensions", "Call Recording", "2 available"]);
        let (anna, recording) = (book.people[0].to_string(), book.add_ons[0].0.to_string());
        let bad = [("holder_id", anna.as_str()), ("extension", "7"), ("number", "123"), ("add", recording.as_str())];
        let again = browser.form(&path, &bad).await.page(422);
        says(&again, &["An extension has 3 to 5 digits.", "Anna Berg", "value=\"7\"", "checked"]);
        let good = [("holder_id", anna.as_str()), ("extension", "101"), ("number", "+49 555 0101"), ("add", recording.as_str())];
        let home = format!("/organizations/{}/configuration", book.customer);
        browser.form(&path, &good).await.goes(&home);
        assert_eq!(app.balance(book.phone.1).await, [2, 0, 1, 1]);
        assert_eq!(app.balance(book.add_ons[0].1).await, [2, 0, 1, 1]);
        browser.form(&path, &[("extension", "102")]).await.goes(&home);
        says(&rows(&browser, book.customer, "?show=used").await, &["Nobody yet", "102", "Call Recording"]);
        let none = browser.form(&path, &[("extension", "103")]).await.page(422);
        assert!(none.contains("1 of Phone System wanted, 0 free."), "{none}");
        let add_on = format!("/pools/{}/assign", book.add_ons[0].1);
        assert_eq!(browser.get(&add_on).await.status, 409);
        let (reader, _) = app.browser_of(book.customer, "reader").await;
        assert_eq!(reader.get(&path).await.status, 403);
        assert!(!rows(&reader, book.customer, "").await.contains("/assign\""));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Manage user hands a unit on with its add-ons, takes the user away, and says why not.
    async fn a_unit_is_handed_on(app: TestApp) {
        let book = app.telephones(3).await;
        let anna = app.assigned(&book, book.people[0], "101", &[book.add_ons[0].0]).await;
        let (customer, _) = app.browser_of(book.customer, "customer_administrator").await;
        let path = format!("/assignments/{anna}/user");
        says(&customer.get(&path).await.page(200), &["Anna Berg", "Reassign", "Its add-on goes along with it."]);
        let nobody = customer.form(&path, &[("step", "save")]).await.page(422);
        assert!(nobody.contains("Please give who shall have it."), "{nobody}");
        let (same, bruno) = (book.people[0].to_string(), book.people[1].to_string());
        let refused = customer.form(&path, &[("holder_id", &same)]).await.page(422);
        assert!(refused.contains("has this unit already"), "{refused}");
        let home = format!("/organizations/{}/configuration", book.customer);
        customer.form(&path, &[("holder_id", &bruno)]).await.goes(&home);
        assert_eq!(customer.get(&path).await.status, 409, "the old record has ended");
        let page = customer.get(&format!("/assignments/{anna}")).await.page(200);
        assert!(page.contains("Reassigned"), "{page}");
        let now = rows(&customer, book.customer, "?q=101").await;
        assert!(now.contains("Bruno Koch") && now.contains("Call Recording") && !now.contains("Anna Berg"), "{now}");
        let (_, rest) = now.split_once("/assignments/").expect("a link");
        let id = &rest[..36];
        says(&customer.get(&format!("/assignments/{id}")).await.page(200), &["Who had it before", id, "Call Recording"]);
        let asked = customer.form(&format!("/assignments/{id}/user"), &[("step", "vacate")]).await.page(200);
        assert!(asked.contains("Take the user away"), "{asked}");
        customer.form(&format!("/assignments/{id}/user"), &[("step", "vacate_now")]).await.goes(&home);
        assert!(rows(&customer, book.customer, "?q=101").await.contains("Nobody yet"));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Manage add-ons removes some and binds others in one go, or does neither.
    async fn add_ons_are_exchanged_in_one_go(app: TestApp) {
        let book = app.telephones(2).await;
        let [(recording, recordings), (mobile, mobiles)] = book.add_ons;
        let anna = app.assigned(&book, book.people[0], "101", &[recording]).await;
        let browser = operator(&app).await;
        let path = format!("/assignments/{anna}/add-ons");
        let page = browser.get(&path).await.page(200);
        says(&page, &["Call Recording", "Mobile", "2 available"]);
        let (_, rest) = page.split_once("name=\"remove\" value=\"").expect("a bin");
        let bound = rest[..36].to_owned();
        let mobile = mobile.to_string();
        let wrong = [("remove", bound.as_str()), ("add", &mobile), ("add", &mobile)];
        let twice = browser.form(&path, &wrong).await.page(422);
        assert!(twice.contains("Mobile is bound to it already."), "{twice}");
        assert_eq!((app.balance(recordings).await, app.balance(mobiles).await), ([2, 0, 1, 1], [2, 0, 0, 2]), "nothing was done");
        let home = format!("/organizations/{}/configuration", book.customer);
        browser.form(&path, &wrong[..2]).await.goes(&home);
        assert_eq!((app.balance(recordings).await, app.balance(mobiles).await), ([2, 0, 0, 2], [2, 0, 1, 1]));
        let late = browser.form(&path, &wrong[..1]).await.page(422);
        assert!(late.contains("Somebody changed these assignments"), "{late}");
        browser.form(&path, &[]).await.goes(&home);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Unassigning says which add-ons go with a unit, one by one and for many at once.
    async fn unassigning_says_what_goes_with_it(app: TestApp) {
        let book = app.telephones(4).await;
        let [(recording, recordings), (mobile, _)] = book.add_ons;
        let anna = app.assigned(&book, book.people[0], "101", &[recording, mobile]).await;
        let bruno = app.assigned(&book, book.people[1], "102", &[recording]).await;
        let third = app.assign(book.customer, json!({"product_id": book.phone.0, "extension": "103"})).await;
        let third = third["assigned"][0]["id"].as_str().expect("an id").to_owned();
        let browser = operator(&app).await;
        let path = format!("/assignments/{third}/unassign");
        says(&browser.get(&path).await.page(200), &["Unassign Phone System from Extension 103?"]);
        let home = format!("/organizations/{}/configuration", book.customer);
        browser.form(&path, &[]).await.goes(&home);
        assert!(browser.get(&path).await.page(200).contains("This assignment has ended already."));
        assert_eq!(browser.form(&path, &[]).await.status, 409);
        let several = format!("/organizations/{}/unassign", book.customer);
        let (anna, bruno) = (anna.to_string(), bruno.to_string());
        let ticked = [("id", anna.as_str()), ("id", bruno.as_str())];
        let asked = browser.form(&several, &ticked).await.page(200);
        says(&asked, &["Unassign 2 units?", "Anna Berg, extension 101 loses Phone System, and with it Call Recording, Mobile.",
            "Bruno Koch, extension 102 loses Phone System, and with it Call Recording.", "<dd>5</dd>", "<dd>3</dd>"]);
        assert_eq!(app.balance(recordings).await, [4, 0, 2, 2], "nothing was done yet");
        let done = [ticked[0], ticked[1], ("step", "save")];
        browser.form(&several, &done).await.goes(&home);
        assert_eq!(app.balance(recordings).await, [4, 0, 0, 4]);
        browser.form(&several, &[]).await.goes(&home);
        let (reader, _) = app.browser_of(book.customer, "reader").await;
        assert_eq!(reader.form(&several, &ticked).await.status, 403);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Several holders get a unit each, after it was said what it comes to; too many are refused before anything.
    async fn several_holders_get_a_unit(app: TestApp) {
        let book = app.telephones(2).await;
        let carla = app.holder(book.customer, "Carla Roth").await.to_string();
        let browser = operator(&app).await;
        let path = format!("/pools/{}/assign-several", book.phone.1);
        says(&browser.get(&path).await.page(200), &["Anna Berg", "Bruno Koch", "Carla Roth", "2 extensions available"]);
        let people = book.people.map(|id| id.to_string());
        let all = [("id", people[0].as_str()), ("id", people[1].as_str()), ("id", carla.as_str())];
        let over = browser.form(&path, &all).await.page(200);
        assert!(over.contains("wanted, 0 free.") && !over.contains(">Assign</button>"), "{over}");
        says(&browser.form(&path, &all[..2]).await.page(200), &["Assign Phone System to 2 holders?", "Available then"]);
        assert_eq!(app.balance(book.phone.1).await, [2, 0, 0, 2]);
        let done = [all[0], all[1], ("step", "save")];
        browser.form(&path, &done).await.goes(&format!("/organizations/{}/configuration", book.customer));
        assert_eq!(app.balance(book.phone.1).await, [2, 0, 2, 0]);
        let left = browser.get(&path).await.page(200);
        assert!(left.contains("Carla Roth") && !left.contains("Anna Berg"), "{left}");
        app.end().await;
    }
}

both_engines! {
    /// The menu leads to the configuration of the organization acted for, or of another that was chosen.
    async fn the_menu_leads_here(app: TestApp) {
        let book = app.telephones(1).await;
        let (customer, _) = app.browser_of(book.customer, "customer_administrator").await;
        let home = format!("/organizations/{}/configuration", book.customer);
        customer.get("/configuration").await.goes(&home);
        says(&customer.get("/").await.page(200), &["href=\"/configuration\"", "href=\"/holders\""]);
        let browser = operator(&app).await;
        browser.get(&format!("/configuration?organization={}", book.customer)).await.goes(&home);
        let own = format!("/organizations/{}/configuration", app.provider);
        assert!(browser.get(&own).await.page(200).contains("Nothing to configure yet"));
        says(&browser.get(&format!("/organizations/{}", book.customer)).await.page(200), &[&home, "Information"]);
        app.end().await;
    }
}
