//! A page with an `EventSource`: the events that it receives, its drivers, and their clock.

use crate::server::{HANGS, Server, Shared};
use reqwless::client::HttpClient;
use sse_wire::{
    Backoff, DecodeError, Decoder, EventSource, GrowingBuffer, MessageEvent, ReadyState, Refused,
    UnsendableId,
};
use stacks::reqwless_client::TokioNet;
use stacks::{Handler, StreamError, Target};
use stacks::{reqwest_client, reqwless_client, std_client};
use std::cell::RefCell;
use std::error::Error;
use std::future::pending;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use url::{ParseError, Url};

/// The client library that makes the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    Std,
    Reqwest,
    Reqwless,
}

/// Makes a test for each driver of each function.
macro_rules! for_each_driver {
    ($($test:ident)*) => {
        mod std_client {
            $(#[test] fn $test() { super::$test(crate::page::Driver::Std); })*
        }
        mod reqwest_client {
            $(#[test] fn $test() { super::$test(crate::page::Driver::Reqwest); })*
        }
        mod reqwless_client {
            $(#[test] fn $test() { super::$test(crate::page::Driver::Reqwless); })*
        }
    };
}

/// The events of a page, in order. Each one checks the client's state against the standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// `open`, and the client is OPEN.
    Open,
    Message(Message),
    /// An event was lost.
    Lost(DecodeError),
    /// `error`, and the client is CONNECTING. `Err`: the ID cannot be sent.
    Reconnects(Result<(), UnsendableId>),
    /// `error`, and the client is CLOSED.
    Fails(Failure),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused(Refused),
    Scheme,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub event_type: String,
    pub data: String,
    pub last_event_id: String,
    pub origin: String,
}

pub const RECONNECTS: Seen = Seen::Reconnects(Ok(()));

pub const fn refused(status: u16) -> Seen {
    Seen::Fails(Failure::Refused(Refused::Status(status)))
}

/// The behavior of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Every wait ends at once.
    Jumps,
    /// A wait that is not zero lasts until the test closes the client.
    Stands,
}

/// A page. The default behaves as a browser; some fields change that, others record results.
pub struct Page {
    pub clock: Clock,
    pub backoff: Backoff,
    pub random: u32,
    /// Closes the client at this event.
    pub close_when: fn(&Page, &Seen) -> bool,
    /// Overrides a refusal that may be temporary.
    pub retries: bool,
    /// Closes the client when an event is too long, before its end.
    pub closes_what_is_too_long: bool,
    pub seen: Vec<Seen>,
    /// The longest time without input, if the test sets it.
    pub silence: Option<Duration>,
    /// The wait before each connection.
    pub waits: Vec<Duration>,
    /// The most memory that the client has allocated for events.
    pub allocated: usize,
    /// The client's `attempts` at each `error`.
    pub attempts: Vec<u32>,
    /// An event was found to be too long before its end.
    pub was_too_long: bool,
    pub ignored_lines: u32,
    origin: String,
    shared: Arc<Shared>,
}

impl Page {
    pub fn new(server: &Server) -> Self {
        Self {
            clock: Clock::Jumps,
            backoff: Backoff::new(),
            random: 0,
            close_when: |_, _| false,
            retries: false,
            closes_what_is_too_long: false,
            seen: Vec::new(),
            silence: None,
            waits: Vec::new(),
            allocated: 0,
            attempts: Vec::new(),
            was_too_long: false,
            ignored_lines: 0,
            origin: String::new(),
            shared: Arc::clone(&server.shared),
        }
    }

    /// Runs until the server, the page or another thread closes the client.
    pub fn visit(mut self, driver: Driver, url: &str) -> Result<Self, ParseError> {
        let mut target = Target::new(url)?;
        if let Some(silence) = self.silence {
            target = target.silence(silence);
        }
        let decoder = Decoder::new(GrowingBuffer::with_limit(16 * 1024));
        let mut source = EventSource::with_backoff(decoder, self.backoff);
        assert_eq!(source.ready_state(), ReadyState::Connecting);

        let (clock, shared) = (self.clock, Arc::clone(&self.shared));
        let waits = RefCell::new(Vec::new());
        let begin = |wait: Duration| {
            waits.borrow_mut().push(wait);
            assert!(waits.borrow().len() <= 1000, "it connects without end");
            let stands = clock == Clock::Stands && wait > Duration::ZERO;
            if stands {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    // Lets the wait begin. If it has not begun, the test still passes, but checks less.
                    thread::sleep(Duration::from_millis(20));
                    shared.close_client();
                });
            }
            stands
        };
        if driver == Driver::Std {
            let sleep = |wait| {
                if begin(wait) {
                    let begun = Instant::now();
                    shared.closer.sleep(HANGS);
                    assert!(begun.elapsed() < HANGS, "closing does not end the wait");
                }
            };
            std_client::run(&shared.closer, &mut target, &mut source, sleep, &mut self);
        } else {
            let sleep = async |wait| {
                if begin(wait) {
                    pending::<()>().await;
                }
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let run = async {
                    if driver == Driver::Reqwest {
                        // Ignores a proxy of the environment.
                        let client = reqwest_client::builder().no_proxy().build().unwrap();
                        reqwest_client::run(&client, &mut target, &mut source, sleep, &mut self)
                            .await;
                    } else {
                        let mut client = HttpClient::new(&TokioNet, &TokioNet);
                        reqwless_client::run(
                            &mut client,
                            &mut target,
                            &mut source,
                            sleep,
                            &mut self,
                        )
                        .await;
                    }
                    true
                };
                let is_over = tokio::select! {
                    over = run => over,
                    () = shared.closed.notified() => false,
                };
                if !is_over {
                    source.close();
                }
            });
        }
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert_eq!(source.connect(0), None);
        self.waits = waits.into_inner();
        Ok(self)
    }

    /// The events that are messages.
    pub fn messages(&self) -> Vec<&Message> {
        let messages = self.seen.iter().filter_map(|seen| match seen {
            Seen::Message(message) => Some(message),
            _ => None,
        });
        messages.collect()
    }

    pub fn data(&self) -> Vec<&str> {
        self.messages().into_iter().map(|message| &*message.data).collect()
    }

    pub fn ids(&self) -> Vec<&str> {
        self.messages().into_iter().map(|message| &*message.last_event_id).collect()
    }

    /// The waits in milliseconds.
    pub fn milliseconds(&self) -> Vec<u128> {
        self.waits.iter().map(Duration::as_millis).collect()
    }

    /// Records an event. Returns whether to close the client.
    fn see(&mut self, seen: Seen) -> bool {
        let close = (self.close_when)(self, &seen);
        self.seen.push(seen);
        close
    }
}

impl Handler<GrowingBuffer> for Page {
    fn open(&mut self, source: &mut EventSource<GrowingBuffer>, url: &Url) {
        assert_eq!(source.ready_state(), ReadyState::Open);
        self.origin = url.origin().ascii_serialization();
        if self.see(Seen::Open) {
            source.close();
        }
    }

    fn event(&mut self, event: Result<MessageEvent<'_>, DecodeError>) -> ControlFlow<()> {
        let close = match event {
            Ok(event) => self.see(Seen::Message(Message {
                event_type: event.event_type_lossy().to_string(),
                data: event.data_lossy().to_string(),
                last_event_id: event.last_event_id_lossy().to_string(),
                origin: self.origin.clone(),
            })),
            Err(error) => self.see(Seen::Lost(error)),
        };
        self.shared.see();
        if close { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn received(&mut self, source: &mut EventSource<GrowingBuffer>) {
        let decoder = source.decoder();
        self.was_too_long |= decoder.is_too_long();
        self.ignored_lines = decoder.ignored_lines();
        self.allocated = self.allocated.max(decoder.buffer().allocated());
        if self.was_too_long && self.closes_what_is_too_long {
            source.close();
        }
    }

    fn error<E: Error>(
        &mut self,
        source: &mut EventSource<GrowingBuffer>,
        end: Result<(), StreamError<E>>,
    ) {
        let seen = match end {
            Err(StreamError::Refused { why, .. }) => Seen::Fails(Failure::Refused(why)),
            Err(StreamError::Scheme) => Seen::Fails(Failure::Scheme),
            _ => Seen::Reconnects(source.header_id().map(drop)),
        };
        let state = match seen {
            Seen::Fails(_) => ReadyState::Closed,
            _ => ReadyState::Connecting,
        };
        assert_eq!(source.ready_state(), state);
        self.attempts.push(source.attempts());
        if self.see(seen) {
            source.close();
        }
        if let Err(StreamError::Refused { why, retry_after }) = end
            && self.retries
            && why.is_temporary()
        {
            source.retry(retry_after);
        }
    }

    fn random(&mut self) -> u32 {
        self.random
    }
}

/// Connects to the server until the client is closed.
pub fn visit(driver: Driver, server: &Server) -> Page {
    Page::new(server).visit(driver, &server.url("/events")).unwrap()
}

/// A message with this data, the default type and no ID.
pub fn message(server: &Server, data: &str) -> Seen {
    message_with_id(server, data, "")
}

pub fn message_with_id(server: &Server, data: &str, last_event_id: &str) -> Seen {
    Seen::Message(Message {
        event_type: "message".into(),
        data: data.into(),
        last_event_id: last_event_id.into(),
        origin: server.origin(),
    })
}
