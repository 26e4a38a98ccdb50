//! The tree as the rules see it: files with their tokens, rooms in their order.

use std::{fs, path::Path};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Complaint;

pub const SRC: &str = "crates/seatbook/src/";

/// Every file that a rule looks at.
pub struct House {
    pub files: Vec<File>,
}

/// A file, with its tokens where it is Rust.
pub struct File {
    /// From the root of the checkout, with `/`.
    pub path: String,
    pub text: String,
    pub tokens: Vec<Token>,
    /// Line and reason, where the tokens could not be told apart.
    pub unreadable: Option<(usize, String)>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Word,
    Sign,
    Literal,
    Open,
    Close,
}

/// A token as written; an opening and a closing bracket know each other's place.
pub struct Token {
    pub text: String,
    pub kind: Kind,
    pub line: usize,
    pub partner: usize,
    pub in_test: bool,
}

impl House {
    /// Reads what stands below `crates` and `xtask`.
    pub fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        for part in ["crates", "xtask"] {
            gather(&root.join(part), part, &mut files);
        }
        Self::of(files)
    }

    /// A house of these paths and texts.
    pub fn of(texts: Vec<(String, String)>) -> Self {
        let mut house = Self {
            files: texts.into_iter().map(File::of).collect(),
        };
        house.files.sort_by(|one, other| one.path.cmp(&other.path));
        house.mark_test_files();
        house
    }

    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The Rust files of the house itself, without its tests.
    pub fn business(&self) -> impl Iterator<Item = &File> {
        self.rust().filter(|file| file.path.starts_with(SRC))
    }

    /// The rooms as lib.rs lists them.
    pub fn order(&self) -> Vec<&str> {
        let Some(list) = self.rust().find(|file| file.path == format!("{SRC}lib.rs")) else {
            return Vec::new();
        };
        list.modules()
            .filter(|&(_, in_test)| !in_test)
            .map(|(name, _)| name)
            .collect()
    }

    /// `#[cfg(test)] mod samples;` makes that file a test, which the file itself does not say.
    fn mark_test_files(&mut self) {
        let mut tests = Vec::new();
        for file in self.rust() {
            let folder = file.module_folder();
            let names = file.modules().filter(|&(_, in_test)| in_test);
            tests.extend(names.map(|(name, _)| format!("{folder}/{name}")));
        }
        for file in &mut self.files {
            let inside = |start: &String| {
                let rest = file.path.strip_prefix(start.as_str());
                rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            };
            if tests.iter().any(inside) || file.path.contains("/tests/") {
                file.tokens
                    .iter_mut()
                    .for_each(|token| token.in_test = true);
            }
        }
    }
}

impl File {
    fn of((path, text): (String, String)) -> Self {
        let mut file = Self {
            path,
            text,
            tokens: Vec::new(),
            unreadable: None,
        };
        if !file.path.ends_with(".rs") {
            return file;
        }
        match file.text.parse::<TokenStream>() {
            Ok(stream) => flatten(stream, &mut file.tokens),
            Err(e) => file.unreadable = Some((e.span().start().line, e.to_string())),
        }
        file.mark_tests();
        file
    }

    pub fn complain(&self, rule: &'static str, line: usize, what: impl Into<String>) -> Complaint {
        Complaint {
            rule,
            file: self.path.clone(),
            line,
            what: what.into(),
        }
    }

    /// `licenses` for `…/src/licenses/commands/issue.rs`, `error` for `…/src/error.rs`.
    pub fn room(&self) -> Option<&str> {
        let below = self.path.strip_prefix(SRC)?;
        let room = below.split('/').next()?;
        let room = room.strip_suffix(".rs").unwrap_or(room);
        (!["lib", "main"].contains(&room)).then_some(room)
    }

    /// Which drawer of its room: `commands` for `commands.rs` and for `commands/issue.rs`.
    pub fn drawer(&self) -> Option<&str> {
        let inside = self.path.strip_prefix(SRC)?.split('/').nth(1)?;
        Some(inside.strip_suffix(".rs").unwrap_or(inside))
    }

    /// Name without folder and ending.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    /// Whether the tokens from here on are these words, written with spaces between them.
    pub fn at(&self, index: usize, words: &str) -> bool {
        let mut words = words.split(' ').enumerate();
        words.all(|(step, word)| {
            self.tokens
                .get(index + step)
                .is_some_and(|it| it.text == word)
        })
    }

    pub fn is(&self, index: usize, kind: Kind) -> bool {
        self.tokens
            .get(index)
            .is_some_and(|token| token.kind == kind)
    }

    /// The places where these words stand.
    pub fn places<'a>(&'a self, words: &'a str) -> impl Iterator<Item = usize> + 'a {
        (0..self.tokens.len()).filter(move |&index| self.at(index, words))
    }

    /// The place behind this token, or behind its group.
    pub fn behind(&self, index: usize) -> usize {
        if self.is(index, Kind::Open) {
            self.tokens[index].partner + 1
        } else {
            index + 1
        }
    }

    /// `mod name;` lines, and whether they are for tests alone.
    fn modules(&self) -> impl Iterator<Item = (&str, bool)> {
        let declared = |&at: &usize| self.is(at + 1, Kind::Word) && self.at(at + 2, ";");
        self.places("mod").filter(declared).map(|at| {
            let name = &self.tokens[at + 1];
            (name.text.as_str(), name.in_test)
        })
    }

    /// Where the files of this file's modules stand.
    fn module_folder(&self) -> &str {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let own = ["mod", "lib", "main"].contains(&self.stem());
        if own {
            folder
        } else {
            self.path.trim_end_matches(".rs")
        }
    }

    /// Marks what stands below `#[cfg(test)]`, `#[test]` and `#[tokio::test]`.
    fn mark_tests(&mut self) {
        for start in 0..self.tokens.len() {
            let whole = self.at(start, "# ! [");
            let bracket = start + if whole { 2 } else { 1 };
            if self.tokens[start].text != "#" || !self.at(bracket, "[") || !self.for_tests(bracket)
            {
                continue;
            }
            let end = if whole {
                self.tokens.len()
            } else {
                self.item_end(bracket)
            };
            self.tokens[start..end]
                .iter_mut()
                .for_each(|token| token.in_test = true);
        }
    }

    fn for_tests(&self, bracket: usize) -> bool {
        let inside = &self.tokens[bracket + 1..self.tokens[bracket].partner];
        let has = |word: &str| inside.iter().any(|token| token.text == word);
        if inside.first().is_some_and(|token| token.text == "cfg") {
            return has("test") && !has("not");
        }
        let path = inside.iter().take_while(|token| token.kind != Kind::Open);
        path.filter(|token| token.kind == Kind::Word)
            .last()
            .is_some_and(|it| it.text == "test")
    }

    /// One past the item that an attribute belongs to.
    fn item_end(&self, bracket: usize) -> usize {
        let mut at = self.behind(bracket);
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                ";" => return at + 1,
                "{" => return self.behind(at),
                _ if token.kind == Kind::Close => return at,
                _ => at = self.behind(at),
            }
        }
        at
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let (kind, text) = match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let first = tokens.len();
                tokens.push(token(Kind::Open, open.to_owned(), line));
                flatten(group.stream(), tokens);
                let last = tokens.len();
                let line = group.span_close().end().line;
                tokens.push(token(Kind::Close, close.to_owned(), line));
                (tokens[first].partner, tokens[last].partner) = (last, first);
                continue;
            }
            TokenTree::Ident(word) => (Kind::Word, word.to_string()),
            TokenTree::Punct(sign) => (Kind::Sign, sign.to_string()),
            TokenTree::Literal(literal) => (Kind::Literal, literal.to_string()),
        };
        tokens.push(token(kind, text, line));
    }
}

fn token(kind: Kind, text: String, line: usize) -> Token {
    Token {
        text,
        kind,
        line,
        partner: 0,
        in_test: false,
    }
}

fn gather(folder: &Path, path: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (place, path) = (entry.path(), format!("{path}/{name}"));
        if place.is_dir() {
            if !name.starts_with('.') && name != "target" {
                gather(&place, &path, files);
            }
        } else {
            files.push((path, fs::read_to_string(place).unwrap_or_default()));
        }
    }
}
