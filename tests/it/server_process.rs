//! A server of ours as a child process, ended with its test.

use std::process::{Child, Command};

/// The child of a test.
pub struct Server(pub Child);

impl Server {
    /// Sends SIGTERM and waits for the end; the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let killed = Command::new("kill").arg(self.0.id().to_string()).status().expect("kill runs");
        assert!(killed.success());
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, except when a test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
