//! Rules about SQL inside Rust strings: one text for two engines.

use super::{
    Complaint,
    house::{File, House, Kind},
};

/// Words only one engine understands, or understands otherwise, and what to write instead.
const DIALECT: [(&str, &str); 24] = [
    ("ILIKE", "the noun's `…_search` table"),
    ("ANY (", "`IN` with one parameter a value"),
    ("FOR UPDATE", "one conditional UPDATE"),
    ("SKIP LOCKED", "a lease in a conditional UPDATE"),
    ("AUTOINCREMENT", "ids drawn by the transaction"),
    ("ROWID", "the primary key"),
    ("STRICT", "nothing: `store` adds it"),
    ("PRAGMA", "`store`: it opens the connections"),
    ("INSERT OR", "`ON CONFLICT`"),
    ("REPLACE INTO", "`ON CONFLICT`"),
    ("DISTINCT ON", "a window function or GROUP BY"),
    ("AS ( INSERT", "two statements: SQLite writes in no CTE"),
    ("AS ( UPDATE", "two statements: SQLite writes in no CTE"),
    ("AS ( DELETE", "two statements: SQLite writes in no CTE"),
    ("JSON_EXTRACT", "`->>`"),
    ("JSONB_SET", "the whole document"),
    ("DATETIME (", "a parameter: time comes from the transaction"),
    ("STRFTIME (", "a parameter: time comes from the transaction"),
    (
        "UNIXEPOCH (",
        "a parameter: time comes from the transaction",
    ),
    (
        "DATE_TRUNC (",
        "a parameter: periods are counted in `rules`",
    ),
    ("NOW (", "a parameter: time comes from the transaction"),
    (
        "CURRENT_TIMESTAMP",
        "a parameter: time comes from the transaction",
    ),
    (
        "GEN_RANDOM_UUID",
        "a parameter: ids come from the transaction",
    ),
    ("INTERVAL '", "a parameter: periods are counted in `rules`"),
];

/// Dialect branches live in `store` and nowhere else.
pub fn dialect(house: &House) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in house.business() {
        for (line, sql) in statements(file) {
            let words = words(&sql.to_uppercase());
            let mut complain = |word: &str, instead: &str| {
                let what = format!("`{word}` is the SQL of one engine; write {instead}");
                found.push(file.complain("dialect", line, what));
            };
            for (wrong, instead) in DIALECT.iter().filter(|(wrong, _)| says(&words, wrong)) {
                complain(wrong, instead);
            }
            if casts(&words) {
                complain("::", "`CAST(… AS …)`, or the right type in the first place");
            }
            let like = words.iter().position(|word| word == "LIKE");
            if like.is_some_and(|at| words[at..].iter().any(|word| word == "ESCAPE")) {
                complain(
                    "LIKE … ESCAPE",
                    "the noun's `…_search` table: it is 15 times faster",
                );
            }
        }
    }
    found
}

/// The string literals of a file that are SQL or a piece of it, with their lines.
pub fn statements(file: &File) -> impl Iterator<Item = (usize, String)> {
    let documentation = |at: usize| at > 1 && file.at(at - 2, "doc =");
    let tokens = file.tokens.iter().enumerate();
    let literals = tokens.filter(|(_, token)| token.kind == Kind::Literal);
    let spoken = literals.filter(move |&(at, _)| !documentation(at));
    let texts = spoken.filter_map(|(_, token)| Some((token.line, text(&token.text)?)));
    texts.filter(|(_, text)| is_sql(text))
}

/// Words, and every other sign by itself.
pub fn words(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for c in sql.chars() {
        let letter = c.is_alphanumeric() || c == '_';
        match words.last_mut() {
            Some(word) if letter && open => word.push(c),
            _ if c.is_whitespace() => {}
            _ => words.push(c.to_string()),
        }
        open = letter;
    }
    words
}

/// Keywords in capitals, or a statement from its first word.
fn is_sql(text: &str) -> bool {
    const KEYWORDS: [&str; 16] = [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "FROM",
        "WHERE",
        "JOIN",
        "SET",
        "VALUES",
        "AND",
        "OR",
        "LIKE",
        "ILIKE",
        "ORDER",
        "RETURNING",
        "WITH",
    ];
    let starts = [
        "select ",
        "insert into ",
        "update ",
        "delete from ",
        "with ",
    ];
    starts
        .iter()
        .any(|start| text.trim_start().starts_with(start))
        || words(text)
            .iter()
            .any(|word| KEYWORDS.contains(&word.as_str()))
}

fn says(words: &[String], wrong: &str) -> bool {
    let wrong: Vec<&str> = wrong.split(' ').collect();
    words.windows(wrong.len()).any(|window| window == wrong)
}

/// `column::text`, but not the address `::1`.
fn casts(words: &[String]) -> bool {
    words
        .windows(3)
        .any(|it| it[0] == ":" && it[1] == ":" && it[2].starts_with(|c: char| c.is_alphabetic()))
}

/// What a literal says: a plain or raw string, `None` for anything else.
fn text(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        return Some(raw.trim_matches('#').trim_matches('"').to_owned());
    }
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    let (mut text, mut letters) = (String::new(), inside.chars().peekable());
    while let Some(c) = letters.next() {
        match (c, letters.peek().copied()) {
            ('\\', Some('\n')) => while letters.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some(escaped)) => {
                text.push(if escaped == 'n' { '\n' } else { escaped });
                letters.next();
            }
            _ => text.push(c),
        }
    }
    Some(text)
}
