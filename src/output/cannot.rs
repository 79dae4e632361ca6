//! The text of a render that cannot be made, by the same rules as [`super::failure`].

use super::failure::{LONGEST, plain};

/// Problems that are named.
const MOST_PROBLEMS: usize = 10;

/// Left free for the words behind the last problem, in bytes.
const TAIL: usize = 32;

/// One paragraph that names what stands in the way of a render.
#[must_use]
pub fn text(problems: &[String], revision: Option<&str>) -> String {
    let at = revision.map(|r| format!(" at {}", plain(r))).unwrap_or_default();
    let mut text = format!("rendergate: this render cannot be made{at}:");
    for (index, problem) in problems.iter().enumerate() {
        let problem = plain(problem);
        if index == MOST_PROBLEMS || text.len() + problem.len() > LONGEST - TAIL {
            text.push_str(&format!(" +{} more.", problems.len() - index));
            break;
        }
        let separator = if index + 1 < problems.len() { ";" } else { "." };
        text.push_str(&format!(" {problem}{separator}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_named_until_it_gets_long() {
        let few = ["a \"b\"\n c".to_owned(), "d".to_owned()];
        assert_eq!(text(&few, Some("1a2b3c4")), "rendergate: this render cannot be made at 1a2b3c4: a 'b' c; d.");
        let many: Vec<String> = (0..30).map(|n| format!("p{n}")).collect();
        assert!(text(&many, None).ends_with(" p9; +20 more."), "{}", text(&many, None));
        let long = vec!["x".repeat(3000), "y".repeat(3000)];
        let cut = text(&long, None);
        assert!(cut.len() <= LONGEST && cut.ends_with("x; +1 more."), "{}", cut.len());
    }
}
