//! Runs one program to its end, or ends it: nothing of it outlives the call.

use std::ffi::OsString;
use std::io::{Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// The longest complaint that is kept, in bytes; the rest is read and dropped.
const LONGEST_COMPLAINT: usize = 64 << 10;

/// How long the last of what was printed may take to arrive once the program has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// One run of a program.
#[derive(Debug)]
pub struct Call<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments, as they are: no shell reads them.
    pub arguments: Vec<OsString>,
    /// Where it stands.
    pub directory: &'a Path,
    /// All it finds in its environment.
    pub environment: Vec<(&'static str, PathBuf)>,
    /// What it reads.
    pub input: Vec<u8>,
    /// The most it may print, in bytes.
    pub most: u64,
}

/// What a program printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Standard output.
    pub output: Vec<u8>,
    /// Standard error, its beginning.
    pub complaint: String,
}

/// Why there is no output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It cannot be started; the system's words.
    NotStarted(String),
    /// It printed more than it may.
    TooMuch,
    /// It was ended because nobody waits any more.
    Stopped,
    /// It failed.
    Failed {
        /// How it ended, in words.
        ending: String,
        /// Standard error, its beginning.
        complaint: String,
    },
}

impl Call<'_> {
    /// Runs it for as long as `go_on` says so.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run(self, go_on: &dyn Fn() -> bool) -> Result<Printed, Failure> {
        let mut command = Command::new(self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let not_started = |error: std::io::Error| Failure::NotStarted(error.kind().to_string());
        let mut child = Group(command.spawn().map_err(not_started)?);
        let too_much = Arc::new(AtomicBool::new(false));
        let output = collect(child.0.stdout.take(), usize::try_from(self.most).unwrap_or(usize::MAX), Some(&too_much));
        let complaint = collect(child.0.stderr.take(), LONGEST_COMPLAINT, None);
        if let Some(mut pipe) = child.0.stdin.take() {
            let input = self.input;
            // It may end without having read everything: that shows in how it ends.
            std::thread::spawn(move || pipe.write_all(&input));
        }
        let status = wait(&mut child.0, &too_much, go_on)?;
        // Whatever it left behind would hold its pipes open.
        child.end();
        let complaint = complaint.recv_timeout(LAST_WORDS).unwrap_or_default();
        let complaint = String::from_utf8_lossy(&complaint).into_owned();
        // A program whose pipe was closed on it fails for that reason.
        if too_much.load(Ordering::SeqCst) {
            return Err(Failure::TooMuch);
        }
        if !status.success() {
            return Err(Failure::Failed { ending: ending(status), complaint });
        }
        let cut = || Failure::Failed { ending: "its output broke off".to_owned(), complaint: String::new() };
        let output = output.recv_timeout(LAST_WORDS).map_err(|_| cut())?;
        if too_much.load(Ordering::SeqCst) {
            return Err(Failure::TooMuch);
        }
        Ok(Printed { output, complaint })
    }
}

/// A child that is ended with its whole process group when it goes out of sight.
struct Group(Child);

impl Group {
    fn end(&mut self) {
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
        let _ = self.0.wait();
    }
}

fn wait(child: &mut Child, too_much: &AtomicBool, go_on: &dyn Fn() -> bool) -> Result<ExitStatus, Failure> {
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(error) => return Err(Failure::NotStarted(error.kind().to_string())),
        }
        if too_much.load(Ordering::SeqCst) {
            return Err(Failure::TooMuch);
        }
        if !go_on() {
            return Err(Failure::Stopped);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Reads a pipe to its end, and keeps `most` bytes of it; says so when there are more.
fn collect(
    pipe: Option<impl Read + Send + 'static>,
    most: usize,
    too_much: Option<&Arc<AtomicBool>>,
) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    let too_much = too_much.map(Arc::clone);
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = [0_u8; 16 << 10];
        if let Some(mut pipe) = pipe {
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                let room = most.saturating_sub(kept.len()).min(read);
                kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
                if room < read
                    && let Some(too_much) = &too_much
                {
                    too_much.store(true, Ordering::SeqCst);
                    break;
                }
            }
        }
        let _ = sender.send(kept);
    });
    receiver
}

fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown ending".to_owned(),
    }
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
