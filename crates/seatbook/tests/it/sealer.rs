//! Numbering the journal: a batch at a time, without gaps, by one server at once.

use std::collections::BTreeSet;

use seatbook::journal::sealer::seal_once;
use store::Timestamp;
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{NOW, TestApp, random_id},
};

/// The journal's ids by number.
async fn numbered(app: &TestApp) -> Vec<(i64, Uuid)> {
    let sql = "SELECT seq, id FROM journal WHERE seq IS NOT NULL ORDER BY seq";
    let read = app
        .app
        .gate
        .db()
        .read(move |mut tx| Box::pin(async move { tx.query::<(i64, Uuid)>(sql, &[]).await }));
    read.await.expect("it reads").expect("it is found")
}

both_engines! {
    /// Each batch goes on where the last ended, in the order of the ids; who holds the lease keeps others out.
    async fn entries_are_numbered_in_batches(app: TestApp) {
        let now = Timestamp::new(NOW.parse().expect("an instant"));
        let (one, other, db) = (random_id(), random_id(), app.app.gate.db());
        let first = seal_once(db, one, now).await.expect("it seals");
        assert!(first > 0, "set-up is in the journal");
        assert_eq!(seal_once(db, one, now).await.expect("it looks"), 0);
        for name in ["A", "B", "C"] {
            app.organization(app.provider, "customer", name).await;
        }
        assert_eq!(seal_once(db, other, now).await.expect("it looks"), 0, "somebody else numbers now");
        assert_eq!(seal_once(db, other, now.plus_seconds(10)).await.expect("it seals"), 3);
        let numbered = numbered(&app).await;
        assert_eq!(numbered.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=first + 3).collect::<Vec<_>>());
        let ids: BTreeSet<Uuid> = numbered.iter().map(|(_, id)| *id).collect();
        assert_eq!(ids.len(), numbered.len());
        let last: Vec<Uuid> = numbered.iter().skip(first as usize).map(|(_, id)| *id).collect();
        assert!(last.is_sorted(), "within a batch by id");
        app.end().await;
    }
}
