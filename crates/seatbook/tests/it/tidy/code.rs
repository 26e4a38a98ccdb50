//! Rules about what code does, and the functions other rules count.

use std::collections::BTreeMap;

use super::{
    Complaint,
    house::{File, House, Kind},
};

/// The outside world may be a trait of one implementation: tests stand in for it.
const OUTSIDE_WORLD: [&str; 2] = ["Clock", "Mailer"];

/// A function with a body.
pub struct Function {
    pub name: String,
    pub line: usize,
    /// From `fn` to the closing brace.
    pub lines: usize,
    /// Without `self`.
    pub parameters: usize,
    is_async: bool,
    is_documented: bool,
}

impl Function {
    /// What axum calls: the asynchronous functions of a room's two faces.
    pub fn is_handler(&self, file: &File) -> bool {
        self.is_async
            && file
                .drawer()
                .is_some_and(|drawer| ["api", "pages"].contains(&drawer))
    }
}

/// The functions of a file, nested ones and those inside macros too.
pub fn functions(file: &File) -> Vec<Function> {
    file.places("fn")
        .filter_map(|at| function(file, at))
        .collect()
}

fn function(file: &File, at: usize) -> Option<Function> {
    if !file.is(at + 1, Kind::Word) {
        return None;
    }
    let list = behind_generics(file, at + 2);
    if !file.at(list, "(") {
        return None;
    }
    let mut body = file.behind(list);
    while !file.at(body, "{") {
        if file.at(body, ";") || body >= file.tokens.len() {
            return None;
        }
        body = file.behind(body);
    }
    let (line, end) = (
        file.tokens[at].line,
        file.tokens[file.tokens[body].partner].line,
    );
    let (is_async, is_documented) = before(file, at);
    Some(Function {
        name: file.tokens[at + 1].text.clone(),
        line,
        lines: end - line + 1,
        parameters: parameters(file, list),
        is_async,
        is_documented,
    })
}

/// Reads backwards over `pub(crate) async` and attributes.
fn before(file: &File, function: usize) -> (bool, bool) {
    let (mut is_async, mut is_documented) = (false, false);
    let mut at = function;
    while at > 0 {
        at -= 1;
        let token = &file.tokens[at];
        match token.text.as_str() {
            "async" => is_async = true,
            "pub" | "const" | "unsafe" | "extern" | "default" => {}
            ")" => at = token.partner,
            "]" => {
                at = token.partner;
                is_documented |= file.at(at, "[ doc");
                at = at.saturating_sub(1);
            }
            _ if token.kind == Kind::Literal => {}
            _ => break,
        }
    }
    (is_async, is_documented)
}

fn parameters(file: &File, list: usize) -> usize {
    let (mut at, end) = (list + 1, file.tokens[list].partner);
    let (mut count, mut angles, mut empty, mut own) = (0, 0_i32, true, false);
    while at < end {
        match file.tokens[at].text.as_str() {
            "," if angles == 0 => {
                count += usize::from(!empty);
                (empty, at) = (true, at + 1);
                continue;
            }
            "self" => own = true,
            _ => angles += angle(file, at),
        }
        (empty, at) = (false, file.behind(at));
    }
    count + usize::from(!empty) - usize::from(own)
}

/// +1 for `<`, -1 for `>` that closes one, 0 for the arrow's and everything else.
fn angle(file: &File, at: usize) -> i32 {
    match file.tokens[at].text.as_str() {
        "<" => 1,
        ">" if at > 0 && ["-", "="].contains(&file.tokens[at - 1].text.as_str()) => 0,
        ">" => -1,
        _ => 0,
    }
}

fn behind_generics(file: &File, start: usize) -> usize {
    let (mut at, mut angles) = (start, 0);
    while at < file.tokens.len() {
        angles += angle(file, at);
        if angles == 0 {
            return if at == start { start } else { at + 1 };
        }
        at = file.behind(at);
    }
    at
}

/// Outside tests a surprise is an error value, or an `expect` that states why it cannot be.
pub fn unwraps(house: &House) -> Vec<Complaint> {
    let what = "unwrap outside tests: return the error, or `expect(\"why it cannot fail\")`";
    seek(
        house,
        ". unwrap ( )",
        |file, at| !file.tokens[at].in_test,
        ("unwrap", what),
    )
}

/// A test that sleeps is slow on a fast machine and wrong on a slow one.
pub fn sleeps(house: &House) -> Vec<Complaint> {
    let what = "a test that sleeps: wait for the thing itself, or move the fixed clock";
    seek(
        house,
        "sleep (",
        |file, at| file.tokens[at].in_test,
        ("sleep", what),
    )
}

/// A test that nobody runs is a comment that lies.
pub fn ignored_tests(house: &House) -> Vec<Complaint> {
    seek(
        house,
        "# [ ignore",
        |_, _| true,
        ("ignore", "an ignored test: mend it or remove it"),
    )
}

/// Commands and queries run inside a batch: nothing may wait there but the database.
pub fn runtime_in_drawers(house: &House) -> Vec<Complaint> {
    let drawers = |file: &File| {
        let drawer = file.drawer().unwrap_or_default();
        drawer.starts_with("commands") || drawer.starts_with("queries")
    };
    let what = "tokio in commands or queries: they run inside a transaction and may not wait";
    let wrong = |file: &File, at: usize| drawers(file) && !file.tokens[at].in_test;
    seek(house, "tokio", wrong, ("tokio", what))
}

fn seek(
    house: &House,
    words: &str,
    wrong: impl Fn(&File, usize) -> bool,
    (rule, what): (&'static str, &str),
) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in house.rust() {
        let places = file.places(words).filter(|&at| wrong(file, at));
        found.extend(places.map(|at| file.complain(rule, file.tokens[at].line, what)));
    }
    found
}

/// The handler's words are the customer's documentation.
pub fn undocumented_handlers(house: &House) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in house.business().filter(|file| file.drawer() == Some("api")) {
        let silent = |it: &Function| it.is_handler(file) && !it.is_documented;
        found.extend(functions(file).into_iter().filter(silent).map(|it| {
            let what = format!("handler {} is not documented for the customer", it.name);
            file.complain("handler-docs", it.line, what)
        }));
    }
    found
}

/// A trait with one implementation is a detour. An implementation for `<T>`, or in a macro, stands
/// for many.
pub fn lone_traits(house: &House) -> Vec<Complaint> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in house.rust() {
        for at in file.places("impl").filter(|&at| !file.tokens[at].in_test) {
            if let Some(name) = implemented(file, at) {
                let many = for_any_type(file, at + 1) || in_macro(file, at);
                *counts.entry(name).or_default() += if many { 2 } else { 1 };
            }
        }
    }
    let mut found = Vec::new();
    for file in house.rust() {
        for at in file
            .places("trait")
            .filter(|&at| file.is(at + 1, Kind::Word))
        {
            let name = &file.tokens[at + 1];
            let lone = !name.in_test && counts.get(name.text.as_str()) == Some(&1);
            if lone && !OUTSIDE_WORLD.contains(&name.text.as_str()) {
                let what = format!("trait {} has one implementation: use the type", name.text);
                found.push(file.complain("lone-trait", name.line, what));
            }
        }
    }
    found
}

/// The trait of `impl<…> path::Trait<…> for …`.
fn implemented(file: &File, at: usize) -> Option<&str> {
    let mut at = behind_generics(file, at + 1);
    let (mut name, mut angles) = (None, 0);
    while let Some(token) = file.tokens.get(at) {
        angles += angle(file, at);
        if angles == 0 {
            match token.text.as_str() {
                "for" if !file.at(at + 1, "<") => return name,
                "{" | ";" | "," | "=" => return None,
                _ if token.kind == Kind::Close => return None,
                word if token.kind == Kind::Word => name = Some(word),
                _ => {}
            }
        }
        at = file.behind(at);
    }
    None
}

/// Whether generics begin here that name more than lifetimes.
fn for_any_type(file: &File, start: usize) -> bool {
    let mut generics = start..behind_generics(file, start);
    generics.any(|at| {
        let first = ["<", ","].contains(&file.tokens[at].text.as_str());
        first && file.is(at + 1, Kind::Word) && !file.at(at + 1, "const")
    })
}

fn in_macro(file: &File, at: usize) -> bool {
    file.places("macro_rules !").any(|rule| {
        let body = rule + 3;
        file.is(body, Kind::Open) && (body..file.tokens[body].partner).contains(&at)
    })
}
