//! What a calendar program reads, and who else.

use serde_json::{Value, json};

use super::{Desk, fetch};
use crate::{
    both_engines,
    harness::{Answer, Person},
};

async fn made(person: &Person, path: &str) -> String {
    let made = person.act(path).await.expect(200);
    made["url"].as_str().expect("an address").to_owned()
}

/// The lines, put together again (RFC 5545, section 3.1).
fn read_lines(answer: Answer) -> Vec<String> {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert_eq!(
        answer.headers["content-type"],
        "text/calendar; charset=utf-8"
    );
    let text = answer.text;
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains('\n'));
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    text.replace("\r\n ", "")
        .split("\r\n")
        .map(str::to_owned)
        .collect()
}

both_engines! {
    /// All-day events on the inclusive last day in the license's own zone, of what an organization owns and sold; and
    /// on the first day of what has not begun.
    async fn a_calendar_has_first_and_last_days(app: TestApp) {
        let desk = Desk::set(&app).await;
        let far = json!({"parent_id": desk.partner, "kind": "customer", "name": "Café; Grün, Söhne & Töchter der vereinigten Werke", "time_zone": "Pacific/Auckland"});
        let far = app.operator.post("/api/v1/organizations", far).await.id();
        let sale = json!({"seller_id": desk.partner, "customer_id": far, "sku_id": desk.sku, "quantity": 2, "issue": true, "name": "Lobby\\2, ground floor"});
        let sold = app.operator.post("/api/v1/licenses/sell", sale).await.expect(201)["license"].clone();
        let own = json!({"organization_id": desk.partner, "sku_id": desk.sku, "quantity": 1, "name": "Later", "start_date": "2026-09-01"});
        let own = app.operator.post("/api/v1/licenses", own).await.expect(201);
        let over = desk.sale(&app, "Over").await;
        app.operator.act(&format!("/api/v1/licenses/{over}/terminate")).await.expect(200);
        desk.license(&app, "Elsewhere", "2026-12-31").await;
        let path = format!("/api/v1/organizations/{}/calendar-feed", desk.partner);
        let url = made(&desk.manager, &path).await;
        let lines = read_lines(fetch(&app, &url, &[]).await);
        let id = |license: &Value| license["id"].as_str().expect("an id").to_owned();
        let day = |license: &Value, name: &str| license[name].as_str().expect("a day").replace('-', "");
        // It is 2 June there when it is 1 June here, so a month from the first day ends on 1 July.
        assert_eq!(day(&sold, "end_date"), "20260701");
        for line in [
            "SUMMARY:Lobby\\\\2\\, ground floor of Café\\; Grün\\, Söhne & Töchter der vereinigten Werke ends".to_owned(),
            format!("UID:{}-end@seatbook", id(&sold)),
            "DTSTART;VALUE=DATE:20260701".into(),
            "DTSTAMP:20260601T120000Z".into(),
            "SUMMARY:Later begins".into(),
            format!("UID:{}-start@seatbook", id(&own)),
            "DTSTART;VALUE=DATE:20260901".into(),
            "SUMMARY:Later ends".into(),
            format!("DTSTART;VALUE=DATE:{}", day(&own, "end_date")),
            format!("URL:http://{}/licenses/{}", app.address, id(&own)),
        ] {
            assert!(lines.contains(&line), "{line} in {lines:#?}");
        }
        assert_eq!(lines.iter().filter(|line| *line == "BEGIN:VEVENT").count(), 3, "{lines:#?}");
        // The customer's own calendar says the same day without its name; it does not see what others have.
        let path = format!("/api/v1/organizations/{}/calendar-feed", desk.customer);
        let own = read_lines(fetch(&app, &made(&desk.admin, &path).await, &[]).await);
        assert!(own.contains(&"SUMMARY:Elsewhere ends".to_owned()), "{own:#?}");
        assert_eq!(own.iter().filter(|line| *line == "BEGIN:VEVENT").count(), 1, "{own:#?}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A program that has it is not sent it again; a change of a license is.
    async fn what_is_known_is_not_sent_again(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.license(&app, "Lobby", "2026-12-31").await;
        let url = made(&desk.admin, &format!("/api/v1/organizations/{}/calendar-feed", desk.customer)).await;
        let first = fetch(&app, &url, &[]).await;
        assert_eq!(first.headers["cache-control"], "private, max-age=900");
        let tag = first.headers["etag"].to_str().expect("a tag").to_owned();
        let again = fetch(&app, &url, &[("if-none-match", tag.as_str())]).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
        app.clock.advance_seconds(60);
        app.operator.patch(&format!("/api/v1/licenses/{license}"), json!({"name": "Hall"})).await.expect(200);
        let lines = read_lines(fetch(&app, &url, &[("if-none-match", tag.as_str())]).await);
        for line in ["SUMMARY:Hall ends", "SEQUENCE:1", "DTSTAMP:20260601T120100Z"] {
            assert!(lines.contains(&line.to_owned()), "{line} in {lines:#?}");
        }
        app.end().await;
    }
}

both_engines! {
    /// An address that was renewed, withdrawn, mistyped or is of a suspended organization is answered like one that never
    /// was; it is made by whoever decides about renewals there, and kept as a fingerprint.
    async fn an_address_is_a_secret(app: TestApp) {
        let desk = Desk::set(&app).await;
        let path = format!("/api/v1/organizations/{}/calendar-feed", desk.customer);
        assert_eq!(desk.admin.get(&path).await.expect(200)["version"], 0);
        let reader = app.member(desk.customer, "reader").await;
        assert_eq!(reader.act(&path).await.code(403), "permission.missing");
        let elsewhere = app.organization(app.provider, "partner", "Elsewhere").await;
        let foreign = app.member(elsewhere, "partner_administrator").await;
        assert_eq!(foreign.act(&path).await.code(404), "not_found");
        let first = made(&desk.admin, &path).await;
        assert!(read_lines(fetch(&app, &first, &[]).await).contains(&"BEGIN:VTIMEZONE".to_owned()), "nothing ends");
        let second = made(&desk.admin, &path).await;
        let nobodys = format!("http://{}/calendars/{}.ics", app.address, "A".repeat(32));
        let none = fetch(&app, &nobodys, &[]).await;
        assert_eq!(none.status.as_u16(), 404);
        let same = async |url: &str| {
            let answer = fetch(&app, url, &[]).await;
            assert_eq!((answer.status, &answer.text), (none.status, &none.text), "{url}");
        };
        same(&first).await;
        same(second.trim_end_matches(".ics")).await;
        same(&format!("http://{}/calendars/x.ics", app.address)).await;
        let secret = second.rsplit('/').next().expect("a name").trim_end_matches(".ics");
        let kept = app.texts("SELECT coalesce(fingerprint, ''), hint FROM calendar_feed").await;
        assert!(!kept.contains(secret), "{kept}");
        assert!(!app.texts("SELECT answer, key FROM request_key").await.contains(secret));
        let organization = format!("/api/v1/organizations/{}", desk.customer);
        app.operator.act(&format!("{organization}/suspend")).await.expect(200);
        same(&second).await;
        app.operator.act(&format!("{organization}/resume")).await.expect(200);
        assert_eq!(fetch(&app, &second, &[]).await.status.as_u16(), 200);
        let gone = desk.admin.delete(&path).await.expect(200);
        assert_eq!((&gone["hint"], &gone["version"]), (&Value::Null, &json!(3)));
        same(&second).await;
        app.prove();
        app.end().await;
    }
}
