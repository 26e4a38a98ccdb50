//! Each rule tried on a house that breaks it, and on one that does not.

use super::{Complaint, codes, complaints, house::House, offenders};

/// The complaints about a house of these files, as `rule line`.
fn judge(files: &[(&str, &str)]) -> Vec<String> {
    found(files)
        .iter()
        .map(|it| format!("{} {}", it.rule, it.line))
        .collect()
}

fn found(files: &[(&str, &str)]) -> Vec<Complaint> {
    let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    complaints(&House::of(files.iter().map(own).collect()))
}

/// A house with two rooms, `above` and `below`, in which `text` stands at `path`.
fn in_house(path: &str, text: &str) -> Vec<String> {
    let lib = (
        "crates/seatbook/src/lib.rs",
        "pub mod above;\npub mod below;",
    );
    judge(&[lib, (&format!("crates/seatbook/src/{path}"), text)])
}

const NOTHING: [&str; 0] = [];

#[test]
fn an_empty_tree_is_tidy() {
    assert_eq!(judge(&[]), NOTHING);
    assert_eq!(in_house("above/mod.rs", "//! Above."), NOTHING);
}

#[test]
fn files_have_a_limit_and_a_hard_one() {
    let lines = |count| "//\n".repeat(count);
    assert_eq!(in_house("above.rs", &lines(400)), NOTHING);
    assert_eq!(in_house("above.rs", &lines(401)), ["file-lines 401"]);
    assert_eq!(in_house("above/list.html", &lines(601)), ["file-hard 601"]);
}

#[test]
fn functions_have_a_limit() {
    let body = |lines: usize| format!("fn long() {{\n{}}}", "\n".repeat(lines - 2));
    assert_eq!(in_house("above.rs", &body(70)), NOTHING);
    assert_eq!(in_house("above.rs", &body(71)), ["function-lines 1"]);
    assert_eq!(in_house("above/api.rs", &body(26)), NOTHING);
    let handler = format!("/// Said.\n#[utoipa::path(get)]\npub async {}", body(26));
    assert_eq!(in_house("above/api.rs", &handler), ["handler-lines 3"]);
    assert_eq!(in_house("above/api/one.rs", &handler), ["handler-lines 3"]);
}

#[test]
fn parameters_are_counted_without_self_and_inside_no_type() {
    let five =
        "fn f<T: Fn(u8, u8) -> u8>(&self, a: Map<u8, u8>, b: (u8, u8), c: T, d: u8, e: u8,) {}";
    assert_eq!(in_house("above.rs", five), NOTHING);
    let six = "fn f(a: u8, b: u8, c: fn(u8) -> u8, d: u8, e: u8, f: u8) {}";
    assert_eq!(in_house("above.rs", six), ["parameters 1"]);
}

#[test]
fn handlers_are_documented() {
    let silent = "#[utoipa::path(get)]\npub async fn list() {}";
    assert_eq!(in_house("above/api.rs", silent), ["handler-docs 2"]);
    assert_eq!(
        in_house("above/api.rs", &format!("/// Lists.\n{silent}")),
        NOTHING
    );
    assert_eq!(in_house("above/pages.rs", silent), NOTHING);
}

#[test]
fn a_room_is_not_a_hall() {
    let lib = (
        "crates/seatbook/src/lib.rs".to_owned(),
        "mod above;".to_owned(),
    );
    let file = |n| {
        (
            format!("crates/seatbook/src/above/part/{n}.rs"),
            String::new(),
        )
    };
    let house = |count| {
        House::of(
            std::iter::once(lib.clone())
                .chain((0..count).map(file))
                .collect(),
        )
    };
    assert!(complaints(&house(12)).is_empty());
    assert_eq!(complaints(&house(13))[0].rule, "room-files");
}

#[test]
fn rooms_use_only_rooms_above_them() {
    let plaque = "//! A room.\n";
    for text in [
        "use crate::below;",
        "use crate::{error::Error, below::{self, x}};",
        "fn f() { g!(crate::below::h()) }",
        "use super::below::x;",
        "mod inner { use super::super::below; }",
    ] {
        let wrong = in_house("above/mod.rs", &format!("{plaque}{text}"));
        assert_eq!(wrong, ["room-order 2"], "{text}");
        let right = format!("{plaque}{}", text.replace("below", "above"));
        assert_eq!(in_house("below/mod.rs", &right), NOTHING, "{text}");
    }
    assert_eq!(
        in_house("above/api.rs", "use super::super::below;"),
        ["room-order 1"]
    );
    assert_eq!(
        in_house("above/api.rs", "use super::below;"),
        NOTHING,
        "a drawer of its own"
    );
    assert_eq!(
        in_house("above.rs", "//! [`crate::below`]\n/* crate::below */"),
        NOTHING
    );
    assert_eq!(in_house("attic.rs", ""), ["room-order 1"]);
}

#[test]
fn templates_too_use_only_rooms_above_them() {
    let text = "<p>\n{%- include \"below/row.html\" %}";
    assert_eq!(in_house("above/list.html", text), ["room-order 2"]);
    assert_eq!(in_house("below/list.html", text), NOTHING);
}

#[test]
fn a_room_has_a_plaque() {
    assert_eq!(in_house("above/mod.rs", "mod api;"), ["plaque 1"]);
    assert_eq!(
        in_house("above/mod.rs", &"//! Long.\n".repeat(16)),
        ["plaque 16"]
    );
    assert_eq!(in_house("above/commands/mod.rs", "mod issue;"), NOTHING);
}

#[test]
fn a_room_writes_its_own_tables() {
    let house = |path: &str, sql: &str| {
        judge(&[
            ("crates/seatbook/src/lib.rs", "mod above; mod below;"),
            (
                "crates/seatbook/migrations/0001_first.sql",
                "-- room: above\nCREATE TABLE pool (id uuid);\n-- room: below\nCREATE TABLE seat (id uuid);",
            ),
            (
                &format!("crates/seatbook/src/{path}"),
                &format!("const Q: &str = {sql};"),
            ),
        ])
    };
    for sql in [
        "\"INSERT INTO pool (id) VALUES ($1)\"",
        "\"UPDATE pool SET id = $1\"",
        "\"UPDATE pool AS p SET id = $1\"",
        "r#\"DELETE FROM \"pool\" WHERE id = $1\"#",
        "\"SELECT 1; \\\n  DELETE FROM pool\"",
    ] {
        assert_eq!(house("above/queries.rs", sql), NOTHING, "{sql}");
        assert_eq!(house("below/queries.rs", sql), ["tables 1"], "{sql}");
    }
    assert_eq!(
        house("below/queries.rs", "\"SELECT * FROM pool JOIN seat\""),
        NOTHING
    );
    assert_eq!(
        house(
            "above/queries.rs",
            "\"INSERT INTO pool DO UPDATE SET id = 1\""
        ),
        NOTHING
    );
    assert_eq!(
        house("above/queries.rs", "\"DELETE FROM {table}\""),
        ["tables 1"]
    );
    let orphan = (
        "crates/seatbook/migrations/0001_first.sql",
        "CREATE TABLE pool (id uuid);",
    );
    assert_eq!(judge(&[orphan]), ["tables 1"]);
}

#[test]
fn sql_is_written_for_both_engines() {
    for sql in [
        "SELECT id FROM pool WHERE name ILIKE $1",
        " AND id = ANY($1)",
        "SELECT id FROM pool FOR UPDATE",
        "SELECT json_extract(a, '$.b') FROM pool",
        "SELECT a::text FROM pool",
        "UPDATE pool SET at = now()",
        "SELECT id FROM pool WHERE name LIKE $1 ESCAPE '!'",
        "with x as (insert into pool values ($1)) select 1",
    ] {
        assert_eq!(
            in_house("above.rs", &format!("const Q: &str = {sql:?};")),
            ["dialect 1"],
            "{sql}"
        );
        assert_eq!(
            in_house("above.rs", &format!("/// {sql}\nfn f() {{}}")),
            NOTHING,
            "{sql}"
        );
        let store = (
            "crates/store/src/lib.rs",
            format!("const Q: &str = {sql:?};"),
        );
        assert_eq!(judge(&[(store.0, &store.1)]), NOTHING, "{sql}");
    }
    assert_eq!(
        in_house(
            "above.rs",
            "const Q: &str = \"Be strict, from now (or ::1)\";"
        ),
        NOTHING
    );
    let portable = "SELECT a ->> 'b' FROM pool WHERE id IN ($1, $2) AND any_of LIKE $3";
    assert_eq!(
        in_house("above.rs", &format!("const Q: &str = {portable:?};")),
        NOTHING
    );
}

#[test]
fn unwrap_is_for_tests() {
    assert_eq!(in_house("above.rs", "fn f() { x.unwrap(); }"), ["unwrap 1"]);
    assert_eq!(
        in_house("above.rs", "fn f() { g!(x.unwrap()); x.unwrap_or(1); }"),
        ["unwrap 1"]
    );
    for test in [
        "#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }",
        "#[tokio::test]\nasync fn f() { x.unwrap(); }",
        "#![cfg(test)]\nfn f() { x.unwrap(); }",
    ] {
        assert_eq!(in_house("above.rs", test), NOTHING, "{test}");
    }
    assert_eq!(
        in_house("above.rs", "#[cfg(not(test))]\nfn f() { x.unwrap(); }"),
        ["unwrap 2"]
    );
    let after = "#[cfg(test)]\nuse x::{y};\nfn f() { x.unwrap(); }";
    assert_eq!(in_house("above.rs", after), ["unwrap 3"]);
    let declared = ("crates/store/src/lib.rs", "#[cfg(test)]\nmod samples;");
    assert_eq!(
        judge(&[
            declared,
            ("crates/store/src/samples.rs", "fn f() { x.unwrap() }")
        ]),
        NOTHING
    );
    assert_eq!(
        judge(&[("crates/store/tests/it.rs", "fn f() { x.unwrap(); }")]),
        NOTHING
    );
}

#[test]
fn tests_neither_sleep_nor_rest() {
    let test = |body: &str| judge(&[("crates/store/tests/it.rs", body)]);
    assert_eq!(test("fn f() { tokio::time::sleep(x).await }"), ["sleep 1"]);
    assert_eq!(
        test("#[test]\n#[ignore = \"slow\"]\nfn f() {}"),
        ["ignore 2"]
    );
    assert_eq!(
        in_house("above.rs", "fn f() { tokio::time::sleep(x).await }"),
        NOTHING
    );
}

#[test]
fn the_runtime_stays_out_of_commands_and_queries() {
    let text = "use tokio::time;";
    assert_eq!(in_house("above/commands.rs", text), ["tokio 1"]);
    assert_eq!(in_house("above/queries/list.rs", text), ["tokio 1"]);
    assert_eq!(in_house("above/api.rs", text), NOTHING);
}

#[test]
fn a_trait_has_two_implementations_or_none() {
    let one = "trait Engine {}\nimpl<'a> x::Engine for Lite<'a> {}";
    assert_eq!(in_house("above.rs", one), ["lone-trait 1"]);
    assert_eq!(
        in_house("above.rs", &format!("{one}\nimpl Engine for Post {{}}")),
        NOTHING
    );
    assert_eq!(
        in_house("above.rs", &one.replace("Engine", "Clock")),
        NOTHING
    );
    let any = "trait Param {}\nimpl<T: Fn() -> u8> Param for T {}";
    assert_eq!(in_house("above.rs", any), NOTHING);
    let many = "trait Wire {}\nmacro_rules! wire { ($t:ty) => { impl Wire for $t {} } }";
    assert_eq!(in_house("above.rs", many), NOTHING);
}

#[test]
fn files_are_named_after_nouns() {
    assert_eq!(in_house("above/utils.rs", ""), ["file-name 1"]);
    assert_eq!(in_house("above/license_manager.rs", ""), ["file-name 1"]);
    assert_eq!(in_house("above/service_plans.rs", ""), NOTHING);
    assert_eq!(
        judge(&[("crates/store/src/helpers/one.rs", "")]),
        ["file-name 1"]
    );
}

#[test]
fn nothing_is_left_for_later_without_an_issue() {
    let mark = ["TO", "DO"].concat();
    assert_eq!(
        in_house("above.rs", &format!("fn f() {{}} // {mark}: later")),
        ["leftover 1"]
    );
    assert_eq!(
        in_house("above/list.html", &format!("\n{{# {mark} #}}")),
        ["leftover 2"]
    );
    assert_eq!(
        in_house("above.rs", &format!("// {mark}(#12): later")),
        NOTHING
    );
    assert_eq!(
        in_house("above.rs", &format!("const A: &str = \"{mark}\";")),
        NOTHING
    );
}

#[test]
fn the_guide_names_what_can_be_sent() {
    let differ = |text: &str, guide: &str| -> Vec<String> {
        let file = ("crates/seatbook/src/above.rs".to_owned(), text.to_owned());
        let found = codes::differences(&House::of(vec![file]), guide, &[]);
        let place = |it: &Complaint| format!("{}:{}", it.file, it.line);
        found.iter().map(place).collect()
    };
    let sends = "fn f() {\nwrong(x,\n\"pool.gone\");\nError::invalid(g(x, y), \"too_long\", z) }";
    let guide = "| code | meaning |\n|---|---|\n| `pool.gone`, `too_long` | `x.y` |";
    assert_eq!(differ(sends, guide), NOTHING);
    let lacking = [
        "crates/seatbook/src/above.rs:3",
        "crates/seatbook/src/above.rs:4",
    ];
    assert_eq!(differ(sends, ""), lacking);
    assert_eq!(differ("", guide), ["docs/api.md:3", "docs/api.md:3"]);
    for other in [
        "const NAME: &'static str = \"pools.end\"; fn f() { told(\"pools.end\") }",
        "fn f() { below(\"p.id\", include_str!(\"grid.js\"), \"Pool.gone\", \"a b.c\") }",
        "#[cfg(test)]\nmod tests { fn f() { told(\"pool.gone\") } }",
        "/// `pool.gone`\nfn f() {} // \"pool.gone\"",
    ] {
        assert_eq!(differ(other, ""), NOTHING, "{other}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    assert_eq!(in_house("above.rs", "fn f() {\n(}"), ["unreadable 2"]);
}

#[test]
fn the_list_of_offenders_only_shrinks() {
    let path = "crates/store/src/a.rs";
    let settle = |list: &str, text: &str| offenders::settle(list, found(&[(path, text)]));
    let two = "fn f() { x.unwrap(); y.unwrap(); }";
    assert_eq!(
        settle("# Why.\n\nunwrap crates/store/src/a.rs 2", two),
        NOTHING
    );
    assert_eq!(
        settle("unwrap crates/store/src/a.rs 1", two).len(),
        2,
        "one more than known"
    );
    assert!(settle("unwrap crates/store/src/a.rs 3", two)[0].contains("down to 2"));
    assert!(settle("unwrap crates/store/src/a.rs 2", "")[0].contains("mended"));
    assert!(settle("unwrap crates/store/src/a.rs", "")[0].contains("is not"));
    assert!(settle("room-order crates/store/src/a.rs 1", "")[0].contains("is not"));
}
