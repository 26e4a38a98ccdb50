//! Lists whose rows are all of one kind, as most are: told by their fields and by what comes next.

use std::sync::Arc;

use store::{BoxFuture, Tx};

use super::{Field, Listing, Portion, Reader, Rows, columns, needs, rows};
use crate::{error::Result, files::Column, scope::Permission};

/// Rows, and whether the list ends with them.
pub type Found<R> = (Vec<R>, bool);

/// Where a list of one kind of rows has got to.
pub trait Lines: Send + Sync + 'static {
    /// What a row is made of.
    type Row: Send + Sync + 'static;

    /// The rows that come next, as far as the reader sees them.
    fn next(
        &mut self,
        tx: &mut Tx<'_>,
        reader: &Reader,
    ) -> impl Future<Output = Result<Found<Self::Row>>> + Send;

    /// Its fields, where they are known only once rows are read: asked after each reading.
    fn settled(&mut self) -> Option<Vec<&'static Field<Self::Row>>> {
        None
    }

    /// [`Listing::notes`].
    fn notes(&self) -> Vec<String> {
        vec![]
    }

    /// [`Listing::count`].
    fn count(
        &self,
        tx: &mut Tx<'_>,
        reader: &Reader,
    ) -> impl Future<Output = Result<Option<i64>>> + Send {
        let _ = (tx, reader);
        async { Ok(None) }
    }
}

/// A list of these fields.
pub fn table<L: Lines>(fields: Vec<&'static Field<L::Row>>, lines: L) -> Box<dyn Listing> {
    Box::new(Table { fields, lines })
}

struct Table<L: Lines> {
    fields: Vec<&'static Field<L::Row>>,
    lines: L,
}

impl<L: Lines> Listing for Table<L> {
    fn columns(&self) -> Vec<Column> {
        columns(&self.fields)
    }

    fn needs(&self) -> Vec<Permission> {
        needs(&self.fields)
    }

    fn notes(&self) -> Vec<String> {
        self.lines.notes()
    }

    fn next<'a>(
        &'a mut self,
        tx: &'a mut Tx<'_>,
        reader: &'a Arc<Reader>,
    ) -> BoxFuture<'a, Result<Portion>> {
        Box::pin(async move {
            let (found, is_last) = self.lines.next(tx, reader).await?;
            if let Some(fields) = self.lines.settled() {
                self.fields = fields;
            }
            let (count, fields, reader) = (found.len(), self.fields.clone(), Arc::clone(reader));
            let rows = Rows::new(count, move || rows(&fields, &found, &reader));
            Ok(Portion { rows, is_last })
        })
    }

    fn count<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Option<i64>>> {
        Box::pin(self.lines.count(tx, reader))
    }
}
