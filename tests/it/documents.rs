//! What the documents point to is there.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_relative_link_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "policies/README.md", "deploy/README.md"]
            .map(|d| root.join(d))
            .into();
    documents.extend(fs::read_dir(root.join("docs")).expect("docs").map(|entry| entry.expect("docs").path()));
    let mut followed = 0;
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document");
        let folder = document.parent().expect("a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            let file = link.split('#').next().unwrap_or_default();
            assert!(folder.join(file).exists(), "{}: {link} leads nowhere", document.display());
            followed += 1;
        }
    }
    assert!(followed > 15, "only {followed} links were followed");
}

#[test]
fn the_readme_names_commands_that_exist() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    for command in ["generate", "webhook", "apply", "test", "summarise"] {
        assert!(readme.contains(&format!("rendergate {command}")), "README.md does not name {command}");
        let help = std::process::Command::new(env!("CARGO_BIN_EXE_rendergate")).args([command, "--help"]).output();
        let exists = help.expect("the binary runs").status.success();
        assert!(exists || (command == "webhook" && cfg!(not(feature = "webhook"))), "{command} does not exist");
    }
}
