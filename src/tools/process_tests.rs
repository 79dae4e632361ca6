use std::time::Instant;

use super::*;

fn shell<'a>(script: &str, directory: &'a Path, most: u64) -> Call<'a> {
    Call {
        program: Path::new("/bin/sh"),
        arguments: vec!["-c".into(), script.into()],
        directory,
        environment: vec![("HOME", directory.join("home"))],
        input: Vec::new(),
        most,
    }
}

fn run(script: &str, go_on: &dyn Fn() -> bool) -> Result<Printed, Failure> {
    let directory = tempfile::tempdir().unwrap();
    shell(script, directory.path(), 1000).run(go_on)
}

#[test]
fn it_gets_its_input_and_nothing_of_our_environment() {
    let directory = tempfile::tempdir().unwrap();
    let mut call =
        shell("read a; echo \"$a\"; echo \"[$CARGO_MANIFEST_DIR][$USER]\"; echo warn >&2; pwd", directory.path(), 1000);
    call.input = b"line\n".to_vec();
    let printed = call.run(&|| true).unwrap();
    let output = String::from_utf8(printed.output).unwrap();
    let mut lines = output.lines();
    assert_eq!(lines.next(), Some("line"));
    assert_eq!(lines.next(), Some("[][]"));
    assert_eq!(std::fs::canonicalize(lines.next().unwrap()).unwrap(), std::fs::canonicalize(directory.path()).unwrap());
    assert_eq!(printed.complaint, "warn\n");
}

#[test]
fn a_failure_says_how_and_why() {
    let failed = run("echo no >&2; exit 3", &|| true).unwrap_err();
    assert_eq!(failed, Failure::Failed { ending: "exit status 3".to_owned(), complaint: "no\n".to_owned() });
    let directory = tempfile::tempdir().unwrap();
    let mut call = shell("", directory.path(), 1);
    call.program = Path::new("/nonexistent/helm");
    assert!(matches!(call.run(&|| true), Err(Failure::NotStarted(_))));
}

#[test]
fn too_much_output_ends_it() {
    let script = "while :; do echo 0123456789; done";
    assert_eq!(run(script, &|| true), Err(Failure::TooMuch));
    // A long complaint is no reason to fail.
    let printed =
        run("i=0; while [ $i -lt 9000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo ok", &|| true).unwrap();
    assert_eq!((printed.output.as_slice(), printed.complaint.len()), (&b"ok\n"[..], LONGEST_COMPLAINT));
}

#[test]
fn its_children_end_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let mark = directory.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", mark.display());
    let started = Instant::now();
    let call = shell(&script, directory.path(), 1000);
    // Ends as soon as the grandchild is there.
    let result = call.run(&|| std::fs::read_to_string(&mark).map_or(true, |text| !text.ends_with('\n')));
    assert_eq!(result, Err(Failure::Stopped));
    assert!(started.elapsed() < Duration::from_secs(300), "it did not wait for the grandchild");
    let pid: i32 = std::fs::read_to_string(&mark).unwrap().trim().parse().unwrap();
    let gone = || {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    while !gone() {
        assert!(started.elapsed() < Duration::from_secs(300), "the grandchild {pid} lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_it_leaves_behind_holds_nobody_up() {
    let printed = run("sleep 600 & echo done", &|| true).unwrap();
    assert_eq!(printed.output, b"done\n");
}
