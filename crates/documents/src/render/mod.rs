//! The page as PDF, with the electronic invoice inside.
//!
//! Owns: setting the page, and what makes its PDF an archive's and an e-invoice's.
//! Does not own: how the page looks (`invoice.typ`), or what is said on it (`view`).
//! Keeps true: the template sees `data.json`, the logo and the electronic invoice, and nothing else there is; what it
//! cannot leave out (title, date, language, attachment) stands in `frame.typ`, which it does not replace.
//!
//! Our own template is held to PDF/UA-1 as well as PDF/A-3b. An operator's is held to PDF/A-3b alone, and is tagged:
//! PDF/UA would refuse a picture without a description, which must not keep an invoice from being sent.

mod error;
mod letters;
mod world;
mod xmp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use typst::foundations::Smart;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

pub use error::RenderError;

use self::world::{Sheet, Stage};
use crate::{brand::Brand, facturx::facturx_xml, invoice::Invoice, sample::sample, view::View};

/// Our template: a page to sell, and the place to start from for a template of one's own.
pub const TEMPLATE: &str = include_str!("../invoice.typ");

/// How many renderings a cached piece of work may go unused. What a template and its fonts come to is used by each
/// and stays; what is about one invoice goes.
const CACHED_RENDERINGS: usize = 3;

/// Renders invoices in one brand. To be made once and kept; threads may share it.
pub struct Renderer {
    brand: Brand,
    stage: Stage,
}

impl Renderer {
    /// Reads fonts and template once, and tries the logo: what is wrong with a brand is said before there is an invoice.
    pub fn new(brand: Brand) -> Result<Self, RenderError> {
        if let Some(logo) = &brand.logo {
            let template = Some(format!("#image(\"{}\")", logo.file()));
            let probe = Brand {
                template,
                ..brand.clone()
            };
            let tried = Self::untried(probe)?.render(&sample(0));
            tried.map_err(RenderError::of_logo)?;
        }
        Self::untried(brand)
    }

    fn untried(brand: Brand) -> Result<Self, RenderError> {
        let stage = Stage::new(&brand)?;
        Ok(Self { brand, stage })
    }

    /// The `data.json` that a template is given, for whoever writes one.
    pub fn data(&self, invoice: &Invoice) -> Result<Vec<u8>, RenderError> {
        let unexpected = |error: serde_json::Error| RenderError::Unexpected(error.to_string());
        let mut data = serde_json::to_value(View::new(invoice, &self.brand)).map_err(unexpected)?;
        letters::settled(&mut data, self.stage.fonts())?;
        serde_json::to_vec_pretty(&data).map_err(unexpected)
    }

    /// The invoice as PDF/A-3 with its Factur-X inside. The same invoice gives the same bytes.
    ///
    /// It is rendered whether or not [`check`](crate::check()) finds a breach: a draft may be looked at.
    pub fn render(&self, invoice: &Invoice) -> Result<Vec<u8>, RenderError> {
        let data = self.data(invoice)?;
        let sheet = Sheet::new(&self.stage, data, facturx_xml(invoice), invoice.issue_date);
        let ident = format!("{}\n{}", invoice.seller.name, invoice.number);
        // A template may find a way that the typesetter's authors did not think of.
        let pdf = catch_unwind(AssertUnwindSafe(|| typeset(&sheet, ident)));
        comemo::evict(CACHED_RENDERINGS);
        let pdf = pdf.unwrap_or_else(|cause| Err(RenderError::panic(cause.as_ref())))?;
        xmp::declare_facturx(&pdf)
    }
}

fn typeset(sheet: &Sheet<'_>, ident: String) -> Result<Vec<u8>, RenderError> {
    let document = typst::compile::<PagedDocument>(sheet)
        .output
        .map_err(|errors| RenderError::from_typst(sheet.template(), &errors))?;
    let standards: &[PdfStandard] = if sheet.is_our_template() {
        &[PdfStandard::A_3b, PdfStandard::Ua_1]
    } else {
        &[PdfStandard::A_3b]
    };
    let standards = PdfStandards::new(standards)
        .map_err(|error| RenderError::Unexpected(error.message().to_string()))?;
    let options = PdfOptions {
        ident: Smart::Custom(ident),
        creator: Smart::Custom(Some("Seatbook".to_owned())),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options)
        .map_err(|errors| RenderError::from_typst(sheet.template(), &errors))
}
