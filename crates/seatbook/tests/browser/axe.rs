//! axe-core, asked about the page that is open.

use serde_json::{Value, json};

use crate::visitor::Visitor;

/// Where the tests find axe. They fail without it: a check that skips itself proves nothing.
const VARIABLE: &str = "SEATBOOK_TEST_AXE";

/// The thirteenth row is made like the twelfth, and axe takes its time for each.
const REPEATED: &str = "tr:nth-of-type(n+13), tbody:nth-of-type(n+7), li:nth-of-type(n+13), .operation:nth-of-type(n+9)";

const RUN: &str = "const [rules, repeated, done] = arguments;
const context = { include: [document.documentElement], exclude: [...document.querySelectorAll(repeated)] };
axe.run(context, { resultTypes: ['violations'], preload: false, ...rules }).then(found => done(found.violations), error => done(String(error)));";

/// Which of axe's rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    All,
    /// What depends on the theme.
    Colours,
    /// What depends on the width.
    Shape,
}

/// The text of axe-core.
pub fn source() -> String {
    let path = std::env::var(VARIABLE);
    let path = path.expect("SEATBOOK_TEST_AXE names axe.min.js; run `cargo xtask test`");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What is seriously wrong with the page, a line each: rule, place, reason.
pub async fn complaints(visitor: &Visitor, source: &str, rules: Rules) -> Vec<String> {
    let here = visitor.runs("return typeof axe === 'object'").await;
    if here != json!(true) {
        let put = visitor.driver.execute(source, vec![]).await;
        put.expect("axe is put into the page");
    }
    let options = match rules {
        Rules::All => json!({}),
        Rules::Colours => json!({"runOnly": ["color-contrast"]}),
        Rules::Shape => json!({"rules": {"color-contrast": {"enabled": false}}}),
    };
    let found = visitor
        .driver
        .execute_async(RUN, vec![options, json!(REPEATED)])
        .await;
    let found = found.expect("axe answers").json().clone();
    let violations = found
        .as_array()
        .unwrap_or_else(|| panic!("axe failed: {found}"));
    violations
        .iter()
        .filter(|it| is_serious(it))
        .flat_map(lines)
        .collect()
}

fn is_serious(violation: &Value) -> bool {
    matches!(violation["impact"].as_str(), Some("serious" | "critical"))
}

fn lines(violation: &Value) -> Vec<String> {
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let line = |node: &Value| {
        let why = node["failureSummary"].as_str().unwrap_or_default();
        let why = why.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        format!("{} at {}: {why}", violation["id"], node["target"])
    };
    nodes.map(line).collect()
}
