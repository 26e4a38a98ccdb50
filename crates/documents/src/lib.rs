//! Documents: what a person and a bookkeeping program receive, made from plain structs.
//!
//! Owns: what stands on an invoice or credit note (`invoice`), the law of EN 16931 about it (`check`),
//! its electronic forms (`facturx`, `ubl`), how it looks (`brand`, the template) and its PDF (`render`).
//! Does not own: where the figures come from, numbering, storage, mail, or any other crate's types.
//! Keeps true: the same invoice gives the same bytes; nothing is read but what is handed over; an
//! operator's template can make an error, never a panic.
//!
//! A crate of its own because the typesetter is most of what there is to compile. README.md has a tour.

mod amount;

pub mod invoice;

pub mod check;

mod xml;

mod terms;

pub mod facturx;

pub mod ubl;

pub mod brand;

mod view;

pub mod render;

mod sample;

pub use brand::{Brand, Logo, Texts};
pub use check::{Breach, check};
pub use facturx::facturx_xml;
pub use invoice::{
    Category, Currency, Invoice, Kind, Line, Party, Payment, Period, Reference, Tax, TaxRounding,
    Totals,
};
pub use render::{RenderError, Renderer, TEMPLATE};
pub use sample::sample;
pub use ubl::ubl_xml;
