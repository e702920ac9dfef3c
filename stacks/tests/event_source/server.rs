//! An HTTP server with a script: the nth connection gets the nth answer. Records the requests.

use stacks::std_client::Closer;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{mem, thread};
use tokio::sync::Notify;

/// The time after which a test is considered hanging, and fails.
pub const HANGS: Duration = Duration::from_secs(60);

/// The steps of the server on a connection. It closes the connection after the last one.
pub type Answer = Vec<Step>;

pub type Reply = Box<dyn Fn(&Request) -> Vec<u8> + Send>;

pub enum Step {
    Send(Vec<u8>),
    /// Sends the function's result for the request.
    Reply(Reply),
    /// Waits until the page has received this number of events in all.
    Seen(usize),
    /// Waits until the client has closed the connection.
    HangUp,
    /// Closes the client from another thread.
    CloseClient,
}

/// A response with this status, these headers and this body.
pub fn response(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    vec![Step::Send([head.as_bytes(), body.as_ref()].concat())]
}

/// Status 200 with this `Content-Type`.
pub fn typed(content_type: &str, body: impl AsRef<[u8]>) -> Answer {
    response(200, &[("Content-Type", content_type)], body)
}

/// An event stream that ends with the connection.
pub fn stream(body: impl AsRef<[u8]>) -> Answer {
    typed("text/event-stream", body)
}

/// A response in which only the status is wrong. It has a body if HTTP allows one.
pub fn status(status: u16) -> Answer {
    let body = if matches!(status, 204 | 205 | 304) { "" } else { "data: data\n\n" };
    response(status, &[("Content-Type", "text/event-stream")], body)
}

pub fn redirect(status: u16, location: &str) -> Answer {
    response(status, &[("Location", location), ("Content-Type", "text/event-stream")], "")
}

/// An event stream in chunks of `len` bytes, each sent separately.
pub fn chunked(len: usize, body: &str) -> Answer {
    let headers = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")];
    let mut steps = response(200, &headers, "");
    for chunk in body.as_bytes().chunks(len) {
        let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
        steps.push(Step::Send(chunk));
    }
    steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
    steps
}

/// A received request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The first line.
    pub line: String,
    /// Names are in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    fn read(connection: &mut TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if connection.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.extend(byte);
        }
        let lines = head.split(|&byte| byte == b'\n');
        let mut lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let line = String::from_utf8(lines.next()?.to_vec()).unwrap();
        let headers = lines.filter(|line| !line.is_empty()).map(|line| {
            let colon = line.iter().position(|&byte| byte == b':').unwrap();
            let name = str::from_utf8(&line[..colon]).unwrap().to_ascii_lowercase();
            // Exactly one space, as all clients send it.
            (name, line[colon + 1..].strip_prefix(b" ").unwrap().to_vec())
        });
        Some(Self { headers: headers.collect(), line })
    }

    /// The headers, without those about the connection, sorted by name.
    pub fn headers(&self) -> Vec<(&str, &[u8])> {
        let headers = self.headers.iter().map(|(name, value)| (&**name, &**value));
        let mut headers: Vec<_> =
            headers.filter(|(name, _)| !matches!(*name, "host" | "connection")).collect();
        headers.sort_unstable();
        headers
    }

    pub fn last_event_id(&self) -> Option<&[u8]> {
        let mut ids = self.headers.iter().filter(|(name, _)| name == "last-event-id");
        let id = ids.next().map(|(_, value)| &**value);
        assert!(ids.next().is_none(), "the header comes once");
        id
    }

    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

/// The state that server and page share.
#[derive(Default)]
pub struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Both close the client: for the blocking and for the async drivers.
    pub closer: Closer,
    pub closed: Notify,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    seen: usize,
    is_over: bool,
}

impl Shared {
    /// Records that the page has received an event.
    pub fn see(&self) {
        self.lock().seen += 1;
        self.changed.notify_all();
    }

    /// Closes the client from another thread.
    pub fn close_client(&self) {
        self.closer.close();
        self.closed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server. After its script it answers 204, which stops the client.
    pub fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let script: Vec<_> = script.into_iter().collect();
        let serve = {
            let shared = Arc::clone(&shared);
            move || {
                let mut script = script.into_iter();
                for connection in listener.incoming() {
                    if shared.lock().is_over {
                        return;
                    }
                    let next = || script.next().unwrap_or_else(|| response(204, &[], ""));
                    serve(&shared, connection.unwrap(), next);
                }
            }
        };
        Self { address, shared, thread: Some(thread::spawn(serve)) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn origin(&self) -> String {
        self.url("")
    }

    /// Stops the server, and returns the recorded requests.
    pub fn requests(mut self) -> Vec<Request> {
        self.stop();
        mem::take(&mut self.shared.lock().requests)
    }

    /// Stops the server. A failure of its thread fails the test.
    fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.lock().is_over = true;
        let _ = TcpStream::connect(self.address);
        let served = thread.join();
        if !thread::panicking() {
            served.unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(shared: &Shared, mut connection: TcpStream, next: impl FnOnce() -> Answer) {
    connection.set_read_timeout(Some(HANGS)).unwrap();
    connection.set_nodelay(true).unwrap();
    let Some(request) = Request::read(&mut connection) else { return };
    shared.lock().requests.push(request.clone());
    for step in next() {
        match step {
            // A closed client need not receive it.
            Step::Send(bytes) => drop(connection.write_all(&bytes)),
            Step::Reply(reply) => drop(connection.write_all(&reply(&request))),
            Step::Seen(events) => {
                let wait = |state: &mut State| state.seen < events;
                let waited = shared.changed.wait_timeout_while(shared.lock(), HANGS, wait).unwrap();
                assert!(!waited.1.timed_out(), "the page does not see {events} events");
            }
            Step::HangUp => {
                let end = connection.read(&mut [0]).map_err(|error| error.kind());
                let is_end = matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset));
                assert!(is_end, "the client does not hang up: {end:?}");
            }
            Step::CloseClient => shared.close_client(),
        }
    }
}
