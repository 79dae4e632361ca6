//! What a program that was started confined can still do, tried by programs that try: this test's own
//! binary, and on x86-64 a few instructions.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod instructions;

use std::io::{BufRead as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Tells [`inside`] that it is meant, and where the socket is that listens.
const MEANT: &str = "RENDERGATE_TEST_CONFINED";

/// What is tried inside: not a test by itself.
#[test]
fn inside() {
    let Some(directory) = std::env::var_os(MEANT) else { return };
    let directory = Path::new(&directory);
    let say = |what: &str, result: std::io::Result<()>| match result {
        Ok(()) => println!("\n{what}: ok"),
        Err(error) => println!("\n{what}: {:?}", error.kind()),
    };
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("standard input is a pipe");
    println!("\nread: {}", line.trim());
    let port = std::fs::read_to_string(directory.join("port")).expect("the port stands there");
    say("tcp", TcpStream::connect(format!("127.0.0.1:{port}")).map(drop));
    say("listen", TcpListener::bind("127.0.0.1:0").map(drop));
    say("udp", UdpSocket::bind("127.0.0.1:0").map(drop));
    say("unix", UnixStream::connect(directory.join("socket")).map(drop));
    say("pair", UnixStream::pair().map(drop));
    let own = std::env::current_exe().expect("this is a file");
    let mut other = Command::new(own);
    other.args(["--exact", "none-of-them"]).stdin(Stdio::null()).stdout(Stdio::null());
    say("child", other.status().map(drop));
    say("group", other.process_group(0).status().map(drop));
    let status = std::fs::read_to_string("/proc/self/status").expect("is readable");
    for line in status.lines().filter(|l| l.starts_with("NoNewPrivs:") || l.starts_with("Seccomp:")) {
        println!("\n{}", line.replace('\t', " "));
    }
}

fn rendergate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_rendergate"))
}

fn started(command: &mut Command) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("is a pipe");
    // A program that ends without reading is no concern of this.
    let _ = input.write_all(b"a line\n");
    drop(input);
    child.wait_with_output().expect("it ends")
}

/// What [`inside`] finds, line by line, when `command` starts it.
fn found(mut command: Command) -> Vec<String> {
    let directory = tempfile::tempdir().expect("works in a test");
    let listener = TcpListener::bind("127.0.0.1:0").expect("works in a test");
    let port = listener.local_addr().expect("it is bound").port();
    std::fs::write(directory.path().join("port"), port.to_string()).expect("works in a test");
    let _socket = UnixListener::bind(directory.path().join("socket")).expect("works in a test");
    let output = started(command.args(["--exact", "confined::inside", "--nocapture"]).env(MEANT, directory.path()));
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{words}{}", String::from_utf8_lossy(&output.stderr));
    words.lines().map(str::to_owned).collect()
}

#[test]
fn it_has_no_socket_of_any_kind() {
    let own = std::env::current_exe().expect("this is a file");
    let free = found(Command::new(&own));
    let mut command = rendergate();
    command.args(["confined", "--"]).arg(&own);
    let confined = found(command);
    let has = |lines: &[String], line: &str| assert!(lines.iter().any(|l| l == line), "no \"{line}\" in {lines:#?}");
    for what in ["tcp", "listen", "udp", "unix", "pair", "group"] {
        has(&free, &format!("{what}: ok"));
        has(&confined, &format!("{what}: PermissionDenied"));
    }
    for lines in [&free, &confined] {
        has(lines, "read: a line");
        has(lines, "child: ok");
    }
    has(&confined, "NoNewPrivs: 1");
    has(&confined, "Seccomp: 2");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let output = started(rendergate().args(["confined", "--", "/nonexistent/helm"]));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: /nonexistent/helm: it cannot be started: entity not found\n"
    );
}
