//! What a program that was started confined can still do, tried by programs that try: this test's own
//! binary, and on x86-64 a few instructions.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod instructions;

use std::fs;
use std::io::{BufRead as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Tells [`inside`] that it is meant, and where things are.
const MEANT: &str = "RENDERGATE_TEST_CONFINED";
const PORT: &str = "RENDERGATE_TEST_PORT";

#[allow(clippy::print_stdout, reason = "the answer to the test outside")]
fn say(what: &str, result: std::io::Result<()>) {
    // Behind a line break: the test harness prints without one.
    match result {
        Ok(()) => println!("\n{what}: ok"),
        Err(error) => println!("\n{what}: {:?}", error.kind()),
    }
}

/// What is tried inside: not a test by itself.
#[test]
fn inside() {
    let Some(directory) = std::env::var_os(MEANT) else { return };
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("standard input is a pipe");
    println!("\nread: {}", line.trim());
    try_networks(Path::new(&directory));
    try_files(Path::new(&directory));
    let own = std::env::current_exe().expect("this is a file");
    let mut other = Command::new(own);
    other.args(["--exact", "none-of-them"]).stdin(Stdio::null()).stdout(Stdio::null());
    say("child", other.status().map(drop));
    say("group", other.process_group(0).status().map(drop));
    let status = fs::read_to_string("/proc/self/status").expect("is readable");
    for line in status.lines().filter(|l| l.starts_with("NoNewPrivs:") || l.starts_with("Seccomp:")) {
        println!("\n{}", line.replace('\t', " "));
    }
}

fn try_networks(directory: &Path) {
    let port = std::env::var(PORT).expect("the port is said");
    say("tcp", TcpStream::connect(format!("127.0.0.1:{port}")).map(drop));
    say("listen", TcpListener::bind("127.0.0.1:0").map(drop));
    say("udp", UdpSocket::bind("127.0.0.1:0").map(drop));
    say("unix", UnixStream::connect(directory.join("socket")).map(drop));
    say("pair", UnixStream::pair().map(drop));
}

fn try_files(directory: &Path) {
    let (outside, workspace) = (directory.join("outside"), directory.join("workspace"));
    say("read outside", fs::read(outside.join("file")).map(drop));
    say("read by a link", fs::read(workspace.join("tree/link")).map(drop));
    say("read by /proc", fs::read(Path::new("/proc/self/cwd").join(outside.join("file"))).map(drop));
    say("list outside", fs::read_dir(&outside).map(drop));
    say("write outside", fs::write(outside.join("file"), "changed"));
    say("make outside", fs::write(outside.join("new"), ""));
    say("make a directory outside", fs::create_dir(outside.join("directory")));
    say("remove outside", fs::remove_file(outside.join("other")));
    say(
        "read of another process",
        fs::read(format!("/proc/{}/environ", std::os::unix::process::parent_id())).map(drop),
    );
    say("read inside", fs::read(workspace.join("tree/file")).map(drop));
    say("list inside", fs::read_dir(workspace.join("tree")).map(drop));
    say("write to the tree", fs::write(workspace.join("tree/file"), "changed"));
    say("write to home", fs::create_dir_all(workspace.join("home/a/b")));
    say("write to tmp", fs::write(workspace.join("tmp/file"), "x"));
    say("take out", fs::rename(workspace.join("tmp/file"), outside.join("moved")));
    let program = workspace.join("home/program");
    say("run what it wrote", fs::write(&program, "#!/bin/sh\n").and_then(|()| run(&program)));
    say("run of the tree", run(&workspace.join("tree/program")));
}

fn run(program: &Path) -> std::io::Result<()> {
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).ok();
    Command::new(program).stdin(Stdio::null()).status().map(drop)
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

/// What [`inside`] finds, line by line, when it is started as it is, and confined.
fn found(workspace: bool) -> [Vec<String>; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").expect("works in a test");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    let own = std::env::current_exe().expect("this is a file");
    [false, true].map(|confined| {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("works in a test");
        let at = |path: &str| directory.path().join(path);
        for made in ["outside", "workspace/tree", "workspace/home", "workspace/tmp"] {
            fs::create_dir_all(at(made)).expect("works in a test");
        }
        for (path, text) in [("outside/file", "secret"), ("outside/other", ""), ("workspace/tree/file", "")] {
            fs::write(at(path), text).expect("works in a test");
        }
        fs::write(at("workspace/tree/program"), "#!/bin/sh\n").expect("works in a test");
        fs::set_permissions(at("workspace/tree/program"), fs::Permissions::from_mode(0o755)).expect("works in a test");
        std::os::unix::fs::symlink(at("outside/file"), at("workspace/tree/link")).expect("works in a test");
        let _socket = UnixListener::bind(at("socket")).expect("works in a test");
        let mut command = if confined { rendergate() } else { Command::new(&own) };
        if confined {
            command.arg("confined");
            if workspace {
                command.arg("--workspace").arg(at("workspace"));
            }
            command.arg("--").arg(&own);
        }
        command.args(["--exact", "confined::inside", "--nocapture"]).env(MEANT, directory.path()).env(PORT, &port);
        let output = started(&mut command);
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{words}{}", String::from_utf8_lossy(&output.stderr));
        words.lines().map(str::to_owned).collect()
    })
}

fn has(lines: &[String], line: &str) {
    assert!(lines.iter().any(|l| l == line), "no \"{line}\" in {lines:#?}");
}

#[test]
fn it_has_no_socket_of_any_kind() {
    let [free, confined] = found(true);
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

/// Whether the tests of files can be made; says so when not.
fn landlock() -> bool {
    let offered = rendergate::tools::reachable_files::offered();
    if !offered {
        eprintln!("skipped: the kernel does not offer Landlock");
    }
    offered
}

#[test]
fn it_reaches_no_files_but_its_own() {
    let [free, confined] = found(true);
    if !landlock() {
        return;
    }
    for what in [
        "read outside",
        "read by a link",
        "read by /proc",
        "list outside",
        "write outside",
        "make outside",
        "make a directory outside",
        "remove outside",
        "write to the tree",
        "run what it wrote",
        "run of the tree",
    ] {
        has(&free, &format!("{what}: ok"));
        has(&confined, &format!("{what}: PermissionDenied"));
    }
    has(&confined, "read of another process: PermissionDenied");
    // Linux 5.13 to 5.18 say that these are different file systems.
    has(&free, "take out: ok");
    assert!(!confined.iter().any(|line| line == "take out: ok"), "{confined:#?}");
    for what in ["read inside", "list inside", "write to home", "write to tmp"] {
        has(&confined, &format!("{what}: ok"));
    }
}

#[test]
fn without_a_workspace_it_reaches_none() {
    let [_, confined] = found(false);
    if !landlock() {
        return;
    }
    for what in ["read outside", "read inside", "list inside", "write to tmp"] {
        has(&confined, &format!("{what}: PermissionDenied"));
    }
    has(&confined, "child: ok");
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
