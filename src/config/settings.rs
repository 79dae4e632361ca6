//! [`Settings`]: what holds for one application, once its section is found.

use std::time::Duration;

use crate::document::{Str, wildcard};

use super::application::Application;
use super::error::ConfigError;
use super::gate::{
    Enforcement, GateConfiguration, Match, OnDeferred, OnDrift, OnRuleError, Override, PathEntry, RenderedExceptions,
    Section, SourceOverride, Term,
};
use super::limits::SourceLimits;

/// What holds for one application.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the section that matched.
    pub section: Option<Str>,
    /// Where policies are read from.
    pub policies: Vec<PathEntry>,
    /// Where PolicyExceptions are read from.
    pub exceptions: Vec<PathEntry>,
    /// How many policies there must be at least.
    pub minimum_policies: usize,
    /// Overrides and enforcement of the section, then of the top: the first hit counts.
    pub actions: Vec<Step>,
    /// What an error of an enforced rule does.
    pub on_rule_error: OnRuleError,
    /// What a deferred rule does.
    pub on_deferred: OnDeferred,
    /// Which exceptions count.
    pub exception_rules: ExceptionRules,
    /// What a mutation does that comes out differently each time.
    pub on_drift: OnDrift,
    /// What an `.argocd-source` file may change.
    pub source_overrides: Vec<SourceOverride>,
    /// Whether a render without objects is well.
    pub allow_empty: bool,
    /// The value of `argocd.argoproj.io/sync-options` on generated objects; none if empty.
    pub sync_options: String,
    /// What a render may cost.
    pub limits: Limits,
}

/// Which exceptions count, and when their end is spoken of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRules {
    /// Terms that an exception must state.
    pub require: Vec<Term>,
    /// How long before its end a passing render says so.
    pub notice: Duration,
    /// Which exceptions of the rendered tree itself count.
    pub from_render: Vec<RenderedExceptions>,
}

/// One step towards a rule's action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Counts for the rules it names.
    Override(Override),
    /// Counts for every rule.
    All(Enforcement),
}

/// What a render may cost; sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The application's tree.
    pub source: SourceLimits,
    /// The whole render.
    pub time: Duration,
    /// Findings named in the failing render's text.
    pub findings: usize,
}

/// The deepest that `limits.depth` may be set: everything behind the reader is recursive and safe up
/// to here.
pub const DEEPEST: usize = 128;

impl Default for Settings {
    fn default() -> Self {
        Self::merge(&GateConfiguration::default(), None)
    }
}

impl Settings {
    /// What `config` says for `app`: the first section that matches goes before the top.
    ///
    /// # Errors
    /// When a section asks for something Argo CD should have told, and did not: which section holds
    /// would be a guess.
    pub fn for_application(config: &GateConfiguration, app: &Application, file: &str) -> Result<Self, ConfigError> {
        Self::section_of(config, app, file).map(|at| Self::of_section(config, at))
    }

    /// The index of the first section that matches `app`.
    ///
    /// # Errors
    /// As [`Self::for_application`].
    pub fn section_of(config: &GateConfiguration, app: &Application, file: &str) -> Result<Option<usize>, ConfigError> {
        for (at, section) in config.sections.iter().enumerate() {
            if matches(&section.applies, app).map_err(|missing| ConfigError::whole(file, unknown(section, missing)))? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// What `config` says in the section of this index, or outside all sections.
    #[must_use]
    pub fn of_section(config: &GateConfiguration, at: Option<usize>) -> Self {
        Self::merge(config, at.and_then(|at| config.sections.get(at)))
    }

    fn merge(config: &GateConfiguration, section: Option<&Section>) -> Self {
        let mut actions = Vec::new();
        if let Some(section) = section {
            actions.extend(section.overrides.iter().cloned().map(Step::Override));
            actions.extend(section.enforcement.map(Step::All));
        }
        actions.extend(config.overrides.iter().cloned().map(Step::Override));
        actions.extend(config.enforcement.map(Step::All));
        let extra = section.map(|s| s.extra_policies.as_slice()).unwrap_or_default();
        let exceptions = section.map(|s| s.exceptions.as_slice()).unwrap_or_default();
        let sync_options = section.and_then(|s| s.generated.sync_options.clone());
        Self {
            section: section.map(|s| s.name.clone()),
            policies: config.policies.iter().chain(extra).cloned().collect(),
            exceptions: config.exceptions.iter().chain(exceptions).cloned().collect(),
            minimum_policies: section.and_then(|s| s.minimum_policies).or(config.minimum_policies).unwrap_or(1),
            actions,
            on_rule_error: section.and_then(|s| s.on_rule_error).or(config.on_rule_error).unwrap_or_default(),
            on_deferred: section.and_then(|s| s.on_deferred).or(config.on_deferred).unwrap_or_default(),
            exception_rules: exception_rules(config, section),
            on_drift: section.and_then(|s| s.on_drift).or(config.on_drift).unwrap_or_default(),
            source_overrides: section
                .and_then(|s| s.source_overrides.clone())
                .or_else(|| config.source_overrides.clone())
                .unwrap_or_default(),
            allow_empty: section.and_then(|s| s.allow_empty).or(config.allow_empty).unwrap_or(false),
            sync_options: sync_options
                .or_else(|| config.generated.sync_options.clone())
                .unwrap_or_else(|| "Prune=confirm".to_owned()),
            limits: limits(config, section),
        }
    }

    /// What the configuration says of a rule's action; [`Enforcement::Policy`] leaves it to the policy.
    /// An override that names a rule holds for what autogen makes of it, too.
    #[must_use]
    pub fn enforcement(&self, policy: &str, rule: &str) -> Enforcement {
        let written = ["autogen-cronjob-", "autogen-"].iter().find_map(|prefix| rule.strip_prefix(prefix));
        self.actions
            .iter()
            .find_map(|step| match step {
                Step::All(enforcement) => Some(*enforcement),
                Step::Override(entry) => {
                    let rule_matches = wildcard::matches(&entry.rule, rule)
                        || written.is_some_and(|written| wildcard::matches(&entry.rule, written));
                    (wildcard::matches(&entry.policy, policy) && rule_matches).then_some(entry.enforcement)
                }
            })
            .unwrap_or(Enforcement::Policy)
    }
}

fn exception_rules(config: &GateConfiguration, section: Option<&Section>) -> ExceptionRules {
    let require = section.and_then(|s| s.exceptions_require.clone());
    let days = section.and_then(|s| s.exceptions_warn_days).or(config.exceptions_warn_days).unwrap_or(14);
    let from_render = section.and_then(|s| s.exceptions_from_render.clone());
    ExceptionRules {
        require: require.or_else(|| config.exceptions_require.clone()).unwrap_or_default(),
        notice: Duration::from_secs(u64::from(days) * 24 * 60 * 60),
        from_render: from_render.or_else(|| config.exceptions_from_render.clone()).unwrap_or_default(),
    }
}

fn limits(config: &GateConfiguration, section: Option<&Section>) -> Limits {
    let top = &config.limits;
    let own = section.map(|s| &s.limits);
    macro_rules! first {
        ($field:ident) => {
            own.and_then(|l| l.$field).or(top.$field)
        };
    }
    let default = SourceLimits::default();
    Limits {
        source: SourceLimits {
            tree_bytes: first!(tree_bytes).map_or(default.tree_bytes, |size| size.0),
            file_bytes: first!(file_bytes).map_or(default.file_bytes, |size| size.0),
            files: first!(files).unwrap_or(default.files),
            values: first!(values).unwrap_or(default.values),
            documents: first!(documents).unwrap_or(default.documents),
            depth: first!(depth).unwrap_or(DEEPEST).min(DEEPEST),
            alias_nodes: first!(alias_nodes).unwrap_or(default.alias_nodes),
        },
        time: first!(time).map_or(Duration::from_secs(45), |time| time.0),
        findings: first!(findings).unwrap_or(10),
    }
}

/// Whether a section is for `app`; the name of the variable that would be needed to know.
fn matches(applies: &Match, app: &Application) -> Result<bool, &'static str> {
    let criteria = [
        (&applies.projects, &app.project, "ARGOCD_APP_PROJECT_NAME"),
        (&applies.repositories, &app.repository, "ARGOCD_APP_SOURCE_REPO_URL"),
        (&applies.applications, &app.name, "ARGOCD_APP_NAME"),
        // Argo CD passes an empty destination namespace where the application has none.
        (&applies.namespaces, &app.namespace, ""),
    ];
    let mut missing = None;
    for (patterns, value, variable) in criteria {
        let Some(patterns) = patterns else { continue };
        let hit = match value {
            Some(value) => patterns.iter().any(|pattern| wildcard::matches(pattern, value)),
            None => patterns.iter().any(|pattern| pattern == "*"),
        };
        match (hit, value) {
            (true, _) => {}
            (false, None) if app.is_render() && !variable.is_empty() => missing = Some(variable),
            (false, _) => return Ok(false),
        }
    }
    missing.map_or(Ok(true), Err)
}

fn unknown(section: &Section, variable: &str) -> String {
    let version = if variable == "ARGOCD_APP_PROJECT_NAME" { " (Argo CD passes it from 3.0 on)" } else { "" };
    format!("section '{}' needs {variable}, which is not set{version}", section.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: &str = "apiVersion: rendergate.dev/v1alpha1
kind: GateConfiguration
policies: [{path: p}]
enforcement: audit
overrides:
- {policy: require-resource-limits, rule: check, enforcement: enforce}
limits: {files: 7, depth: 1000}
sections:
- name: platform
  match: {projects: [platform], repositories: ['https://git/*']}
  enforcement: policy
  limits: {files: 9}
- name: payments
  match: {projects: ['pay*']}
  overrides: [{policy: '*', rule: lenient, enforcement: audit}]
  enforcement: enforce
  onDeferred: deny
  extraPolicies: [{path: x}]
- name: rest
  match: {applications: ['*']}
  minimumPolicies: 0
";

    fn settings(project: &str, repository: &str) -> Settings {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let app = Application { project: some(project), repository: some(repository), ..Application::default() };
        Settings::for_application(&GateConfiguration::parse("g", GATE).unwrap(), &app, "g").unwrap()
    }

    #[test]
    fn the_first_section_that_matches_holds() {
        assert_eq!(settings("platform", "https://git/a").section.as_deref(), Some("platform"));
        assert_eq!(settings("platform", "https://other/a").section.as_deref(), Some("rest"));
        let payments = settings("payments", "");
        assert_eq!(payments.section.as_deref(), Some("payments"));
        assert_eq!((payments.on_deferred, payments.policies.len()), (OnDeferred::Deny, 2));
        assert_eq!((payments.limits.source.files, settings("platform", "https://git/a").limits.source.files), (7, 9));
        assert_eq!((payments.minimum_policies, settings("", "").minimum_policies), (1, 0));
        assert_eq!(payments.limits.source.depth, DEEPEST);
    }

    #[test]
    fn the_first_step_that_matches_decides() {
        let payments = settings("payments", "");
        assert_eq!(payments.enforcement("p", "lenient"), Enforcement::Audit);
        assert_eq!(payments.enforcement("p", "autogen-lenient"), Enforcement::Audit);
        assert_eq!(payments.enforcement("p", "other"), Enforcement::Enforce);
        let platform = settings("platform", "https://git/a");
        assert_eq!(platform.enforcement("require-resource-limits", "check"), Enforcement::Policy);
        let rest = settings("", "");
        assert_eq!(rest.enforcement("require-resource-limits", "autogen-cronjob-check"), Enforcement::Enforce);
        assert_eq!(rest.enforcement("other", "check"), Enforcement::Audit);
        assert_eq!(Settings::default().enforcement("other", "check"), Enforcement::Policy);
    }

    #[test]
    fn a_variable_argo_cd_did_not_pass_is_not_guessed() {
        let app = Application { name: Some("shop".to_owned()), ..Application::default() };
        let error = Settings::for_application(&GateConfiguration::parse("g", GATE).unwrap(), &app, "g").unwrap_err();
        assert!(error.message.contains("section 'platform' needs ARGOCD_APP_"), "{error}");
    }
}
