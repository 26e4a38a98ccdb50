//! What the check found, remembered until something is committed.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use uuid::Uuid;

use super::check::Bound;

/// So many questions at most; then it begins anew.
const QUESTIONS: usize = 20_000;

/// An organization, a holder and a product.
type Asked = [Uuid; 3];

/// What was found, and how many commits there had been.
type Found = (u64, Arc<[Bound]>);

/// The units of those who asked, as the book has them while the count of its commits stays the same.
#[derive(Default)]
pub(super) struct Recall(RwLock<HashMap<Asked, Found>>);

impl Recall {
    /// What was found for them, if nothing was committed since.
    pub(super) fn find(&self, asked: &Asked, commits: u64) -> Option<Arc<[Bound]>> {
        let found = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (at, bound) = found.get(asked)?;
        (*at == commits).then(|| Arc::clone(bound))
    }

    /// Remembers what was read after the commits were counted.
    pub(super) fn keep(&self, asked: Asked, commits: u64, bound: Arc<[Bound]>) {
        let mut found = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= QUESTIONS {
            found.clear();
        }
        found.insert(asked, (commits, bound));
    }
}
