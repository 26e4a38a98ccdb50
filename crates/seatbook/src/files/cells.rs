//! Cells that a spreadsheet must not take for formulas.

use crate::error::{Error, Result};

/// What makes a spreadsheet think of a formula at the beginning of a cell; the wide forms too.
const DANGEROUS: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\0', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
];

/// The cell with an apostrophe before it, where a spreadsheet would compute it.
pub fn guard(cell: &str) -> String {
    let mark = if is_dangerous(cell) { "'" } else { "" };
    format!("{mark}{cell}")
}

/// The cell without the apostrophe that [`guard`] put before it, and without nothing else.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|rest| is_dangerous(rest))
        .unwrap_or(cell)
}

// Apostrophes before the sign count as well: else a cell that has one of its own would lose it.
fn is_dangerous(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(DANGEROUS)
}

/// A CSV file with a byte-order mark, by which spreadsheets know UTF-8; every cell guarded.
pub fn write_csv<R: AsRef<[String]>>(
    rows: impl IntoIterator<Item = R>,
    separator: u8,
) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(b"\xEF\xBB\xBF".to_vec());
    for row in rows {
        let cells = row.as_ref().iter().map(|cell| guard(cell));
        writer.write_record(cells).map_err(Error::internal)?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_marked_and_nothing_else() {
        for cell in [
            "=1+1",
            "+49 30 1234",
            "-5",
            "@SUM(A1)",
            "\t=1",
            "＝1",
            "'=1",
        ] {
            assert_eq!(guard(cell), format!("'{cell}"));
        }
        for cell in ["Acme", "'s Hertogenbosch", "", "1-2", " =1"] {
            assert_eq!(guard(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn a_guarded_cell_comes_back(cell in r"['=+@A-]{0,5}\PC{0,8}") {
            let guarded = guard(&cell);
            prop_assert_eq!(unguard(&guarded), cell.as_str());
        }
    }
}
