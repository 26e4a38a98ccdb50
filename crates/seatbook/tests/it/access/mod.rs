//! People and how they prove who they are, through the door.

mod door;
