//! Headless Chromium, controlled over WebDriver, which is JSON over HTTP.

use crate::process::{Process, free_address};
use crate::{LIMIT, wait_for};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use ureq::Agent;

/// What the page's event source reported: an event of the stream, or `open` or `error`, which have neither ID nor data.
#[derive(Debug, PartialEq)]
pub(crate) struct Note {
    pub(crate) what: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

impl Note {
    pub(crate) fn is_event(&self) -> bool {
        !["open", "error"].contains(&self.what.as_str())
    }
}

/// The contents of the page at one moment.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) notes: Vec<Note>,
    /// All states of the connection that the page has shown.
    pub(crate) states: Vec<String>,
    /// The page's text about the last event.
    pub(crate) last: String,
    /// The values that the page shows.
    pub(crate) values: Vec<String>,
    /// The sizes of the lines that the page has drawn.
    pub(crate) lines: Vec<usize>,
}

impl Seen {
    pub(crate) fn events(&self) -> Vec<&Note> {
        self.notes.iter().filter(|note| note.is_event()).collect()
    }
}

pub(crate) struct Browser {
    _driver: Process,
    agent: Agent,
    /// The URL for commands.
    session: String,
}

impl Browser {
    /// Starts a browser with a new profile of this name.
    pub(crate) fn start(name: &str) -> Self {
        let address = free_address();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={}", address.port())).stdout(Stdio::null());
        let driver = Process::start(&mut command);
        // The body of the response has the reason for an error.
        let config = Agent::config_builder().http_status_as_error(false);
        let agent = Agent::new_with_config(config.timeout_global(Some(LIMIT)).build());
        let driver_url = format!("http://{address}");
        wait_for("chromedriver", || agent.get(format!("{driver_url}/status")).call());

        let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("profile-{name}"));
        let _ = fs::remove_dir_all(&profile);
        let mut browser = Self { _driver: driver, agent, session: driver_url };
        let started = browser.command(
            "session",
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": [
                "--headless",
                // Chromium's sandbox refuses to run as root, as tests in containers do.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                format!("--user-data-dir={}", profile.display()),
            ] } } } }),
        );
        browser.session += &format!("/session/{}", started["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) fn open(&self, url: &str) {
        let source = include_str!("record.js");
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
        self.command("url", json!({ "url": url }));
    }

    pub(crate) fn look(&self) -> Seen {
        let script = r#"
            const all = (selector, get) => [...document.querySelectorAll(selector)].map(get);
            return [
                record.notes,
                record.states,
                document.getElementById("last").textContent,
                all("dd, #gap", value => value.textContent),
                all("svg path", path => (path.getAttribute("d") ?? "").length),
            ];
        "#;
        let seen = self.command("execute/sync", json!({ "script": script, "args": [] }));
        let (notes, states, last, values, lines) = serde_json::from_value(seen).unwrap();
        let notes: Vec<(String, String, String)> = notes;
        let notes = notes.into_iter().map(|(what, id, data)| Note { what, id, data }).collect();
        Seen { notes, states, last, values, lines }
    }

    /// Stores a screenshot of the page in a viewport of this size, with this colour scheme.
    pub(crate) fn screenshot(&self, name: &str, width: u32, height: u32, scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
        let taken = self.devtools("Page.captureScreenshot", json!({}));
        let png = BASE64_STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&screenshots).unwrap();
        fs::write(screenshots.join(name).with_extension("png"), png).unwrap();
    }

    /// A command specific to Chromium.
    fn devtools(&self, command: &str, params: Value) -> Value {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": params }))
    }

    fn command(&self, command: &str, params: Value) -> Value {
        let response = self.agent.post(format!("{}/{command}", self.session)).send_json(params);
        let mut answer: Value = response.unwrap().body_mut().read_json().unwrap();
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{command}: {value}");
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
    }
}
