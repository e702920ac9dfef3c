//! Takes samples of this machine at an interval.

use crate::gap::RETRY;
use crate::server::History;
use sse_wire::{Event, event_type};
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};
use sysinfo::{LoadAvg, System};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// One measurement of the machine. Displays as the JSON that clients receive.
struct Sample {
    /// Since the Unix epoch.
    time: Duration,
    /// Over one, five and fifteen minutes.
    load: [f64; 3],
    /// The load of the processors since the previous sample, in percent.
    cpu: f32,
    memory_used: u64,
    memory_total: u64,
    /// In seconds.
    uptime: u64,
}

impl Sample {
    fn take(system: &mut System) -> Result<Self, sysinfo::Error> {
        system.refresh_cpu_usage();
        system.refresh_memory();
        let LoadAvg { one, five, fifteen } = System::load_average()?;
        Ok(Self {
            time: SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(),
            load: [one, five, fifteen],
            cpu: system.global_cpu_usage(),
            memory_used: system.used_memory(),
            memory_total: system.total_memory(),
            uptime: System::uptime()?,
        })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, load: [one, five, fifteen], cpu, memory_used, memory_total, uptime } =
            self;
        write!(f, r#"{{"time":{},"#, time.as_millis())?;
        write!(f, r#""load":[{one:.2},{five:.2},{fifteen:.2}],"#)?;
        write!(f, r#""cpu":{cpu:.1},"memory_used":{memory_used},"memory_total":{memory_total},"#)?;
        write!(f, r#""uptime":{uptime}}}"#)
    }
}

/// Takes a sample at each interval, and wakes the readers of the history.
pub(crate) async fn run(
    history: watch::Sender<History>,
    every: Duration,
) -> Result<Infallible, Box<dyn Error>> {
    let mut system = System::new()?;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let sample = Sample::take(&mut system)?.to_string();
        let event = Event::new().event_type(event_type!("sample")).retry(RETRY).data(&sample);
        let mut pushed = Ok(());
        history.send_modify(|history| pushed = history.push(&event));
        pushed?;
    }
}
