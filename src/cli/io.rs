//! What a command reads and writes, as a value: tests hand in buffers, the process its streams.

use std::fmt::Display;
use std::io::{BufWriter, IsTerminal, Read, Write};

use super::ExitStatus;

/// The streams of one run.
pub struct Io {
    /// Standard input.
    pub input: Input,
    /// Standard output.
    pub out: Output,
    /// Standard error.
    pub err: Output,
}

/// Standard input, and whether a person is typing.
pub struct Input {
    reader: Box<dyn Read>,
    /// Whether this is a terminal (a character device).
    pub is_terminal: bool,
}

/// A stream that remembers its first failure instead of returning it: a reader that went away is
/// no error, anything else is reported once, at the end.
pub struct Output {
    writer: Box<dyn Write>,
    failure: Option<std::io::Error>,
    /// Whether a person is reading.
    pub is_terminal: bool,
}

impl Io {
    /// The process's own streams.
    #[must_use]
    pub fn process() -> Self {
        let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
        Self {
            input: Input { is_terminal: stdin.is_terminal(), reader: Box::new(stdin) },
            out: Output {
                is_terminal: stdout.is_terminal(),
                writer: Box::new(BufWriter::with_capacity(1 << 16, stdout)),
                failure: None,
            },
            err: Output { is_terminal: stderr.is_terminal(), writer: Box::new(stderr), failure: None },
        }
    }

    /// Streams that are not terminals.
    #[must_use]
    pub fn new(input: Box<dyn Read>, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        let output = |writer| Output { writer, failure: None, is_terminal: false };
        Self { input: Input { reader: input, is_terminal: false }, out: output(out), err: output(err) }
    }

    /// Whether standard output shows colours: a terminal, and `NO_COLOR` is not set.
    #[must_use]
    pub fn colours(&self) -> bool {
        self.out.is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    }

    /// Writes to standard output, adding nothing.
    pub fn print(&mut self, text: impl Display) {
        self.out.put(&text);
    }

    /// Writes to standard error, adding nothing. What was printed before is flushed first, so that
    /// a terminal shows both in order.
    pub fn say(&mut self, text: impl Display) {
        self.out.flush_now();
        self.err.put(&text);
        self.err.flush_now();
    }

    /// Flushes; a failure to write (other than a reader that went away) turns `status` into an
    /// error.
    pub fn finish(&mut self, status: ExitStatus) -> ExitStatus {
        self.out.flush_now();
        match self.out.failure.take() {
            Some(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                self.say(format_args!("Error: cannot write to standard output: {error}\n"));
                if status == ExitStatus::Clean { ExitStatus::CouldNotWork } else { status }
            }
            _ => status,
        }
    }
}

impl Input {
    /// Reads to the end, at most `limit` bytes.
    ///
    /// # Errors
    /// When reading fails, when there is more than `limit`, and when the text is not UTF-8.
    pub fn read_text(&mut self, limit: u64) -> Result<String, String> {
        let mut bytes = Vec::new();
        (&mut self.reader).take(limit + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        if bytes.len() as u64 > limit {
            return Err(format!("standard input holds more than {limit} bytes"));
        }
        String::from_utf8(bytes)
            .map_err(|e| format!("standard input is not UTF-8 after {} bytes", e.utf8_error().valid_up_to()))
    }
}

impl Output {
    /// Writes `text` unless an earlier write failed.
    pub fn put(&mut self, text: &dyn Display) {
        if self.failure.is_none()
            && let Err(error) = write!(self.writer, "{text}")
        {
            self.failure = Some(error);
        }
    }

    /// Hands everything written so far on.
    pub fn flush_now(&mut self) {
        if self.failure.is_none()
            && let Err(error) = self.writer.flush()
        {
            self.failure = Some(error);
        }
    }
}

/// Runs `command` over buffers; returns its status, standard output and standard error.
#[cfg(test)]
pub(super) fn capture(input: &str, command: impl FnOnce(&mut Io) -> ExitStatus) -> (ExitStatus, String, String) {
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);
    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one thread").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("one thread").clone()).expect("text")
        }
    }
    let (out, err) = (Buffer::default(), Buffer::default());
    let input = std::io::Cursor::new(input.as_bytes().to_vec());
    let mut io = Io::new(Box::new(input), Box::new(out.clone()), Box::new(err.clone()));
    let status = command(&mut io);
    let status = io.finish(status);
    (status, out.text(), err.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(std::io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn finish_over(kind: std::io::ErrorKind) -> ExitStatus {
        let mut io = Io::new(Box::new(std::io::empty()), Box::new(Broken(kind)), Box::new(std::io::sink()));
        io.print("text");
        io.print("more");
        io.finish(ExitStatus::Clean)
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        assert_eq!(finish_over(std::io::ErrorKind::BrokenPipe), ExitStatus::Clean);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        assert_eq!(finish_over(std::io::ErrorKind::StorageFull), ExitStatus::CouldNotWork);
    }

    #[test]
    fn input_is_bounded() {
        let (_, _, err) = capture("0123456789", |io| {
            let text = io.input.read_text(4).expect_err("too much");
            io.say(text);
            ExitStatus::Clean
        });
        assert_eq!(err, "standard input holds more than 4 bytes");
    }
}
