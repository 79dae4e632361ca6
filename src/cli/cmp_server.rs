//! `cmp-server`: serve Argo CD's plugin protocol until SIGTERM.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cmp::server::{Options, serve};
use crate::cmp::{App, Limits, socket};
use crate::document::GoDuration;
use crate::operator::{BundleFile, Word};
use crate::output::log::{self, Level};
use crate::tools::reachable_files;

use super::{ExitStatus, Io};

/// Arguments of `cmp-server`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The GateConfiguration.
    #[arg(long, value_name = "FILE", env = "RENDERGATE_CONFIG", default_value = "/etc/rendergate/config.yaml")]
    config: PathBuf,

    /// The socket. Without it, rendergate@v1.sock in the folder ARGOCD_PLUGINSOCKFILEPATH names, or in
    /// /home/argocd/cmp-server/plugins. Keep an @ in its name: Argo CD cannot reach it otherwise.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// Serve metrics and health over HTTP there; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    metrics_address: Option<SocketAddr>,

    /// Renders running at once; others wait, and projects take turns.
    #[arg(long, value_name = "N", default_value_t = Limits::default().renders)]
    renders: usize,

    /// The longest archive of a repository as Argo CD sends it, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().archive_bytes)]
    archive_bytes: u64,

    /// The longest archive when expanded, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().expanded_bytes)]
    expanded_bytes: u64,

    /// How often configuration and policies are looked at.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    reload_every: Duration,

    /// How long running renders may take at the end.
    #[arg(long, value_name = "DURATION", default_value = "25s", value_parser = duration)]
    grace: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    let nanos = GoDuration::parse(text).map_err(|e| e.to_string())?.0;
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| "a duration is not negative".to_owned())
}

/// Serves until the process is told to end. A configuration that cannot be read ends it at once; policies
/// that do not load leave it running and not ready.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    if let Err(error) = Word::read(&args.config) {
        io.say(format_args!("Error: {error}\n"));
        return ExitStatus::CouldNotWork;
    }
    if !reachable_files::offered() {
        log::line(
            Level::Info,
            "this kernel does not offer Landlock: renderers can read the files that this process can",
            &[],
        );
    }
    let socket = socket_path(args, std::env::var_os("ARGOCD_PLUGINSOCKFILEPATH").map(PathBuf::from));
    let shown = socket.display().to_string();
    let options = Options { socket, metrics: args.metrics_address, reload_every: args.reload_every, grace: args.grace };
    let limits = Limits {
        archive_bytes: args.archive_bytes,
        expanded_bytes: args.expanded_bytes,
        renders: args.renders,
        ..Limits::default()
    };
    let source = Arc::new(BundleFile(args.config.clone()));
    let served = serve(options, Arc::new(App::new(limits)), source, |metrics| {
        io.print(format_args!("listening on {shown}\n"));
        if let Some(address) = metrics {
            io.print(format_args!("metrics on http://{address}\n"));
        }
        io.out.flush_now();
    });
    match served {
        Ok(()) => ExitStatus::Clean,
        Err(error) => {
            io.say(format_args!("Error: {error}\n"));
            ExitStatus::CouldNotWork
        }
    }
}

fn socket_path(args: &Args, folder: Option<PathBuf>) -> PathBuf {
    let folder = folder.filter(|f| !f.as_os_str().is_empty()).unwrap_or_else(|| socket::FOLDER.into());
    args.socket.clone().unwrap_or_else(|| folder.join(socket::NAME))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_socket_stands_where_argo_cd_looks() {
        let given = |line: &[&str], folder: Option<&str>| {
            let args = Line::try_parse_from([&["x"], line].concat()).expect("arguments").args;
            socket_path(&args, folder.map(PathBuf::from)).display().to_string()
        };
        assert_eq!(given(&[], None), "/home/argocd/cmp-server/plugins/rendergate@v1.sock");
        assert_eq!(given(&[], Some("")), "/home/argocd/cmp-server/plugins/rendergate@v1.sock");
        assert_eq!(given(&[], Some("/plugins")), "/plugins/rendergate@v1.sock");
        assert_eq!(given(&["--socket", "/x/gate@v2.sock"], Some("/plugins")), "/x/gate@v2.sock");
    }
}
