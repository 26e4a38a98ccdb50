//! The pages, asked as a browser asks.

use super::{Desk, fetch, sweep};
use crate::both_engines;

both_engines! {
    /// A license's notices are read and changed in its drawer, and what is wrong stands at its field.
    async fn notices_of_a_license(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sale(&app, "Lobby").await;
        let (browser, _) = app.browser_of(desk.partner, "account_manager").await;
        let place = format!("/licenses/{license}/notices");
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("Notices of Lobby") && page.contains("As Partner says: 60, 30 and 7 days before the last day"), "{page}");
        assert!(browser.get(&format!("/sales/{license}")).await.page(200).contains("60, 30 and 7 days before the last day, to the customer and the account manager"));
        let wrong = browser.form(&place, &[("leads", "own"), ("lead_days", "soon")]).await.page(422);
        assert!(wrong.contains("Whole numbers of days"), "{wrong}");
        browser.form(&place, &[("leads", "own"), ("lead_days", "")]).await.page(422);
        browser.form(&place, &[("leads", "own"), ("lead_days", "14; 40"), ("audience", "customer"), ("low_units", "1"), ("version", "0")])
            .await.goes(&format!("/licenses/{license}"));
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("40 and 14 days before the last day") && page.contains("value=\"40, 14\""), "{page}");
        sweep(&app).await;
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("40 days before 30 Jun 2026") && page.contains("/mails/"), "{page}");
        browser.form(&place, &[("leads", "none"), ("version", "1")]).await.goes(&format!("/licenses/{license}"));
        assert!(browser.get(&place).await.page(200).contains("Never"));
        // Who may not change them reads them.
        let (customer, _) = app.browser_of(desk.customer, "customer_administrator").await;
        let read = customer.get(&place).await.page(200);
        assert!(!read.contains("Save") && read.contains("40 days before 30 Jun 2026"), "{read}");
        customer.form(&place, &[("leads", "none")]).await.page(403);
        app.end().await;
    }
}

both_engines! {
    /// An organization says how its notices go out, and has an address for calendar programs that is shown once.
    async fn notices_of_an_organization(app: TestApp) {
        let desk = Desk::set(&app).await;
        let (browser, _) = app.browser_of(desk.partner, "account_manager").await;
        let place = format!("/organizations/{}/notices", desk.partner);
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("The customer and the account manager") && page.contains("Make an address"), "{page}");
        let edit = format!("{place}/edit");
        assert!(browser.get(&edit).await.page(200).contains("value=\"60, 30, 7\""));
        assert!(browser.form(&edit, &[("lead_days", "900")]).await.page(422).contains("each of 1 to 730 days"));
        browser.form(&edit, &[("audience", "account_manager"), ("lead_days", "45 10"), ("version", "0")]).await.goes(&place);
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("The account manager") && page.contains("45 and 10 days before the last day"), "{page}");

        let feed = format!("/organizations/{}/calendar-feed", desk.partner);
        assert!(browser.get(&format!("{feed}/renew")).await.page(200).contains("Make a calendar address for Partner?"));
        let made = browser.form(&format!("{feed}/renew"), &[]).await.page(200);
        let (_, rest) = made.split_once("/calendars/").expect("the address");
        let (secret, _) = rest.split_once(".ics").expect("its end");
        let url = format!("http://{}/calendars/{secret}.ics", app.address);
        assert_eq!(fetch(&app, &url, &[]).await.status.as_u16(), 200);
        let page = browser.get(&place).await.page(200);
        assert!(!page.contains(secret) && page.contains(&secret[secret.len() - 4..]), "{page}");
        assert!(browser.get(&format!("{feed}/withdraw")).await.page(200).contains("Withdraw the calendar address of Partner?"));
        browser.form(&format!("{feed}/withdraw"), &[]).await.goes(&place);
        assert_eq!(fetch(&app, &url, &[]).await.status.as_u16(), 404);
        assert!(browser.get(&format!("{feed}/other")).await.status.as_u16() == 404);
        let (reader, _) = app.browser_of(desk.partner, "reader").await;
        let page = reader.get(&place).await.page(200);
        assert!(!page.contains("Make an address") && !page.contains("notices/edit"), "{page}");
        reader.get(&format!("{feed}/renew")).await.page(403);
        app.end().await;
    }
}
