//! Starts the servers whose pages are tested.

use crate::process::{Process, free_address};
use crate::wait_for;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;
use ureq::Agent;

pub(crate) struct Server {
    _process: Process,
    address: SocketAddr,
}

impl Server {
    /// `telemetry`, on this machine, with this interval between samples.
    pub(crate) fn host(interval: Duration) -> Self {
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet", "--release", "--package", "telemetry", "--"]);
        command.args(["--interval-ms", &interval.as_millis().to_string(), "--port"]);
        Self::start(command)
    }

    /// `firmware/telemetry`, in QEMU.
    pub(crate) fn firmware() -> Self {
        Self::start(Command::new("firmware/telemetry.sh"))
    }

    /// Starts a program that takes the port as its last argument, and waits until it accepts connections.
    fn start(mut command: Command) -> Self {
        let address = free_address();
        command.arg(address.port().to_string()).current_dir("..").stdout(Stdio::null());
        let mut process = Process::start(&mut command);
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(10)));
        let agent = Agent::new_with_config(config.build());
        wait_for("the server", || {
            process.assert_runs();
            agent.get(format!("http://{address}/")).call()
        });
        Self { _process: process, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
