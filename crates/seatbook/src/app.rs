//! What every handler is given.

use std::sync::Arc;

use store::{BoxFuture, Tx};

use crate::{config::Settings, error::Result, gate::Gate};

/// The running server, as handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The way to change the book.
    pub gate: Gate,
    /// How the operator set the server up.
    pub settings: Arc<Settings>,
}

impl App {
    /// Reads in one snapshot: `app.read(|mut tx| Box::pin(async move { queries::find(&mut tx, id).await }))`.
    pub async fn read<T, F>(&self, run: F) -> Result<T>
    where
        F: for<'a> FnOnce(Tx<'a>) -> BoxFuture<'a, Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        self.gate.db().read(run).await?
    }

    /// Reads with one statement that finds its few rows by key, sooner than [`App::read`] can.
    pub async fn glance<T, F>(&self, run: F) -> Result<T>
    where
        F: for<'a> FnOnce(Tx<'a>) -> BoxFuture<'a, Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        self.gate.db().glance(run).await?
    }
}
