//! `apply POLICY... --resource R...`: Kyverno's command line over files (chapter 60 §2–§6).

mod findings;
mod input;
mod made;
mod policy_only;
mod print;

use std::path::PathBuf;

use crate::output::apply_text;
use crate::output::counts::ResultCounts;

use super::findings_format::FindingsFormat;
use super::{ExitStatus, Io};
use print::Evaluated;

/// Arguments of `apply`.
#[derive(clap::Args, Debug, Default)]
pub struct Args {
    /// Policy files and directories, or - for standard input.
    policies: Vec<PathBuf>,
    /// Resource files, or one directory, or - for standard input.
    #[arg(short, long = "resource", visible_alias = "resources", value_delimiter = ',')]
    resources: Vec<PathBuf>,
    /// Files with the targets of mutate-existing rules.
    #[arg(long = "target-resource", visible_alias = "target-resources", value_delimiter = ',')]
    target_resources: Vec<PathBuf>,
    /// JSON payload files (not evaluated yet).
    #[arg(long, value_delimiter = ',')]
    json: Vec<PathBuf>,
    /// HTTP request payload files (not evaluated yet).
    #[arg(long, value_delimiter = ',')]
    http_payload: Vec<PathBuf>,
    /// Envoy request payload files (not evaluated yet).
    #[arg(long, value_delimiter = ',')]
    envoy_payload: Vec<PathBuf>,
    /// Read resources from a cluster (not supported).
    #[arg(short, long)]
    cluster: bool,
    /// Namespace, with --cluster.
    #[arg(short, long)]
    namespace: Option<String>,
    /// Only cluster-scoped kinds, with --cluster.
    #[arg(long)]
    cluster_wide_resources: bool,
    /// Access to a cluster, with --cluster.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// Access to a cluster, with --cluster.
    #[arg(long)]
    context: Option<String>,
    /// File (*.yaml, *.yml) or directory that receives changed and generated objects.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Variables: key=value.
    #[arg(short, long, value_delimiter = ',')]
    set: Vec<String>,
    /// Values file.
    #[arg(short = 'f', long)]
    values_file: Option<PathBuf>,
    /// UserInfo file.
    #[arg(short, long)]
    userinfo: Option<PathBuf>,
    /// Context file for CEL policies (not read yet).
    #[arg(long)]
    context_file: Option<PathBuf>,
    /// Print policy reports instead of the summary.
    #[arg(short, long)]
    policy_report: bool,
    /// Format of reports and exceptions: json, else YAML.
    #[arg(long, default_value = "yaml")]
    output_format: String,
    /// Print findings, with file, line and column, instead of the summary.
    #[arg(long, value_enum, conflicts_with_all = ["policy_report", "table", "generate_exceptions"])]
    format: Option<FindingsFormat>,
    /// Print only which objects and applications would stop if these policies (wildcards allowed)
    /// went from Audit to Enforce; exit 1 if any would. Directories of resources are read in full;
    /// --format json is possible.
    #[arg(long, value_delimiter = ',', value_name = "POLICY", conflicts_with_all = ["policy_report", "table", "generate_exceptions"])]
    if_enforced: Vec<String>,
    /// Only say whether the policies are well-formed and allowed, with file and line.
    #[arg(long, conflicts_with_all = ["resources", "if_enforced", "format", "policy_report", "table", "generate_exceptions"])]
    policy_only: bool,
    /// Print a table instead of the summary.
    #[arg(short, long)]
    table: bool,
    /// Print messages in the table too.
    #[arg(long)]
    detailed_results: bool,
    /// Print without colours.
    #[arg(long)]
    remove_color: bool,
    /// Leave out the header and the lines about policies, for piping.
    #[arg(short = 'i', long)]
    stdin: bool,
    /// Allow access to image registries (not supported).
    #[arg(long)]
    registry: bool,
    /// Branch of git repositories; without effect, nothing is fetched.
    #[arg(short = 'b', long)]
    git_branch: Option<String>,
    /// User for git repositories; without effect.
    #[arg(long)]
    username: Option<String>,
    /// Password for git repositories; without effect.
    #[arg(long)]
    password: Option<String>,
    /// Report violations of policies that do not enforce as warnings.
    #[arg(long)]
    audit_warn: bool,
    /// Exit status when there are warnings but neither violations nor errors.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    warn_exit_code: i32,
    /// Treat a run in which nothing passes as a warning.
    #[arg(long)]
    warn_no_pass: bool,
    /// Files with PolicyExceptions.
    #[arg(short, long = "exception", visible_alias = "exceptions", value_delimiter = ',')]
    exceptions: Vec<PathBuf>,
    /// Take PolicyExceptions out of the resources, and from nowhere else.
    #[arg(long, visible_alias = "exceptions-within-resources")]
    exceptions_with_resources: bool,
    /// Take PolicyExceptions out of the policies too.
    #[arg(long)]
    exceptions_within_policies: bool,
    /// Print a PolicyException for every violation.
    #[arg(long)]
    generate_exceptions: bool,
    /// How long generated exceptions last (Go duration).
    #[arg(long, default_value = "720h0m0s")]
    generated_exception_ttl: String,
    /// Go on with the next resource after an evaluation error.
    #[arg(long)]
    continue_on_fail: bool,
    /// Parameters of admission policies.
    #[arg(long, value_delimiter = ',')]
    parameter_resource: Vec<PathBuf>,
    /// Accepted for compatibility: concerns reading from a cluster.
    #[arg(long, default_value_t = 1, hide = true)]
    concurrent: i64,
    /// Accepted for compatibility: concerns reading from a cluster.
    #[arg(long, default_value_t = 100, hide = true)]
    batch_size: i64,
    /// Accepted for compatibility: concerns reading from a cluster.
    #[arg(long, num_args = 0..=1, default_value = "true", default_missing_value = "true", require_equals = true, hide = true)]
    #[arg(value_parser = super::pflag::boolean)]
    continue_on_error: Option<bool>,
    /// Accepted for compatibility: concerns reading from a cluster.
    #[arg(long, hide = true)]
    show_performance: bool,
    /// CRD files that say which kinds have no namespace.
    #[arg(long, value_delimiter = ',')]
    crd_paths: Vec<PathBuf>,
    /// The old name of --crd-paths.
    #[arg(long, value_delimiter = ',', hide = true)]
    crd_path: Vec<PathBuf>,
    /// Fail when a policy is of a deprecated kind.
    #[arg(long)]
    warnings_as_errors: bool,
}

/// Why `--registry` is refused.
pub(super) const NO_REGISTRY: &str =
    "--registry is not supported: image registries are not read; supply what rules read from them in a values file";

/// Runs `apply`.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    match run_all(args, io) {
        Ok(status) => status,
        Err(text) => {
            io.say(format_args!("Error: {text}\n"));
            ExitStatus::PolicySaidNo
        }
    }
}

fn run_all(args: &Args, io: &mut Io) -> Result<ExitStatus, String> {
    args.check()?;
    if args.policy_only {
        return policy_only::run(args, io);
    }
    let mut made = made::Destination::prepare(args.output.as_deref())?;
    let given = input::load(args, io)?;
    print::header(args, &given, io);
    let evaluated = print::evaluate(args, &given, &mut made, io)?;
    if let (Evaluated::Results(results), false) = (&evaluated, args.if_enforced.is_empty()) {
        io.say(apply_text::not_evaluated(&given.not_evaluated));
        let radius = findings::if_enforced(&args.if_enforced, &given, results)?;
        io.print(match args.format {
            Some(FindingsFormat::Json) => radius.json(&args.if_enforced),
            _ => radius.text(&args.if_enforced),
        });
        let unknown = !given.not_evaluated.is_empty();
        return Ok(if radius.is_empty() && !unknown { ExitStatus::Clean } else { ExitStatus::PolicySaidNo });
    }
    let counts = print::results(args, &given, &evaluated, io)?;
    // The process ends: giving back every value one by one would only take time.
    std::mem::forget((given, evaluated));
    Ok(exit(args, counts, io))
}

/// Which exit status the counts come to, and the line that says so (chapter 60 §6).
fn exit(args: &Args, counts: ResultCounts, io: &mut Io) -> ExitStatus {
    let warning = args.warn_exit_code.rem_euclid(256).try_into().unwrap_or(1);
    if counts.fail > 0 || counts.error > 0 {
        ExitStatus::PolicySaidNo
    } else if counts.warn > 0 && args.warn_exit_code != 0 {
        io.print(format_args!("exit as warnExitCode is {}", args.warn_exit_code));
        ExitStatus::Chosen(warning)
    } else if counts.pass == 0 && args.warn_no_pass {
        io.print("exit as no objects satisfied policy\n");
        ExitStatus::Chosen(warning)
    } else {
        ExitStatus::Clean
    }
}

impl Args {
    /// Whether standard output holds one document that programs read, and nothing else.
    fn prints_a_document(&self) -> bool {
        self.policy_report || self.generate_exceptions || self.format.is_some() || !self.if_enforced.is_empty()
    }

    /// The checks Kyverno makes, in its order, then what this build does not do.
    fn check(&self) -> Result<(), String> {
        let is_stdin = |paths: &[PathBuf]| paths.iter().any(|p| p.as_os_str() == "-");
        let payloads = [&self.json, &self.http_payload, &self.envoy_payload];
        // A directory of policies may hold what they are applied to.
        let nothing = self.resources.is_empty()
            && payloads.iter().all(|p| p.is_empty())
            && !self.cluster
            && !self.policy_only
            && !self.policies.iter().any(|path| path.is_dir());
        let refused = [
            (
                self.values_file.is_some() && !self.set.is_empty(),
                "pass the values either using set flag or values_file flag",
            ),
            (self.policies.is_empty(), "require policy"),
            (
                is_stdin(&self.policies) && is_stdin(&self.resources),
                "a stdin pipe can be used for either policies or resources, not both",
            ),
            (
                !self.resources.is_empty() && !self.json.is_empty(),
                "both resource and json files can not be used together, use one or the other",
            ),
            (nothing, "resource file(s) or cluster required"),
            (
                !(self.crd_paths.is_empty() && self.crd_path.is_empty()) && self.kubeconfig.is_some(),
                "crd-paths and kubeconfig flags are mutually exclusive, please use only one of them",
            ),
            (
                self.cluster,
                "reading resources from a cluster is not supported: write them to a file and name it with --resource",
            ),
            (
                payloads.iter().any(|p| !p.is_empty()),
                "--json, --http-payload and --envoy-payload are not supported: policies for payloads are not evaluated yet",
            ),
            (
                !self.if_enforced.is_empty() && !matches!(self.format, None | Some(FindingsFormat::Json)),
                "--if-enforced prints text, or JSON with --format json",
            ),
            (self.registry, NO_REGISTRY),
        ];
        match refused.iter().find(|(wrong, _)| *wrong) {
            Some((_, text)) => Err((*text).to_owned()),
            None => self.check_urls(),
        }
    }

    fn check_urls(&self) -> Result<(), String> {
        let is_url = |path: &&PathBuf| {
            let text = path.to_string_lossy();
            text.starts_with("http://") || text.starts_with("https://")
        };
        match self.policies.iter().chain(&self.resources).find(is_url) {
            Some(url) => Err(format!("{}: nothing is fetched; fetch it and name the file", url.display())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod flag_tests;
#[cfg(test)]
mod tests;
