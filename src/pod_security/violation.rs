//! [`FieldError`]: one field a check refuses, and the value it refuses.

use std::fmt;

use crate::document::{Pointer, Segment};

use super::home::Home;
use super::pod::Slot;

/// One refused field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError<'v> {
    pub(super) place: Place<'v>,
    pub(super) problem: Problem<'v>,
}

/// Where in the pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place<'v> {
    /// `metadata.annotations[KEY]`.
    Annotation(String),
    /// Below `spec`, dotted.
    Pod(&'static str),
    /// `spec.volumes[i].FIELD`.
    Volume(usize, &'static str),
    /// `spec.securityContext.sysctls[i].name`.
    Sysctl(usize),
    /// Below a container, dotted.
    Container(Slot<'v>, &'static str),
    /// `ports[i].hostPort` of a container.
    Port(Slot<'v>, usize),
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Problem<'v> {
    Required,
    Forbidden(Bad<'v>),
}

/// A refused value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bad<'v> {
    Text(&'v str),
    Flag(bool),
    Number(i64),
    /// Sorted, without duplicates.
    List(Vec<&'v str>),
}

impl<'v> FieldError<'v> {
    pub(super) fn required(place: Place<'v>) -> Self {
        Self { place, problem: Problem::Required }
    }

    pub(super) fn forbidden(place: Place<'v>, bad: Bad<'v>) -> Self {
        Self { place, problem: Problem::Forbidden(bad) }
    }

    /// The field, from the pod's root, with every run of digits as `*`: what `restrictedField` names.
    pub(super) fn normalised(&self) -> String {
        let field = self.place.to_string();
        let mut out = String::with_capacity(field.len());
        let mut in_digits = false;
        for character in field.chars() {
            let digit = character.is_ascii_digit();
            if !digit {
                out.push(character);
            } else if !in_digits {
                out.push('*');
            }
            in_digits = digit;
        }
        out
    }

    /// The container the field belongs to.
    pub(super) fn container(&self) -> Option<&'v str> {
        match &self.place {
            Place::Container(slot, _) | Place::Port(slot, _) => Some(slot.name),
            Place::Annotation(_) | Place::Pod(_) | Place::Volume(..) | Place::Sysctl(_) => None,
        }
    }

    /// The refused values as text; none for a missing field or an empty text.
    pub(super) fn bad_values(&self) -> Vec<String> {
        match &self.problem {
            Problem::Required | Problem::Forbidden(Bad::Text("")) => Vec::new(),
            Problem::Forbidden(Bad::List(texts)) => texts.iter().map(|&t| t.to_owned()).collect(),
            Problem::Forbidden(bad) => vec![bad.to_string()],
        }
    }

    /// The error as Kyverno prints it for an object of this kind.
    pub(super) fn text(&self, home: Home) -> String {
        let field = home.rewrite(&self.place.to_string());
        match &self.problem {
            Problem::Required => format!("{field}: Required value"),
            Problem::Forbidden(Bad::Text("")) => format!("{field}: Forbidden"),
            Problem::Forbidden(bad) => format!("{field} is forbidden, forbidden values found: {bad}"),
        }
    }

    /// The place in the whole object.
    pub(super) fn pointer(&self, home: Home) -> Pointer {
        let key = |name: &str| Segment::from(name);
        let base = match self.place {
            Place::Annotation(_) => home.metadata_path(),
            _ => home.spec_path(),
        };
        let mut steps: Vec<Segment> = base.iter().map(|name| key(name)).collect();
        let dotted = |steps: &mut Vec<Segment>, path: &str| steps.extend(path.split('.').map(key));
        match &self.place {
            Place::Annotation(name) => steps.extend([key("annotations"), key(name)]),
            Place::Pod(path) => dotted(&mut steps, path),
            Place::Volume(index, field) => steps.extend([key("volumes"), (*index).into(), key(field)]),
            Place::Sysctl(index) => {
                steps.extend([key("securityContext"), key("sysctls"), (*index).into(), key("name")]);
            }
            Place::Container(slot, path) => {
                steps.extend([key(slot.list), slot.index.into()]);
                dotted(&mut steps, path);
            }
            Place::Port(slot, index) => {
                steps.extend([key(slot.list), slot.index.into(), key("ports"), (*index).into(), key("hostPort")]);
            }
        }
        steps.into_iter().collect()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Annotation(key) => write!(f, "metadata.annotations[{key}]"),
            Self::Pod(path) => write!(f, "spec.{path}"),
            Self::Volume(index, field) => write!(f, "spec.volumes[{index}].{field}"),
            Self::Sysctl(index) => write!(f, "spec.securityContext.sysctls[{index}].name"),
            Self::Container(slot, path) => write!(f, "spec.{}[{}].{path}", slot.list, slot.index),
            Self::Port(slot, port) => write!(f, "spec.{}[{}].ports[{port}].hostPort", slot.list, slot.index),
        }
    }
}

impl fmt::Display for Bad<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::List(texts) => write!(f, "[{}]", texts.join(" ")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SLOT: Slot<'static> = Slot { list: "initContainers", index: 12, name: "c" };

    #[test]
    fn runs_of_digits_become_one_star() {
        let error = FieldError::required(Place::Port(SLOT, 3));
        assert_eq!(error.normalised(), "spec.initContainers[*].ports[*].hostPort");
        let error = FieldError::required(Place::Annotation("a*12b3".to_owned()));
        assert_eq!(error.normalised(), "metadata.annotations[a**b*]");
    }

    #[test]
    fn prints_as_kyverno() {
        let place = || Place::Container(SLOT, "securityContext.capabilities.add");
        let list = FieldError::forbidden(place(), Bad::List(vec!["A", "B"]));
        assert_eq!(
            list.text(Home::Pod),
            "spec.initContainers[12].securityContext.capabilities.add is forbidden, forbidden values found: [A B]"
        );
        assert_eq!(list.bad_values(), ["A", "B"]);
        let empty = FieldError::forbidden(Place::Pod("securityContext.seccompProfile.type"), Bad::Text(""));
        assert_eq!(
            empty.text(Home::CronJob),
            "spec.jobTemplate.spec.template.spec.securityContext.seccompProfile.type: Forbidden"
        );
        assert!(empty.bad_values().is_empty());
        assert_eq!(
            FieldError::required(Place::Sysctl(0)).text(Home::Pod),
            "spec.securityContext.sysctls[0].name: Required value"
        );
    }

    #[test]
    fn points_into_the_whole_object() {
        let at = |place, home| FieldError::required(place).pointer(home).to_string();
        assert_eq!(
            at(Place::Annotation("a/b".to_owned()), Home::CronJob),
            "/spec/jobTemplate/metadata/annotations/a~1b"
        );
        assert_eq!(
            at(Place::Port(SLOT, 1), Home::Controller),
            "/spec/template/spec/initContainers/12/ports/1/hostPort"
        );
        assert_eq!(at(Place::Pod("hostPID"), Home::Pod), "/spec/hostPID");
    }
}
