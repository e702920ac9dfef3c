//! Processes that end with the test, however it ends.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command};

pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    pub(crate) fn assert_runs(&mut self) {
        let status = self.0.try_wait().unwrap();
        assert!(status.is_none(), "ended early: {status:?}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Unlike `Child::kill`, this gives the process time to end its own children.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// A loopback address that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
