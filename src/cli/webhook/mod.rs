//! `webhook`: serve admission over HTTPS until SIGTERM.

mod source;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::document::GoDuration;
use crate::webhook::certificate::Certificate;
use crate::webhook::server::{Options, serve};
use crate::webhook::{App, Limits};

use self::source::ConfiguredFiles;
use super::{ExitStatus, Io};

/// Arguments of `webhook`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The GateConfiguration.
    #[arg(long, value_name = "FILE", env = "RENDERGATE_CONFIG", default_value = "/etc/rendergate/config.yaml")]
    config: PathBuf,

    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9443")]
    listen: SocketAddr,

    /// The certificate chain (PEM), read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "self_signed")]
    tls_cert: Option<PathBuf>,

    /// The private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Make a certificate at start, for these names and addresses.
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "localhost,127.0.0.1")]
    self_signed: Vec<String>,

    /// Write the certificate in use there, for clients that must trust it.
    #[arg(long, value_name = "FILE")]
    self_signed_ca: Option<PathBuf>,

    /// Longest body read, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body)]
    body_bytes: usize,

    /// Longest time to answer a request; the API server's own timeout is kept when it is shorter.
    #[arg(long, value_name = "DURATION", default_value = "9s", value_parser = duration)]
    deadline: std::time::Duration,

    /// Decisions running at once.
    #[arg(long, value_name = "N", default_value_t = Limits::default().decisions)]
    decisions: usize,

    /// How often configuration, policies and certificate are looked at.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    reload_every: std::time::Duration,

    /// How long requests are still taken after readiness says no.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    drain: std::time::Duration,

    /// How long running requests may take at the end.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    grace: std::time::Duration,
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    let nanos = GoDuration::parse(text).map_err(|e| e.to_string())?.0;
    u64::try_from(nanos).map(std::time::Duration::from_nanos).map_err(|_| "a duration is not negative".to_owned())
}

/// Serves until the process is told to end. A configuration that cannot be read ends it at once; policies
/// that do not load leave it running and not ready.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    let certificate = match (&args.tls_cert, &args.tls_key) {
        (Some(chain), Some(key)) => Certificate::Files { chain: chain.clone(), key: key.clone() },
        _ => Certificate::SelfSigned { names: args.self_signed.clone() },
    };
    let options = Options {
        listen: args.listen,
        certificate,
        reload_every: args.reload_every,
        drain: args.drain,
        grace: args.grace,
    };
    let limits =
        Limits { body: args.body_bytes, deadline: args.deadline, decisions: args.decisions, ..Limits::default() };
    let source = ConfiguredFiles::new(&args.config);
    if let Err(error) = source.check_configuration() {
        io.say(format_args!("Error: {error}\n"));
        return ExitStatus::CouldNotWork;
    }
    let served = serve(options, Arc::new(App::new(limits)), Arc::new(source), |address, chain| {
        if let Some(path) = &args.self_signed_ca {
            let named = |e: std::io::Error| std::io::Error::new(e.kind(), format!("{}: {e}", path.display()));
            std::fs::write(path, chain).map_err(named)?;
        }
        io.print(format_args!("listening on https://{address}\n"));
        io.out.flush_now();
        Ok(())
    });
    match served {
        Ok(()) => ExitStatus::Clean,
        Err(error) => {
            io.say(format_args!("Error: {error}\n"));
            ExitStatus::CouldNotWork
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        assert_eq!(duration("1m30s"), Ok(std::time::Duration::from_secs(90)));
        assert!(duration("-1s").is_err() && duration("soon").is_err());
    }
}
