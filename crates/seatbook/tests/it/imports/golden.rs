//! Files as people have them: what stands in the book afterwards is what stood in the file, or the row, or the file, is
//! refused with its reason. Nothing is mended in silence.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use serde_json::{Value, json};

use super::{apply, items, upload};
use crate::{both_engines, harness::Person};

/// What is to come of a file.
enum Comes {
    /// An organization of this reference and this name.
    Kept(&'static str, &'static str),
    /// The row is refused, by this column, with this code.
    Row(&'static str, &'static str),
    /// The file is.
    File(&'static str),
}
use Comes::{File, Kept, Row};

struct Sample {
    what: String,
    bytes: Vec<u8>,
    comes: Comes,
}

fn sample(what: impl Into<String>, bytes: impl Into<Vec<u8>>, comes: Comes) -> Sample {
    Sample {
        what: what.into(),
        bytes: bytes.into(),
        comes,
    }
}

fn units(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Letters.
fn encodings() -> Vec<Sample> {
    let text = "Reference;Name\nE-1;Größe & Œuvre\n";
    let latin = b"Reference;Name\nE-1;Gr\xF6\xDFe & \x8Cuvre\n".as_slice();
    let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
    let kept = || Kept("E-1", "Größe & Œuvre");
    let little = units(text, u16::to_le_bytes);
    let big = units(text, u16::to_be_bytes);
    let torn = marked(b"\xFF\xFE", &little[..little.len() - 1]);
    let half = marked(
        b"\xFF\xFE",
        &units("Reference;Name\nE-1;", u16::to_le_bytes),
    );
    vec![
        sample("UTF-8", text, kept()),
        sample(
            "UTF-8 with a mark",
            marked(b"\xEF\xBB\xBF", text.as_bytes()),
            kept(),
        ),
        sample(
            "UTF-16, little end first",
            marked(b"\xFF\xFE", &little),
            kept(),
        ),
        sample("UTF-16, big end first", marked(b"\xFE\xFF", &big), kept()),
        sample("Windows-1252", latin, kept()),
        sample(
            "a mark of UTF-8 on other letters",
            marked(b"\xEF\xBB\xBF", latin),
            File("file.encoding"),
        ),
        sample("UTF-16 cut in a letter", torn, File("file.encoding")),
        sample(
            "half of a pair",
            marked(&half, b"\x3D\xD8"),
            File("file.encoding"),
        ),
        sample("UTF-16 without a mark", little, File("file.unsupported")),
        sample(
            "a zero among letters",
            "Reference,Name\nE-1,A\0B\n",
            File("file.unsupported"),
        ),
    ]
}

/// What stands between cells and rows.
fn separators() -> Vec<Sample> {
    let kept = || Kept("S-1", "Acme, Inc; Ltd");
    vec![
        sample("commas", "Reference,Name\nS-1,\"Acme, Inc; Ltd\"\n", kept()),
        sample(
            "semicolons",
            "Reference;Name\nS-1;\"Acme, Inc; Ltd\"\n",
            kept(),
        ),
        sample("tabs", "Reference\tName\nS-1\tAcme, Inc; Ltd\n", kept()),
        sample(
            "bars, as said",
            "sep=|\nReference|Name\nS-1|Acme, Inc; Ltd\n",
            kept(),
        ),
        sample(
            "semicolons, as said",
            "sep=;\r\nReference;Name\r\nS-1;\"Acme, Inc; Ltd\"\r\n",
            kept(),
        ),
        sample(
            "commas in a heading",
            "\"Reference\";\"Name\";\"a,b,c\"\nS-1;\"Acme, Inc; Ltd\";\n",
            kept(),
        ),
        sample(
            "lines of Windows",
            "Reference,Name\r\nS-1,\"Acme, Inc; Ltd\"\r\n",
            kept(),
        ),
        sample(
            "lines of old",
            "Reference,Name\rS-1,\"Acme, Inc; Ltd\"\r",
            kept(),
        ),
        sample(
            "no last line end",
            "Reference,Name\nS-1,\"Acme, Inc; Ltd\"",
            kept(),
        ),
        sample(
            "every cell quoted",
            "\"Reference\",\"Name\"\n\"S-1\",\"Acme, Inc; Ltd\"\n",
            kept(),
        ),
    ]
}

/// What stands where.
fn shapes() -> Vec<Sample> {
    let kept = || Kept("S-1", "Acme, Inc; Ltd");
    vec![
        sample(
            "empty rows",
            "\n\nReference,Name\n,\nS-1,\"Acme, Inc; Ltd\"\n,\n\n , \n",
            kept(),
        ),
        sample(
            "a long row",
            "Reference,Name\nS-1,\"Acme, Inc; Ltd\",more,and more\n",
            Row("", "row.too_wide"),
        ),
        sample(
            "another order",
            "Name,Reference\n\"Acme, Inc; Ltd\",S-1\n",
            kept(),
        ),
        sample(
            "headings in capitals",
            " REFERENCE , name \nS-1,\"Acme, Inc; Ltd\"\n",
            kept(),
        ),
        sample(
            "columns nobody knows",
            "Colour,Reference,Name\nred,S-1,\"Acme, Inc; Ltd\"\n",
            kept(),
        ),
        sample(
            "a short row",
            "Name,Reference\nAcme\n",
            Row("Reference", "required"),
        ),
        sample(
            "an open quote",
            "Reference,Name\nS-1,\"Acme\n",
            File("file.open_quote"),
        ),
        sample("a heading alone", "Reference,Name\n", File("file.no_rows")),
        sample("nothing", "", File("required")),
    ]
}

/// What programs and people make of values.
fn values() -> Vec<Sample> {
    let name = |what: &str, cell: &'static str, name: &'static str| {
        sample(
            what,
            format!("Reference,Name\nV-1,{cell}\n"),
            Kept("V-1", name),
        )
    };
    let reference = |what: &str, cell: &str, reference: &'static str| {
        sample(
            what,
            format!("Reference,Name\n{cell},Acme\n"),
            Kept(reference, "Acme"),
        )
    };
    vec![
        reference("leading zeros", "0049", "0049"),
        reference("an exponent", "1E5", "1E5"),
        reference(
            "many digits",
            "12345678901234567890",
            "12345678901234567890",
        ),
        reference("a decimal comma", "\"1,50\"", "1,50"),
        reference("a day", "31.01.2026", "31.01.2026"),
        reference("a fraction", "1/2", "1/2"),
        reference("a negative zero", "-0", "-0"),
        reference("a number of a telephone", "+49 30 1234", "+49 30 1234"),
        reference(
            "a marked number of a telephone",
            "'+49 30 1234",
            "+49 30 1234",
        ),
        name("a formula", "=1+1", "=1+1"),
        name("a marked formula", "'=1+1", "=1+1"),
        name("a formula marked twice", "''=1+1", "'=1+1"),
        name(
            "an apostrophe of its own",
            "'s Hertogenbosch",
            "'s Hertogenbosch",
        ),
        name("a wide sign", "＝1", "＝1"),
        name("a word of truth", "TRUE", "TRUE"),
        name("nothing, in words", "NULL", "NULL"),
        name("doubled quotes", "\"The \"\"Acme\"\"\"", "The \"Acme\""),
        name("spaces around", "  Acme  ", "Acme"),
        name("a no-break space at the end", "Acme\u{A0}", "Acme"),
        name("a face", "Acme 🦀", "Acme 🦀"),
        name("a letter of another script", "Аcme", "Аcme"),
        name("marks that stand alone", "Mu\u{308}ller", "Mu\u{308}ller"),
        name(
            "a mark that is part of its letter",
            "M\u{FC}ller",
            "M\u{FC}ller",
        ),
        name("joiners of Persian", "می\u{200C}خواهم", "می\u{200C}خواهم"),
        name("another direction", "שלום", "שלום"),
        name(
            "a page",
            "<script>alert(1)</script>",
            "<script>alert(1)</script>",
        ),
    ]
}

fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "Reference").expect("a cell");
    sheet.write(0, 1, "Name").expect("a cell");
    sheet.write(1, 1, "Acme").expect("a cell");
    fill(sheet);
    book.save_to_buffer().expect("a book")
}

/// The same in workbooks, whose cells have types.
fn cells() -> Vec<Sample> {
    let text = |what: &str, text: &'static str| {
        let bytes = book(|sheet| {
            sheet.write(1, 0, text).expect("a cell");
        });
        sample(format!("cell: {what}"), bytes, Kept(text, "Acme"))
    };
    let number = |what: &str, number: f64, seen: &'static str| {
        let bytes = book(|sheet| {
            sheet.write(1, 0, number).expect("a cell");
        });
        sample(format!("cell: {what}"), bytes, Kept(seen, "Acme"))
    };
    let formula = |what: &str, formula: Formula, comes: Comes| {
        let bytes = book(|sheet| {
            sheet.write(1, 0, formula).expect("a cell");
        });
        sample(format!("cell: {what}"), bytes, comes)
    };
    let day = ExcelDateTime::from_ymd(2026, 1, 31).expect("a day");
    let days = Format::new().set_num_format("dd.mm.yyyy");
    let dated = book(|sheet| {
        sheet.write_with_format(1, 0, &day, &days).expect("a cell");
    });
    let is = book(|sheet| {
        sheet.write(1, 0, true).expect("a cell");
    });
    let apart = book(|sheet| {
        sheet.write(1, 0, "C-1").expect("a cell");
        sheet.write(900, 7, " ").expect("a cell");
    });
    vec![
        text("leading zeros", "0049"),
        text("an exponent", "1E5"),
        text("a formula as text", "=1+1"),
        text("a number of a telephone", "+49 30 1234"),
        number("a number", 49.0, "49"),
        number("a large number", 6_567_891_230.0, "6567891230"),
        number("a power of ten", 1e5, "100000"),
        number("a fraction", 1.5, "1.5"),
        sample("cell: a day", dated, Kept("2026-01-31", "Acme")),
        sample("cell: a truth", is, Kept("true", "Acme")),
        sample("cell: something far away", apart, Kept("C-1", "Acme")),
        formula(
            "a formula with its result",
            Formula::new("=20+30").set_result("50"),
            Kept("50", "Acme"),
        ),
        formula(
            "a formula that failed",
            Formula::new("=1/0").set_result("#DIV/0!"),
            File("file.cell_error"),
        ),
    ]
}

/// All organizations: ids, references and names.
async fn book_of(operator: &Person) -> Vec<[Value; 3]> {
    let found = items(operator, "/api/v1/organizations?limit=200").await;
    let seen = |it: &Value| ["id", "reference", "name"].map(|name| it[name].clone());
    found.iter().map(seen).collect()
}

/// What is not as it is to be: of the file, or besides. Samples share references and names, so that nothing else has come
/// into being is half of what they show.
async fn tried(operator: &Person, sample: Sample) -> Option<String> {
    let wanted = match sample.comes {
        Kept(reference, _) => Some(reference),
        _ => None,
    };
    let (what, before) = (sample.what.clone(), book_of(operator).await);
    let wrong = outcome(operator, sample).await;
    let after = book_of(operator).await;
    let is_wanted = |it: &[Value; 3]| wanted.is_some() && it[1].as_str() == wanted;
    let is_stray = |it: &&[Value; 3]| !is_wanted(it) && !before.contains(it);
    let stray: Vec<_> = after.iter().filter(is_stray).collect();
    let gone = before.len() > after.len();
    let besides = || format!("{what}: besides came {stray:?}, or something went");
    wrong.or_else(|| (gone || !stray.is_empty()).then(besides))
}

/// The rows of an import.
async fn rows(operator: &Person, import: &Value) -> Vec<Value> {
    let id = import["id"].as_str().unwrap_or_default();
    items(operator, &format!("/api/v1/imports/{id}/rows")).await
}

async fn outcome(operator: &Person, sample: Sample) -> Option<String> {
    let answer = upload(operator, "organizations", sample.bytes).await;
    let told = answer.text.clone();
    let wrong = || Some(format!("{}: {told}", sample.what));
    let (reference, name) = match sample.comes {
        File(code) => {
            let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            let found = body["fields"][0]["code"].as_str().or(body["code"].as_str());
            return if found == Some(code) { None } else { wrong() };
        }
        Row(column, code) => {
            let rows = rows(operator, &answer.body).await;
            let is_said = rows.iter().any(|row| {
                let mut remarks = row["remarks"].as_array().into_iter().flatten();
                row["outcome"] == "bad"
                    && row["number"] == 2
                    && remarks.any(|it| {
                        it["code"] == code && it["column"].as_str().unwrap_or_default() == column
                    })
            });
            return if is_said {
                None
            } else {
                Some(format!("{}: {rows:?}", sample.what))
            };
        }
        Kept(reference, name) => (reference, name),
    };
    if answer.status != 201 {
        return wrong();
    }
    let applied = apply(operator, &answer.body, json!({"mode": "all"})).await;
    if applied.status != 200 {
        let rows = rows(operator, &answer.body).await;
        return Some(format!("{}: {} {rows:?}", sample.what, applied.text));
    }
    let kept = items(operator, "/api/v1/organizations?limit=200").await;
    let one = kept.iter().find(|it| it["reference"] == reference);
    let is = one.is_some_and(|it| it["name"] == name);
    (!is).then(|| format!("{}: {one:?}", sample.what))
}

both_engines! {
    /// Every file's value is in the book as it stood there, or was refused for its reason.
    async fn values_are_kept_or_refused(app: TestApp) {
        let mut wrong = Vec::new();
        let all = [encodings(), separators(), shapes(), values(), cells()];
        assert!(all.iter().map(Vec::len).sum::<usize>() >= 60);
        for sample in all.into_iter().flatten() {
            wrong.extend(tried(&app.operator, sample).await);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        app.end().await;
    }
}
