//! A large YAML stream read on all cores: cut before `---` lines, where no document can be cut in
//! two (a line that starts with `---` ends every construct of YAML), and put together again.

use std::thread;

use crate::document::yaml::{self, Document, Limits, Position, Problem, YamlError};

/// Texts below this size, in bytes, are read as one.
const WORTH_CUTTING: usize = 128 << 10;

/// Reads `text` as [`yaml::read`] does. A limit on aliases holds for each part.
///
/// # Errors
/// As [`yaml::read`]: the first error in the text's order.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Vec<Document>, YamlError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if text.len() > limits.bytes {
        return yaml::read(text, limits);
    }
    read_in(&cut(text, cores), limits)
}

/// The text in up to `count` parts of about one size. A text with directives is left whole: they
/// stand before the `---` they belong to.
fn cut(text: &str, count: usize) -> Vec<&str> {
    let directive = text.starts_with('%') || text.contains("\n%");
    if text.len() < WORTH_CUTTING || directive || text.trim_start().starts_with(['{', '[']) {
        return vec![text];
    }
    let (mut parts, mut rest) = (Vec::with_capacity(count), text);
    for left in (2..=count).rev() {
        let Some(at) = boundary(rest, rest.len() / left) else { break };
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// Where the first line at or after `from` starts that is a document marker.
fn boundary(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(&bytes[from..], b"\n---")
        .map(|at| from + at + 1)
        .find(|at| bytes.get(at + 3).is_none_or(|b| matches!(b, b'\n' | b'\r' | b' ' | b'\t')))
}

fn read_in(parts: &[&str], limits: &Limits) -> Result<Vec<Document>, YamlError> {
    let read: Vec<_> = thread::scope(|scope| {
        let Some((first, others)) = parts.split_first() else { return Vec::new() };
        let others: Vec<_> = others.iter().map(|part| scope.spawn(|| yaml::read_part(part, limits))).collect();
        let mut read = vec![yaml::read_part(first, limits)];
        for handle in others {
            match handle.join() {
                Ok(result) => read.push(result),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        read
    });
    let (mut documents, mut before) = (Vec::new(), Before::default());
    for (part, result) in parts.iter().zip(read) {
        let (found, count) = result.map_err(|error| before.error(error))?;
        for mut document in found {
            document.index += before.documents;
            if document.index >= limits.documents {
                let position = before.position(document.start);
                return Err(YamlError { position, problem: Problem::TooManyDocuments(limits.documents) });
            }
            document.start = before.position(document.start);
            document.duplicates.iter_mut().for_each(|d| d.position = before.position(d.position));
            documents.push(document);
        }
        before.documents += count;
        before.bytes += part.len();
        before.lines += memchr::memchr_iter(b'\n', part.as_bytes()).count();
    }
    Ok(documents)
}

/// What stands before a part.
#[derive(Default)]
struct Before {
    documents: usize,
    bytes: usize,
    lines: usize,
}

impl Before {
    fn position(&self, at: Position) -> Position {
        Position { offset: at.offset + self.bytes, line: at.line + self.lines, column: at.column }
    }

    fn error(&self, error: YamlError) -> YamlError {
        YamlError { position: self.position(error.position), problem: error.problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> String {
        (0..6_000)
            .map(|i| match i % 5 {
                0 => format!("kind: A\ndata: |\n  --- {i}\n  ----\n---\n"),
                1 => "# nothing\n---\n".to_owned(),
                2 => format!("{{kind: B, n: {i}, n: {i}}}\n--- \n"),
                3 => format!("kind: \"C\n  ---{i}\"\n---\t# said\n"),
                _ => format!("- {i}\n- é\n---\r\n"),
            })
            .collect()
    }

    #[test]
    fn parts_read_as_the_whole_does() {
        let (text, limits) = (stream(), Limits::default());
        let whole = yaml::read(&text, &limits).expect("YAML");
        for count in 1..6 {
            let parts = cut(&text, count);
            assert_eq!(parts.len(), count);
            assert_eq!(parts.concat(), text);
            assert_eq!(read_in(&parts, &limits).expect("YAML"), whole, "{count} parts");
        }
    }

    #[test]
    fn errors_keep_their_place() {
        let limits = Limits::default();
        for (at, broken) in [(40, "a: [\n"), (5_000, "a: \"open\n"), (5_990, "? [x]: y\n")] {
            let text: Vec<String> = (0..6_000)
                .map(
                    |i| if i == at { format!("{broken}---\n") } else { "kind: A\nname: some-name\nx: 1\n---\n".into() },
                )
                .collect();
            let text = text.concat();
            let whole = yaml::read(&text, &limits).expect_err("broken");
            assert_eq!(read_in(&cut(&text, 4), &limits), Err(whole), "{broken}");
        }
    }

    #[test]
    fn documents_are_counted_over_all_parts() {
        let (text, limits) = (stream(), Limits { documents: 3_000, ..Limits::default() });
        let error = read_in(&cut(&text, 3), &limits).expect_err("too many");
        assert_eq!(error.problem, Problem::TooManyDocuments(3_000));
    }

    #[test]
    fn small_texts_json_and_directives_stay_whole() {
        let large = "a: 1\n---\n".repeat(20_000);
        assert_eq!(cut("a: 1\n---\nb: 2\n", 4).len(), 1);
        assert_eq!(cut(&format!("%YAML 1.1\n---\n{large}"), 4).len(), 1);
        assert_eq!(cut(&format!("{large}...\n%YAML 1.1\n---\n"), 4).len(), 1);
        assert_eq!(cut(&format!("[1,{}2]", " ".repeat(200_000)), 4).len(), 1);
        assert_eq!(cut(&large, 4).len(), 4);
    }
}
