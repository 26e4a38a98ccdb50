//! Which format a file is, by its content. Its name says what somebody believed.

use std::io::Cursor;

use zip::ZipArchive;

use super::table::Format;
use crate::error::{Error, Kind, Result};

/// What files begin with that people take for lists, and what they are called.
const OTHERS: [(&[u8], &str); 9] = [
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1F\x8B", "a packed file"),
    (b"7z\xBC\xAF", "a packed file"),
    (b"Rar!", "a packed file"),
    (b"{\\rtf", "a document"),
    (b"SQLite format 3", "a database"),
];
/// What pages begin with; some programs name them `.xls`.
const PAGES: [&[u8]; 4] = [b"<!doctype", b"<html", b"<table", b"<?xml"];
/// The container of old Office files, and of encrypted new ones (MS-CFB, section 2.2).
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// The stream that holds a workbook behind a password (MS-OFFCRYPTO, section 2.3.4.4).
const ENCRYPTED: &str = "EncryptedPackage";
/// Parts of a workbook, at most.
const MAX_PARTS: usize = 5_000;
/// What a workbook's parts may come to unpacked. 200,000 rows of 20 cells are about half of it.
const MAX_UNPACKED_BYTES: u64 = 512 * 1024 * 1024;

/// The format, or a refusal that names what the file is instead.
pub fn format(bytes: &[u8]) -> Result<Format> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return workbook(bytes).map(|()| Format::Xlsx);
    }
    if bytes.starts_with(COMPOUND) {
        return Err(compound(bytes));
    }
    if let Some((_, what)) = OTHERS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Err(unsupported(what));
    }
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = start.trim_ascii_start();
    let begins = |mark: &&[u8]| {
        let head = start.get(..mark.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(mark))
    };
    match PAGES.iter().any(begins) {
        true => Err(unsupported("a page or another XML file")),
        false => Ok(Format::Csv),
    }
}

/// A name out of a file, as long as a sentence bears.
pub(super) fn shortened(name: &str) -> String {
    const LETTERS: usize = 80;
    match name.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Looks into a zip file without unpacking anything of it.
fn workbook(bytes: &[u8]) -> Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > MAX_PARTS {
        return Err(demanding("it has more than 5,000 parts"));
    }
    let (mut names, mut unpacked) = (Vec::with_capacity(archive.len()), 0u64);
    for place in 0..archive.len() {
        let part = archive.by_index_raw(place).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.replace('\\', "/");
        if leads_out(&name) {
            let name = shortened(&name);
            let message = format!("A part of the workbook would lie outside of it: “{name}”.");
            return Err(Error::invalid("file", "file.malformed", message));
        }
        if part.encrypted() {
            return Err(encrypted());
        }
        unpacked = unpacked.saturating_add(part.size());
        names.push(name.to_lowercase());
    }
    let has = |end: &str| names.iter().any(|name| name.ends_with(end));
    if !has("workbook.xml") {
        return Err(match () {
            () if has("workbook.bin") => unsupported("a binary workbook (.xlsb)"),
            () if has("content.xml") => unsupported("an OpenDocument file (.ods)"),
            () if has("word/document.xml") => unsupported("a document"),
            () => unsupported("a packed file"),
        });
    }
    match unpacked > MAX_UNPACKED_BYTES {
        true => Err(demanding("it unpacks to more than 512 MiB")),
        false => Ok(()),
    }
}

fn leads_out(name: &str) -> bool {
    name.starts_with('/') || name.contains(':') || name.split('/').any(|step| step == "..")
}

fn compound(bytes: &[u8]) -> Error {
    let name: Vec<u8> = ENCRYPTED
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    // Names of streams stand in entries of 128 bytes that begin at a multiple of it (MS-CFB, section 2.6.1).
    match bytes.chunks(128).any(|entry| entry.starts_with(&name)) {
        true => encrypted(),
        false => unsupported("an old Office file (.xls)"),
    }
}

/// It is something, and nothing that is read here.
pub fn unsupported(what: &str) -> Error {
    let message = format!("This is {what}. Save the sheet as CSV or XLSX and send that.");
    Error::new(Kind::Unsupported, "file.unsupported", message)
}

fn encrypted() -> Error {
    let message = "The workbook is protected by a password. Save it without one and send that.";
    Error::new(Kind::Unsupported, "file.encrypted", message)
}

/// Reading it would take more than a file is worth.
pub fn demanding(why: &str) -> Error {
    let message = format!(
        "Reading this file takes more than is allowed: {why}. Save the sheet as CSV and send that."
    );
    Error::new(Kind::TooLarge, "file.too_demanding", message)
}

/// What is wrong inside of a zip file.
pub fn damaged(error: impl std::fmt::Display) -> Error {
    let message = format!("The workbook is damaged or was cut off: {error}.");
    Error::invalid("file", "file.malformed", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8]) -> String {
        let error = format(bytes).expect_err("it is no list");
        error
            .fields
            .first()
            .map_or(error.code, |field| field.code.clone())
            .into_owned()
    }

    #[test]
    fn files_are_what_they_hold() {
        assert_eq!(format(b"a,b\n").expect("text"), Format::Csv);
        for other in [&b"%PDF-1.7"[..], b"\x89PNG\r\n", b"\xEF\xBB\xBF <HTML>"] {
            assert_eq!(code(other), "file.unsupported");
        }
        assert_eq!(code(b"PK\x03\x04rest"), "file.malformed");
        let mut old = COMPOUND.to_vec();
        old.resize(512, 0);
        assert_eq!(code(&old), "file.unsupported");
        old.extend(ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(code(&old), "file.encrypted");
    }

    #[test]
    fn names_that_lead_out_are_seen() {
        for name in ["../x", "xl/../../x", "/etc/x", "C:/x"] {
            assert!(leads_out(name), "{name}");
        }
        assert!(!leads_out("xl/worksheets/sheet1.xml") && !leads_out("xl/..x"));
    }
}
