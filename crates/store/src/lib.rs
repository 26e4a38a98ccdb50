//! The engine room: one SQL text, two engines, group commit.
//!
//! Owns: connections, transactions, batches, retries, migrations, the types both engines can store.
//! Does not own: any business word. It does not know what a license is.
//! Keeps true: an answer is given after its commit is durable; what was refused leaves nothing;
//! a neighbour that fails, panics or is refused does not hurt the others in its batch.
//! Read first: [`Work`], then [`Db`].

pub mod copies;
mod db;
mod error;
mod migrate;
mod postgres;
mod probe;
mod queue;
pub mod scratch;
mod select;
mod sqlite;
mod stride;
mod tx;
mod value;
mod watch;
mod work;

pub use db::{Db, Engine, Options};
pub use error::{Error, Result};
pub use migrate::Migration;
pub use probe::Health;
pub use select::{Select, inserts, placeholders};
pub use stride::Stride;
pub use tx::Tx;
pub use value::{Column, Date, FromRow, Json, Param, Row, Timestamp};
pub use watch::Watch;
pub use work::{BoxFuture, Lane, Place, Reading, Verdict, Work};
