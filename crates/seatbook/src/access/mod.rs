//! People, and how they and their programs prove who they are.
//!
//! Owns: people, passwords, second factors, sessions, API tokens, invitations; recognising a request's caller.
//! Does not own: what a person may do (`scope`).
//! Keeps true: no default password, ever; secrets are stored as fingerprints or hashes; rights act at the next request.
//! Others may use: [`recognise`] in the router, `commands::SetUp` for the demo.

pub mod commands;
pub mod model;
pub mod queries;
pub mod recognise;
pub mod tokens;

pub use recognise::recognise;
