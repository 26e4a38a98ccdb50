//! What every handler is given.

use std::{
    collections::HashSet,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use store::{BoxFuture, Tx};
use uuid::Uuid;

use crate::{
    condition::Condition, config::Settings, error::Result, files, gate::Gate, printing::Press,
};

/// The running server, as handlers see it. Every layer and every route has one, and each request clones them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What it consists of.
pub struct Parts {
    /// The way to change the book.
    pub gate: Gate,
    /// How the operator set the server up.
    pub settings: Arc<Settings>,
    /// Reads the files of others, outside of this process.
    pub reader: files::Reader,
    /// Sets the pages of invoices, outside of this process as well.
    pub press: Arc<Press>,
    /// What was seen this hour.
    pub recent: Recent,
    /// Whether it stops, and whether its clock can be trusted.
    pub condition: Condition,
}

/// Remembers what was seen in the present hour, so that only the first time is written down.
#[derive(Clone, Debug, Default)]
pub struct Recent(Arc<Mutex<(i64, HashSet<Uuid>)>>);

impl Recent {
    /// Those that were not seen before in this hour, which any number tells from others.
    pub fn first(&self, hour: i64, ids: Vec<Uuid>) -> Vec<Uuid> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != hour {
            *seen = (hour, HashSet::new());
        }
        ids.into_iter().filter(|id| seen.1.insert(*id)).collect()
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// A server of these parts.
    pub fn new(parts: Parts) -> App {
        App(Arc::new(parts))
    }

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
