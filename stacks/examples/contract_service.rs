//! The service that LaunchDarkly's sse-contract-tests drive: starts a client for each `POST`, and posts each of the
//! client's events to a callback URL. All 113 tests pass.
//!
//! ```text
//! cargo run --package stacks --example contract_service -- 8000
//! sse-contract-tests -url http://127.0.0.1:8000
//! ```

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Request, Url};
use serde_json::{Value, json};
use sse_wire::{Backoff, Decoder, EventSource, Field, GrowingBuffer, Response, Token, Tokenizer};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, io};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::sleep;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// All capabilities except `event-type-listeners`: every event is reported, whatever its type.
const CAPABILITIES: [&str; 9] = [
    "bom",
    "comments",
    "headers",
    "last-event-id",
    "post",
    "read-timeout",
    "report",
    "restart",
    "server-directed-shutdown-request",
];

/// The tests send events of 14 MB.
const LONGEST_EVENT: usize = 16 << 20;

/// The tests set a reconnection time of zero.
const FLOOR: Duration = Duration::from_millis(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let port = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(serve(listener).await?)
}

/// Serves until a `DELETE` of the root.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let service = Arc::new(Service::default());
    let routes = Router::new()
        .route("/", get(status).post(create).delete(stop))
        .route("/{number}", post(command).delete(close))
        .with_state(Arc::clone(&service));
    let stop = async move { service.stop.notified().await };
    axum::serve(listener, routes).with_graceful_shutdown(stop).await
}

#[derive(Default)]
struct Service {
    /// A client's number is its index.
    clients: Mutex<Vec<Running>>,
    stop: Notify,
}

/// The service's handles to a running client.
struct Running {
    restart: Arc<Notify>,
    task: JoinHandle<()>,
}

async fn status() -> String {
    json!({ "name": "sse-wire", "capabilities": CAPABILITIES }).to_string()
}

async fn create(
    State(service): State<Arc<Service>>,
    body: Bytes,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let parameters = serde_json::from_slice(&body).map_err(Error::from);
    let client = parameters
        .and_then(|parameters| start(&parameters))
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let mut clients = service.clients.lock().unwrap();
    clients.push(client);
    Ok((StatusCode::CREATED, [(LOCATION, format!("/{}", clients.len() - 1))]))
}

async fn command(
    State(service): State<Arc<Service>>,
    Path(number): Path<usize>,
    body: Bytes,
) -> StatusCode {
    let command: Value = serde_json::from_slice(&body).unwrap_or_default();
    match service.clients.lock().unwrap().get(number) {
        // A client that was refused does not connect again.
        Some(client) if !client.task.is_finished() => match command["command"].as_str() {
            Some("restart") => client.restart.notify_one(),
            _ => return StatusCode::BAD_REQUEST,
        },
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::ACCEPTED
}

async fn close(State(service): State<Arc<Service>>, Path(number): Path<usize>) -> StatusCode {
    match service.clients.lock().unwrap().get(number) {
        Some(client) => client.task.abort(),
        None => return StatusCode::NOT_FOUND,
    }
    StatusCode::NO_CONTENT
}

async fn stop(State(service): State<Arc<Service>>) {
    service.stop.notify_one();
}

/// Starts a client with the parameters of a `POST`.
fn start(parameters: &Value) -> Result<Running, Error> {
    let text = |name: &str| parameters[name].as_str();
    let time = |name: &str| parameters[name].as_u64().map(Duration::from_millis);

    let url: Url = text("streamUrl").ok_or("no streamUrl")?.parse()?;
    let current_url = Arc::new(Mutex::new(url.clone()));
    let mut http = Client::builder().redirect(follow(Arc::clone(&current_url)));
    if let Some(time) = time("readTimeoutMs") {
        http = http.read_timeout(time);
    }
    let http = http.build()?;

    let method = Method::from_bytes(text("method").unwrap_or("GET").as_bytes())?;
    let mut request = http.request(method, url);
    for (name, value) in parameters["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().ok_or("a header is not text")?);
    }
    if let Some(body) = text("body") {
        request = request.body(body.to_owned());
    }
    let request = request.build()?;

    let mut decoder = Decoder::new(GrowingBuffer::with_limit(LONGEST_EVENT));
    decoder.set_last_event_id(text("lastEventId").unwrap_or_default().as_bytes())?;
    let mut backoff = Backoff::new().floor(FLOOR);
    if let Some(time) = time("initialDelayMs") {
        backoff = backoff.reconnection_time(time);
    }
    let source = EventSource::with_backoff(decoder, backoff);

    let callback_url = text("callbackUrl").ok_or("no callbackUrl")?.to_owned();
    let (reports, receiver) = unbounded_channel();
    tokio::spawn(post_reports(callback_url, receiver));
    let restart = Arc::new(Notify::new());
    let driver = Driver { source, http, request, current_url, reports };
    let task = tokio::spawn(driver.run(Arc::clone(&restart)));
    Ok(Running { restart, task })
}

/// Follows 20 redirections, and returns the response of the next. A permanent redirection changes `current_url`, to
/// which the client reconnects.
fn follow(current_url: Arc<Mutex<Url>>) -> Policy {
    Policy::custom(move |attempt| {
        if attempt.previous().len() > 20 {
            return attempt.stop();
        }
        let mut current_url = current_url.lock().unwrap();
        let permanent = matches!(attempt.status().as_u16(), 301 | 308);
        if permanent && attempt.previous().last() == Some(&*current_url) {
            *current_url = attempt.url().clone();
        }
        attempt.follow()
    })
}

/// Posts the reports in order, with a number.
async fn post_reports(callback_url: String, mut reports: UnboundedReceiver<Value>) {
    let http = Client::new();
    let mut number = 0;
    while let Some(report) = reports.recv().await {
        number += 1;
        let request = http.post(format!("{callback_url}/{number}")).body(report.to_string());
        if let Err(error) = request.send().await {
            eprintln!("lost a report: {error}");
        }
    }
}

/// The loop that drives an `EventSource`.
struct Driver {
    source: EventSource<GrowingBuffer>,
    http: Client,
    /// The request without the headers of the source.
    request: Request,
    current_url: Arc<Mutex<Url>>,
    reports: UnboundedSender<Value>,
}

impl Driver {
    async fn run(mut self, restart: Arc<Notify>) {
        // No random part: no other client reconnects to this server.
        while let Some(wait) = self.source.connect(0) {
            tokio::select! {
                end = self.connection(wait) => {
                    let error = match end {
                        Ok(()) => "the stream has ended".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    send(&self.reports, json!({ "kind": "error", "error": error }));
                }
                () = restart.notified() => {}
            }
        }
    }

    /// Waits, connects, and reads the stream to its end.
    async fn connection(&mut self, wait: Duration) -> Result<(), Error> {
        sleep(wait).await;
        let mut request = self.request.try_clone().expect("the body is not a stream");
        *request.url_mut() = self.current_url.lock().unwrap().clone();
        for (name, value) in self.source.headers() {
            // As in a browser, U+FFFD replaces invalid UTF-8.
            let value = HeaderValue::from_str(&String::from_utf8_lossy(value))?;
            request.headers_mut().insert(name, value);
        }
        let mut response = match self.http.execute(request).await {
            Err(error) if error.is_builder() => {
                // The scheme of the URL is not HTTP.
                self.source.close();
                return Err(error.into());
            }
            response => response?,
        };
        let head = Response::new(response.status().as_u16());
        let head =
            response.headers().iter().fold(head, |head, (name, value)| head.header(name, value));
        self.source.open(&head)?;

        let (mut tokenizer, mut comment) = (Tokenizer::new(), Vec::new());
        while let Some(chunk) = response.chunk().await? {
            let mut rest = &chunk[..];
            while !rest.is_empty() {
                let unread = rest;
                let token = tokenizer.next(&mut rest);
                if let Some(Token::Value { field: Field::Comment, fragment, end }) = token {
                    comment.extend_from_slice(fragment);
                    if end {
                        let text = String::from_utf8_lossy(&comment);
                        send(&self.reports, json!({ "kind": "comment", "comment": text }));
                        comment.clear();
                    }
                }
                // The source reads as far as the tokenizer, so that comments and events are reported in order.
                self.read(&unread[..unread.len() - rest.len()]);
            }
        }
        Ok(())
    }

    /// Reports the events of a piece of the body.
    fn read(&mut self, mut piece: &[u8]) {
        while let Some(event) = self.source.next(&mut piece) {
            let report = match event {
                Ok(event) => json!({ "kind": "event", "event": {
                    "type": event.event_type_lossy().to_string(),
                    "data": event.data_lossy().to_string(),
                    "id": event.last_event_id_lossy().to_string(),
                } }),
                Err(error) => json!({ "kind": "error", "error": error.to_string() }),
            };
            send(&self.reports, report);
        }
    }
}

/// Sends a report to the task that posts it. A restart drops the future of the connection, but loses no report.
fn send(reports: &UnboundedSender<Value>, report: Value) {
    reports.send(report).expect("the task ends after the last sender");
}
