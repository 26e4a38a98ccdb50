//! What is odd about a catalog file, said in sentences: which rows, and what was done.

use std::collections::BTreeSet;

use super::{
    super::{
        cells::{Oddity, Remark, plural, ranges},
        kinds::Sheet,
    },
    drafts::{Book, Draft, Drafts},
    units::Taken,
};
use crate::catalog::upsert::RowKey;

/// Examples in one sentence, at most.
const EXAMPLES: usize = 12;

/// Says everything that was noticed.
pub fn note(sheet: &mut Sheet, book: &Book, (components, skus): (&[RowKey], &[RowKey])) {
    merged(sheet, &book.skus);
    repeated(sheet, &book.repeats);
    shared(sheet, ("SKU", "SKUs"), &book.skus, skus);
    shared(
        sheet,
        ("component", "components"),
        &book.components,
        components,
    );
    spelled(sheet, ("SKU", "SKUs"), &book.skus);
    spelled(sheet, ("component", "components"), &book.components);
    homonyms(sheet, &book.skus, skus, components);
}

fn say(sheet: &mut Sheet, code: &str, message: String, rows: impl IntoIterator<Item = i64>) {
    let rows: BTreeSet<i64> = rows.into_iter().collect();
    sheet.oddities.push(Oddity {
        code: code.into(),
        message,
        rows: rows.into_iter().collect(),
    });
}

fn mark(sheet: &mut Sheet, row: i64, code: &str, message: String) {
    sheet.remark(
        row,
        Remark {
            column: None,
            code: code.into(),
            message,
            error: false,
        },
    );
}

/// One SKU over many rows.
fn merged(sheet: &mut Sheet, skus: &Drafts) {
    let many: Vec<&Draft> = skus
        .all
        .iter()
        .filter(|draft| draft.said.len() > 1)
        .collect();
    if many.is_empty() {
        return;
    }
    let apart = |draft: &&Draft| {
        let rows: Vec<i64> = draft.rows().collect();
        rows.windows(2).any(|pair| pair[1] != pair[0] + 1)
    };
    let scattered: Vec<&Draft> = many.iter().copied().filter(apart).collect();
    let mut message = format!(
        "{} of {} {} over several rows; the rows of each were taken together.",
        crate::console::format::number(many.len() as i64),
        plural(skus.all.len(), "SKU", "SKUs"),
        if many.len() == 1 { "goes" } else { "go" },
    );
    if !scattered.is_empty() {
        let names: Vec<&str> = scattered
            .iter()
            .take(EXAMPLES)
            .map(|draft| draft.code())
            .collect();
        message += &format!(" Not all rows stand together for {}.", names.join(", "));
    }
    say(
        sheet,
        "skus.merged",
        message,
        scattered.iter().flat_map(|draft| draft.rows()),
    );
}

/// The same component of the same SKU, said again.
fn repeated(sheet: &mut Sheet, repeats: &[(i64, i64)]) {
    if repeats.is_empty() {
        return;
    }
    for (row, first) in repeats {
        mark(
            sheet,
            *row,
            "rows.repeated",
            format!("Repeats row {first}: its SKU and component were taken once."),
        );
    }
    let pairs = repeats
        .iter()
        .take(30)
        .map(|(row, first)| format!("{row} repeats {first}"));
    let message = format!(
        "{} a SKU and component again and {} merged: {}.",
        plural(repeats.len(), "row names", "rows name"),
        if repeats.len() == 1 { "was" } else { "were" },
        pairs.collect::<Vec<_>>().join(", ")
    );
    say(
        sheet,
        "rows.repeated",
        message,
        repeats.iter().map(|(row, _)| *row),
    );
}

/// One code, several keys.
fn shared(sheet: &mut Sheet, (one, many): (&str, &str), drafts: &Drafts, keys: &[RowKey]) {
    let mut codes: Vec<&str> = Vec::new();
    let both: Vec<(&Draft, &RowKey)> = drafts
        .all
        .iter()
        .zip(keys)
        .filter(|(_, key)| key.told_apart)
        .collect();
    for (draft, _) in &both {
        if !codes.contains(&draft.code()) {
            codes.push(draft.code());
        }
    }
    for code in codes {
        let those: Vec<_> = both
            .iter()
            .filter(|(draft, _)| draft.code() == code)
            .collect();
        let words = those.iter().map(|(draft, key)| {
            format!(
                "“{}” ({})",
                key.code,
                draft.reference.as_deref().unwrap_or_default()
            )
        });
        let message = format!(
            "The code “{code}” belongs to {} {many} with different keys; each {one} got a code of its own, unless \
             the book knew it already: {}.",
            those.len(),
            words.collect::<Vec<_>>().join(", ")
        );
        for (draft, key) in &those {
            for row in draft.rows() {
                mark(
                    sheet,
                    row,
                    "codes.shared",
                    format!(
                        "Several {many} have the code “{code}”; this one became “{}”.",
                        key.code
                    ),
                );
            }
        }
        say(
            sheet,
            "codes.shared",
            message,
            those.iter().flat_map(|(draft, _)| draft.rows()),
        );
    }
}

/// One key, several codes or names.
fn spelled(sheet: &mut Sheet, (one, many): (&str, &str), drafts: &Drafts) {
    let (mut rows, mut things) = (Vec::new(), Vec::new());
    for draft in &drafts.all {
        let (code, name) = (draft.code(), draft.name());
        let before = rows.len();
        for (row, theirs, called) in &draft.said {
            let other = [
                Some(theirs.as_str()).filter(|it| *it != code),
                called.as_deref().filter(|_| called.as_deref() != name),
            ];
            let other: Vec<&str> = other.into_iter().flatten().collect();
            if !other.is_empty() {
                let message = format!(
                    "Most rows spell this {one} “{}”; that was taken.",
                    name.unwrap_or(code)
                );
                mark(sheet, *row, "names.differ", message);
                rows.push(*row);
            }
        }
        if rows.len() > before {
            things.push(code);
        }
    }
    rows.sort_unstable();
    if !things.is_empty() {
        let shown: Vec<&str> = things.iter().copied().take(EXAMPLES).collect();
        let rest = things.len() - shown.len();
        let more = if rest == 0 {
            String::new()
        } else {
            format!(" and {rest} more")
        };
        let message = format!(
            "{} spelled in several ways; the most frequent was taken: {}{more} ({}: {}).",
            plural(things.len(), &format!("{one} is"), &format!("{many} are")),
            shown.join(", "),
            plural(rows.len(), "row", "rows"),
            ranges(&rows),
        );
        say(sheet, "names.differ", message, rows);
    }
}

/// A SKU with the code of a component: two products want one code.
fn homonyms(sheet: &mut Sheet, skus: &Drafts, keys: &[RowKey], components: &[RowKey]) {
    let taken = Taken::of(components);
    let both = || skus.all.iter().zip(keys);
    let same: Vec<&Draft> = both()
        .filter(|(_, key)| key.reference.is_some() && taken.same(key).is_some())
        .map(|(draft, _)| draft)
        .collect();
    if !same.is_empty() {
        let message = format!(
            "{} the key of a component, so the product it sells is that component: {}.",
            plural(same.len(), "SKU has", "SKUs have"),
            same.iter()
                .take(EXAMPLES)
                .map(|draft| draft.code())
                .collect::<Vec<_>>()
                .join(", ")
        );
        say(
            sheet,
            "products.shared",
            message,
            same.iter().flat_map(|draft| draft.rows()),
        );
    }
    let those: Vec<&Draft> = both()
        .filter(|(_, key)| taken.clashes(key))
        .map(|(draft, _)| draft)
        .collect();
    if those.is_empty() {
        return;
    }
    let names: Vec<&str> = those
        .iter()
        .take(EXAMPLES)
        .map(|draft| draft.code())
        .collect();
    let rest = those.len() - names.len();
    let more = if rest == 0 {
        String::new()
    } else {
        format!(" and {rest} more")
    };
    let message = format!(
        "{} the code of a component. The component keeps it; the product of the SKU got one that ends in the \
         beginning of its key: {}{more}.",
        plural(those.len(), "SKU has", "SKUs have"),
        names.join(", ")
    );
    say(
        sheet,
        "products.told_apart",
        message,
        those.iter().flat_map(|draft| draft.rows()),
    );
}
