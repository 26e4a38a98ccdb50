//! The PostgreSQL engine: sessions, writers that commit in groups, readers.

mod session;
mod writer;

pub(crate) use session::{Connector, Readers, Session};
pub(crate) use writer::Writer;
