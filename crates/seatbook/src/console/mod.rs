//! The console's furniture: what every page is made of, and nothing that knows a license.
//!
//! Owns: layout, form fields, tables, badges, charts, wording of numbers and dates, the stylesheet, the module, the icons.
//! Does not own: any page. Those stand in the rooms, beside the SQL they show.
//! Keeps true: nothing inline (the content policy is `default-src 'self'`), everything usable without script.
//! Read first: `layout` for what a page needs, `table` for lists, `macros.html` for the parts.

pub mod answer;
pub mod assets;
pub mod badges;
pub mod charts;
pub mod fields;
pub mod form;
pub mod format;
pub mod frame;
pub mod layout;
pub mod pages;
pub mod table;

/// Numbers in templates: `{{ crate::console::n(row.quantity) }}` writes 12,400.
pub use format::number as n;
