//! [`GateConfiguration`] as it is written.

use serde::Deserialize;

use crate::document::{Str, Value};

use super::error::{ConfigError, Text};
use super::units::{Period, Size};

/// The operator's configuration of a gate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GateConfiguration {
    #[serde(rename = "apiVersion")]
    _api_version: Str,
    #[serde(rename = "kind")]
    _kind: Str,
    #[serde(rename = "metadata", default)]
    _metadata: Option<Value>,
    /// Where policies are read from.
    #[serde(default)]
    pub policies: Vec<PathEntry>,
    /// What a policy may know of the world.
    #[serde(default)]
    pub facts: Facts,
    /// Renderers for trees that are not plain.
    #[serde(default)]
    pub tools: Tools,
    /// How many policies there must be at least; 1 if absent.
    pub minimum_policies: Option<usize>,
    /// Where PolicyExceptions are read from.
    #[serde(default)]
    pub exceptions: Vec<PathEntry>,
    /// The action of rules no override names.
    pub enforcement: Option<Enforcement>,
    /// Actions by policy and rule; the first that matches counts.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// What an error of an enforced rule does.
    pub on_rule_error: Option<OnRuleError>,
    /// What a deferred rule does.
    pub on_deferred: Option<OnDeferred>,
    /// Terms that a PolicyException must state to count.
    pub exceptions_require: Option<Vec<Term>>,
    /// How many days before an exception ends a passing render says so; 14 if absent.
    pub exceptions_warn_days: Option<u16>,
    /// Which PolicyExceptions of the rendered tree itself count; none if absent.
    pub exceptions_from_render: Option<Vec<RenderedExceptions>>,
    /// What a mutation does that comes out differently each time.
    pub on_drift: Option<OnDrift>,
    /// What an `.argocd-source` file may change; nothing if absent.
    pub source_overrides: Option<Vec<SourceOverride>>,
    /// Whether a render without objects is well.
    pub allow_empty: Option<bool>,
    /// How generated objects are marked.
    #[serde(default)]
    pub generated: Generated,
    /// What a render may cost.
    #[serde(default)]
    pub limits: Limits,
    /// Other settings for some applications; the first that matches counts.
    #[serde(default)]
    pub sections: Vec<Section>,
}

/// A file or a directory, read with all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathEntry {
    /// Relative paths start at the configuration's own directory.
    pub path: String,
}

/// What decides whether a violation blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// The policy's own action.
    Policy,
    /// Violations are reported.
    Audit,
    /// Violations block.
    Enforce,
}

/// One entry of `overrides`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Policy name with wildcards.
    pub policy: Str,
    /// Rule name with wildcards; every rule if absent.
    #[serde(default = "any")]
    pub rule: Str,
    /// The action.
    pub enforcement: Enforcement,
}

fn any() -> Str {
    "*".into()
}

/// What an error of an enforced rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnRuleError {
    /// It blocks.
    #[default]
    Deny,
    /// It is reported.
    Report,
}

/// What a deferred rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDeferred {
    /// It is left to admission, and reported.
    #[default]
    Admission,
    /// It blocks where the rule is enforced.
    Deny,
}

/// What a mutation or generation does that would change its own result, or gives another one each
/// time: Argo CD would never see the object in sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDrift {
    /// It is reported.
    #[default]
    Report,
    /// It blocks.
    Deny,
    /// Nobody looks.
    Ignore,
}

/// A term of a PolicyException.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Term {
    /// Who answers for it.
    Owner,
    /// Why it is there.
    Reason,
    /// When it ends.
    Expires,
}

impl Term {
    /// The annotation of a PolicyException that states it.
    #[must_use]
    pub fn annotation(self) -> &'static str {
        match self {
            Self::Owner => "rendergate.dev/owner",
            Self::Reason => "rendergate.dev/reason",
            Self::Expires => "rendergate.dev/expires",
        }
    }
}

/// PolicyExceptions of a rendered tree that count: a committer writes them, so both limits must be
/// given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderedExceptions {
    /// Policies they may name, with wildcards: every policy of an exception must be among them.
    pub policies: Vec<Str>,
    /// Namespaces of the objects they may excuse, with wildcards; only `*` matches none.
    pub namespaces: Vec<Str>,
}

/// A part of the Application's `plugin` block that an `.argocd-source` file may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceOverride {
    /// `plugin.env`.
    Env,
    /// `plugin.parameters`.
    Parameters,
}

impl SourceOverride {
    /// The field of the `plugin` block.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Parameters => "parameters",
        }
    }
}

/// The operator's knowledge of the world.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facts {
    /// The user that will ask for these objects.
    pub user: Option<UserFact>,
    /// Files of Namespace objects.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// Files of objects: ConfigMaps, sources of clones.
    #[serde(default)]
    pub objects: Vec<String>,
    /// What is also believed of the render itself, which a committer writes.
    #[serde(default)]
    pub from_render: Vec<FromRender>,
}

/// The user that will ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserFact {
    /// `userInfo.username`.
    pub username: Str,
    /// `userInfo.uid`.
    #[serde(default)]
    pub uid: Str,
    /// `userInfo.groups`.
    #[serde(default)]
    pub groups: Vec<Str>,
    /// `namespace:name` of Roles bound to the user.
    #[serde(default)]
    pub roles: Vec<Str>,
    /// ClusterRoles bound to the user.
    #[serde(default)]
    pub cluster_roles: Vec<Str>,
}

/// Objects of the render that count as facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FromRender {
    /// Labels of rendered Namespaces.
    Namespaces,
    /// Rendered ConfigMaps.
    ConfigMaps,
}

/// How generated objects are marked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Generated {
    /// The value of `argocd.argoproj.io/sync-options`; `Prune=confirm` if absent, none if empty.
    pub sync_options: Option<String>,
}

/// What a render may cost; absent ones have the defaults of [`super::Settings`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// All files together.
    pub tree_bytes: Option<Size>,
    /// One file.
    pub file_bytes: Option<Size>,
    /// Files and directories looked at.
    pub files: Option<usize>,
    /// Values and keys in all files together.
    pub values: Option<usize>,
    /// Documents in all files together.
    pub documents: Option<usize>,
    /// Levels of a document, and of directories.
    pub depth: Option<usize>,
    /// Values the aliases of one file may stand for.
    pub alias_nodes: Option<usize>,
    /// The whole render.
    pub time: Option<Period>,
    /// Findings named in the failing render's text.
    pub findings: Option<usize>,
}

/// Renderers, by kind of tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// For kustomizations.
    pub kustomize: Option<PathEntry>,
    /// For charts.
    pub helm: Option<PathEntry>,
}

/// Settings for some applications.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Section {
    /// The name people know it by.
    pub name: Str,
    /// Which applications.
    #[serde(rename = "match")]
    pub applies: Match,
    /// As at the top.
    pub minimum_policies: Option<usize>,
    /// Together with those at the top.
    #[serde(default)]
    pub exceptions: Vec<PathEntry>,
    /// As at the top, and goes before everything there.
    pub enforcement: Option<Enforcement>,
    /// As at the top, and goes before everything there.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// As at the top.
    pub on_rule_error: Option<OnRuleError>,
    /// As at the top.
    pub on_deferred: Option<OnDeferred>,
    /// As at the top.
    pub exceptions_require: Option<Vec<Term>>,
    /// As at the top.
    pub exceptions_warn_days: Option<u16>,
    /// Instead of those at the top.
    pub exceptions_from_render: Option<Vec<RenderedExceptions>>,
    /// As at the top.
    pub on_drift: Option<OnDrift>,
    /// As at the top.
    pub source_overrides: Option<Vec<SourceOverride>>,
    /// As at the top.
    pub allow_empty: Option<bool>,
    /// As at the top.
    #[serde(default)]
    pub generated: Generated,
    /// As at the top, each on its own.
    #[serde(default)]
    pub limits: Limits,
    /// Policies only for these applications.
    #[serde(default)]
    pub extra_policies: Vec<PathEntry>,
}

/// Which applications a section is for: wildcards, ORed within a list, lists ANDed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// `ARGOCD_APP_PROJECT_NAME`.
    pub projects: Option<Vec<Str>>,
    /// `ARGOCD_APP_SOURCE_REPO_URL`.
    pub repositories: Option<Vec<Str>>,
    /// `ARGOCD_APP_NAME`.
    pub applications: Option<Vec<Str>>,
    /// `ARGOCD_APP_NAMESPACE`, the destination namespace.
    pub namespaces: Option<Vec<Str>>,
}

impl GateConfiguration {
    /// Reads a configuration; `file` is its name in errors.
    ///
    /// # Errors
    /// [`ConfigError`], with file and line.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        Text::read(file, text, "GateConfiguration")?.typed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\n";

    fn parse(rest: &str) -> Result<GateConfiguration, String> {
        GateConfiguration::parse("gate.yaml", &format!("{HEAD}{rest}")).map_err(|e| e.to_string())
    }

    #[test]
    fn every_documented_key_is_read() {
        let config = parse(
            "policies: [{path: /p}]\nminimumPolicies: 3\nexceptions: [{path: e}]\nenforcement: policy\n\
             overrides: [{policy: 'require-*', rule: '*', enforcement: enforce}]\nonRuleError: report\n\
             onDeferred: deny\nexceptionsRequire: [owner, reason, expires]\nexceptionsWarnDays: 7\n\
             exceptionsFromRender: [{policies: [a], namespaces: ['shop-*']}]\nonDrift: deny\nsourceOverrides: [env, parameters]\nfacts:\n  user: {username: u, groups: [g]}\n  namespaces: [n.yaml]\n  objects: [o.yaml]\n  \
             fromRender: [namespaces, configMaps]\ngenerated: {syncOptions: Prune=false}\n\
             limits: {treeBytes: 256Mi, fileBytes: 1000, files: 1, values: 9, documents: 2, depth: 3, aliasNodes: 4, time: 45s, findings: 5}\n\
             tools:\n  kustomize: {path: /k}\n  helm: {path: /h}\nsections:\n- name: platform\n  \
             match: {projects: [platform], repositories: ['*'], applications: ['*']}\n  enforcement: audit\n  \
             extraPolicies: [{path: x}]\n  allowEmpty: true\n",
        )
        .unwrap();
        assert_eq!(config.overrides[0].enforcement, Enforcement::Enforce);
        assert_eq!(config.limits.tree_bytes, Some(Size(256 << 20)));
        assert_eq!(config.exceptions_require, Some(vec![Term::Owner, Term::Reason, Term::Expires]));
        assert_eq!(config.source_overrides, Some(vec![SourceOverride::Env, SourceOverride::Parameters]));
        assert_eq!((config.exceptions_warn_days, config.on_drift), (Some(7), Some(OnDrift::Deny)));
        assert_eq!(config.facts.from_render, [FromRender::Namespaces, FromRender::ConfigMaps]);
        assert_eq!(config.sections[0].applies.projects, Some(vec!["platform".into()]));
    }

    #[test]
    fn mistakes_have_a_line_and_the_nearest_name() {
        for (text, expected) in [
            ("enforcment: audit\n", "gate.yaml:3: unknown field \"enforcment\": did you mean 'enforcement'?"),
            (
                "sections:\n- name: a\n  match: {project: [x]}\n",
                "gate.yaml:5: unknown field \"project\": did you mean 'projects'?",
            ),
            ("enforcement: audits\n", "gate.yaml:3: "),
            ("exceptionsFromRender: [{policies: [p]}]\n", "gate.yaml:3: field \"namespaces\" is missing"),
            ("limits:\n  time: 45\n", "gate.yaml:4: "),
            ("limits:\n  fileBytes: lots\n", "gate.yaml:4: expected a size such as 256Mi"),
            ("enforcement: audit\nenforcement: audit\n", "gate.yaml:4: 'enforcement' is given twice"),
            ("---\na: b\n", "gate.yaml:4: only one document is allowed"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        let error = GateConfiguration::parse("gate.yaml", "# nothing\n").unwrap_err();
        assert_eq!(error.to_string(), "gate.yaml:1: empty: a GateConfiguration is needed");
        let error = GateConfiguration::parse("gate.yaml", "apiVersion: v1\nkind: X\n").unwrap_err();
        assert_eq!(error.to_string(), "gate.yaml:1: apiVersion must be rendergate.dev/v1alpha1");
    }
}
