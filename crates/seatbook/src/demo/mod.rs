//! Demo: a believable book to try Seatbook with, told through the gate like any other.
//!
//! Owns: the story of Norvik Networks, its partners and their customers, and when it is told.
//! Does not own: a single row; every step is a command of the room it belongs to.
//! Keeps true: only an empty book is filled, and one that was filled is kept; a telling that was cut off goes on
//! where it was; nothing lies in the future. The one password is printed, and works like any other.
//! Read first: [`prepare`], then `story`.

mod companies;
mod names;
mod offices;
mod orders;
mod sales;
mod shelf;
mod staff;
mod story;
mod suites;
mod telephones;
mod trade;

use serde::Serialize;
use store::Tx;

use crate::{
    app::App,
    error::{Error, Result},
    gate::{self, Command},
    scope::tree,
};

/// The password of everybody in the demo.
pub const PASSWORD: &str = "seatbook-demo";

/// Fills an empty book; keeps one that the demo filled before; refuses any other.
pub async fn prepare(app: &App) -> Result<()> {
    let standing = app.read(|mut tx| Box::pin(async move { standing(&mut tx).await }));
    match standing.await? {
        Standing::Empty | Standing::CutOff => story::tell(app).await,
        Standing::Told => Ok(()),
        Standing::Foreign => {
            let message = "This book is in use. The demo fills an empty one only; name another with --database.";
            Err(Error::conflict("demo.book_in_use", message))
        }
    }
}

/// What the person at the terminal is told: where to sign in, and as whom.
pub fn welcome(app: &App) -> String {
    let mut text = format!(
        "\nThis is the demo: a made-up book to try things with. Sign in at\n\n    {}/sign-in\n\nwith the password \
         {PASSWORD} as any of\n\n",
        app.settings.base_url()
    );
    for person in staff::shown() {
        text += &format!("    {:32} {}\n", person.email, person.label());
    }
    text
}

/// How far a book is from being the demo's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing was ever done.
    Empty,
    /// The demo began to fill it.
    CutOff,
    /// The demo filled it.
    Told,
    /// It is somebody's.
    Foreign,
}

async fn standing(tx: &mut Tx<'_>) -> Result<Standing> {
    let sql = "SELECT command FROM journal ORDER BY id LIMIT 1";
    let first: Option<(String,)> = tx.query_opt(sql, &[]).await?;
    let begun = first.is_some_and(|(command,)| command == Begin::NAME);
    let sql = "SELECT command FROM journal WHERE command = $1 LIMIT 1";
    Ok(match (begun, tree::root(tx).await?) {
        (false, None) => Standing::Empty,
        (false, Some(_)) => Standing::Foreign,
        (true, _) => match tx.query_opt::<(String,)>(sql, &[&Finish::NAME]).await? {
            Some(_) => Standing::Told,
            None => Standing::CutOff,
        },
    })
}

/// The first entry of the demo's journal, by which its book is known.
#[derive(Clone, Copy, Debug, Serialize)]
struct Begin {}

impl Command for Begin {
    const NAME: &'static str = "demo.begin";
    type Outcome = ();

    async fn run(&self, tx: &mut gate::Tx<'_>) -> Result<()> {
        tx.unguarded("the operator at the machine asks, on an empty book");
        Ok(())
    }
}

/// The last entry of the filling: from here on the book is its readers'.
#[derive(Clone, Copy, Debug, Serialize)]
struct Finish {}

impl Command for Finish {
    const NAME: &'static str = "demo.finish";
    type Outcome = ();

    async fn run(&self, tx: &mut gate::Tx<'_>) -> Result<()> {
        tx.unguarded("the operator at the machine asks");
        Ok(())
    }
}
