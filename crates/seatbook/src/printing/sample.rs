//! `seatbook brand-sample`: an invoice of nobody, to look at a brand with.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use documents::{Brand, sample};

use super::{Folder, Press};
use crate::{
    confined::Program,
    error::{Error, Result},
};

/// What `seatbook brand-sample` is told.
#[derive(Args, Clone, Debug)]
pub struct SampleArgs {
    /// The folder of the brand; Seatbook's own look where there is none.
    #[arg(long, env = "SEATBOOK_BRAND")]
    pub brand: Option<PathBuf>,
    /// The file that is written.
    #[arg(long, default_value = "invoice-sample.pdf")]
    pub output: PathBuf,
}

/// Writes the sample, and says where it is.
pub async fn write(args: &SampleArgs, program: Program, out: &mut impl Write) -> Result<()> {
    let pdf = match &args.brand {
        Some(path) => {
            let folder = Folder::read(path)?;
            folder.try_on(&Press::new(program, &folder.brand)?).await?
        }
        None => {
            let press = Press::new(program, &Brand::default())?;
            press.print(&sample(super::brand::LINES)).await?
        }
    };
    keep(&args.output, &pdf)?;
    writeln!(out, "{}", args.output.display()).map_err(Error::internal)
}

fn keep(file: &Path, pdf: &[u8]) -> Result<()> {
    let kept = std::fs::write(file, pdf);
    kept.map_err(|error| Error::internal(format!("{}: {error}", file.display())))
}
