//! A loopback server whose answers a test chooses, and which records the requests.
#![allow(dead_code)]

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// The value of a header, lossily.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers request number n, from 0 on, with the result of `answer`.
    pub(crate) async fn start(
        answer: impl Fn(usize, &Seen) -> Response<Body> + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let app = axum::Router::new().fallback(async move |request: Request<Body>| {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, 1024).await.unwrap();
            let path = head.uri.path().to_owned();
            let request = Seen { method: head.method, path, headers: head.headers, body };
            let number = {
                let mut kept = kept.lock().unwrap();
                kept.push(request.clone());
                kept.len() - 1
            };
            answer(number, &request)
        });
        tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// A response with a status, without a body.
pub(crate) fn status(status: u16) -> Response<Body> {
    Response::builder().status(status).body(Body::empty()).unwrap()
}

/// An event stream that ends.
pub(crate) fn events(text: impl Into<Body>) -> Response<Body> {
    Response::builder().header("content-type", "text/event-stream").body(text.into()).unwrap()
}

/// An event stream that does not end, and reports when its connection is gone.
pub(crate) fn endless(text: &'static str, gone: mpsc::UnboundedSender<()>) -> Response<Body> {
    struct Guard(mpsc::UnboundedSender<()>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let guard = Guard(gone);
    let chunks = stream::iter([Ok::<_, std::io::Error>(text)]).chain(stream::pending());
    events(Body::from_stream(chunks.inspect(move |_| {
        let _ = &guard;
    })))
}
