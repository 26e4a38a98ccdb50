//! People and how they prove who they are, through the door.

mod account;
mod crossing;
mod door;
mod forgot;
mod people;
mod recovery;
mod remembered;
mod revoked;
mod rights;
