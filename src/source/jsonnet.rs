//! What evaluating jsonnet files needs: the files they import, found by reading, since an import names its
//! file in so many letters. Nothing outside the checkout can be named.

use std::collections::BTreeSet;

use super::Limits;
use super::error::{Fault, SourceError};
use super::files::Files;
use super::needs::Needs;
use super::paths::resolve;

/// Evaluates jsonnet files.
pub trait Evaluate {
    /// The JSON text of each of `mains`, paths from the checkout, in their order.
    ///
    /// # Errors
    /// The first that cannot be evaluated.
    fn evaluate(&self, mains: &[String]) -> Result<Vec<String>, SourceError>;
}

/// Where imports are looked for, behind the importing file's own directory: the libraries from last to
/// first, then the application's directory, as in Argo CD.
///
/// # Errors
/// A library outside the checkout.
pub fn search_paths(directory: &str, libraries: &[String]) -> Result<Vec<String>, Fault> {
    let mut paths: Vec<String> = vec![directory.to_owned()];
    for library in libraries {
        paths.push(resolve("", library, true)?);
    }
    paths.reverse();
    Ok(paths)
}

/// `mains` and all that they import.
///
/// # Errors
/// An import that leads out of the checkout, with file and line; what is over a limit.
pub fn needs(files: &dyn Files, mains: &[String], search: &[String], limits: &Limits) -> Result<Needs, SourceError> {
    let mut needs = Needs::new(limits);
    let mut waiting: Vec<String> = Vec::new();
    let mut read = BTreeSet::new();
    for main in mains {
        needs.take(files, main)?.ok_or_else(|| SourceError::of(main.as_str(), Fault::NotThere(main.clone())))?;
        waiting.push(main.clone());
    }
    while let Some(path) = waiting.pop() {
        if !read.insert(path.clone()) {
            continue;
        }
        let text = needs.files.get(&path).map(|b| String::from_utf8_lossy(b).into_owned()).unwrap_or_default();
        let own = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        for import in imports(&text) {
            for directory in std::iter::once(own).chain(search.iter().map(String::as_str)) {
                let found = resolve(directory, &import.path, false);
                let refuse = |fault| SourceError { file: path.clone(), line: Some(import.line), fault };
                // A path that leads out from here may be a good one from a library.
                let candidate = match found {
                    Ok(candidate) => candidate,
                    Err(Fault::OutsideCheckout(_)) if !import.path.starts_with('/') => continue,
                    Err(fault) => return Err(refuse(fault)),
                };
                if needs.take(files, &candidate)?.is_some() {
                    if import.is_code {
                        waiting.push(candidate);
                    }
                    break;
                }
            }
        }
    }
    Ok(needs)
}

/// One `import`, `importstr` or `importbin`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Import {
    path: String,
    line: usize,
    /// Whether the file is jsonnet itself.
    is_code: bool,
}

/// The imports of a text. A word that only looks like one costs a look into the checkout, no more; one
/// that is missed is not there for the evaluation.
fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut scanner = Scanner { rest: text, line: 1 };
    let mut keyword: Option<bool> = None;
    while let Some(token) = scanner.next() {
        match token {
            Token::Word("import") => keyword = Some(true),
            Token::Word("importstr" | "importbin") => keyword = Some(false),
            Token::Text(path) => {
                if let Some(is_code) = keyword.take() {
                    found.push(Import { path, line: scanner.line, is_code });
                }
            }
            Token::Word(_) | Token::Other => keyword = None,
        }
    }
    found
}

enum Token<'t> {
    Word(&'t str),
    Text(String),
    Other,
}

struct Scanner<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Scanner<'t> {
    fn skip(&mut self, bytes: usize) -> &'t str {
        let (skipped, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += skipped.matches('\n').count();
        self.rest = rest;
        skipped
    }

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let white = self.rest.len() - self.rest.trim_start().len();
            self.skip(white);
            let rest = self.rest;
            let first = rest.chars().next()?;
            if first == '#' || rest.starts_with("//") {
                self.skip(rest.find('\n').unwrap_or(rest.len()));
            } else if rest.starts_with("/*") {
                self.skip(rest.find("*/").map_or(rest.len(), |end| end + 2));
            } else if rest.starts_with("|||") {
                self.block();
                return Some(Token::Other);
            } else if let Some(quoted) = rest.strip_prefix('@').filter(|r| r.starts_with(['"', '\''])) {
                let quote = if quoted.starts_with('"') { '"' } else { '\'' };
                self.skip(2);
                return Some(Token::Text(self.verbatim(quote)));
            } else if first == '"' || first == '\'' {
                self.skip(1);
                return Some(Token::Text(self.string(first)));
            } else if first == '_' || first.is_ascii_alphabetic() {
                let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                return Some(Token::Word(self.skip(end)));
            } else {
                self.skip(first.len_utf8());
                return Some(Token::Other);
            }
        }
    }

    /// To the end of a text block: a line that begins with `|||`.
    fn block(&mut self) {
        self.skip(3);
        while !self.rest.is_empty() {
            let line = self.skip(self.rest.find('\n').map_or(self.rest.len(), |end| end + 1));
            let _ = line;
            let white = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
            if self.rest.get(white..).is_some_and(|r| r.starts_with("|||")) {
                self.skip(white + 3);
                return;
            }
        }
    }

    fn verbatim(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.rest.chars().next() {
            self.skip(c.len_utf8());
            if c == quote {
                if !self.rest.starts_with(quote) {
                    break;
                }
                self.skip(1);
            }
            text.push(c);
        }
        text
    }

    fn string(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.rest.chars().next() {
            self.skip(c.len_utf8());
            match c {
                c if c == quote => break,
                '\\' => {
                    let Some(escaped) = self.rest.chars().next() else { break };
                    self.skip(escaped.len_utf8());
                    text.push(escaped);
                }
                c => text.push(c),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryFiles;
    use super::*;

    #[test]
    fn imports_are_found_wherever_they_stand() {
        let text = "// import 'no1'\n# import 'no2'\n/* import 'no3'\n*/ local a = import 'a.libsonnet';\n\
                    local s = \"import 'no4'\" + importstr \"b.txt\" + importbin @'c\"d';\n\
                    local t = |||\n  import 'no5'\n|||;\nlocal important = 'no6'; import\n  'e\\'f'\n";
        let found: Vec<_> = imports(text).into_iter().map(|i| (i.path, i.line, i.is_code)).collect();
        let expected = [("a.libsonnet", 4, true), ("b.txt", 5, false), ("c\"d", 5, false), ("e'f", 10, true)];
        assert_eq!(found, expected.map(|(p, l, c)| (p.to_owned(), l, c)));
    }

    #[test]
    fn own_directory_then_libraries_from_last_to_first_then_the_application() {
        let files = MemoryFiles::new([
            ("app/m.jsonnet", "(import 'a') + (import 'b') + (import 'c') + importstr 'd'"),
            ("app/a", "import 'deep/e'"),
            ("lib1/a", "import 'no'"),
            ("lib1/b", ""),
            ("lib2/b", "import 'f'"),
            ("lib2/f", ""),
            ("app/deep/e", "import '../../g'"),
            ("app/c", ""),
            ("lib1/d", "import 'no'"),
            ("g", ""),
            ("no", ""),
        ]);
        let search = search_paths("app", &["lib1".to_owned(), "/lib2/".to_owned()]).unwrap();
        assert_eq!(search, ["lib2", "lib1", "app"]);
        let needs = needs(&files, &["app/m.jsonnet".to_owned()], &search, &Limits::default()).unwrap();
        let taken: Vec<_> = needs.files.keys().map(String::as_str).collect();
        assert_eq!(taken, ["app/a", "app/c", "app/deep/e", "app/m.jsonnet", "g", "lib1/d", "lib2/b", "lib2/f"]);
    }

    #[test]
    fn nothing_outside_is_named() {
        for (path, words) in [
            ("/etc/passwd", "leads out of the repository"),
            ("https://example.com/x", "would be fetched"),
            ("a/.git/config/../../../../../..//x", "would be fetched"),
        ] {
            let files = MemoryFiles::new([("m.jsonnet", format!("\nimport '{path}'"))]);
            let error = needs(&files, &["m.jsonnet".to_owned()], &[], &Limits::default()).unwrap_err().to_string();
            assert!(error.starts_with("m.jsonnet:2: ") && error.contains(words), "{path}: {error}");
        }
        // Not there at all: the evaluation says so.
        let files = MemoryFiles::new([("m.jsonnet", "import '../x'")]);
        assert!(needs(&files, &["m.jsonnet".to_owned()], &[], &Limits::default()).is_ok());
        assert!(search_paths("", &["../x".to_owned()]).is_err());
    }

    #[test]
    fn unclosed_texts_end() {
        for text in ["import 'x", "import \"x\\", "|||\nx", "/* x", "import @'x", "import", "|||"] {
            let _ = imports(text);
        }
    }
}
