//! The law of the book.
//!
//! Owns: the arithmetic and the decisions every room relies on: plain functions over plain facts.
//! Does not own: rows, SQL, wire formats, permissions, or the sentences a person reads.
//! Keeps true: no I/O, no clock, no randomness and no floats; the same facts always give the same
//! answer, and a refusal carries the facts behind it.
//!
//! A module uses only what stands above it in this list.

pub mod text;

pub mod email;

pub mod names;

pub mod telephone;

pub mod activation;

pub mod money;

pub mod term;

pub mod lifecycle;

pub mod shares;

pub mod picking;

pub mod reduction;

pub mod billing;

pub mod change;

pub mod notices;

pub mod merge;
