//! What a restored book has lost is listed, and what was done to it or to its numbers past Seatbook is found.

use std::path::Path;

use seatbook::chain::follower::follow_once;
use serde_json::json;

use super::{
    Shelf, manifest,
    quarantine::{bill, work},
    run, text,
};
use crate::{
    activation::{Market, redeem},
    both_engines,
    invoices::Desk,
};

both_engines! {
    /// Fifty invoices and five redeemed codes after the backup: nothing is billed or mailed before the release, which lists
    /// them, and the next number is behind them all.
    async fn fifty_invoices_and_five_codes_are_listed(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        let desk = Desk::set(&app).await;
        let mut licenses = Vec::new();
        for _ in 0..52 {
            licenses.push(desk.sold(desk.customer, (1, 10_000, "EUR")).await);
        }
        let market = Market::open(&app).await;
        let mut sold = Vec::new();
        for _ in 0..5 {
            sold.push(market.unassigned(2).await);
        }
        bill(&app.operator, licenses[0]).await;
        app.tamper("UPDATE mail SET state = 'queued' WHERE kind = 'invitation'").await;
        app.follow().await;
        let backup = shelf.back_up(app.database()).await;
        for license in &licenses[1..51] {
            bill(&app.operator, *license).await;
        }
        for (_, code) in &sold {
            redeem(&market.admin, market.customer, code).await.expect(200);
        }
        app.follow().await;
        let marks = shelf.path("high water.json");
        let said = run(&["backup", "--database", app.database(), "--high-water", text(&marks)]).await;
        assert_eq!(said.code, 0, "{}", said.trouble);

        let place = shelf.restore(&backup).await;
        let other = app.on(&place).await;
        let operator = app.operator.at(other.address);
        let send = json!({"license_ids": [licenses[51]]});
        assert_eq!(operator.post("/api/v1/invoices/send", send).await.code(503), "book.quarantined");
        assert_eq!(work(&other).await, 0, "no mail leaves");
        other.end().await;
        let said = run(&["resume", "--database", &place, "--high-water", text(&marks)]).await;
        assert_eq!(said.code, 0, "{}{}", said.text, said.trouble);
        assert!(said.text.contains("2 to 51 are left out; the next number is 52"), "{}", said.text);
        assert!(said.text.contains("Lost: 50 invoices"), "{}", said.text);
        assert!(said.text.contains("Lost: 5 redeemed activation codes"), "{}", said.text);
        for (license, _) in &sold {
            let line = format!("the code of license {license} was redeemed by {}", market.customer);
            assert!(said.text.contains(&line), "{}", said.text);
        }
        let other = app.on(&place).await;
        assert_eq!(bill(&app.operator.at(other.address), licenses[51]).await, "INV-2026-000052");
        assert_eq!(work(&other).await, 0, "what waited is held");
        other.end().await;
        shelf.clear().await;
        app.end().await;
    }
}

both_engines! {
    /// Numbers may be missing where the book says that they were lost, and nowhere else.
    async fn only_recorded_numbers_may_be_missing(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        let desk = Desk::set(&app).await;
        let licenses = [
            desk.sold(desk.customer, (1, 10_000, "EUR")).await,
            desk.sold(desk.customer, (1, 10_000, "EUR")).await,
        ];
        bill(&app.operator, licenses[0]).await;
        let backup = shelf.back_up(app.database()).await;
        let place = shelf.restore(&backup).await;
        let said = run(&["resume", "--database", &place, "--floor", "INV-2026=5"]).await;
        assert_eq!(said.code, 0, "{}{}", said.text, said.trouble);
        let other = app.on(&place).await;
        assert_eq!(bill(&app.operator.at(other.address), licenses[1]).await, "INV-2026-000006");
        other.end().await;
        let gap = "INSERT INTO invoice_gap (issuer_id, series, first_number, last_number)
            SELECT issuer_id, series, 3, 4 FROM invoice_counter";
        for (harm, mend) in [
            // Lost or recorded wrongly, too many, twice, over a number that stands on an invoice, behind the last.
            ("UPDATE invoice_gap SET last_number = 4", "UPDATE invoice_gap SET last_number = 5"),
            ("UPDATE invoice_gap SET last_number = 6", "UPDATE invoice_gap SET last_number = 5"),
            ("UPDATE invoice_gap SET first_number = 1", "UPDATE invoice_gap SET first_number = 2"),
            (gap, "DELETE FROM invoice_gap WHERE first_number = 3"),
            ("UPDATE invoice_counter SET last = 5", "UPDATE invoice_counter SET last = 6"),
            ("UPDATE invoice_counter SET last = 7", "UPDATE invoice_counter SET last = 6"),
        ] {
            shelf.tamper(&place, harm).await;
            let said = run(&["verify", "--database", &place]).await;
            assert!(said.code == 1 && said.text.contains("OFF  the numbers of each issuer"), "{harm}: {}", said.text);
            shelf.tamper(&place, mend).await;
            assert_eq!(run(&["verify", "--database", &place]).await.code, 0, "{mend}");
        }
        shelf.clear().await;
        app.end().await;
    }
}

async fn proves(head: &Path, place: &str) -> (i32, String) {
    let said = run(&[
        "verify",
        "--journal",
        "--head",
        text(head),
        "--database",
        place,
    ])
    .await;
    (said.code, said.text + &said.trouble)
}

both_engines! {
    /// The manifest and the marks know where the journal's chains ended: what was cut off a restored book is found.
    async fn a_cut_journal_is_found_by_the_manifest(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        for number in 0..3 {
            app.organization(app.provider, "customer", &format!("C {number}")).await;
        }
        app.follow().await;
        while follow_once(app.app.gate.db()).await.expect("it chains") {}
        let backup = shelf.back_up(app.database()).await;
        let marks = shelf.path("marks.json");
        run(&["backup", "--database", app.database(), "--high-water", text(&marks)]).await;
        let (place, whole) = (shelf.restore(&backup).await, backup.join("manifest.json"));
        for head in [&whole, &marks] {
            let (code, said) = proves(head, &place).await;
            assert_eq!(code, 0, "{said}");
        }
        let last = manifest(&backup)["high_water"]["journal_seq"].as_i64().expect("a number") - 1;
        for sql in [
            format!("DELETE FROM change WHERE journal_id IN (SELECT id FROM journal WHERE seq > {last})"),
            format!("DELETE FROM journal_chain WHERE seq > {last}"),
            format!("DELETE FROM journal WHERE seq > {last}"),
            format!("UPDATE seal SET last_seq = {last}"),
            format!("UPDATE chain_place SET seq = {last}"),
            "DELETE FROM chain_head".into(),
            "INSERT INTO chain_head (organization_id, seq, hash) SELECT c.organization_id, c.seq, c.hash FROM journal_chain c
             WHERE c.seq = (SELECT max(o.seq) FROM journal_chain o WHERE o.organization_id = c.organization_id)".into(),
        ] {
            shelf.tamper(&place, &sql).await;
        }
        let said = run(&["verify", "--journal", "--database", &place]).await;
        assert_eq!(said.code, 0, "by itself it looks whole: {}", said.text);
        for head in [&whole, &marks] {
            let (code, said) = proves(head, &place).await;
            assert!(code == 1 && said.contains("OFF  the chains lead through the heads"), "{said}");
        }
        shelf.clear().await;
        app.end().await;
    }
}
