//! Plans: service plans, the named templates by which several licenses are given to a customer as one.
//!
//! Owns: service plans and what they are made of.
//! Does not own: SKUs (`catalog`), what customers have of a plan (`plan_subscriptions`).
//! Keeps true: a composition never changes; what is made of other parts is the next composition.
//! Others may use: `model`, `queries`.

pub mod model;
pub mod queries;
