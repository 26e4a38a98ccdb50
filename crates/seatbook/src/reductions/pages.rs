//! What `reductions/losing.html` shows.

use crate::subscriptions::pages::UnitRow;

/// Who loses a unit of one pool.
#[derive(Clone, Debug, Default)]
pub struct Losing {
    /// The pool.
    pub pool_id: String,
    /// "3 lose a unit of Worry-Free".
    pub title: String,
    /// Who: (name, what else is said).
    pub people: Vec<(String, String)>,
    /// How many more there are than are listed.
    pub more: i64,
    /// What says that exactly these were seen; empty where nobody must say so.
    pub fingerprint: String,
    /// Whether it was said.
    pub seen: bool,
    /// Whoever may give way, to be chosen by hand; empty where a rule chooses.
    pub candidates: Vec<UnitRow>,
    /// There are more who keep theirs than are listed.
    pub others: bool,
}

impl Losing {
    /// The name of the boxes by which somebody is chosen.
    pub fn chosen(&self) -> String {
        format!("chosen.{}", self.pool_id)
    }
}
