//! The command line of Seatbook.

use std::{io::Write, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use seatbook::{
    access::links,
    backups::{self, BackupArgs, RestoreArgs, ResumeArgs},
    clock::SystemClock,
    config::Settings,
    confined::Program,
    error::{Error, Result},
    files::parser,
    imports::command_line::{self, ImportArgs},
    operations::logging,
    printing::{
        sample::{self, SampleArgs},
        setter,
    },
    recovery, serve,
    verify::{
        self, VerifyArgs,
        head::{self, HeadArgs},
    },
};

/// License management: who bought how many units of what, who passed them on, and who uses them.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Starts the server. The first start makes the book and prints a one-time link to set it up.
    Serve(Settings),
    /// Looks after the people who sign in.
    #[command(subcommand)]
    User(User),
    /// Brings a file into the book, CSV or XLSX. It opens the book itself: a book in one file (SQLite) must not be
    /// open in a running server, whose console and API import as well.
    Import(ImportArgs),
    /// Proves the book from its own records; exits 1 and names what is off.
    Verify(VerifyArgs),
    /// Looks after the journal's chains.
    #[command(subcommand)]
    Journal(Journal),
    /// Copies the book, also beside a running server, and proves the copy.
    Backup(BackupArgs),
    /// Makes a book of a backup, in an empty place. It can be read; nothing else happens in it until it is resumed.
    Restore(RestoreArgs),
    /// Releases a restored book: says how far the lost one was, so that nothing is done twice.
    Resume(ResumeArgs),
    /// Writes a made-up invoice as PDF, to look at a brand with.
    BrandSample(SampleArgs),
}

#[derive(Subcommand)]
enum Journal {
    /// Writes down where each organization's chain ends, to be kept elsewhere: `verify --journal --head FILE` then
    /// finds what was cut off or written anew.
    Head(HeadArgs),
}

#[derive(Subcommand)]
enum User {
    /// Prints a link, good for an hour, by which a person chooses a new password.
    Reset {
        /// The person's e-mail address.
        email: String,
        #[command(flatten)]
        settings: Settings,
    },
}

fn main() -> ExitCode {
    // A word between Seatbook and itself: neither log nor runtime, for what works on the files of others has as little as it can.
    match std::env::args().nth(1).as_deref() {
        Some(parser::NAME) => return parser::run(),
        Some(setter::NAME) => return setter::run(),
        _ => {}
    }
    let cli = Cli::parse();
    logging::start(matches!(&cli.command, Verb::Serve(settings) if settings.log_json));
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the runtime could not be started");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.command {
            Verb::Serve(settings) => serve::serve(settings).await.map(|()| true),
            Verb::User(User::Reset { email, settings }) => {
                reset(settings, &email).await.map(|()| true)
            }
            Verb::Import(args) => import(args).await,
            Verb::Verify(args) => verify::tell(&args, &mut std::io::stdout()).await,
            Verb::Journal(Journal::Head(args)) => head::tell(&args, &mut std::io::stdout())
                .await
                .map(|()| true),
            Verb::Backup(args) => backups::back_up(&args, &mut std::io::stdout()).await,
            Verb::Restore(args) => backups::restore(&args, &mut std::io::stdout()).await,
            Verb::Resume(args) => resume(args).await.map(|()| true),
            Verb::BrandSample(args) => show_brand(&args).await.map(|()| true),
        }
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tracing::error!(%error, "Seatbook stopped");
            ExitCode::FAILURE
        }
    }
}

/// Opens the book and brings the file in.
async fn import(args: ImportArgs) -> Result<bool> {
    let app = serve::open(args.settings.clone(), Arc::new(SystemClock)).await?;
    let done = command_line::run(&app, &args, &mut std::io::stdout()).await;
    app.gate.db().close().await;
    done
}

/// Opens the restored book with its key and releases it.
async fn resume(args: ResumeArgs) -> Result<()> {
    backups::has_key(&args.settings)?;
    let app = serve::open(args.settings.clone(), Arc::new(SystemClock)).await?;
    let done = backups::resume(&app, &args, &mut std::io::stdout()).await;
    app.gate.db().close().await;
    done
}

/// Writes a page with the brand.
async fn show_brand(args: &SampleArgs) -> Result<()> {
    sample::write(args, Program::this()?, &mut std::io::stdout()).await
}

/// Asks the running server; where there is none, opens the book itself.
async fn reset(settings: Settings, email: &str) -> Result<()> {
    let link = match recovery::machine::ask(&settings, email).await? {
        Some(link) => link,
        None => {
            let app = serve::open(settings, Arc::new(SystemClock)).await?;
            let link = links::draw_reset(&app, email).await?;
            app.gate.db().close().await;
            link
        }
    };
    let link = link.ok_or_else(|| Error::internal(format!("nobody has the address {email}")))?;
    writeln!(std::io::stdout(), "{link}").map_err(Error::internal)
}
