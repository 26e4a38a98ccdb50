//! How those who run Seatbook see how it is, and what keeps its door.

mod chain;
mod door;
mod program;
mod readiness;
mod secrets;
