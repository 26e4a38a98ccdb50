//! The page as PDF, with the electronic invoice inside.

use crate::{brand::Brand, invoice::Invoice};

/// Renders invoices in one brand.
pub struct Renderer {
    brand: Brand,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenderError {
    /// The template, or what it is given, is not as it should be.
    Template {
        /// Line of the template, from 1.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
}

impl Renderer {
    /// Reads fonts and template once.
    pub fn new(brand: Brand) -> Result<Self, RenderError> {
        Ok(Self { brand })
    }

    /// The invoice as PDF/A-3 with its Factur-X inside.
    pub fn render(&self, invoice: &Invoice) -> Result<Vec<u8>, RenderError> {
        let _ = (&self.brand, invoice);
        Err(RenderError::Template {
            line: None,
            message: "not yet".into(),
        })
    }
}
