//! docs/walk-through.md, run as it is written, from an empty cluster.

mod document;
mod kubelet;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::components::{ControlPlane, Mode};
use crate::failure::{Context as _, Failure, Result};
use crate::places::Places;
use crate::process::output;

use self::document::Block;
use self::kubelet::Kubelet;

/// Runs every command of the document in order, and compares what they print with what it says. Returns the
/// mode of the plugin that the document installs.
///
/// # Errors
/// At the first command that ends or prints otherwise.
pub fn run(places: &Places) -> Result<Mode> {
    let start = Instant::now();
    let file = places.checkout.join("docs/walk-through.md");
    let blocks = document::blocks(&std::fs::read_to_string(&file).context(file.display())?)?;
    let plane = ControlPlane::start(places)?;
    let desk = Desk::prepare(places, &plane)?;
    let mut kubelet = Kubelet::new(places, &plane);
    for block in &blocks {
        let at = format!("docs/walk-through.md:{}", block.line);
        let said = desk.run(block).context(&at)?;
        block.compare(&said).map_err(Failure).context(&at)?;
        kubelet.catch_up().context(format!("{at}: after it"))?;
    }
    println!("walk: {} blocks of docs/walk-through.md run ({}s)", blocks.len(), start.elapsed().as_secs());
    kubelet.mode()
}

/// Where the reader sits: an empty directory, the programs the document names, and what stands in for the
/// network.
struct Desk {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Desk {
    fn prepare(places: &Places, plane: &ControlPlane) -> Result<Self> {
        let folder = places.folder("walk/desk")?;
        let programs = places.folder("walk/bin")?;
        let home = places.folder("walk/home")?;
        let shop = places.folder("walk")?.join("shop.git");
        output(Command::new("git").args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(&shop))?;
        let manifests = places.argo_cd.join("argocd-core-install.yaml");
        write_program(&programs.join("curl"), &fetched_from_cache(&manifests))?;
        let address = places.folder("walk")?.join("argocd-server");
        write_program(&programs.join("argocd"), &argocd_without_pods(&places.argo_cd.join("argocd"), &address))?;
        let kubeconfig = home.join("kubeconfig");
        std::fs::copy(plane.kubectl.kubeconfig(), &kubeconfig)?;
        // The document's repository is this checkout: its newest commit and what is not committed yet.
        let checkout = home.join("rendergate.git");
        snapshot(&places.checkout, &checkout)?;
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let environment = vec![
            pair("PATH", format!("{}:{}", programs.display(), places.path())),
            pair("HOME", home.display().to_string()),
            pair("KUBECONFIG", kubeconfig.display().to_string()),
            pair("SHOP", format!("file://{}", shop.display())),
            pair("GIT_CONFIG_COUNT", "3".into()),
            pair("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", checkout.display())),
            pair("GIT_CONFIG_VALUE_0", "https://git.example/platform/rendergate.git".into()),
            pair("GIT_CONFIG_KEY_1", "user.name".into()),
            pair("GIT_CONFIG_VALUE_1", "reader".into()),
            pair("GIT_CONFIG_KEY_2", "user.email".into()),
            pair("GIT_CONFIG_VALUE_2", "reader@example.invalid".into()),
        ];
        Ok(Self { folder, environment })
    }

    /// What a block prints, on both of its outputs.
    fn run(&self, block: &Block) -> Result<String> {
        let script = format!("exec 2>&1\n{}", block.script);
        let done = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let expected = if block.fails { "it fails" } else { "it succeeds" };
        crate::ensure!(done.status.success() != block.fails, "{}, but {expected}:\n{said}", done.status);
        Ok(said)
    }
}

/// A repository with one commit: the files of a checkout that git knows, as they are now.
fn snapshot(checkout: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    let script = "git -C \"$1\" ls-files -z | (cd \"$1\" && xargs -0 tar --ignore-failed-read -cf -) | tar -xf - -C \"$2\" \
                  && cd \"$2\" && git init --quiet --initial-branch=main && git add --all \
                  && git -c user.name=e2e -c user.email=e2e@example.invalid commit --quiet --message snapshot";
    output(Command::new("bash").args(["-euo", "pipefail", "-c", script, "snapshot"]).arg(checkout).arg(to)).map(drop)
}

/// A `curl` that finds one URL in the cache, and no other.
fn fetched_from_cache(manifests: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         # curl -fsSLo FILE URL, without a network.\n\
         case \"$*\" in\n\
         \"-fsSLo \"*\" https://raw.githubusercontent.com/argoproj/argo-cd/v3.2.6/manifests/core-install.yaml\")\n\
         exec cp \"{}\" \"$2\" ;;\n\
         *) echo \"there is no network here: curl $*\" >&2; exit 6 ;;\n\
         esac\n",
        manifests.display()
    )
}

/// An `argocd` that asks a server on this machine: without nodes, `--core` has no Pod of repo-server to ask.
fn argocd_without_pods(binary: &Path, address: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         [ \"$*\" = \"login --core\" ] && exit 0\n\
         exec \"{}\" \"$@\" --server \"$(cat '{}')\" --plaintext\n",
        binary.display(),
        address.display()
    )
}

fn write_program(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text)?;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?)
}
