//! Serves telemetry of the board as an event stream over HTTP, with a page that plots it.
//!
//! One task takes samples, one moves frames, and each worker serves one connection at a time.
#![no_std]
#![no_main]

#[path = "../../../telemetry/src/gap.rs"]
mod gap;
mod history;
mod sampler;
mod stream;

use cortex_m_rt::entry;
use embassy_executor::Spawner;
use embassy_net::{Stack, StackResources};
use embassy_time::Duration;
use history::History;
use picoserve::response::custom::CustomResponse;
use picoserve::response::{File, StatusCode};
use picoserve::routing::{get, get_service};
use picoserve::{Config, Router, Server, Timeouts};
use sse_wire::RESPONSE_HEADERS;
use static_cell::{ConstStaticCell, StaticCell};
use stream::EventStream;

/// The number of connections: four streams and two more. Without a queue for connections beyond the limit, the page
/// needs one, and a browser may open another in advance. Each takes 7 kB of RAM, half of it for picoserve's future.
const WORKERS: usize = 6;

const PAGE: File = File::html(include_str!("../../../telemetry/src/page.html"));

const TIMEOUTS: Timeouts = Timeouts {
    // A connection that a browser opens in advance must not block others.
    start_read_request: Duration::from_secs(2),
    persistent_start_read_request: Duration::from_secs(1),
    read_request: Duration::from_secs(2),
    write: Duration::from_secs(5),
};

/// The buffers of a worker.
struct Memory {
    /// The head of a request.
    http: [u8; 1536],
    received: [u8; 768],
    sent: [u8; 512],
}

impl Memory {
    const fn new() -> Self {
        Self { http: [0; 1536], received: [0; 768], sent: [0; 512] }
    }
}

#[entry]
fn main() -> ! {
    board::run(start().unwrap())
}

#[embassy_executor::task]
async fn start() {
    static RESOURCES: StaticCell<StackResources<WORKERS>> = StaticCell::new();
    static MEMORY: ConstStaticCell<[Memory; WORKERS]> =
        ConstStaticCell::new([const { Memory::new() }; WORKERS]);
    static SAMPLES: ConstStaticCell<[u8; history::MEMORY]> = ConstStaticCell::new([0; _]);
    static HISTORY: StaticCell<History> = StaticCell::new();

    // SAFETY: embassy's own executor polls this task, with its own context.
    let spawner = unsafe { Spawner::for_current_executor() }.await;
    let boot = board::boot_number();
    let history: &History = HISTORY.init(History::new(boot, SAMPLES.take()));
    let stack = board::network(spawner, RESOURCES.init(StackResources::new()), boot.into());
    spawner.spawn(sampler::run(history).unwrap());
    for (worker, memory) in MEMORY.take().iter_mut().enumerate() {
        spawner.spawn(serve(worker, stack, history, memory).unwrap());
    }
    defmt::info!("boot {}: {} workers listen at {}", boot, WORKERS, board::ADDRESS);
}

#[embassy_executor::task(pool_size = WORKERS)]
async fn serve(
    worker: usize,
    stack: Stack<'static>,
    history: &'static History,
    memory: &'static mut Memory,
) {
    let app = Router::new()
        .route("/", get_service(PAGE))
        .route("/events", get(serve_events))
        .with_state(history);
    let Memory { http, received, sent } = memory;
    Server::new(&app, &Config::new(TIMEOUTS), http)
        .listen_and_serve(worker, stack, 80, received, sent)
        .await
        .into_never()
}

async fn serve_events(stream: EventStream) -> impl picoserve::response::IntoResponse {
    CustomResponse::build(StatusCode::OK).with_headers(RESPONSE_HEADERS).with_body(stream)
}
