//! Starting and stopping the server.

use std::{sync::Arc, time::Duration};

use documents::Brand;
use store::{Db, Options};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::{
    access, activation,
    app::{App, Parts},
    chain,
    clock::{Clock, SystemClock},
    config::Settings,
    confined::Program,
    demo,
    error::{Error, Result},
    exports, figures, files,
    gate::{self, Gate},
    jobs,
    journal::sealer,
    mail, notices, offboarding, operations,
    printing::{Folder, Press},
    renewals, router, schema,
    secrets::Vault,
    statements, workbooks,
};

/// How often old request keys are forgotten.
const PURGE_PERIOD: Duration = Duration::from_secs(600);

/// How often terms that are over are looked for, to renew them: until then a check says no.
const RENEW_PERIOD: Duration = Duration::from_secs(5);

/// How often what time has ended is looked for, to give its units back.
const SWEEP_PERIOD: Duration = Duration::from_secs(60);

/// How often children that have no more pages to set are looked for; they are ended when they are found again.
const RETIRE_PERIOD: Duration = Duration::from_secs(60);

/// How often it is looked for what people are to be told of.
const NOTICE_PERIOD: Duration = Duration::from_secs(300);

/// How often it is looked whether the book is in quarantine: another process releases it, and where several have a
/// database open, one may have restored another book in its place.
const RELEASE_PERIOD: Duration = Duration::from_secs(1);

/// Opens the book and puts a gate in front of it.
pub async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<App> {
    open_branded(settings, clock, &Brand::default()).await
}

/// The same, with a brand on the pages it prints.
async fn open_branded(settings: Settings, clock: Arc<dyn Clock>, brand: &Brand) -> Result<App> {
    let vault = match &settings.key {
        Some(key) => Vault::from_text(key)?,
        None => Vault::open_file(&settings.key_file)?,
    };
    let options = Options {
        watch: access::WATCH,
        ..Options::new(&settings.database)
    };
    let db = Db::open(&options, schema::MIGRATIONS).await?;
    let gate = Gate::new(db, clock, vault).at(&settings.base_url(), settings.sends_mail());
    gate.look_for_quarantine().await?;
    Ok(App::new(Parts {
        gate,
        settings: Arc::new(settings),
        reader: files::Reader::new(Program::this()?),
        press: Arc::new(Press::new(Program::this()?, brand)?),
        recent: Default::default(),
        condition: Default::default(),
    }))
}

/// Starts what runs beside the requests; it ends with the returned tasks. `holder` is this server's name for leases.
pub fn background(app: &App, holder: Uuid) -> Vec<tokio::task::JoinHandle<()>> {
    let clock = SystemClock;
    let seal = tokio::spawn(sealer::run(app.gate.db().clone(), holder, move || {
        clock.now()
    }));
    let (accountant, forgetful, sweeper) = (app.clone(), app.clone(), app.clone());
    let (press, herald, calendar) = (app.clone(), app.clone(), app.clone());
    let guard = app.clone();
    vec![
        seal,
        tokio::spawn(chain::follower::run(app.gate.db().clone())),
        tokio::spawn(operations::readiness::run(app.clone())),
        tokio::spawn(operations::gauges::run(app.clone())),
        tokio::spawn(figures::follower::run(app.gate.db().clone(), move || {
            accountant.gate.now()
        })),
        tokio::spawn(every(PURGE_PERIOD, move || {
            unless_quarantined(forgetful.clone(), purge)
        })),
        tokio::spawn(every(RENEW_PERIOD, move || {
            unless_quarantined(calendar.clone(), renew)
        })),
        tokio::spawn(every(SWEEP_PERIOD, move || {
            unless_quarantined(sweeper.clone(), sweep)
        })),
        tokio::spawn(every(RETIRE_PERIOD, move || retire(press.clone()))),
        tokio::spawn(every(RELEASE_PERIOD, move || {
            watch_quarantine(guard.clone())
        })),
        tokio::spawn(every(NOTICE_PERIOD, move || {
            unless_quarantined(herald.clone(), tell)
        })),
    ]
}

/// Does something at once, and again whenever a period has passed.
async fn every<W: Future<Output = ()>>(period: Duration, mut work: impl FnMut() -> W) {
    let mut ticks = tokio::time::interval(period);
    // After a long one there is no hurry to make up for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        work().await;
    }
}

/// What happens by the clock, but not in a restored book that nobody has released yet.
async fn unless_quarantined<W: Future<Output = ()>>(app: App, work: impl FnOnce(App) -> W) {
    if app.gate.quarantine().is_none() {
        work(app).await;
    }
}

/// Notices that a restored book was released, or that the book is another one now.
async fn watch_quarantine(app: App) {
    let rested = app.gate.quarantine().is_some();
    if !rested && app.gate.db().is_exclusive() {
        return;
    }
    if let Err(error) = app.gate.look_for_quarantine().await {
        tracing::debug!(%error, "it could not be seen whether the book is in quarantine; trying again");
        return;
    }
    match app.gate.quarantine() {
        Some(quarantine) if !rested => {
            app.gate.db().forget().await;
            tracing::warn!("{}", quarantine.banner());
        }
        None if rested => tracing::info!("the book was released"),
        _ => {}
    }
}

/// Whether the time can be gone by. Where it cannot, nothing ends, renews, is told or forgotten; readiness says why.
fn trusts_clock(app: &App) -> bool {
    app.condition.jump(app.gate.now()).is_none()
}

/// Forgets what nobody asks for any more.
async fn purge(app: App) {
    if !trusts_clock(&app) {
        return;
    }
    let (db, now) = (app.gate.db(), app.gate.now());
    if let Err(error) = gate::purge(db, now).await {
        tracing::warn!(%error, "old request keys could not be forgotten; trying again later");
    }
    if let Err(error) = access::purge(&app, now).await {
        tracing::warn!(%error, "ended sessions could not be forgotten; trying again later");
    }
    if let Err(error) = activation::guard::forget(db, now).await {
        tracing::warn!(%error, "old wrong codes could not be forgotten; trying again later");
    }
    if let Err(error) = statements::sweep::forget(db, now).await {
        tracing::warn!(%error, "old statements could not be forgotten; trying again later");
    }
    if let Err(error) = workbooks::exporting::forget(&app, now).await {
        tracing::warn!(%error, "old workbooks could not be forgotten; trying again later");
    }
    if let Err(error) = exports::forget(db, now).await {
        tracing::warn!(%error, "files that have expired could not be forgotten; trying again later");
    }
}

/// Lets those leave whose day has come, and renews the terms that are over: what leaves renews no more.
async fn renew(app: App) {
    if !trusts_clock(&app) {
        return;
    }
    let now = app.gate.now();
    if let Err(error) = offboarding::sweep::run(&app, now).await {
        tracing::warn!(%error, "not everybody whose day has come could leave; trying again later");
    }
    if let Err(error) = renewals::sweep::run(&app, now).await {
        tracing::warn!(%error, "not everything that is due could be renewed; trying again later");
    }
}

/// Ends what time has ended, and gives its units back. What renews has not ended, so that comes first.
async fn sweep(app: App) {
    renew(app.clone()).await;
    if !trusts_clock(&app) {
        return;
    }
    let now = app.gate.now();
    if let Err(error) = activation::sweep::run(&app, now).await {
        tracing::warn!(%error, "what is over could not be ended; trying again later");
    }
}

/// Ends the children that nobody needs at the moment.
async fn retire(app: App) {
    app.press.retire_idle();
}

/// Tells people what ends, and where units run low.
async fn tell(app: App) {
    if !trusts_clock(&app) {
        return;
    }
    if let Err(error) = notices::sweep::run(&app, app.gate.now()).await {
        tracing::warn!(%error, "not everybody could be told what ends; trying again later");
    }
}

/// Opens the book and does what must be done before anybody asks.
async fn prepare(settings: Settings) -> Result<App> {
    let brand = settings.brand.as_deref().map(Folder::read).transpose()?;
    let looks = brand.as_ref().map(|folder| folder.brand.clone());
    let app = open_branded(settings, Arc::new(SystemClock), &looks.unwrap_or_default()).await?;
    if let Some(brand) = &brand {
        // Before there is an invoice that cannot be sent.
        brand.try_on(&app.press).await?;
    }
    if app.settings.demo && app.gate.quarantine().is_none() {
        demo::prepare(&app).await?;
    }
    operations::readiness::look_at_clock(&app).await?;
    // Terms that ended while no server ran are renewed before anybody asks about them.
    unless_quarantined(app.clone(), renew).await;
    Ok(app)
}

/// Serves until the process is told to stop, then finishes what was begun.
pub async fn serve(settings: Settings) -> Result<()> {
    let mut told = Told::listen().map_err(Error::internal)?;
    let (listen, mailer) = (settings.listen, mail::Smtp::of(&settings)?);
    // What it does until then is done in transactions, and goes on with the next start.
    let app = tokio::select! {
        prepared = prepare(settings) => prepared?,
        () = told.once() => {
            tracing::info!("told to stop before Seatbook was open");
            return Ok(());
        }
    };
    let listener = tokio::net::TcpListener::bind(listen).await;
    let listener = listener.map_err(|error| Error::internal(format!("{listen}: {error}")))?;
    let holder = access::links::random_id()?;
    let tasks = background(&app, holder);
    match app.gate.quarantine() {
        Some(quarantine) => tracing::warn!("{}", quarantine.banner()),
        None => {
            jobs::leases::free_all(app.gate.db(), app.gate.now()).await?;
            mail::free_all(app.gate.db(), app.gate.now()).await?;
        }
    }
    let deliverer = mailer.map(|smtp| mail::Deliverer::start(app.clone(), Arc::new(smtp)));
    let runner = jobs::Runner::start(app.clone(), router::KINDS);
    tracing::info!(url = app.settings.base_url(), database = ?app.gate.db().engine(), "Seatbook is open");
    if app.settings.demo {
        println!("{}", demo::welcome(&app));
    }
    announce_set_up(&app).await?;
    let rooms = router::router(app.clone());
    if !operations::door::serve(listener, rooms, &app, stopping(&app, told)).await {
        tracing::warn!("requests were cut off: they took too long to end");
    }
    runner.stop().await;
    if let Some(deliverer) = deliverer {
        deliverer.stop().await;
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    if let Err(error) = sealer::release(app.gate.db(), holder).await {
        tracing::debug!(%error, "another server numbers the journal a little later");
    }
    app.gate.db().close().await;
    tracing::info!("Seatbook is closed");
    Ok(())
}

/// Ends when no more connections are to be taken. Readiness says so first, and load balancers are given the time to see it.
async fn stopping(app: &App, mut told: Told) {
    told.once().await;
    app.condition.stop();
    tracing::info!("told to stop: what was begun is finished first; told once more, it is cut off");
    tokio::spawn(async move {
        told.once().await;
        tracing::warn!("told to stop at once");
        // What was acknowledged is durable, and what was not is whole or absent, as after any crash.
        std::process::exit(1);
    });
    let mut linger = tokio::time::interval(Duration::from_secs(app.settings.stop_delay.max(1)));
    linger.tick().await;
    if app.settings.stop_delay > 0 {
        linger.tick().await;
    }
    jobs::events::hang_up();
}

/// Prints the one-time link of a book that nobody has set up. It goes to the person at the terminal, not
/// into the log.
async fn announce_set_up(app: &App) -> Result<()> {
    if let Some(link) = access::links::draw_set_up(app).await? {
        println!(
            "\nThis Seatbook is new. Set it up here, with this link that works once:\n\n    {link}\n"
        );
    }
    Ok(())
}

/// Ctrl-C, and the signal by which service managers stop a service. What comes before anybody waits for it is not lost.
#[cfg(unix)]
struct Told {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Told {
    fn listen() -> std::io::Result<Told> {
        Ok(Told {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn once(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Told;

#[cfg(not(unix))]
impl Told {
    fn listen() -> std::io::Result<Told> {
        Ok(Told)
    }

    async fn once(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
