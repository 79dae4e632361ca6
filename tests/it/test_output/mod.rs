//! What `test` prints in every form, to the letter: one suite with every reason, and a second one.
//! `RENDERGATE_UPDATE=1 cargo test --test it test_output` writes the expected texts anew.

use std::path::Path;
use std::process::Command;

/// The name of each expected text, and the arguments.
const FORMS: &[(&str, &[&str])] = &[
    ("table", &["suite"]),
    ("table_detailed", &["suite", "second", "--detailed-results", "--remove-color"]),
    ("json", &["suite", "second", "-o", "json"]),
    ("json_detailed", &["suite", "--output-format=json", "--detailed-results"]),
    ("yaml", &["suite", "-o", "yaml"]),
    ("markdown", &["suite", "-o", "markdown"]),
    ("markdown_detailed", &["suite", "-o", "markdown", "--detailed-results"]),
    ("junit", &["suite", "second", "-o", "junit"]),
    ("junit_detailed", &["suite", "-o", "junit", "--detailed-results"]),
    ("fail_only", &["suite", "second", "--fail-only"]),
    ("fail_only_json", &["suite", "second", "--fail-only", "-o", "json"]),
    ("selected", &["suite", "-t", "policy=need-*,resource=team/bad"]),
    ("none_selected", &["suite", "-t", "policy=nothing"]),
    ("bad_selector", &["suite", "-t", "policies=x,policy=only-*"]),
    ("no_tests", &["suite", "-f", "other.yaml"]),
    ("no_tests_required", &["suite", "--file-name", "other.yaml", "--require-tests"]),
    ("bad_format", &["suite", "-o", "xml"]),
    ("no_directory", &[]),
];

#[test]
fn every_form_is_printed_to_the_letter() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/test_output");
    let mut wrong = Vec::new();
    for (name, arguments) in FORMS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
        let output = command.current_dir(&folder).arg("test").args(*arguments).output().expect("rendergate runs");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        // One warning for each old kind of policy, told elsewhere.
        let told = text(&output.stderr);
        let told: String =
            told.split_inclusive('\n').filter(|line| !line.contains(" is deprecated and will ")).collect();
        let printed = format!(
            "$ rendergate test {}\n{}--- stderr\n{}--- exit status {}\n",
            arguments.join(" "),
            text(&output.stdout),
            told,
            output.status.code().expect("an exit status")
        );
        let path = folder.join("expected").join(format!("{name}.txt"));
        if std::env::var_os("RENDERGATE_UPDATE").is_some() {
            std::fs::write(&path, printed).expect("the expected text");
        } else if std::fs::read_to_string(&path).expect("the expected text") != printed {
            wrong.push(format!("{name}:\n{printed}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
