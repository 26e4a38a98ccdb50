//! The furniture of the REST API: what every operation reads and answers with.
//!
//! Owns: bodies, keys, previews, versions, pages of lists, problems.
//! Does not own: any operation; those stand in the rooms' `api.rs`.
//! Keeps true: unknown fields are refused, no text has a zero byte, every refusal has a stable code, an id that cannot be read
//! answers like one that is not there.
//! Others may use: everything here.

mod answer;
mod extract;
mod legible;
mod list;
mod request_id;
mod write;

pub use answer::{Answer, etag};
pub use extract::{Id, Params};
pub use legible::{pair_with_zero_byte, with_zero_byte, zero_byte};
pub use list::{Cursor, List, Paging};
pub use request_id::{REQUEST_ID, request_id};
pub use write::Write;
