//! How those who run Seatbook see how it is, and what keeps its door.

mod chain;
mod program;
mod readiness;
