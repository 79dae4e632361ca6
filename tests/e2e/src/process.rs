//! Processes in groups of their own, with a log each, that end with their owner.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::failure::{Context as _, Result};
use crate::wait::until;

/// A running program; dropping it ends it and everything it started.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; what it says goes to `STATE/logs/NAME.log`, and its group's number into
    /// `STATE/groups`, so that `run` can end it if this process cannot.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(state: &Path, name: &str, mut command: Command) -> Result<Self> {
        let log = state.join("logs").join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).context(log.display())?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let child = command.spawn().context(format!("start {name}"))?;
        let mut groups = OpenOptions::new().create(true).append(true).open(state.join("groups"))?;
        writeln!(groups, "{}", child.id())?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Whether it still runs; what it said last when it does not.
    pub fn check(&mut self) -> std::result::Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("{} has ended ({status})\n{}", self.name, self.tail(20))),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// Waits until it takes connections on a port of this machine.
    ///
    /// # Errors
    /// When it does not, or has ended.
    pub fn listens(&mut self, port: u16) -> Result<()> {
        until(&format!("{} listens", self.name), || {
            self.check()?;
            TcpStream::connect(("127.0.0.1", port)).map(drop).map_err(|e| e.to_string())
        })
    }

    /// Its log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of its log.
    pub fn tail(&self, lines: usize) -> String {
        tail(&self.log, lines)
    }

    /// Ends it at once, without a chance to clean up.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        self.signal(Signal::TERM);
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() > Duration::from_secs(5) {
                self.signal(Signal::KILL);
                let _ = self.child.wait();
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// The last lines of a file, lossily.
pub fn tail(file: &Path, lines: usize) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// When it fails: with what it said on standard error.
pub fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output().context(&program)?;
    if !done.status.success() {
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
        let said = String::from_utf8_lossy(&done.stderr);
        crate::fail!("{program} {}: {}: {}", arguments.join(" "), done.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Runs a command to its end with `input` on standard input, and returns what it printed.
///
/// # Errors
/// When it fails: with what it said on standard error.
pub fn output_with_input(command: &mut Command, input: &str) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context(&program)?;
    let mut stdin = child.stdin.take();
    let text = input.to_owned();
    let writer = std::thread::spawn(move || stdin.as_mut().map(|s| s.write_all(text.as_bytes())));
    let done = child.wait_with_output()?;
    let _ = writer.join();
    if !done.status.success() {
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
        let said = String::from_utf8_lossy(&done.stderr);
        crate::fail!("{program} {}: {}: {}", arguments.join(" "), done.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
