//! Somebody at a real browser, told what to do in the words that stand on the page.
//!
//! Nothing here waits for time to pass: each step waits until what it names is there, or says what was there
//! instead.

use std::{sync::Mutex, time::Duration};

use serde_json::{Value, json};
use thirtyfour::{
    Key, WebDriver, WebElement,
    extensions::query::{ElementPollerWithTimeout, IntoElementPoller},
    prelude::WebDriverResult,
};

const FIND: &str = include_str!("find.js");
/// How long a person would look for something before they called it broken. Machines that test are slow.
const PATIENCE: Duration = Duration::from_secs(15);
const GLANCE: Duration = Duration::from_millis(25);

/// Who sits there: the whole page, or one row of it.
pub struct Visitor {
    pub driver: WebDriver,
    base: String,
    within: Option<String>,
}

/// What the browser shows on, and how the person likes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Light,
    Dark,
    Phone,
}

impl Visitor {
    pub async fn new(driver: WebDriver, base: String, look: Look) -> Visitor {
        let visitor = Visitor {
            driver,
            base,
            within: None,
        };
        visitor.looks(look).await;
        visitor
    }

    /// Changes screen and colours.
    pub async fn looks(&self, look: Look) {
        let phone = look == Look::Phone;
        let dark = look == Look::Dark;
        let (width, height) = if phone { (390, 844) } else { (1280, 800) };
        let screen =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.tells("Emulation.setDeviceMetricsOverride", screen)
            .await;
        let scheme = if dark { "dark" } else { "light" };
        // Without motion, a picture does not depend on when it was taken.
        let features = json!([{"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.tells("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// Switches JavaScript off, as some people and some companies do.
    pub async fn without_script(&self) {
        self.tells(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": true}),
        )
        .await;
    }

    /// Says something to the browser itself.
    pub async fn tells(&self, method: &str, words: Value) -> Value {
        let told = self.driver.cdp().send_raw(method, words).await;
        told.expect("the browser obeys")
    }

    /// The same person, looking at one row only: the one that says this.
    pub fn row(&self, words: &str) -> Visitor {
        Visitor {
            driver: self.driver.clone(),
            base: self.base.clone(),
            within: Some(words.to_owned()),
        }
    }

    /// Types an address: a path of this server, or a link that was given out.
    pub async fn opens(&self, place: &str) {
        let place = if place.starts_with('/') {
            format!("{}{place}", self.base)
        } else {
            place.to_owned()
        };
        self.driver.goto(&place).await.expect("the browser goes");
    }

    pub async fn signs_in(&self, email: &str, password: &str) {
        self.opens("/sign-in").await;
        self.fills("E-mail", email).await;
        self.fills("Password", password).await;
        self.presses("Sign in").await;
        self.sees_at("/").await;
    }

    /// Clicks a link.
    pub async fn follows(&self, name: &str) {
        self.clicks("link", name).await;
    }

    /// Clicks a button.
    pub async fn presses(&self, name: &str) {
        self.clicks("button", name).await;
    }

    /// Clicks a box, a radio button or a field.
    pub async fn ticks(&self, label: &str) {
        self.clicks("field", label).await;
    }

    /// Writes into a field, in place of what stands there.
    pub async fn fills(&self, label: &str, text: &str) {
        self.does("field", label, async |field: WebElement| {
            field.clear().await?;
            field.send_keys(text).await
        })
        .await;
    }

    /// Types on into a field, key by key.
    pub async fn types(&self, label: &str, text: &str) {
        self.does("field", label, async |field: WebElement| {
            field.send_keys(text).await
        })
        .await;
    }

    /// Chooses in a list; in one that searches, by typing what it is called.
    pub async fn chooses(&self, label: &str, choice: &str) {
        let field = self.finds("field", label).await;
        if field.tag_name().await.expect("a field") != "select" {
            for _ in 0..3 {
                self.fills(label, choice).await;
                self.page().clicks("option", choice).await;
                // A list that is narrowed at this very moment moves away under the pointer.
                if self.has_picked(&field).await {
                    return;
                }
            }
            panic!("{label:?} does not take {choice:?}");
        }
        // With keys, because the driver's own choosing skips the event that a person's hand makes.
        field.send_keys(Key::Home).await.expect("a list");
        let chosen = "return arguments[0].selectedOptions[0]?.textContent.trim() ?? ''";
        for _ in 0..60 {
            let words = vec![field.to_json().expect("an element")];
            let now = self.driver.execute(chosen, words).await.expect("a list");
            if now
                .json()
                .as_str()
                .is_some_and(|now| now.starts_with(choice))
            {
                return;
            }
            field.send_keys(Key::Down).await.expect("a list");
        }
        panic!("{} has no choice {choice:?}", self.names("field", label));
    }

    /// Whether a picker has something chosen; one that is gone had, as choosing is what shows the form anew.
    async fn has_picked(&self, field: &WebElement) -> bool {
        let has = "const pick = arguments[0].isConnected && arguments[0].closest('.pick');
            return !pick || Boolean(pick.nextElementSibling?.value)";
        let words = vec![field.to_json().expect("an element")];
        match self.driver.execute(has, words).await {
            Ok(answer) => answer.json().as_bool().unwrap_or(true),
            Err(_) => true,
        }
    }

    /// Presses keys wherever the focus is.
    pub async fn keys(&self, keys: impl Into<thirtyfour::TypingData>) {
        let keys = self.driver.action_chain().send_keys(keys);
        keys.perform().await.expect("keys are pressed");
    }

    /// Goes on with the Tab key until the focus is on what is called so.
    pub async fn tabs_to(&self, name: &str) {
        for _ in 0..120 {
            if self.looks_for("focused", name).await.is_some() {
                return;
            }
            self.keys(Key::Tab).await;
        }
        panic!("Tab never reached {name}:\n{}", self.reads().await);
    }

    /// Waits until these words can be seen.
    pub async fn sees(&self, words: &str) {
        self.finds("text", words).await;
    }

    /// Waits until these words cannot be seen any more.
    pub async fn sees_no(&self, words: &str) {
        self.misses("text", words).await;
    }

    /// Waits until no such thing (`link`, `button`, `field` …) is there.
    pub async fn misses(&self, kind: &str, name: &str) {
        let gone = self.until(async || self.looks_for(kind, name).await.is_none().then_some(()));
        if gone.await.is_none() {
            panic!("{kind} {name:?} is still there:\n{}", self.reads().await);
        }
    }

    /// Waits until the address is this path, whatever its query.
    pub async fn sees_at(&self, path: &str) {
        let there = self.until(async || {
            let url = self.driver.current_url().await.ok()?;
            (url.path() == path).then_some(())
        });
        if there.await.is_none() {
            panic!("not at {path}:\n{}", self.reads().await);
        }
    }

    /// What stands in a field.
    pub async fn value(&self, label: &str) -> String {
        let field = self.finds("field", label).await;
        field.value().await.expect("a field").unwrap_or_default()
    }

    /// Everything that can be read, below the address; for messages.
    pub async fn reads(&self) -> String {
        let script = "return `${location.href}\n${(document.querySelector('dialog[open]') ?? document.body).innerText}`";
        self.runs(script)
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Runs script in the page; for what cannot be seen.
    pub async fn runs(&self, script: &str) -> Value {
        let done = self.driver.execute(script, vec![]).await;
        done.expect("the page answers").json().clone()
    }

    /// Waits for something to be there.
    pub async fn finds(&self, kind: &str, name: &str) -> WebElement {
        match self.until(async || self.looks_for(kind, name).await).await {
            Some(found) => found,
            None => {
                panic!("no {}:\n{}", self.names(kind, name), self.reads().await)
            }
        }
    }

    /// The whole page again.
    pub fn page(&self) -> Visitor {
        Visitor {
            driver: self.driver.clone(),
            base: self.base.clone(),
            within: None,
        }
    }

    async fn clicks(&self, kind: &str, name: &str) {
        self.does(kind, name, async |found: WebElement| found.click().await)
            .await;
    }

    /// Does something to what is found. Where the page replaced it meanwhile, or something still covers it, it is
    /// looked for again.
    async fn does(
        &self,
        kind: &str,
        name: &str,
        act: impl AsyncFn(WebElement) -> WebDriverResult<()>,
    ) {
        let trouble = Mutex::new("it is not there".to_owned());
        let done = self.until(async || {
            let found = self.looks_for(kind, name).await?;
            let outcome = act(found).await;
            outcome
                .map_err(|error| *trouble.lock().expect("a text") = error.to_string())
                .ok()
        });
        if done.await.is_none() {
            let (what, why) = (
                self.names(kind, name),
                trouble.lock().expect("a text").clone(),
            );
            panic!("cannot use {what}: {why}\n{}", self.reads().await);
        }
    }

    fn names(&self, kind: &str, name: &str) -> String {
        let row = self.within.as_ref();
        let row = row.map_or(String::new(), |row| format!(" in the row {row:?}"));
        format!("{kind} {name:?}{row}")
    }

    async fn looks_for(&self, kind: &str, name: &str) -> Option<WebElement> {
        let words = vec![json!(kind), json!(name), json!(self.within)];
        // While the page changes there is nothing to look at.
        let found = self.driver.execute(FIND, words).await;
        found.ok()?.element().ok()
    }

    /// Asks again and again until there is an answer, for as long as patience lasts.
    pub async fn until<T>(&self, ask: impl AsyncFn() -> Option<T>) -> Option<T> {
        let mut patience = ElementPollerWithTimeout::new(PATIENCE, GLANCE).start();
        loop {
            if let Some(answer) = ask().await {
                return Some(answer);
            }
            if !patience.tick().await {
                return None;
            }
        }
    }
}
