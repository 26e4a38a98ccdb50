//! Service plans of customers and crossgrades through the door.

mod assigning;
mod moving;
pub mod stage;
