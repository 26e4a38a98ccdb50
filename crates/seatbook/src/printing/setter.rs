//! The process in which pages are set: a hidden subcommand of this program.
//!
//! It is told a brand once, and then invoices, one after the other, until nobody asks any more. What a template does to
//! it is its end, and not the server's.

use std::process::ExitCode;

use documents::{Brand, Logo, RenderError, Renderer};

use crate::{
    confined::{Limits, frames},
    error::{Error, Result},
};

/// The subcommand's name; the seconds that a page may take stand behind it.
pub const NAME: &str = "set-pages";
/// What a child may take of the machine's memory, its own code and fonts included.
const MEMORY_BYTES: u64 = 512 * 1024 * 1024;

/// The content of this frame is a picture of the brand to come.
pub(super) const LOGO_PNG: u8 = 0;
/// The same, as vectors.
pub(super) const LOGO_SVG: u8 = 1;
/// The content of this frame is a font of the brand to come.
pub(super) const FONT: u8 = 2;
/// The content of this frame is everything else of the brand, as JSON.
pub(super) const BRAND: u8 = 3;
/// The content of this frame is an invoice, as JSON, which is answered.
pub(super) const INVOICE: u8 = 4;

/// The content of this answer is a PDF.
pub(super) const PAGE: u8 = 0;
/// The content of this answer is why there is none, as JSON.
pub(super) const WRONG: u8 = 1;

/// The largest thing that is told: a font with the letters of Chinese has 20 MiB.
pub(super) const MAX_TOLD_BYTES: usize = 32 * 1024 * 1024;
/// The largest answer.
pub(super) const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

/// Sets pages as long as somebody asks for them.
pub fn run() -> ExitCode {
    match set_pages() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn set_pages() -> Result<()> {
    let seconds = std::env::args().nth(2).and_then(|text| text.parse().ok());
    let limits = Limits {
        memory_bytes: MEMORY_BYTES,
        compute_seconds: seconds.ok_or_else(|| Error::internal("it was not told its time"))?,
    };
    limits.keep()?;
    let (mut input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let (mut brand, mut renderer) = (Brand::default(), None);
    while let Some((kind, content)) = frames::read(&mut input, MAX_TOLD_BYTES)? {
        match kind {
            LOGO_PNG => brand.logo = Some(Logo::Png(content)),
            LOGO_SVG => brand.logo = Some(Logo::Svg(content)),
            FONT => brand.fonts.push(content),
            BRAND => {
                let told: Brand = serde_json::from_slice(&content)?;
                let (logo, fonts) = (brand.logo.take(), std::mem::take(&mut brand.fonts));
                let whole = Brand {
                    logo,
                    fonts,
                    ..told
                };
                renderer = Some(Renderer::new(whole));
            }
            INVOICE => {
                limits.begin_piece()?;
                let renderer = renderer.as_ref();
                let renderer = renderer.ok_or_else(|| Error::internal("it was told no brand"))?;
                match set(renderer, &content)? {
                    Ok(pdf) => frames::write(&mut out, PAGE, &pdf)?,
                    Err(wrong) => frames::write(&mut out, WRONG, &serde_json::to_vec(&wrong)?)?,
                }
                std::io::Write::flush(&mut out).map_err(Error::internal)?;
            }
            _ => return Err(Error::internal("it was told what is no frame")),
        }
    }
    Ok(())
}

type Set = std::result::Result<Vec<u8>, RenderError>;

fn set(renderer: &std::result::Result<Renderer, RenderError>, invoice: &[u8]) -> Result<Set> {
    let invoice = serde_json::from_slice(invoice)?;
    let renderer = renderer.as_ref().map_err(Clone::clone);
    Ok(renderer.and_then(|renderer| renderer.render(&invoice)))
}
