//! The journal's chains: whatever is done to an entry past Seatbook is found and named.

use std::{path::Path, process::Command};

use seatbook::{chain::follower::follow_once, journal::sealer::seal_once};
use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{TestApp, random_id},
};

/// Numbers and chains all that there is.
async fn chained(app: &TestApp) {
    let (db, holder) = (app.app.gate.db(), app.provider);
    let later = app.app.gate.now().plus_seconds(60);
    while seal_once(db, holder, later).await.expect("it seals") > 0 {}
    while follow_once(db).await.expect("it chains") {}
}

fn seatbook(app: &TestApp, words: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatbook"));
    command.args(words).args(["--database", app.database()]);
    let run = command.output().expect("the binary runs");
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    (run.status.code().unwrap_or(-1), text)
}

/// `verify --journal`, with a head that was kept or without.
fn verified(app: &TestApp, head: Option<&Path>) -> (i32, String) {
    let head = head.map(|path| path.to_str().expect("text"));
    let with = head.map_or(vec![], |path| vec!["--head", path]);
    seatbook(app, &[&["verify", "--journal"][..], &with].concat())
}

#[track_caller]
fn finds(app: &TestApp, what: &str) {
    let (code, text) = verified(app, None);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(what), "not `{what}` in {text}");
}

#[track_caller]
fn finds_nothing(app: &TestApp, head: Option<&Path>) {
    let (code, text) = verified(app, head);
    assert_eq!(code, 0, "{text}");
}

async fn some_work(app: &TestApp) {
    let sku = app.insert_sku("FW", Some("P1Y")).await;
    let partner = app.organization(app.provider, "partner", "P").await;
    let (license, pool) = app.license(app.provider, sku, 50).await;
    app.allocate(pool, partner, 20).await;
    let path = format!("/api/v1/licenses/{license}");
    app.operator
        .patch(&path, json!({"quantity": 45}))
        .await
        .expect(200);
    app.operator.act(&format!("{path}/pause")).await.expect(200);
}

both_engines! {
    /// An edited, exchanged, removed or inserted entry is named; what was not chained yet is no finding.
    async fn what_was_done_to_an_entry_is_found(app: TestApp) {
        some_work(&app).await;
        finds_nothing(&app, None);
        chained(&app).await;
        finds_nothing(&app, None);
        app.tamper("UPDATE journal SET command = command || 'x' WHERE seq = 3").await;
        finds(&app, "entry 3 (");
        app.tamper("UPDATE journal SET command = substr(command, 1, length(command) - 1) WHERE seq = 3").await;
        finds_nothing(&app, None);
        for (from, to) in [(3, 1_000), (4, 3), (1_000, 4)] {
            app.tamper(&format!("UPDATE journal SET seq = {to} WHERE seq = {from}")).await;
        }
        finds(&app, "entry 4 (");
        for (from, to) in [(3, 1_000), (4, 3), (1_000, 4)] {
            app.tamper(&format!("UPDATE journal SET seq = {to} WHERE seq = {from}")).await;
        }
        app.tamper("UPDATE change SET before = after WHERE noun = 'pool' AND version = 2").await;
        finds(&app, "is not what was chained");
        app.tamper("INSERT INTO journal (id, seq, at, actor_id, origin, command, input) SELECT actor_id, 999, at, actor_id, origin, command, input FROM journal WHERE seq = 2").await;
        finds(&app, "entry 999 has a number that nobody gave");
        app.tamper("DELETE FROM journal WHERE seq = 999").await;
        app.tamper("DELETE FROM change WHERE journal_id IN (SELECT id FROM journal WHERE seq = 5)").await;
        app.tamper("DELETE FROM journal WHERE seq = 5").await;
        finds(&app, "entry 5 of");
        app.tamper("DELETE FROM journal_chain WHERE seq = 5").await;
        finds(&app, "entry 5 was removed, and its link with it");
        finds(&app, "OFF  every link of a chain follows the one before it");
        app.tamper("DELETE FROM journal_chain WHERE seq = (SELECT min(seq) FROM journal_chain WHERE organization_id =
            (SELECT organization_id FROM journal_chain GROUP BY organization_id ORDER BY count(*) DESC LIMIT 1))").await;
        finds(&app, "does not follow link 0");
        app.end().await;
    }
}

both_engines! {
    /// A tail that was cut off with everything that tells of it, or written anew, is found by a head that was kept elsewhere.
    async fn a_kept_head_finds_what_was_cut_off(app: TestApp) {
        some_work(&app).await;
        chained(&app).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("head.json");
        let (code, _) = seatbook(&app, &["journal", "head", "--to", path.to_str().expect("text")]);
        assert_eq!(code, 0);
        let file: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
        let of = format!("/api/v1/journal/head?organization_id={}", app.provider);
        let told = app.operator.get(&of).await.expect(200);
        assert!(file["chains"].as_array().expect("chains").contains(&told), "{told} {file}");
        app.organization(app.provider, "customer", "Later").await;
        chained(&app).await;
        assert!(app.operator.get(&of).await.expect(200)["hash"] != told["hash"]);
        finds_nothing(&app, Some(&path));
        let kept = file["seq"].as_i64().expect("a number") - 1;
        for sql in [
            format!("DELETE FROM change WHERE journal_id IN (SELECT id FROM journal WHERE seq > {kept})"),
            format!("DELETE FROM journal WHERE seq > {kept}"),
            format!("DELETE FROM journal_chain WHERE seq > {kept}"),
            format!("UPDATE seal SET last_seq = {kept}"),
            format!("UPDATE chain_place SET seq = {kept}"),
            "DELETE FROM chain_head".into(),
            "INSERT INTO chain_head (organization_id, seq, hash) SELECT organization_id, seq, hash FROM journal_chain
             WHERE seq IN (SELECT max(seq) FROM journal_chain GROUP BY organization_id)".into(),
        ] {
            app.tamper(&sql).await;
        }
        finds_nothing(&app, None);
        let (code, text) = verified(&app, Some(&path));
        assert!(code == 1 && text.contains("was cut off before entry"), "{text}");
        app.tamper("UPDATE journal SET origin = 'console'").await;
        app.tamper("DELETE FROM journal_chain").await;
        app.tamper("DELETE FROM chain_head").await;
        app.tamper("UPDATE chain_place SET seq = 0").await;
        chained(&app).await;
        finds_nothing(&app, None);
        let (code, text) = verified(&app, Some(&path));
        assert!(code == 1 && text.contains("was written anew"), "{text}");
        std::fs::write(&path, "{}").expect("it is written");
        assert_eq!(verified(&app, Some(&path)).0, 1, "a head that was edited is no head");
        app.end().await;
    }
}

both_engines! {
    /// Who may not read the journal of an organization is not told its head either.
    async fn a_head_is_for_those_who_read_the_journal(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "C").await;
        let other = app.organization(app.provider, "customer", "D").await;
        let reader = app.member(customer, "operator").await;
        chained(&app).await;
        let of = |id| format!("/api/v1/journal/head?organization_id={id}");
        assert!(reader.get(&of(customer)).await.expect(200)["seq"].as_i64() > Some(0));
        assert_eq!(reader.get(&of(other)).await.code(404), "not_found");
        assert_eq!(reader.get(&of(random_id())).await.code(404), "not_found");
        app.end().await;
    }
}
