//! [`Pod`]: the fields the checks look at, borrowed from the object.
//!
//! Field names may differ in the case of ASCII letters, as Go reads them; an exact name is preferred
//! (Go takes the last in key order). [`super::decode`] has refused wrong types before, so a value of
//! another type than expected counts as absent here.

use crate::document::{Map, Value};

/// What the checks look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Pod<'v> {
    pub(super) annotations: Option<&'v Map>,
    /// `os.name`.
    pub(super) os: &'v str,
    pub(super) host_network: bool,
    pub(super) host_pid: bool,
    pub(super) host_ipc: bool,
    pub(super) security: Option<Security<'v>>,
    pub(super) volumes: Vec<&'v Value>,
    /// Init, regular, ephemeral: the order of every check.
    pub(super) containers: Vec<Container<'v>>,
}

/// One container of any list.
#[derive(Clone, Debug)]
pub(super) struct Container<'v> {
    pub(super) slot: Slot<'v>,
    pub(super) image: &'v str,
    pub(super) security: Option<Security<'v>>,
    /// `ports[i].hostPort` that are not 0.
    pub(super) host_ports: Vec<(usize, i64)>,
    /// Whether a probe or lifecycle handler names a host.
    pub(super) names_a_host: bool,
}

/// Which container of the pod it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot<'v> {
    pub(super) list: &'static str,
    pub(super) index: usize,
    pub(super) name: &'v str,
}

/// A `securityContext`, of the pod or of a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Security<'v> {
    pub(super) allow_privilege_escalation: Option<bool>,
    pub(super) privileged: Option<bool>,
    pub(super) run_as_non_root: Option<bool>,
    pub(super) run_as_user: Option<i64>,
    pub(super) proc_mount: Option<&'v str>,
    /// `appArmorProfile.type`, empty if the profile has none.
    pub(super) app_armor: Option<&'v str>,
    /// `seccompProfile.type`, empty if the profile has none.
    pub(super) seccomp: Option<&'v str>,
    pub(super) capabilities: Option<Capabilities<'v>>,
    pub(super) se_linux: Option<SeLinux<'v>>,
    /// `windowsOptions.hostProcess`.
    pub(super) host_process: bool,
    /// `sysctls[].name`, of a pod.
    pub(super) sysctls: Vec<&'v str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Capabilities<'v> {
    pub(super) add: Vec<&'v str>,
    pub(super) drop: Vec<&'v str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct SeLinux<'v> {
    pub(super) kind: &'v str,
    pub(super) user: &'v str,
    pub(super) role: &'v str,
}

/// A pod's lists of containers, in the order they are visited.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

impl<'v> Pod<'v> {
    pub(super) fn read(spec: Option<&'v Value>, metadata: Option<&'v Value>) -> Self {
        let Some(spec) = spec else {
            return Self { annotations: annotations(metadata), ..Self::default() };
        };
        let mut containers = Vec::new();
        for list in LISTS {
            let items = items(field(spec, list)).iter().enumerate();
            containers.extend(items.map(|(index, value)| Container::read(list, index, value)));
        }
        Self {
            annotations: annotations(metadata),
            os: field(spec, "os").map(|os| text(os, "name")).unwrap_or_default(),
            host_network: flag(spec, "hostNetwork").unwrap_or_default(),
            host_pid: flag(spec, "hostPID").unwrap_or_default(),
            host_ipc: flag(spec, "hostIPC").unwrap_or_default(),
            security: field(spec, "securityContext").map(Security::read),
            volumes: items(field(spec, "volumes")).iter().collect(),
            containers,
        }
    }

    /// This pod with one container named `fake` instead of its own: what an exclusion without
    /// images is measured on.
    pub(super) fn without_containers(&self) -> Self {
        let fake = Container {
            slot: Slot { list: "containers", index: 0, name: "fake" },
            image: "",
            security: None,
            host_ports: Vec::new(),
            names_a_host: false,
        };
        Self { containers: vec![fake], ..self.clone() }
    }

    /// The containers whose image `wanted` takes, in a pod that has nothing else.
    pub(super) fn only_containers(&self, wanted: impl Fn(&str) -> bool) -> Self {
        Self { containers: self.containers.iter().filter(|c| wanted(c.image)).cloned().collect(), ..Self::default() }
    }

    /// Whether `os.name` is `windows`.
    pub(super) fn is_windows(&self) -> bool {
        self.os == "windows"
    }
}

impl<'v> Container<'v> {
    fn read(list: &'static str, index: usize, value: &'v Value) -> Self {
        let ports = items(field(value, "ports")).iter().enumerate();
        Self {
            slot: Slot { list, index, name: text(value, "name") },
            image: text(value, "image"),
            security: field(value, "securityContext").map(Security::read),
            host_ports: ports
                .filter_map(|(i, port)| Some((i, number(port, "hostPort")?)))
                .filter(|(_, port)| *port != 0)
                .collect(),
            names_a_host: names_a_host(value),
        }
    }
}

impl<'v> Security<'v> {
    fn read(value: &'v Value) -> Self {
        let profile = |name| field(value, name).map(|profile| text(profile, "type"));
        let capabilities = |value| Capabilities { add: texts(field(value, "add")), drop: texts(field(value, "drop")) };
        let se_linux =
            |value| SeLinux { kind: text(value, "type"), user: text(value, "user"), role: text(value, "role") };
        let windows = field(value, "windowsOptions");
        Self {
            allow_privilege_escalation: flag(value, "allowPrivilegeEscalation"),
            privileged: flag(value, "privileged"),
            run_as_non_root: flag(value, "runAsNonRoot"),
            run_as_user: number(value, "runAsUser"),
            proc_mount: field(value, "procMount").and_then(Value::as_str),
            app_armor: profile("appArmorProfile"),
            seccomp: profile("seccompProfile"),
            capabilities: field(value, "capabilities").map(capabilities),
            se_linux: field(value, "seLinuxOptions").map(se_linux),
            host_process: windows.and_then(|w| flag(w, "hostProcess")).unwrap_or_default(),
            sysctls: items(field(value, "sysctls")).iter().map(|sysctl| text(sysctl, "name")).collect(),
        }
    }
}

/// Whether a probe or lifecycle handler of a container has a `host` that is not empty.
fn names_a_host(container: &Value) -> bool {
    let hosted = |handler: &Value| {
        ["httpGet", "tcpSocket"].iter().any(|way| field(handler, way).is_some_and(|way| !text(way, "host").is_empty()))
    };
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    let lifecycle = field(container, "lifecycle");
    probes.iter().any(|probe| field(container, probe).is_some_and(hosted))
        || ["postStart", "preStop"].iter().any(|hook| lifecycle.and_then(|l| field(l, hook)).is_some_and(hosted))
}

/// A field that is present and not null.
pub(super) fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let map = value.as_map()?;
    let exact = map.get(name);
    exact
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

/// The value reached through `path`.
pub(super) fn descend<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| field(value, name))
}

fn annotations(metadata: Option<&Value>) -> Option<&Map> {
    metadata.and_then(|m| field(m, "annotations")).and_then(Value::as_map)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    field(value, name).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: &Value, name: &str) -> Option<bool> {
    field(value, name)?.as_bool()
}

fn number(value: &Value, name: &str) -> Option<i64> {
    match field(value, name)? {
        Value::Int(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "decode has refused what does not fit")]
        Value::Float(number) => Some(*number as i64),
        _ => None,
    }
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    items(value).iter().map(|item| item.as_str().unwrap_or_default()).collect()
}
