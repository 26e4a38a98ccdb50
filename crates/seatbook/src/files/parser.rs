//! The process in which files are read: a hidden subcommand of this program.
//!
//! It knows no book, no key and no address. It takes away from itself what reading a list does not need, before it looks
//! at the first byte, and has nothing to lose when a file brings it down.

use std::{
    io::{BufWriter, Read, Write},
    process::ExitCode,
};

use super::{
    MAX_BYTES, delimited,
    frames::{REFUSED, Sink},
    incoming::too_large,
    recognised, spreadsheet,
    table::Format,
};
use crate::{
    confined::{Limits, frames::write},
    error::{Error, Result},
};

/// The subcommand's name.
pub const NAME: &str = "read-file";
/// What it may take: half a gigabyte, the file included, and twenty seconds.
const LIMITS: Limits = Limits {
    memory_bytes: 512 * 1024 * 1024,
    compute_seconds: 20,
};

/// Reads a file from standard input and writes frames to standard output.
pub fn run() -> ExitCode {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let told = match LIMITS.keep().and_then(|()| read_input(&mut out)) {
        Ok(()) => Ok(()),
        Err(error) => serde_json::to_vec(&error)
            .map_err(Error::internal)
            .and_then(|error| write(&mut out, REFUSED, &error)),
    };
    match told.and_then(|()| out.flush().map_err(Error::internal)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn read_input(out: &mut impl Write) -> Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::internal)?;
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    parse(&bytes, out)
}

/// Writes the frames of a file, whatever its format.
pub(super) fn parse(bytes: &[u8], out: &mut impl Write) -> Result<()> {
    let mut sink = Sink::new(out);
    let detected = match recognised::format(bytes)? {
        Format::Csv => delimited::read(bytes, &mut sink)?,
        Format::Xlsx => spreadsheet::read(bytes, &mut sink)?,
    };
    sink.end(&detected)
}

/// Reads a file in this process: the tests bring harmless ones.
#[cfg(test)]
pub(super) fn read_here(bytes: &[u8]) -> Result<super::table::Table> {
    let mut frames = Vec::new();
    parse(bytes, &mut frames)?;
    let (mut rows, mut rest) = (super::frames::Rows::default(), frames.as_slice());
    while let Some((kind, content)) =
        crate::confined::frames::next(&mut rest, super::frames::MAX_FRAME_BYTES)?
    {
        if kind == super::frames::DONE {
            return super::table::Table::of(serde_json::from_slice(content)?, rows);
        }
        rows.keep(content)?;
    }
    Err(Error::internal("the frames end in the middle"))
}
