//! `kyverno_flags.txt` names every flag of Kyverno's `apply`, `test` and `jp` and its state here. It
//! agrees with the definition of the command line, every flag is read as Kyverno reads it, refused ones
//! say why, and `docs/compatibility.md` shows the list (`RENDERGATE_UPDATE=1` writes it there).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use rendergate::cli;

const BEGIN: &str = "<!-- flags: begin -->";
const END: &str = "<!-- flags: end -->";
const COMMANDS: &[&str] = &["apply", "test", "jp query", "jp parse", "jp function"];

/// A line of the list.
#[derive(Clone, Debug)]
struct Flag {
    command: &'static str,
    names: BTreeSet<&'static str>,
    takes: &'static str,
    default: &'static str,
    state: &'static str,
    remark: &'static str,
}

fn list() -> Vec<Flag> {
    let lines = include_str!("kyverno_flags.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let [command, names, takes, default, state, remark] = fields[..] else { panic!("six fields: {line}") };
            assert!(["works", "no effect", "refused", "own"].contains(&state), "{line}");
            Flag { command, names: names.split(' ').collect(), takes, default, state, remark }
        })
        .collect()
}

/// The flags of the list that a command has.
fn of(command: &str) -> Vec<Flag> {
    list().into_iter().filter(|flag| flag.command == command || flag.command == "*").collect()
}

fn defined(command: &str) -> clap::Command {
    let mut cli = cli::definition();
    cli.build();
    command.split(' ').fold(cli, |cli, name| cli.find_subcommand(name).expect("a command").clone())
}

fn names(arg: &clap::Arg) -> BTreeSet<String> {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let aliases = arg.get_all_aliases().unwrap_or_default();
    let long = arg.get_long().into_iter().chain(aliases).map(|long| format!("--{long}"));
    short.into_iter().chain(long).collect()
}

fn takes(arg: &clap::Arg) -> &'static str {
    match arg.get_action() {
        clap::ArgAction::Append => "list",
        _ if arg.get_num_args().is_some_and(|range| range.min_values() == 0) => "switch",
        _ => "value",
    }
}

/// Two values that the flag accepts.
fn samples(flag: &Flag) -> [&'static str; 2] {
    let name = flag.names.iter().find(|name| name.starts_with("--")).expect("a long name");
    match *name {
        "--v" => ["1", "2"],
        "--warn-exit-code" | "--concurrent" | "--batch-size" => ["1", "-3"],
        "--format" => ["json", "sarif"],
        _ => ["a,b", "-x"],
    }
}

#[test]
fn the_list_agrees_with_the_command_line() {
    for command in COMMANDS {
        let listed: BTreeMap<BTreeSet<String>, (&str, String)> = of(command)
            .into_iter()
            .map(|flag| (flag.names.iter().map(|n| (*n).to_owned()).collect(), (flag.takes, flag.default.to_owned())))
            .collect();
        let described = |arg: &clap::Arg| {
            let default = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect::<Vec<_>>().join(",");
            (names(arg), (takes(arg), default))
        };
        let defined = defined(command);
        let args = defined.get_arguments().filter(|arg| !arg.is_positional() && arg.get_id() != "help");
        assert_eq!(args.map(described).collect::<BTreeMap<_, _>>(), listed, "{command}");
    }
}

#[test]
fn flags_are_read_as_kyverno_reads_them() {
    for command in COMMANDS {
        for flag in of(command) {
            let defined = defined(command);
            let arg = defined.get_arguments().find(|arg| flag.names.iter().all(|n| names(arg).contains(*n)));
            let id = arg.expect("a flag of the list").get_id().to_string();
            let read = |args: &[String]| {
                let argv = ["rendergate"].into_iter().chain(command.split(' ')).map(str::to_owned);
                let matches = cli::definition().try_get_matches_from(argv.chain(args.iter().cloned()));
                let matches = matches.unwrap_or_else(|error| panic!("{command} {args:?}: {error}"));
                let mut found = &matches;
                while let Some((_, below)) = found.subcommand() {
                    found = below;
                }
                let values = found.get_raw(&id).into_iter().flatten();
                values.map(|value| value.to_string_lossy().into_owned()).collect::<Vec<String>>()
            };
            for name in &flag.names {
                let give = |value: &str| format!("{name}={value}");
                match flag.takes {
                    "switch" => {
                        assert_eq!(read(&[(*name).to_owned()]), ["true"], "{name}");
                        assert_eq!(read(&[(*name).to_owned(), give("F")]), ["F"], "{name}: the last use counts");
                    }
                    "value" => {
                        let [first, last] = samples(&flag);
                        assert_eq!(read(&[give(first), (*name).to_owned(), last.to_owned()]), [last], "{name}");
                    }
                    _ => {
                        let args = [(*name).to_owned(), "a,b".to_owned(), give("-c")];
                        assert_eq!(read(&args), ["a", "b", "-c"], "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn refused_flags_say_why() {
    let mut refused = 0;
    for flag in list().into_iter().filter(|flag| flag.state == "refused") {
        refused += 1;
        let name = flag.names.first().expect("a name");
        let value = if flag.takes == "switch" { String::new() } else { "=x.yaml".to_owned() };
        let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
        let output = command.args([flag.command, "x.yaml", &format!("{name}{value}")]);
        let output = if flag.names.contains("--registry") && flag.command == "apply" {
            output.args(["-r", "x.yaml"]).output()
        } else {
            output.output()
        };
        let output = output.expect("rendergate runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.starts_with("Error: ") && said.contains(flag.remark), "{name}: {said}");
    }
    assert!(refused >= 6, "{refused}");
}

/// The table of the page: lines that differ only in their flags are one.
fn page() -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    for flag in list() {
        let mut names: Vec<&str> = flag.names.iter().copied().collect();
        names.sort_by_key(|name| name.len());
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ");
        let default = if flag.default.is_empty() || flag.takes == "switch" && flag.default == "false" {
            String::new()
        } else {
            format!(" (`{}`)", flag.default)
        };
        let command = if flag.command == "*" { "all".to_owned() } else { format!("`{}`", flag.command) };
        let state = if flag.state == "own" { "not in Kyverno" } else { flag.state };
        let colon = if flag.remark.is_empty() { "" } else { ": " };
        let tail = format!("{command} | {state}{colon}{} |", flag.remark);
        match lines.last_mut() {
            Some((shown, last)) if *last == tail => {
                let _ = write!(shown, ", {names}{default}");
            }
            _ => lines.push((format!("{names}{default}"), tail)),
        }
    }
    let rows: String = lines.iter().map(|(names, tail)| format!("| {names} | {tail}\n")).collect();
    format!("\n| flags (default) | command | here |\n|---|---|---|\n{rows}")
}

#[test]
fn the_page_shows_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let text = std::fs::read_to_string(&path).expect("the page");
    let (before, rest) = text.split_once(BEGIN).expect("the first marker");
    let (shown, after) = rest.split_once(END).expect("the second marker");
    if std::env::var_os("RENDERGATE_UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", page())).expect("the page");
        return;
    }
    assert_eq!(shown, page(), "RENDERGATE_UPDATE=1 cargo test --test it kyverno_flags writes it anew");
}
