//! Chain: one hash chain for each organization's journal, by which it shows when an entry was tampered with.
//!
//! Owns: the links, the heads, how far the journal is chained, and which bytes of an entry are hashed.
//! Does not own: the entries (`journal`), comparing them with their links (`verify`).
//! Keeps true: a link is made once and never changed; links follow `seq`, so that no chain makes a write wait; both
//! engines hash the same bytes; nothing that may be forgotten later is among them.
//! Others may use: [`links`], [`queries`], [`follower`].
//! Read first: `links`, then docs/decisions/0026.

pub mod follower;
pub mod links;
pub mod queries;
