//! Parses the command line.

use lexopt::{Arg, Parser};
use std::ffi::OsStr;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

pub(crate) const HELP: &str = "\
Serves telemetry of this machine as an event stream over HTTP on 127.0.0.1,
with a page that draws it, and shows the stream in the terminal.

Usage: telemetry [OPTIONS]

Options:
  --port PORT         the port to listen on, 0 for any free one (default: 8080)
  --events N          end after N events, with a summary (default: go on until Ctrl-C)
  --interval-ms MS    the time from one sample to the next (default: 1000)
  --drop-after N      close each connection after N events, to see clients come back
  --help              print this
";

pub(crate) enum Command {
    Help,
    Run(Args),
}

pub(crate) struct Args {
    pub(crate) port: u16,
    pub(crate) events: Option<u32>,
    pub(crate) interval: Duration,
    pub(crate) drop_after: Option<u32>,
}

pub(crate) fn parse() -> Result<Command, lexopt::Error> {
    let mut args =
        Args { port: 8080, events: None, interval: Duration::from_secs(1), drop_after: None };
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("port") => args.port = number(&parser.value()?, "--port", 0..=u16::MAX)?,
            Arg::Long("events") => args.events = Some(count(&parser.value()?, "--events")?),
            Arg::Long("interval-ms") => {
                let milliseconds = count(&parser.value()?, "--interval-ms")?;
                args.interval = Duration::from_millis(milliseconds.into());
            }
            Arg::Long("drop-after") => {
                args.drop_after = Some(count(&parser.value()?, "--drop-after")?);
            }
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run(args))
}

fn count(value: &OsStr, option: &str) -> Result<u32, String> {
    number(value, option, 1..=u32::MAX)
}

fn number<T>(value: &OsStr, option: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let number = value.to_str().and_then(|value| value.parse().ok());
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        format!("{option} {}: not a number from {least} to {most}", value.display())
    })
}
