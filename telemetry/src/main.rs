//! Live telemetry of this machine, served as a device would serve it.
//!
//! Samples the load, memory and uptime, and serves them as an event stream over HTTP, with picoserve, on a loopback
//! port; `/` is a page that plots them. A client in the same process reads the stream over TCP, decodes it and shows it
//! in the terminal.
//!
//! ```text
//! cargo run --release --package telemetry
//! ```
//!
//! | file         | contents                                                  |
//! |--------------|-----------------------------------------------------------|
//! | `args.rs`    | parses the command line                                   |
//! | `sampler.rs` | takes samples of this machine at an interval              |
//! | `page.html`  | the page of this server and of the firmware               |
//! | `server.rs`  | serves the page, the latest samples, and the event stream |
//! | `gap.rs`     | the event for missing samples                             |
//! | `client.rs`  | decodes the event stream, and shows it in the terminal    |
//! | `http.rs`    | a minimal HTTP client                                     |

mod args;
mod client;
mod gap;
mod http;
mod sampler;
mod server;

use args::{Args, Command};
use client::Client;
use server::History;
use std::error::Error;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::SystemTime;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::LocalSet;

fn main() -> ExitCode {
    let done = match args::parse() {
        Ok(Command::Help) => io::stdout().write_all(args::HELP.as_bytes()).map_err(Into::into),
        Ok(Command::Run(args)) => start(&args),
        Err(error) => {
            eprintln!("telemetry: {error}; try --help");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed it.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("telemetry: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// picoserve's futures stay on one thread, as on a device.
fn start(args: &Args) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run(args))
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(|error| {
        format!("cannot listen on 127.0.0.1:{}: {error}; choose a --port, 0 for any", args.port)
    })?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "http://{address}/ has the page, http://{address}/events the stream")?;

    // IDs of an earlier process must not be mistaken for those of this one.
    let start = SystemTime::UNIX_EPOCH.elapsed()?.as_millis() as u64;
    let (samples, history) = watch::channel(History::new(start, [0; _]));
    let mut client = Client::new(address);
    tokio::select! {
        shown = client.run(args.events) => {
            shown?;
            writeln!(io::stdout(), "{}", client.summary())?;
            Ok(())
        }
        Err(error) = sampler::run(samples, args.interval) => {
            Err(format!("cannot sample this machine: {error}").into())
        }
        never = server::run(listener, history, args) => match never {},
    }
}
