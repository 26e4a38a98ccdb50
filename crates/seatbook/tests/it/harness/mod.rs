//! A server of its own for each test, spoken to through the door.
//!
//! `TestApp::start(engine)` has its own database, a clock that stands still until it is moved, and people by
//! name: `app.operator`, and `app.person(…)` for others. Everything a test does goes over HTTP.

mod book;
mod browser;
mod mindful;
mod person;
mod race;
mod planted;
mod post;
mod telephones;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub use book::{id, ids};
pub use browser::{Browser, PASSWORD};
use documents::Brand;
pub use person::{Answer, Person, send};
pub use planted::random_id;
pub use post::{CERTIFICATE, PostOffice};
pub use race::{Racer, race};
use seatbook::{
    access::{
        WATCH,
        commands::{CreateToken, SetUp},
        tokens,
    },
    app::{App, Parts},
    clock::FixedClock,
    config::Settings,
    confined::Program,
    files::Reader,
    gate::{Caller, Gate, Key},
    operations::door,
    organizations::model::OrganizationFacts,
    printing::{Folder, Press},
    router, schema,
    scope::Permission,
    secrets::Vault,
};
use serde_json::json;
use store::{Db, Options, Timestamp, Watch, scratch::Scratch};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Where tests begin: Monday, 1 June 2026, 12:00 UTC.
pub const NOW: &str = "2026-06-01T12:00:00Z";

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A running server with a set-up book.
pub struct TestApp {
    pub app: App,
    pub clock: Arc<FixedClock>,
    pub operator: Person,
    /// The provider at the root.
    pub provider: Uuid,
    pub address: SocketAddr,
    pub engine: Engine,
    server: tokio::task::JoinHandle<()>,
    scratch: Scratch,
}

impl TestApp {
    /// Starts a server whose book holds a provider and its operator.
    pub async fn start(engine: Engine) -> TestApp {
        let mut test = TestApp::blank(engine, None).await;
        let (provider, person_id) = set_up(&test.app).await;
        let token = token(&test.app, person_id, Permission::ALL.to_vec()).await;
        test.operator = Person::new(test.address, person_id, token);
        test.provider = provider;
        test
    }

    /// Starts a server that nobody has set up: no provider, no operator.
    pub async fn blank(engine: Engine, public_url: Option<&str>) -> TestApp {
        let clock = Arc::new(FixedClock::at(Timestamp::new(
            NOW.parse().expect("an instant"),
        )));
        let scratch = scratch(engine).await;
        let (app, address, server) = serve(scratch.database(), Arc::clone(&clock), |settings| {
            settings.public_url = public_url.map(str::to_owned);
        })
        .await;
        TestApp {
            app,
            clock,
            operator: Person::nobody(address, Uuid::nil()),
            provider: Uuid::nil(),
            address,
            engine,
            server,
            scratch,
        }
    }

    /// A second server on the same book, where the engine takes one.
    pub async fn beside(&self) -> Option<Beside> {
        if self.engine == Engine::Sqlite {
            return None;
        }
        let (app, address, server) = serve(self.database(), Arc::clone(&self.clock), |_| ()).await;
        Some(Beside {
            address,
            app,
            server,
        })
    }

    /// A server on another book, such as one that was restored from a backup of this one.
    pub async fn on(&self, database: &str) -> Beside {
        let (app, address, server) = serve(database, Arc::clone(&self.clock), |_| ()).await;
        Beside {
            address,
            app,
            server,
        }
    }

    /// Somebody new who holds a role (a built-in key, or a custom role's id) at an organization: invited by
    /// the operator, in through the link, speaking with a token of all permissions.
    pub async fn member(&self, organization: Uuid, role: &str) -> Person {
        self.browser_of(organization, role).await.1
    }

    /// The same person, with the browser they are signed in with.
    pub async fn browser_of(&self, organization: Uuid, role: &str) -> (Browser, Person) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let email = format!(
            "person-{}@example.com",
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let invitation = json!({"email": email, "organization_id": organization, "role": role});
        let invited = self
            .operator
            .post("/api/v1/invitations", invitation)
            .await
            .expect(201);
        let browser = Browser::new(self.address);
        let path = browser.path(invited["link"].as_str().expect("a link"));
        browser
            .form(&path, &[("name", "Petra Person"), ("password", PASSWORD)])
            .await
            .goes("/");
        let token = json!({"name": "test", "permissions": Permission::ALL});
        let token = browser.post("/api/v1/tokens", token).await.expect(201);
        let me = browser.get("/api/v1/me").await.expect(200);
        let id = me["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id");
        let token = token["token"].as_str().expect("a token").to_owned();
        (browser, Person::new(self.address, id, token))
    }

    /// Ends the server and removes its database.
    pub async fn end(self) {
        self.server.abort();
        self.app.gate.db().close().await;
        drop(self.app);
        // Readers let go of the file when the last handle is gone.
        let _ = self.scratch.remove().await;
    }

    /// Runs `seatbook verify` beside the running server: exit code and what it printed.
    pub fn verify(&self) -> (i32, String) {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_seatbook"))
            .args(["verify", "--database", self.database()])
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        (run.status.code().unwrap_or(-1), text)
    }

    /// The book adds up.
    pub fn prove(&self) {
        let (code, text) = self.verify();
        assert_eq!(code, 0, "{text}");
    }

    /// Where the database is, for the command line.
    pub fn database(&self) -> &str {
        self.scratch.database()
    }

    /// Two columns of text of every row that a statement finds, as one text to look through.
    pub async fn texts(&self, sql: &'static str) -> String {
        let read = self.app.gate.db().read(move |mut tx| {
            Box::pin(async move { tx.query::<(String, String)>(sql, &[]).await })
        });
        let rows = read.await.expect("it reads").expect("it is found");
        rows.iter()
            .map(|(one, other)| format!("{one}\n{other}\n"))
            .collect()
    }

    /// The same, where the database itself may refuse it.
    pub async fn attempt(&self, sql: &str) -> store::Result<()> {
        self.scratch.tamper(sql).await
    }

    /// Runs text on the database, past every rule: how a test plants damage.
    pub async fn tamper(&self, sql: &str) {
        self.scratch
            .tamper(sql)
            .await
            .expect("the database takes it");
    }
}

/// Another server on a test's book. Ends before the first.
pub struct Beside {
    pub address: SocketAddr,
    pub app: App,
    server: tokio::task::JoinHandle<()>,
}

impl Beside {
    pub async fn end(self) {
        self.server.abort();
        self.app.gate.db().close().await;
    }
}

async fn serve(
    database: &str,
    clock: Arc<FixedClock>,
    adjust: impl FnOnce(&mut Settings),
) -> (App, SocketAddr, tokio::task::JoinHandle<()>) {
    let mut options = Options::new(database);
    (options.durable, options.writers, options.readers) = (false, 2, 4);
    // Long enough to be wrong within it, short enough to be waited for in every test.
    options.watch = Watch {
        time: Duration::from_millis(60),
        ..WATCH
    };
    let db = Db::open(&options, schema::MIGRATIONS)
        .await
        .expect("the database opens");
    serve_on(db, (database, clock), adjust).await
}

/// A server on an open book.
async fn serve_on(
    db: Db,
    (database, clock): (&str, Arc<FixedClock>),
    adjust: impl FnOnce(&mut Settings),
) -> (App, SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback listens");
    let address = listener.local_addr().expect("it listens");
    let mut settings = post::settings(database, address);
    adjust(&mut settings);
    let brand = settings.brand.as_deref().map(Folder::read);
    let brand = brand.map_or_else(Brand::default, |folder| folder.expect("a brand").brand);
    let gate = Gate::new(db, clock, Vault::for_tests());
    let gate = gate.at(&settings.base_url(), settings.sends_mail());
    gate.look_for_quarantine().await.expect("it is read");
    let app = App::new(Parts {
        gate,
        settings: Arc::new(settings),
        reader: Reader::new(program()),
        press: Arc::new(Press::new(program(), &brand).expect("it is told").within(3)),
        recent: Default::default(),
        condition: Default::default(),
    });
    let (rooms, served) = (router::router(app.clone()), app.clone());
    let server = tokio::spawn(async move {
        door::serve(listener, rooms, &served, std::future::pending()).await;
    });
    (app, address, server)
}

/// Seatbook, to be started beside the test.
pub fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_seatbook").into())
}

/// A database that has all tables, copied from one that was migrated once for all tests of these migrations.
async fn scratch(engine: Engine) -> Scratch {
    static SQLITE: OnceCell<String> = OnceCell::const_new();
    static POSTGRES: OnceCell<String> = OnceCell::const_new();
    let cell = if engine == Engine::Sqlite {
        &SQLITE
    } else {
        &POSTGRES
    };
    let template = cell.get_or_init(|| template(engine)).await;
    let name = format!("sb_it_{}", random_id().simple());
    Scratch::create(server(engine).as_deref(), &name, Some(template))
        .await
        .expect("a copy is made")
}

/// The name of the template. Every test is a process of its own: the first makes it, under another name until it is
/// whole, and the others find it.
async fn template(engine: Engine) -> String {
    let mut hash = DefaultHasher::new();
    for migration in schema::MIGRATIONS {
        (migration.number, migration.sql).hash(&mut hash);
    }
    let name = format!("sb_template_{:016x}", hash.finish());
    let server = server(engine);
    let there = Scratch::exists(server.as_deref(), &name).await;
    if !there.expect("the engine answers") {
        let made = format!("sb_migrated_{}", random_id().simple());
        let scratch = Scratch::create(server.as_deref(), &made, None).await;
        let scratch = scratch.expect("a database is made");
        let options = Options {
            durable: false,
            ..Options::new(scratch.database())
        };
        let db = Db::open(&options, schema::MIGRATIONS).await;
        db.expect("it is migrated").close().await;
        scratch.keep_as(&name).await.expect("it is kept");
    }
    name
}

fn server(engine: Engine) -> Option<String> {
    let address = || std::env::var("SEATBOOK_TEST_POSTGRES");
    (engine == Engine::Postgres)
        .then(|| address().expect("SEATBOOK_TEST_POSTGRES names a server; run `cargo xtask test`"))
}

/// Seatbook itself: what the set-up link and the machine's command line act as.
pub fn system() -> Caller {
    Caller::system()
}

async fn set_up(app: &App) -> (Uuid, Uuid) {
    let command = SetUp {
        provider: OrganizationFacts {
            name: "Provider".into(),
            ..OrganizationFacts::default()
        },
        email: "operator@provider.example".into(),
        name: "Olga Operator".into(),
        password_hash: None,
    };
    let done = app
        .gate
        .submit(&system(), Key::mint().expect("random"), command)
        .await
        .expect("set up");
    (done.outcome.provider.id, done.outcome.person_id)
}

/// A token for a person, made at the machine.
pub async fn token(app: &App, person_id: Uuid, permissions: Vec<Permission>) -> String {
    let token = tokens::draw().expect("random");
    let command = CreateToken {
        person_id,
        name: "test".into(),
        permissions,
        expires_at: None,
        token,
    };
    app.gate
        .submit(&system(), Key::mint().expect("random"), command)
        .await
        .expect("a token")
        .outcome
        .token
}

/// Writes one test for each engine.
#[macro_export]
macro_rules! both_engines {
    ($(#[doc = $doc:literal])* async fn $name:ident($app:ident: TestApp) $body:block) => {
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test needs all of its module")]
            use super::*;
            async fn check($app: $crate::harness::TestApp) $body
            $(#[doc = $doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() { check($crate::harness::TestApp::start($crate::harness::Engine::Sqlite).await).await }
            $(#[doc = $doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() { check($crate::harness::TestApp::start($crate::harness::Engine::Postgres).await).await }
        }
    };
}
