//! The Unix socket that Argo CD finds the plugin by: `NAME.sock` in the folder that repo-server shares.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// The folder of plugins' sockets when `ARGOCD_PLUGINSOCKFILEPATH` names no other.
pub const FOLDER: &str = "/home/argocd/cmp-server/plugins";

/// The socket's name. The `@` is there because Argo CD's client calls the server by the percent-encoded path,
/// and HTTP/2 servers refuse a percent sign in a host's name but not before an `@` (chapter 80 §12).
pub const NAME: &str = "rendergate@v1.sock";

/// The longest path of a Unix socket, in bytes.
const LONGEST: usize = 107;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The system's bound.
    #[error("{0}: {len} bytes long, and the path of a Unix socket may have {LONGEST}", len = .0.as_os_str().len())]
    TooLong(PathBuf),
    /// Something else stands there.
    #[error("{0}: not a socket, and left alone")]
    Taken(PathBuf),
    /// Somebody listens.
    #[error("{0}: another process listens on it")]
    InUse(PathBuf),
    /// The system says no.
    #[error("{0}: {1}")]
    System(PathBuf, io::Error),
}

/// A socket that is there as long as this value is.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    inode: u64,
}

impl Socket {
    /// Listens at `path`. A socket nobody listens on any more is removed first. Whoever may enter the folder
    /// may connect: repo-server has user 999, and the folder is its own.
    ///
    /// # Errors
    /// [`SocketError`].
    pub fn bind(path: &Path) -> Result<(Self, UnixListener), SocketError> {
        let system = |error| SocketError::System(path.to_path_buf(), error);
        if path.as_os_str().len() > LONGEST {
            return Err(SocketError::TooLong(path.to_path_buf()));
        }
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(system(error)),
            Ok(metadata) if !metadata.file_type().is_socket() => return Err(SocketError::Taken(path.to_path_buf())),
            Ok(_) if UnixStream::connect(path).is_ok() => return Err(SocketError::InUse(path.to_path_buf())),
            Ok(_) => fs::remove_file(path).map_err(system)?,
        }
        let listener = UnixListener::bind(path).map_err(system)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).map_err(system)?;
        let inode = fs::symlink_metadata(path).map_err(system)?.ino();
        Ok((Self { path: path.to_path_buf(), inode }, listener))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Not a socket that a successor has put there.
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stale_socket_gives_way_and_a_live_one_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(NAME);
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket left behind"));
        let (socket, _listener) = Socket::bind(&path).expect("a socket");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o666);
        assert!(matches!(Socket::bind(&path), Err(SocketError::InUse(_))));
        drop(socket);
        assert!(!path.exists());
        fs::write(&path, "something").expect("a file");
        assert!(matches!(Socket::bind(&path), Err(SocketError::Taken(_))));
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_named() {
        let path = PathBuf::from(format!("/{}/{NAME}", "x".repeat(100)));
        let error = Socket::bind(&path).expect_err("no such socket").to_string();
        assert!(error.ends_with("120 bytes long, and the path of a Unix socket may have 107"), "{error}");
    }
}
