//! Rules about codes: whatever a client can be told stands in the guide for programs, and nothing else does.
//!
//! Codes are given to many constructors, closures and tuples, and new ones come with every room; a list of them would
//! rot like the guide. So a code is known by its form instead: a whole string literal of two words in small letters with
//! one dot between them, `"pool.exhausted"`, wherever it stands outside of tests. What else has that form is told by
//! what it is: the names of commands, jobs and permissions by the one place where each is born, columns by the short
//! name of their table, files by their ending. Whoever writes one that is none of these reads about it here.
//!
//! A code of one word, `"required"`, could be anything, and is known only where it is given to `Error::new` or
//! `Error::invalid`.

use std::{collections::BTreeSet, path::Path};

use super::{
    Complaint,
    house::{File, House, Kind},
};

const PAGE: &str = "docs/api.md";

/// How files end that are named in the sources.
const ENDINGS: [&str; 11] = [
    "bin", "css", "db", "html", "js", "json", "rs", "svg", "toml", "typ", "xml",
];

/// Have the form of a code and are never sent. The list holds only what the sources still hold.
const INSIDE: [&str; 7] = [
    // The other side of a search that always finds.
    "assignment.refused",
    // The job catches it, and ends as canceled, which has no code.
    "job.canceled",
    // Whoever has the job now ends it; what this try says is not written.
    "job.lost",
    // Another server told it; whoever looks for what is due goes on.
    "notice.not_due",
    // Said at the command line, to the operator; so is the one of the platform.
    "brand.wrong",
    "platform.not_set_up",
    // The name of the key file.
    "seatbook.key",
];

#[test]
fn the_reference_names_every_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = include_str!("../../../../../docs/api.md");
    let left: Vec<String> = differences(&House::read(&root), page, &INSIDE)
        .iter()
        .map(Complaint::to_string)
        .collect();
    assert!(
        left.is_empty(),
        "\n\n{}\n\n{} to mend\n",
        left.join("\n"),
        left.len()
    );
}

/// The codes that the page lacks, and those in its tables, or among the excused ones, that nothing raises any more.
pub fn differences(house: &House, page: &str, inside: &[&str]) -> Vec<Complaint> {
    let names = names(house);
    let (mut found, mut raised) = (Vec::new(), BTreeSet::new());
    // The demo tells a story of people and companies, at the command line alone.
    let files = house.business().filter(|file| file.room() != Some("demo"));
    for file in files {
        for (line, code) in codes(file).filter(|(_, code)| !names.contains(code)) {
            raised.insert(code);
            if !page.contains(&format!("`{code}`")) && !inside.contains(&code) {
                let what = format!(
                    "`{code}` has the form of a code and is not in {PAGE}: name it there, or see \
                     tests/it/tidy/codes.rs if it is none, or never sent"
                );
                found.push(file.complain("codes", line, what));
            }
        }
    }
    // A word without a dot may also be given in ways that are not looked for: that it is written anywhere is enough.
    let written: BTreeSet<&str> = house.business().flat_map(words).map(|it| it.1).collect();
    let gone = |code: &str| {
        let plain = !code.contains('.') && written.contains(code);
        !plain && !raised.contains(code)
    };
    for (line, code) in tabled(page).filter(|(_, code)| gone(code)) {
        found.push(Complaint {
            rule: "codes",
            file: PAGE.to_owned(),
            line,
            what: format!("nothing raises `{code}` any more: remove it"),
        });
    }
    for code in inside.iter().filter(|code| !raised.contains(**code)) {
        found.push(Complaint {
            rule: "codes",
            file: "crates/seatbook/tests/it/tidy/codes.rs".to_owned(),
            line: 1,
            what: format!("nothing holds `{code}` any more: excuse it no longer"),
        });
    }
    found
}

/// What has the form of a code, with its line.
fn codes(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let given = second_arguments(file);
    let code = move |(at, word): &(usize, &str)| is_code(word) || given.contains(at);
    words(file)
        .filter(code)
        .map(move |(at, word)| (file.tokens[at].line, word))
}

fn is_code(word: &str) -> bool {
    let Some((noun, rest)) = word.split_once('.') else {
        return false;
    };
    // SQL calls its tables by one or two letters.
    noun.len() > 2 && !rest.is_empty() && !rest.contains('.') && !ENDINGS.contains(&rest)
}

/// Where the code of an error stands, behind its kind or its field.
fn second_arguments(file: &File) -> BTreeSet<usize> {
    let calls = ["Error : : new (", "Error : : invalid ("];
    let lists = calls.into_iter().flat_map(|call| file.places(call));
    let second = lists.map(|call| {
        let list = call + 4;
        let mut at = list + 1;
        while at < file.tokens[list].partner && !file.at(at, ",") {
            at = file.behind(at);
        }
        at + 1
    });
    second.collect()
}

/// The names of commands, jobs and permissions.
fn names(house: &House) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for file in house.business() {
        if file.path.ends_with("/scope/permission.rs") {
            names.extend(words(file).map(|(_, name)| name));
        }
        for start in ["const NAME :", "const JOB :"] {
            for at in file.places(start) {
                let said = file.tokens[at..].iter().take_while(|it| it.text != ";");
                names.extend(said.filter_map(|it| word(&it.text)));
            }
        }
    }
    names
}

/// The literals outside of tests that are one word, or several with dots between them, and their places.
fn words(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let tokens = file.tokens.iter().enumerate();
    let spoken = tokens.filter(|(_, it)| it.kind == Kind::Literal && !it.in_test);
    spoken.filter_map(|(at, it)| Some((at, word(&it.text)?)))
}

fn word(literal: &str) -> Option<&str> {
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    is_word(inside).then_some(inside)
}

fn is_word(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
    !text.is_empty() && text.chars().all(letter)
}

/// The codes in the first column of the page's tables, with their lines.
fn tabled(page: &str) -> impl Iterator<Item = (usize, &str)> {
    page.lines().enumerate().flat_map(|(number, line)| {
        let row = line
            .strip_prefix("| `")
            .and_then(|_| line.split('|').nth(1));
        let quoted = row
            .into_iter()
            .flat_map(|cell| cell.split('`').skip(1).step_by(2));
        quoted
            .filter(|text| is_word(text))
            .map(move |code| (number + 1, code))
    })
}
