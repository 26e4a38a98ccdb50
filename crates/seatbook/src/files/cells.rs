//! Cells that a spreadsheet must not take for formulas.

/// What makes a spreadsheet think of a formula at the beginning of a cell; the wide forms too.
const DANGEROUS: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\0', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
];

/// The cell with an apostrophe before it, where a spreadsheet would compute it.
pub fn guard(cell: &str) -> String {
    let mark = if is_dangerous(cell) { "'" } else { "" };
    format!("{mark}{cell}")
}

/// The cell without the apostrophe that a written CSV file has before it, and with everything else.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|rest| is_dangerous(rest))
        .unwrap_or(cell)
}

// Apostrophes before the sign count as well: else a cell that has one of its own would lose it.
fn is_dangerous(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(DANGEROUS)
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
