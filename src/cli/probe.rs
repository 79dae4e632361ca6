//! `probe SOCKET`: for a container's startup probe, in an image that has no shell.

use std::path::PathBuf;

use super::{ExitStatus, Io};

/// Arguments of `probe`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The Unix socket that must accept a connection.
    socket: PathBuf,
}

/// Succeeds when somebody listens on the socket.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    match connect(&args.socket) {
        Ok(()) => ExitStatus::Clean,
        Err(error) => {
            io.say(format_args!("Error: {}: {error}\n", args.socket.display()));
            ExitStatus::CouldNotWork
        }
    }
}

#[cfg(unix)]
fn connect(socket: &std::path::Path) -> std::io::Result<()> {
    std::os::unix::net::UnixStream::connect(socket).map(drop)
}

#[cfg(not(unix))]
fn connect(_: &std::path::Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_socket_somebody_listens_on_is_ready() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("rendergate@v1.sock");
        let probe = || super::super::io::capture("", |io| run(&Args { socket: socket.clone() }, io));
        let (status, _, err) = probe();
        assert_eq!(status, ExitStatus::CouldNotWork);
        assert!(err.contains("rendergate@v1.sock"), "{err}");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        assert_eq!(probe().0, ExitStatus::Clean);
    }
}
