//! Who may do what as a file: a row for each permission, a column for each role, as on the page.

use std::sync::Arc;

use store::{BoxFuture, Tx};

use super::{model::Role, pages::noun, queries};
use crate::{
    error::Result,
    files::{Cell, Column, ColumnKind},
    listings::{Listing, Portion, Reader, Rows, text, yes},
    scope::Permission,
};

/// The roles are known once they are read.
#[derive(Default)]
struct Matrix(Vec<Role>);

/// The roles that the reader can see.
pub fn listing() -> Box<dyn Listing> {
    Box::new(Matrix::default())
}

impl Listing for Matrix {
    fn columns(&self) -> Vec<Column> {
        let column = |title: &str, width: u16| Column {
            title: title.into(),
            kind: ColumnKind::Text,
            width,
            total: false,
            hidden: false,
        };
        let about = [("About", 20), ("Permission", 24), ("What it allows", 60)];
        let about = about.map(|(title, width)| column(title, width));
        let roles = self.0.iter().map(|role| column(&role.name, 20));
        about.into_iter().chain(roles).collect()
    }

    fn next<'a>(
        &'a mut self,
        tx: &'a mut Tx<'_>,
        reader: &'a Arc<Reader>,
    ) -> BoxFuture<'a, Result<Portion>> {
        Box::pin(async move {
            self.0 = queries::list(tx, &reader.scope).await?;
            let row = |permission: &Permission| -> Vec<Cell> {
                let about = [
                    text(&noun(*permission)),
                    text(permission.as_str()),
                    text(permission.describe()),
                ];
                let roles = self.0.iter();
                let held = roles.map(|role| yes(role.permissions.contains(permission)));
                about.into_iter().chain(held).collect()
            };
            Ok(Portion {
                rows: Rows::of(Permission::ALL.iter().map(row).collect()),
                is_last: true,
            })
        })
    }
}
