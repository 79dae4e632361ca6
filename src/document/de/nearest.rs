//! The valid name most like a wrong one.

/// The candidate with the fewest edits to `name` (case aside), if it is like it at all: at most a
/// third of its letters differ. Of equals the first wins.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Longer than any field: not worth the quadratic work.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let name: Vec<char> = name.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .map(|candidate| (edits(&name, candidate), candidate))
        .filter(|(edits, candidate)| *edits <= candidate.len().max(name.len()).div_ceil(3))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other.
fn edits(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for (i, a) in from.iter().enumerate() {
        let above = &rows[i];
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_names_are_found_and_others_are_not() {
        let fields = ["match", "exclude", "validate", "mutate", "generate", "name"];
        for (wrong, right) in [
            ("macth", Some("match")),
            ("Match", Some("match")),
            ("validation", Some("validate")),
            ("mame", Some("name")),
            ("generates", Some("generate")),
            ("verifyImages", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, fields), right, "{wrong}");
        }
        assert_eq!(nearest(&"m".repeat(1000), fields), None);
    }
}
