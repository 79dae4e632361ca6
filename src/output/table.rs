//! Tables in box-drawing characters, laid out as Kyverno's (chapter 60 §5.5).

use std::fmt::Write;

/// One line of a result table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The policy, with its namespace if it has one.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// The object.
    pub resource: String,
    /// `Pass`, `Fail`, `Warn`, `Error`, `Skip`.
    pub result: &'static str,
    /// Why, in two or three words.
    pub reason: String,
    /// The whole message; printed only in detailed tables.
    pub message: String,
    /// Whether the row is a failure.
    pub is_failure: bool,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableStyle {
    /// Whether cells carry ANSI colours.
    pub colour: bool,
    /// Whether there is a MESSAGE column.
    pub detailed: bool,
}

/// Above this many rows the first header shows their number.
const COUNT_FROM: usize = 10;

/// Prints the table; rows are numbered from 1. Without rows there is nothing to print.
#[must_use]
pub fn print(rows: &[Row], style: TableStyle) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let id = if rows.len() > COUNT_FROM { format!("ID ({})", rows.len()) } else { "ID".to_owned() };
    let mut header = vec![id, "POLICY".into(), "RULE".into(), "RESOURCE".into(), "RESULT".into(), "REASON".into()];
    if style.detailed {
        header.push("MESSAGE".to_owned());
    }
    let cells: Vec<Vec<Vec<String>>> = rows.iter().enumerate().map(|(i, row)| lines_of(i + 1, row, style)).collect();
    let mut widths: Vec<usize> = header.iter().map(|h| h.chars().count()).collect();
    for row in &cells {
        for (width, lines) in widths.iter_mut().zip(row) {
            *width = lines.iter().map(|l| l.chars().count()).chain([*width]).max().unwrap_or_default();
        }
    }
    let rule: String = widths.iter().map(|w| format!("│{}", "─".repeat(w + 2))).chain(["│\n".to_owned()]).collect();
    let mut out = rule.clone();
    line(&mut out, &widths, header.iter().map(|h| (h.as_str(), style.colour.then_some("32"))));
    out.push_str(&rule);
    for (row, lines) in rows.iter().zip(&cells) {
        let colours = style.colour.then(|| colours(row));
        for at in 0..lines.iter().map(Vec::len).max().unwrap_or(1) {
            let texts = lines.iter().enumerate().map(|(column, lines)| {
                (lines.get(at).map_or("", String::as_str), colours.and_then(|c| c.get(column).copied().flatten()))
            });
            line(&mut out, &widths, texts);
        }
    }
    out.push_str(&rule);
    out
}

/// The lines of each cell of a row.
fn lines_of(id: usize, row: &Row, style: TableStyle) -> Vec<Vec<String>> {
    let split = |text: &str| -> Vec<String> { text.lines().map(|l| l.replace('\t', "    ")).collect() };
    let mut cells = vec![
        vec![id.to_string()],
        split(&row.policy),
        split(&row.rule),
        split(&row.resource),
        split(row.result),
        split(&row.reason),
    ];
    if style.detailed {
        cells.push(split(&row.message));
    }
    cells
}

/// The ANSI colour of each column.
fn colours(row: &Row) -> [Option<&'static str>; 7] {
    let name = Some("1;96");
    let result = match row.result {
        "Pass" => "1;32",
        "Warn" => "1;33",
        "Skip" => "1;96",
        _ => "1;31",
    };
    let reason = matches!(row.reason.as_str(), "Excluded" | "Not found" | "Invalid Policy").then_some("1;33");
    [None, name, name, name, Some(result), reason, None]
}

fn line<'a>(out: &mut String, widths: &[usize], cells: impl Iterator<Item = (&'a str, Option<&'static str>)>) {
    for (width, (text, colour)) in widths.iter().zip(cells) {
        let padding = width.saturating_sub(text.chars().count());
        let written = match colour.filter(|_| !text.is_empty()) {
            Some(colour) => write!(out, "│ \u{1b}[{colour}m{text}\u{1b}[0m{:padding$} ", ""),
            None => write!(out, "│ {text}{:padding$} ", ""),
        };
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
    }
    out.push_str("│\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(policy: &str, result: &'static str) -> Row {
        Row {
            policy: policy.into(),
            rule: "r".into(),
            resource: "v1/Pod/default/web".into(),
            result,
            reason: "Ok".into(),
            message: "first\nsecond".into(),
            is_failure: result == "Fail",
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let table = print(&[row("p", "Pass"), row("longer-name", "Fail")], TableStyle::default());
        assert_eq!(
            table,
            "\
│────│─────────────│──────│────────────────────│────────│────────│
│ ID │ POLICY      │ RULE │ RESOURCE           │ RESULT │ REASON │
│────│─────────────│──────│────────────────────│────────│────────│
│ 1  │ p           │ r    │ v1/Pod/default/web │ Pass   │ Ok     │
│ 2  │ longer-name │ r    │ v1/Pod/default/web │ Fail   │ Ok     │
│────│─────────────│──────│────────────────────│────────│────────│
"
        );
    }

    #[test]
    fn detailed_cells_hold_several_lines() {
        let table = print(&[row("p", "Pass")], TableStyle { detailed: true, colour: false });
        assert!(
            table.contains(
                "│ Ok     │ first   │\n│    │        │      │                    │        │        │ second  │"
            )
        );
    }

    #[test]
    fn many_rows_are_counted_in_the_header() {
        let rows = vec![row("p", "Pass"); 11];
        assert!(print(&rows, TableStyle::default()).contains("│ ID (11) │"));
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let plain = print(&[row("p", "Fail")], TableStyle::default());
        let coloured = print(&[row("p", "Fail")], TableStyle { colour: true, detailed: false });
        let stripped =
            regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern").replace_all(&coloured, "").into_owned();
        assert_eq!(stripped, plain);
    }
}
