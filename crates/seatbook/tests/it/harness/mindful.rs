//! A server of which nothing depends on how much time passes: what it does for a request is the same each time.

use std::{sync::Arc, time::Duration};

use seatbook::{access::WATCH, clock::FixedClock, schema, scope::Permission};
use store::{Db, Options, Timestamp, Watch};

use super::{Engine, NOW, Person, TestApp, scratch, serve_on, set_up, token};

/// Longer than any test runs.
const LONG: Duration = Duration::from_secs(86_400);

impl TestApp {
    /// On SQLite, with one thread that reads, and callers that stay remembered until something is changed.
    pub async fn mindful() -> TestApp {
        let clock = Arc::new(FixedClock::at(Timestamp::new(
            NOW.parse().expect("an instant"),
        )));
        let scratch = scratch(Engine::Sqlite).await;
        let options = Options {
            durable: false,
            readers: 1,
            watch: Watch {
                time: LONG,
                ..WATCH
            },
            ..Options::new(scratch.database())
        };
        let db = Db::open(&options, schema::MIGRATIONS).await;
        let place = (scratch.database(), Arc::clone(&clock));
        let (app, address, server) = serve_on(db.expect("the database opens"), place, |_| ()).await;
        let (provider, person_id) = set_up(&app).await;
        let token = token(&app, person_id, Permission::ALL.to_vec()).await;
        TestApp {
            operator: Person::new(address, person_id, token),
            provider,
            app,
            clock,
            address,
            engine: Engine::Sqlite,
            server,
            scratch,
        }
    }
}
