//! Files that are up to something, made here byte by byte. The tests of the house read them from here, too.

use std::io::{Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

/// A file, and what the server says of it.
pub struct Hostile {
    /// What it tries.
    pub name: &'static str,
    pub file_name: &'static str,
    pub bytes: Vec<u8>,
    /// The status and the code of the refusal.
    pub refusal: (u16, &'static str),
}

const MIB: usize = 1024 * 1024;

/// All of them. The largest of those that unpack is 600 KB.
pub fn all() -> Vec<Hostile> {
    let mut all = texts();
    all.extend(strangers());
    all.extend(workbooks());
    all.extend(bombs());
    all
}

fn hostile(
    name: &'static str,
    file_name: &'static str,
    bytes: impl Into<Vec<u8>>,
    refusal: (u16, &'static str),
) -> Hostile {
    Hostile {
        name,
        file_name,
        bytes: bytes.into(),
        refusal,
    }
}

/// CSV that has no end, no edge, or both.
fn texts() -> Vec<Hostile> {
    let open = |rows: usize| format!("sku,name\n\"A-1,one\n{}", "A-2,two\n".repeat(rows));
    let wide = "a,".repeat(100_000);
    vec![
        hostile("open quote", "a.csv", open(2), (422, "file.open_quote")),
        hostile(
            "open quote, long",
            "a.csv",
            open(500_000),
            (422, "file.record_too_large"),
        ),
        hostile(
            "100,000 columns",
            "a.csv",
            format!("{wide}\n{wide}\n"),
            (422, "file.too_many_columns"),
        ),
        hostile(
            "300,000 rows",
            "a.csv",
            "sku\nA\n".repeat(150_000),
            (422, "file.too_many_rows"),
        ),
        hostile(
            "5,000,000 cells",
            "a.csv",
            format!("{}x\n", ",".repeat(249)).repeat(20_000),
            (413, "file.too_large"),
        ),
        hostile(
            "31 MiB of open quotes",
            "a.csv",
            format!("sku\n\"{}", "\"\"".repeat(31 * MIB / 2)),
            (422, "file.record_too_large"),
        ),
        hostile(
            "larger than may be",
            "a.csv",
            vec![b'a'; 32 * MIB + 1],
            (413, "file.too_large"),
        ),
        hostile("nothing below", "a.csv", "sku\n", (422, "file.no_rows")),
        hostile("spaces", "a.csv", " \n \n", (422, "file.empty")),
    ]
}

/// Files of other programs under a list's name.
fn strangers() -> Vec<Hostile> {
    let unsupported = (415, "file.unsupported");
    let mut old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    old.resize(1024, 0);
    let mut encrypted = old.clone();
    encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    encrypted.resize(4096, 0);
    let text = "application/vnd.oasis.opendocument.spreadsheet";
    let open_document = packed(&[("mimetype", text), ("content.xml", "<x/>")]);
    let binary = packed(&[("xl/workbook.bin", "x")]);
    vec![
        hostile(
            "PNG",
            "a.xlsx",
            b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR",
            unsupported,
        ),
        hostile(
            "PDF",
            "a.csv",
            b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n",
            unsupported,
        ),
        hostile("web page", "a.xls", "<html><table><tr><td>sku", unsupported),
        hostile("zeros", "a.csv", vec![0; MIB], unsupported),
        hostile("old Office", "a.xls", old, unsupported),
        hostile("OpenDocument", "a.ods", open_document, unsupported),
        hostile("binary workbook", "a.xlsb", binary, unsupported),
        hostile(
            "packed file",
            "a.zip",
            packed(&[("a.csv", "sku\nA\n")]),
            unsupported,
        ),
        hostile("encrypted", "a.xlsx", encrypted, (415, "file.encrypted")),
    ]
}

/// Workbooks that claim, point or hold what they should not.
fn workbooks() -> Vec<Hostile> {
    let malformed = (422, "file.malformed");
    let sparse = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>\
        <row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    let error = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>\
        <row r=\"7\"><c r=\"B7\" t=\"e\"><v>#N/A</v></c></row>";
    let backwards =
        "<row r=\"9\"><c r=\"A9\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>";
    let wide: String = (0..100_000).map(|_| "<c><v>1</v></c>").collect();
    let mut cut = workbook(&two_rows(), "");
    cut.truncate(cut.len() / 2);
    let tricks = parts(&two_rows(), "", &[("../../../evil.xml", "<x/>")]);
    let many: Vec<(String, &str)> = (0..6_000)
        .map(|n| (format!("xl/{n}.xml"), "<x/>"))
        .collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    let columns = (422, "file.too_many_columns");
    vec![
        hostile("sparse sheet", "a.xlsx", workbook(sparse, ""), columns),
        hostile(
            "100,000 columns",
            "a.xlsx",
            workbook(&format!("<row>{wide}</row>"), ""),
            columns,
        ),
        hostile(
            "cell with an error",
            "a.xlsx",
            workbook(error, ""),
            (422, "file.cell_error"),
        ),
        hostile(
            "rows backwards",
            "a.xlsx",
            workbook(backwards, ""),
            malformed,
        ),
        hostile("cut off", "a.xlsx", cut, malformed),
        hostile("path tricks", "a.xlsx", tricks, malformed),
        hostile("no rows", "a.xlsx", workbook("", ""), (422, "file.empty")),
        hostile(
            "6,000 parts",
            "a.xlsx",
            parts(&two_rows(), "", &many),
            (413, "file.too_demanding"),
        ),
    ]
}

/// Small files that become large.
fn bombs() -> Vec<Hostile> {
    let demanding = (413, "file.too_demanding");
    let string = |text: &str| format!("<sst uniqueCount=\"1\"><si><t>{text}</t></si></sst>");
    let entities = "<?xml version=\"1.0\"?><!DOCTYPE sst [<!ENTITY a \"aaaaaaaaaa\">\
        <!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let shared = format!("{entities}{}", string("&c;"));
    let inline = format!(
        "{entities}<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>&c;</t></is></c></row></sheetData></worksheet>"
    );
    let claim = "<sst uniqueCount=\"4000000000\"><si><t>sku</t></si></sst>";
    vec![
        hostile(
            "huge cell",
            "a.xlsx",
            workbook(&two_rows(), &string(&"A".repeat(24 * MIB))),
            (422, "file.record_too_large"),
        ),
        hostile(
            "entities, shared",
            "a.xlsx",
            workbook(&two_rows(), &shared),
            (422, "file.malformed"),
        ),
        hostile(
            "entities, inline",
            "a.xlsx",
            whole(&inline, "", &[]),
            (422, "file.malformed"),
        ),
        hostile(
            "claims 4,000,000,000 strings",
            "a.xlsx",
            workbook(&two_rows(), claim),
            demanding,
        ),
        hostile(
            "unpacks to 600 MiB",
            "a.xlsx",
            bomb(600, "xl/other.xml"),
            demanding,
        ),
        hostile(
            "unpacks to 400 MiB of string",
            "a.xlsx",
            bomb(400, "xl/sharedStrings.xml"),
            demanding,
        ),
    ]
}

/// A heading and a row below it, both the first shared string.
fn two_rows() -> String {
    "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c></row>".into()
}

/// A workbook of one sheet with these rows and these shared strings.
pub fn workbook(rows: &str, strings: &str) -> Vec<u8> {
    parts(rows, strings, &[])
}

fn parts(rows: &str, strings: &str, others: &[(&str, &str)]) -> Vec<u8> {
    let sheet = format!(
        "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>{rows}</sheetData></worksheet>"
    );
    whole(&sheet, strings, others)
}

fn whole(sheet: &str, strings: &str, others: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", SHEETS),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let plain = "<sst uniqueCount=\"1\"><si><t>sku</t></si></sst>";
    let strings = if strings.is_empty() { plain } else { strings };
    all.push(("xl/sharedStrings.xml", strings));
    all.extend_from_slice(others);
    packed(&all)
}

const RELATIONS: &str = "<Relationships><Relationship Id=\"r1\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
    Target=\"xl/workbook.xml\"/></Relationships>";
const BOOK: &str =
    "<workbook><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";
const SHEETS: &str = "<Relationships><Relationship Id=\"r1\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" \
    Target=\"worksheets/sheet1.xml\"/></Relationships>";

fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        begin(&mut archive, name);
        archive.write_all(text.as_bytes()).expect("it is packed");
    }
    archive.finish().expect("it is finished").into_inner()
}

/// A workbook in which one part is that many MiB of the letter A, inside the tags of a string.
fn bomb(size_mib: usize, part: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let sheet = format!(
        "<worksheet><sheetData>{}</sheetData></worksheet>",
        two_rows()
    );
    for (name, text) in [
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", SHEETS),
        ("xl/worksheets/sheet1.xml", &sheet),
    ] {
        begin(&mut archive, name);
        archive.write_all(text.as_bytes()).expect("it is packed");
    }
    begin(&mut archive, part);
    let portion = vec![b'A'; MIB];
    archive.write_all(b"<sst><si><t>").expect("it is packed");
    for _ in 0..size_mib {
        archive.write_all(&portion).expect("it is packed");
    }
    archive.write_all(b"</t></si></sst>").expect("it is packed");
    archive.finish().expect("it is finished").into_inner()
}

fn begin(archive: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str) {
    archive
        .start_file(name, SimpleFileOptions::default())
        .expect("a part begins");
}
