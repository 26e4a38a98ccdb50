//! Entitlements: may this holder use that product now?
//!
//! Owns: the check that products and integrations ask, alone and in batches, and when it last said yes.
//! Does not own: assignments, licenses and their states, who is suspended.
//! Keeps true: paused, ended and suspended are no, at every level; grace is yes and says until when; whoever cannot
//! see the organization learns nothing; asking changes nothing but the hour of the last use.
//! Others may use: [`check`], [`Express`] in the router.

pub mod api;
pub mod check;
mod express;
mod queries;
mod recall;
mod uses;

pub use express::Express;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::check, api::check_many))
}
