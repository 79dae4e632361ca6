//! Matching: two phases per map, hard and soft skips, first failure wins (chapter 20 §1.2–2.5).

use std::sync::Arc;

use crate::document::go_text::{go_text, go_type};
use crate::document::{Map, Value};

use super::anchor::Anchor;
use super::compile::{self, Entry, KeyRule, ListPattern, MapPattern, Node};
use super::mismatch::{Class, Mismatch, Path, path_text};
use super::{Failure, MAX_DEPTH, Outcome, Pattern};

/// Label and annotation patterns whose wildcard keys were replaced by keys of a resource. They stay
/// replaced for the rest of a rule's evaluation.
#[derive(Clone, Debug, Default)]
pub struct Expansions {
    rewritten: Vec<Option<(Arc<Map>, Arc<MapPattern>)>>,
}

/// Whether a tracked anchored key was seen, and ever present.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    Missing,
    Present,
}

struct Walk<'a> {
    pattern: &'a Pattern,
    seen: Vec<Seen>,
    expansions: &'a mut Expansions,
}

type Matched = Result<(), Box<Mismatch>>;

pub(super) fn matches(pattern: &Pattern, expansions: &mut Expansions, value: &Value) -> Outcome {
    if pattern.too_deep {
        return Outcome::Error(format!("the pattern is nested deeper than {MAX_DEPTH} levels"));
    }
    expansions.rewritten.resize(pattern.rewritable, None);
    let mut walk = Walk { pattern, seen: vec![Seen::Never; pattern.tracked.len()], expansions };
    let Err(mismatch) = walk.node(&pattern.root, value, &Path::Root) else { return Outcome::Matched };
    let class = mismatch.class();
    let Mismatch { text, place, .. } = *mismatch;
    let missing_key = class == Class::Failure && walk.seen.contains(&Seen::Missing);
    match place {
        _ if class == Class::Skip => Outcome::Skipped(text),
        Some(pointer) if !missing_key => Outcome::Failed(Failure { path: path_text(&pointer), pointer, text }),
        _ => Outcome::Error(text),
    }
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, value: &Value, path: &Path<'_>) -> Matched {
        match (node, value) {
            (Node::Map(pattern), Value::Map(resource)) => self.map_or_rewritten(pattern, resource, path),
            (Node::Map(_), _) => Err(Mismatch::at(
                path,
                format!(
                    "pattern and resource have different structures. Path: {}. Expected map[string]interface {{}}, found {}",
                    path.text(),
                    go_type(value)
                ),
            )),
            (Node::List(pattern), Value::List(items)) => self.list(pattern, value, items, path),
            (Node::List(_), _) => Err(Mismatch::at(
                path,
                format!(
                    "validation rule failed at path {}, resource does not satisfy the expected overlay pattern",
                    path.text()
                ),
            )),
            (Node::Scalar(scalar, written), _) => {
                let holds = match value {
                    Value::List(items) => items.iter().all(|item| scalar.matches(item)),
                    single => scalar.matches(single),
                };
                if holds {
                    return Ok(());
                }
                let (value, pattern) = (go_text(value), go_text(written));
                let path_text = path.text();
                let text =
                    ["resource value '", &value, "' does not match '", &pattern, "' at path ", &path_text].concat();
                Err(Mismatch::at(path, text))
            }
        }
    }

    fn map_or_rewritten(&mut self, pattern: &MapPattern, resource: &Map, path: &Path<'_>) -> Matched {
        let rewritten = pattern.rewrite.and_then(|slot| self.expansions.rewritten.get(slot)?.clone());
        match rewritten {
            Some((_, rewritten)) => self.map(&rewritten, resource, path),
            None => self.map(pattern, resource, path),
        }
    }

    fn map(&mut self, pattern: &MapPattern, resource: &Map, path: &Path<'_>) -> Matched {
        for entry in pattern.anchored.iter().filter(|entry| entry.tracked.is_some()) {
            self.track(entry, resource);
        }
        self.rewrite_metadata(pattern, resource);
        self.anchored(&pattern.anchored, resource, path)?;
        for entry in &pattern.rest {
            self.entry(entry, resource, path)?;
        }
        Ok(())
    }

    fn track(&mut self, entry: &Entry, resource: &Map) {
        let Some(seen) = entry.tracked.and_then(|slot| self.seen.get_mut(slot)) else { return };
        if resource.contains_key(&entry.key) {
            *seen = Seen::Present;
        } else if *seen == Seen::Never {
            *seen = Seen::Missing;
        }
    }

    fn rewrite_metadata(&mut self, pattern: &MapPattern, resource: &Map) {
        for rewrite in &pattern.metadata {
            let Some(Value::Map(own)) = resource.get("metadata").and_then(|metadata| metadata.get(rewrite.tag)) else {
                continue;
            };
            let Some(slot) = self.expansions.rewritten.get_mut(rewrite.slot) else { continue };
            let source = slot.as_ref().map_or(&rewrite.source, |(source, _)| source);
            let (map, source) = compile::rewritten(source, own, &self.pattern.tracked);
            *slot = Some((Arc::new(source), Arc::new(map)));
        }
    }

    /// Phase 1: skips are gathered, and stand when nothing else applied or one was raised here.
    fn anchored(&mut self, entries: &[Entry], resource: &Map, path: &Path<'_>) -> Matched {
        let mut applied = false;
        let mut skips: Vec<Box<Mismatch>> = Vec::new();
        for entry in entries {
            let Err(mismatch) = self.entry(entry, resource, path) else {
                applied = true;
                continue;
            };
            if mismatch.class() == Class::Skip {
                skips.push(mismatch);
            } else if skips.iter().all(|skip| skip.gathered) {
                return Err(mismatch);
            }
        }
        if skips.is_empty() || (applied && skips.iter().all(|skip| skip.gathered)) {
            return Ok(());
        }
        Err(Mismatch::gather(path, &skips))
    }

    fn entry(&mut self, entry: &Entry, resource: &Map, path: &Path<'_>) -> Matched {
        let below = Path::Key(path, &entry.key);
        let value = resource.get(&entry.key);
        let anchor = match entry.rule {
            KeyRule::Plain => return self.node(&entry.node, value.unwrap_or(&Value::Null), &below),
            KeyRule::Present => {
                if value.is_some_and(|value| !value.is_null()) {
                    return Ok(());
                }
                return Err(Mismatch::at(path, format!("{}/{} not found", path.text(), entry.key)));
            }
            KeyRule::Anchored(anchor) => anchor,
        };
        match (anchor, value) {
            (Anchor::Conditional, None) => Err(Mismatch::missing_condition(&below)),
            (_, None) => Ok(()),
            (Anchor::Conditional, Some(value)) => {
                self.node(&entry.node, value, &below).map_err(Mismatch::into_conditional)
            }
            (Anchor::Global, Some(value)) => self.node(&entry.node, value, &below).map_err(Mismatch::into_global),
            (Anchor::Equality | Anchor::AddIfNotPresent, Some(value)) => self.node(&entry.node, value, &below),
            (Anchor::Negation, Some(_)) => Err(Mismatch::negation(&below)),
            (Anchor::Existence, Some(value)) => self.existence(&entry.node, value, &below),
        }
    }

    fn existence(&mut self, node: &Node, value: &Value, path: &Path<'_>) -> Matched {
        let Value::List(items) = value else {
            let text = format!(
                "invalid resource type {}: Existence ^ () anchor can be used only on list/array type resource",
                go_type(value)
            );
            return Err(Mismatch::at(path, text));
        };
        let patterns = match node {
            Node::List(ListPattern::Positional(patterns)) => patterns.as_slice(),
            Node::List(ListPattern::Each(pattern)) => std::slice::from_ref(&**pattern),
            Node::List(ListPattern::Empty) => &[],
            Node::Map(_) => return Err(invalid_pattern(path, "map[string]interface {}", "list to compare against")),
            Node::Scalar(_, written) => {
                return Err(invalid_pattern(path, go_type(written), "list to compare against"));
            }
        };
        for pattern in patterns {
            if !matches!(pattern, Node::Map(_)) {
                return Err(invalid_pattern(path, "[]interface {}", "type map to compare against items in"));
            }
            let found =
                items.iter().enumerate().any(|(i, item)| self.node(pattern, item, &Path::Index(path, i)).is_ok());
            if !found {
                let text = format!("existence anchor validation failed at path {}", path.text());
                return Err(Mismatch::at(path, text));
            }
        }
        Ok(())
    }

    fn list(&mut self, pattern: &ListPattern, value: &Value, items: &[Value], path: &Path<'_>) -> Matched {
        match pattern {
            ListPattern::Empty => Err(Mismatch::at(path, "pattern Array empty".to_owned())),
            ListPattern::Each(node) => match &**node {
                Node::Scalar(..) => self.node(node, value, path),
                Node::Map(_) | Node::List(_) => self.elements(items.iter().map(|item| (&**node, item)), path),
            },
            ListPattern::Positional(nodes) if items.len() < nodes.len() => Err(Box::new(Mismatch {
                text: format!(
                    "validate Array failed, array length mismatch, resource Array len is {} and pattern Array len is {}",
                    items.len(),
                    nodes.len()
                ),
                place: None,
                gathered: false,
            })),
            ListPattern::Positional(nodes) => self.elements(nodes.iter().zip(items), path),
        }
    }

    /// Elements that skip are ignored, unless all do.
    fn elements<'n>(&mut self, pairs: impl Iterator<Item = (&'n Node, &'n Value)>, path: &Path<'_>) -> Matched {
        let mut applied = false;
        let mut skips = Vec::new();
        for (index, (node, item)) in pairs.enumerate() {
            match self.node(node, item, &Path::Index(path, index)) {
                Ok(()) => applied = true,
                Err(mismatch) if mismatch.class() == Class::Skip => skips.push(mismatch),
                Err(mismatch) => return Err(mismatch),
            }
        }
        if applied || skips.is_empty() { Ok(()) } else { Err(Mismatch::gather(path, &skips)) }
    }
}

fn invalid_pattern(path: &Path<'_>, found: &str, wanted: &str) -> Box<Mismatch> {
    Mismatch::at(path, format!("invalid pattern type {found}: Pattern has to be of {wanted} resource"))
}
