//! The driver of a real Chromium, one for each test, gone with it whatever the test did.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, WebDriver};

/// How often the driver is started.
const STARTS: usize = 3;

/// A running chromedriver. Every session has a Chromium and a profile of its own, and ends with its `WebDriver`,
/// which a test that fails drops too.
pub struct Chromium {
    driver: Child,
    port: u16,
    /// Held open, because a driver that cannot write its log stops.
    _log: BufReader<ChildStdout>,
}

impl Chromium {
    /// Starts the driver on a port of its own choice. It takes that port twice, for IPv4 and IPv6, and ends where somebody
    /// else has it in between: then it is started again.
    pub fn start() -> Chromium {
        let listening = (0..STARTS).find_map(|_| Chromium::listening());
        listening.expect("chromedriver listens")
    }

    /// Nothing, where the driver ended before it listened.
    fn listening() -> Option<Chromium> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts; `cargo xtask test` installs it");
        let mut log = BufReader::new(driver.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            let read = log.read_line(&mut line).expect("its output is text");
            if read == 0 {
                driver.wait().expect("it has ended");
                return None;
            }
            let told = line.split("successfully on port ").nth(1);
            if let Some(port) =
                told.and_then(|rest| rest.trim_end().trim_end_matches('.').parse().ok())
            {
                break port;
            }
        };
        Some(Chromium {
            driver,
            port,
            _log: log,
        })
    }

    /// Opens a browser that nobody has used before.
    pub async fn open(&self) -> WebDriver {
        let mut wishes = ChromeCapabilities::new();
        let mut arguments = vec![
            "--headless=new",
            "--window-size=1280,800",
            "--lang=en-US",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--disable-dev-shm-usage",
        ];
        // Chromium's sandbox refuses to be set up by root, who runs the tests in containers.
        if is_root() {
            arguments.push("--no-sandbox");
        }
        for argument in arguments {
            wishes.add_arg(argument).expect("an argument");
        }
        WebDriver::new(format!("http://127.0.0.1:{}", self.port), wishes)
            .await
            .expect("Chromium opens")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn is_root() -> bool {
    let told = Command::new("id").arg("-u").output();
    told.is_ok_and(|told| told.stdout == b"0\n")
}
