//! Tests of the contract test service: the HTTP and reconnection cases of sse-contract-tests, and the service's own
//! interface. The tests contain the server of the event stream and the receiver of the callbacks.

#[path = "support/common.rs"]
#[expect(dead_code, reason = "the service makes its own buffer")]
mod common;
#[path = "../examples/contract_service.rs"]
#[expect(dead_code, reason = "`main` is not used here")]
mod contract_service;

use common::{Received, run};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request, and its connection for the response.
struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    connection: TcpStream,
}

impl Request {
    async fn accept(listener: &TcpListener) -> Self {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.set_nodelay(true).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let mut words = lines.next().unwrap().split(' ').map(str::to_owned);
        let headers = lines.filter_map(|line| line.split_once(": "));
        let mut request = Self {
            method: words.next().unwrap(),
            path: words.next().unwrap(),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: String::new(),
            connection,
        };
        let length = request.header("content-length").first().map_or(0, |len| len.parse().unwrap());
        let mut body = vec![0; length];
        request.connection.read_exact(&mut body).await.unwrap();
        request.body = String::from_utf8(body).unwrap();
        request
    }

    /// All values of a header.
    fn header(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|header| header.0 == name);
        values.map(|header| &*header.1).collect()
    }

    /// Sends a response without a body.
    async fn answer(mut self, head: &str) {
        let head = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        self.connection.write_all(head.as_bytes()).await.unwrap();
    }

    /// Sends the head of an event stream.
    async fn open(&mut self) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
            Transfer-Encoding: chunked\r\n\r\n";
        self.connection.write_all(head.as_bytes()).await.unwrap();
    }

    /// Sends a chunk of the event stream.
    async fn send(&mut self, text: &str) {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        self.connection.write_all(chunk.as_bytes()).await.unwrap();
    }

    /// Ends the body cleanly. Dropping the request instead cuts the connection.
    async fn end(mut self) {
        self.connection.write_all(b"0\r\n\r\n").await.unwrap();
    }
}

/// The environment of the service: the server of the event stream, the receiver of the callbacks, and a client of the
/// service's own HTTP.
struct Harness {
    http: reqwest::Client,
    service: String,
    served: JoinHandle<std::io::Result<()>>,
    streams: TcpListener,
    stream_url: String,
    callbacks: TcpListener,
    callback_url: String,
    reports: u32,
}

impl Harness {
    /// Starts a service.
    async fn start() -> Self {
        let (service, address) = listen().await;
        let (streams, stream_address) = listen().await;
        let (callbacks, callback_address) = listen().await;
        Self {
            http: reqwest::Client::new(),
            service: format!("http://{address}"),
            served: tokio::spawn(contract_service::serve(service)),
            streams,
            stream_url: format!("http://{stream_address}/stream"),
            callbacks,
            callback_url: format!("http://{callback_address}/callbacks"),
            reports: 0,
        }
    }

    /// Starts a service and its client 0, with the URLs and these parameters.
    async fn with_client(parameters: Value) -> Self {
        let harness = Self::start().await;
        let mut all = json!({
            "streamUrl": harness.stream_url,
            "callbackUrl": harness.callback_url,
            "initialDelayMs": 0,
        });
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let created = harness.post("/", &all).await;
        assert_eq!(created.status(), StatusCode::CREATED);
        assert_eq!(created.headers()["location"], "/0");
        harness
    }

    async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        let request = self.http.post(format!("{}{path}", self.service)).body(body.to_string());
        request.send().await.unwrap()
    }

    async fn restart(&self) -> StatusCode {
        self.post("/0", &json!({ "command": "restart" })).await.status()
    }

    async fn delete(&self, path: &str) -> StatusCode {
        self.http.delete(format!("{}{path}", self.service)).send().await.unwrap().status()
    }

    /// The next request for the event stream.
    async fn request(&self) -> Request {
        Request::accept(&self.streams).await
    }

    /// The next request for the event stream, answered with the head of one.
    async fn stream(&self) -> Request {
        let mut stream = self.request().await;
        stream.open().await;
        stream
    }

    /// The next report.
    async fn report(&mut self) -> Value {
        let callback = Request::accept(&self.callbacks).await;
        self.reports += 1;
        assert_eq!(callback.path, format!("/callbacks/{}", self.reports));
        let report = serde_json::from_str(&callback.body).unwrap();
        callback.answer("202 Accepted").await;
        report
    }

    /// The next report, which must be an event.
    async fn event(&mut self) -> Received {
        let report = self.report().await;
        assert_eq!(report["kind"], "event", "{report}");
        let text = |name: &str| report["event"][name].as_str().unwrap().to_owned();
        Received { event_type: text("type"), id: text("id"), data: text("data") }
    }

    /// The next report, which must be an error.
    async fn error(&mut self) -> String {
        let report = self.report().await;
        assert_eq!(report["kind"], "error", "{report}");
        report["error"].as_str().unwrap().to_owned()
    }

    /// Waits until the client has ended without another request: the service then has no client to restart.
    async fn closed(&self) {
        let closed = async { while self.restart().await != StatusCode::NOT_FOUND {} };
        tokio::select! {
            biased;
            request = self.request() => panic!("another request: {} {}", request.method, request.path),
            () = closed => {}
        }
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn message(id: &str, data: &str) -> Received {
    Received { event_type: "message".to_owned(), id: id.to_owned(), data: data.to_owned() }
}

// HTTP

#[test]
fn asks_with_get_and_the_headers_of_the_standard() {
    run(async {
        let harness = Harness::with_client(json!({})).await;
        let request = harness.request().await;
        assert_eq!((&*request.method, &*request.path, &*request.body), ("GET", "/stream", ""));
        assert_eq!(request.header("accept"), ["text/event-stream"]);
        assert_eq!(request.header("cache-control"), ["no-cache"]);
        assert!(request.header("last-event-id").is_empty());
    });
}

#[test]
fn status_204_stops_the_client() {
    run(async {
        let mut harness = Harness::with_client(json!({})).await;
        harness.request().await.answer("204 No Content").await;
        let error = harness.error().await;
        assert!(error.contains("204"), "{error}");
        harness.closed().await;
    });
}

async fn follows(status: &str) {
    let mut harness = Harness::with_client(json!({ "lastEventId": "abc" })).await;
    harness.request().await.answer(&format!("{status}\r\nLocation: /elsewhere")).await;
    let mut stream = harness.stream().await;
    assert_eq!((&*stream.method, &*stream.path), ("GET", "/elsewhere"));
    assert_eq!(stream.header("accept"), ["text/event-stream"]);
    assert_eq!(stream.header("cache-control"), ["no-cache"]);
    assert_eq!(stream.header("last-event-id"), ["abc"]);
    stream.send("data: Hello\n\n").await;
    assert_eq!(harness.event().await, message("abc", "Hello"));
}

#[test]
fn follows_a_redirection_with_status_301() {
    run(follows("301 Moved Permanently"));
}

#[test]
fn follows_a_redirection_with_status_307() {
    run(follows("307 Temporary Redirect"));
}

async fn reports_a_redirection_without_location(status: &str) {
    let mut harness = Harness::with_client(json!({})).await;
    harness.request().await.answer(status).await;
    let error = harness.error().await;
    assert!(error.contains(&status[..3]), "{error}");
    harness.closed().await;
}

#[test]
fn a_redirection_without_location_and_with_status_301_is_an_error() {
    run(reports_a_redirection_without_location("301 Moved Permanently"));
}

#[test]
fn a_redirection_without_location_and_with_status_307_is_an_error() {
    run(reports_a_redirection_without_location("307 Temporary Redirect"));
}

/// An empty `Location` is a relative URL, which resolves to that of the request.
async fn reports_a_redirection_to_itself(status: &str) {
    let mut harness = Harness::with_client(json!({})).await;
    for _ in 0..21 {
        let request = harness.request().await;
        assert_eq!(request.path, "/stream");
        request.answer(&format!("{status}\r\nLocation: ")).await;
    }
    let error = harness.error().await;
    assert!(error.contains(&status[..3]), "{error}");
    harness.closed().await;
}

#[test]
fn an_empty_location_with_status_301_is_an_error() {
    run(reports_a_redirection_to_itself("301 Moved Permanently"));
}

#[test]
fn an_empty_location_with_status_307_is_an_error() {
    run(reports_a_redirection_to_itself("307 Temporary Redirect"));
}

#[test]
fn only_a_permanent_redirection_is_remembered() {
    run(async {
        let harness = Harness::with_client(json!({})).await;
        // The client reconnects to the last URL before the 302.
        for (path, status, location) in [
            ("/stream", "308 Permanent Redirect", "/moved"),
            ("/moved", "301 Moved Permanently", "/moved-again"),
            ("/moved-again", "302 Found", "/today"),
            ("/today", "301 Moved Permanently", "/here"),
        ] {
            let request = harness.request().await;
            assert_eq!(request.path, path);
            request.answer(&format!("{status}\r\nLocation: {location}")).await;
        }
        let stream = harness.stream().await;
        assert_eq!(stream.path, "/here");
        stream.end().await;
        assert_eq!(harness.request().await.path, "/moved-again");
    });
}

#[test]
fn sends_the_headers_of_the_caller() {
    run(async {
        let headers = json!({ "header-name-1": "value 1", "header-name-2": "value 2" });
        let harness = Harness::with_client(json!({ "headers": headers })).await;
        let request = harness.request().await;
        assert_eq!(request.header("header-name-1"), ["value 1"]);
        assert_eq!(request.header("header-name-2"), ["value 2"]);
        assert_eq!(request.header("accept"), ["text/event-stream"]);
    });
}

fn with_body(method: &str) -> Value {
    let headers = json!({ "content-type": "application/json; charset=utf-8" });
    json!({ "method": method, "headers": headers, "body": "{\"of\": 1}" })
}

fn assert_has_body(request: &Request, method: &str) {
    assert_eq!((&*request.method, &*request.body), (method, "{\"of\": 1}"));
    assert_eq!(request.header("content-type"), ["application/json; charset=utf-8"]);
    assert_eq!(request.header("accept"), ["text/event-stream"]);
}

#[test]
fn asks_with_post_and_a_body() {
    run(async {
        let harness = Harness::with_client(with_body("POST")).await;
        assert_has_body(&harness.request().await, "POST");
    });
}

#[test]
fn asks_with_report_and_a_body() {
    run(async {
        let harness = Harness::with_client(with_body("REPORT")).await;
        assert_has_body(&harness.request().await, "REPORT");
    });
}

#[test]
fn sends_the_id_that_the_caller_sets() {
    run(async {
        let harness = Harness::with_client(json!({ "lastEventId": "abc" })).await;
        assert_eq!(harness.request().await.header("last-event-id"), ["abc"]);
    });
}

// Reconnection

#[test]
fn a_restart_reconnects_without_an_error() {
    run(async {
        let mut harness = Harness::with_client(json!({})).await;
        let mut first = harness.stream().await;
        first.send("data: Hello\n\n").await;
        assert_eq!(harness.event().await, message("", "Hello"));

        assert_eq!(harness.restart().await, StatusCode::ACCEPTED);
        let mut second = harness.stream().await;
        // The first connection is closed, with or without a reset.
        assert!(matches!(first.connection.read(&mut [0]).await, Ok(0) | Err(_)));
        second.send("data: Thanks\n\n").await;
        assert_eq!(harness.event().await, message("", "Thanks"));
    });
}

/// Sends chunks, checks the events, and returns the request after the end of the stream.
async fn request_after(chunks: &[&str], events: &[Received]) -> Request {
    let mut harness = Harness::with_client(json!({})).await;
    let mut stream = harness.stream().await;
    assert!(stream.header("last-event-id").is_empty());
    for chunk in chunks {
        stream.send(chunk).await;
    }
    for event in events {
        assert_eq!(harness.event().await, *event);
    }
    stream.end().await;
    let request = harness.request().await;
    assert_eq!(request.header("accept"), ["text/event-stream"]);
    assert_eq!(request.header("cache-control"), ["no-cache"]);
    request
}

#[test]
fn sends_the_id_of_the_last_event() {
    run(async {
        let chunks = ["id: abc\ndata: Hello\n\n"];
        let request = request_after(&chunks, &[message("abc", "Hello")]).await;
        assert_eq!(request.header("last-event-id"), ["abc"]);
    });
}

#[test]
fn sends_the_id_of_the_last_event_that_had_one() {
    run(async {
        let chunks = ["id: abc\ndata: Hello\n\n", "data: World\n\n"];
        let events = [message("abc", "Hello"), message("abc", "World")];
        let request = request_after(&chunks, &events).await;
        assert_eq!(request.header("last-event-id"), ["abc"]);
    });
}

#[test]
fn an_empty_id_takes_the_header_away() {
    run(async {
        let chunks = ["id: abc\ndata: Hello\n\n", "id: \ndata: World\n\n"];
        let events = [message("abc", "Hello"), message("", "World")];
        let request = request_after(&chunks, &events).await;
        assert!(request.header("last-event-id").is_empty());
    });
}

#[test]
fn sends_the_body_again() {
    run(async {
        let harness = Harness::with_client(with_body("POST")).await;
        let stream = harness.stream().await;
        assert_has_body(&stream, "POST");
        stream.end().await;
        assert_has_body(&harness.request().await, "POST");
    });
}

#[test]
fn silence_is_an_error_after_the_read_timeout() {
    run(async {
        let mut harness = Harness::with_client(json!({ "readTimeoutMs": 1000 })).await;
        let mut stream = harness.stream().await;
        stream.send("data: Hello\n\n").await;
        assert_eq!(harness.event().await, message("", "Hello"));
        harness.error().await;
        harness.request().await;
    });
}

/// Cuts the connection within an event, and checks the next event on the next connection.
async fn goes_on_after_a_cut(first: &str, second: &str, expected: Received) {
    let mut harness = Harness::with_client(json!({})).await;
    let mut stream = harness.stream().await;
    stream.send(first).await;
    assert_eq!(harness.event().await, message("abc", "Hello"));
    drop(stream);
    harness.error().await;

    let mut stream = harness.stream().await;
    assert_eq!(stream.header("last-event-id"), ["abc"]);
    stream.send(second).await;
    assert_eq!(harness.event().await, expected);
}

#[test]
fn an_unfinished_event_is_dropped_with_its_id() {
    let first = "id: abc\ndata: Hello\n\nid: def\ndata: Goodbye";
    run(goes_on_after_a_cut(first, "data: We meet again\n\n", message("abc", "We meet again")));
}

#[test]
fn the_next_connection_works() {
    let first = "id: abc\ndata: Hello\n\n";
    run(goes_on_after_a_cut(first, "id: def\ndata: World\n\n", message("def", "World")));
}

// The service

#[test]
fn comments_and_events_are_reported_in_their_order() {
    run(async {
        let mut harness = Harness::with_client(json!({})).await;
        let mut stream = harness.stream().await;
        let pieces =
            ["\u{feff}:", "one\rdata: a\r\r: tw", "o\n\n", "event: x\ndata: b\n:three\n\n:"];
        for piece in pieces {
            stream.send(piece).await;
        }
        let comment = |text: &str| json!({ "kind": "comment", "comment": text });
        assert_eq!(harness.report().await, comment("one"));
        assert_eq!(harness.event().await, message("", "a"));
        assert_eq!(harness.report().await, comment("two"));
        // Comes before the event that contains it, which is complete only at its blank line.
        assert_eq!(harness.report().await, comment("three"));
        let event = Received { event_type: "x".to_owned(), ..message("", "b") };
        assert_eq!(harness.event().await, event);
        stream.send("\n").await;
        assert_eq!(harness.report().await, comment(""));
    });
}

#[test]
fn an_event_of_14_mb_is_reported() {
    run(async {
        let mut harness = Harness::with_client(json!({})).await;
        let mut stream = harness.stream().await;
        let half = "x".repeat(7_000_000);
        let (report, ()) = tokio::join!(harness.event(), async {
            stream.send("data: ").await;
            stream.send(&half).await;
            stream.send(&half).await;
            stream.send("\n\n").await;
        });
        // `assert_eq` would print it.
        assert!(report == message("", &half.repeat(2)));
    });
}

#[test]
fn a_url_that_is_not_of_http_is_an_error_for_good() {
    run(async {
        let mut harness = Harness::with_client(json!({ "streamUrl": "ftp://127.0.0.1/" })).await;
        harness.error().await;
        harness.closed().await;
    });
}

#[test]
fn a_client_that_is_closed_makes_no_further_request() {
    run(async {
        let harness = Harness::with_client(json!({})).await;
        let mut stream = harness.stream().await;
        assert_eq!(harness.delete("/0").await, StatusCode::NO_CONTENT);
        assert!(matches!(stream.connection.read(&mut [0]).await, Ok(0) | Err(_)));
        harness.closed().await;
    });
}

#[test]
fn says_what_it_can_do_and_what_it_cannot() {
    run(async {
        let harness = Harness::with_client(json!({})).await;
        let status = harness.http.get(&harness.service).send().await.unwrap();
        assert_eq!(status.status(), StatusCode::OK);
        let status: Value = serde_json::from_slice(&status.bytes().await.unwrap()).unwrap();
        assert_eq!(status["name"], "sse-wire");
        let capabilities = json!([
            "bom",
            "comments",
            "headers",
            "last-event-id",
            "post",
            "read-timeout",
            "report",
            "restart",
            "server-directed-shutdown-request",
        ]);
        assert_eq!(status["capabilities"], capabilities);

        let (callback_url, stream_url) = (&harness.callback_url, &harness.stream_url);
        for bad in [
            json!({}),
            json!({ "callbackUrl": callback_url }),
            json!({ "streamUrl": stream_url }),
            json!({ "streamUrl": "http://[::", "callbackUrl": callback_url }),
            json!({ "streamUrl": stream_url, "callbackUrl": callback_url, "method": "G E T" }),
            json!({ "streamUrl": stream_url, "callbackUrl": callback_url, "headers": { "a b": "" } }),
            json!({ "streamUrl": stream_url, "callbackUrl": callback_url, "headers": { "a": 1 } }),
            json!({ "streamUrl": stream_url, "callbackUrl": callback_url, "lastEventId": "\n" }),
        ] {
            assert_eq!(harness.post("/", &bad).await.status(), StatusCode::BAD_REQUEST, "{bad}");
        }
        let listen = json!({ "command": "listen", "listen": { "type": "x" } });
        assert_eq!(harness.post("/0", &listen).await.status(), StatusCode::BAD_REQUEST);
        assert_eq!(harness.post("/1", &listen).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(harness.delete("/1").await, StatusCode::NOT_FOUND);
    });
}

#[test]
fn stops_on_request() {
    run(async {
        let harness = Harness::with_client(json!({})).await;
        assert_eq!(harness.delete("/").await, StatusCode::OK);
        // The service waits for its connections to close.
        drop(harness.http);
        harness.served.await.unwrap().unwrap();
    });
}
