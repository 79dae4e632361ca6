//! `test -o json|yaml|markdown|junit` (chapter 60 §12), from the rows of the table.

use std::fmt::Write;

use crate::document::{Value, json, yaml};

use super::table::Row;
use super::xml::{allowed, escape};

/// The formats of `test -o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestFormat {
    /// A list of maps, indented by two.
    Json,
    /// The same list.
    Yaml,
    /// A pipe table.
    Markdown,
    /// JUnit XML.
    Junit,
}

impl TestFormat {
    /// Reads a format's name, exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "yaml" => Some(Self::Yaml),
            "markdown" => Some(Self::Markdown),
            "junit" => Some(Self::Junit),
            _ => None,
        }
    }
}

/// A row with its number in its test.
pub type Numbered = (usize, Row);

/// Prints the rows, without a final line break but in YAML and Markdown. `detailed` adds the messages.
#[must_use]
pub fn print(rows: &[Numbered], format: TestFormat, detailed: bool) -> String {
    match format {
        TestFormat::Json => json::to_string_pretty_go(&list(rows, detailed)),
        TestFormat::Yaml => yaml::write_sorted(&list(rows, detailed)),
        TestFormat::Markdown => markdown(rows, detailed),
        TestFormat::Junit => junit(rows, detailed),
    }
}

fn list(rows: &[Numbered], detailed: bool) -> Value {
    let item = |(id, row): &Numbered| {
        let mut entries = vec![
            ("ID", Value::Int(i64::try_from(*id).unwrap_or(i64::MAX))),
            ("POLICY", Value::from(row.policy.as_str())),
            ("RULE", Value::from(row.rule.as_str())),
            ("RESOURCE", Value::from(row.resource.as_str())),
            ("RESULT", Value::from(row.result)),
            ("REASON", Value::from(row.reason.as_str())),
        ];
        if detailed {
            entries.push(("Message", Value::from(row.message.as_str())));
        }
        Value::map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
    };
    Value::list(rows.iter().map(item).collect())
}

fn markdown(rows: &[Numbered], detailed: bool) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', "<br>");
    let mut out = String::from("| ID | POLICY | RULE | RESOURCE | RESULT | REASON | ");
    if detailed {
        out.push_str("MESSAGE | ");
    }
    out.push_str("\n|----|----|----|----|----|----|");
    out.push_str(if detailed { "----|\n" } else { "\n" });
    for (id, row) in rows {
        let cells = [&row.policy, &row.rule, &row.resource, row.result, &row.reason].map(|text: &str| cell(text));
        out.push_str(&format!("| {id} | {} |", cells.join(" | ")));
        if detailed {
            out.push_str(&format!(" {} |", cell(&row.message)));
        }
        out.push('\n');
    }
    out
}

/// Well-formed, escaped, suites in order of first appearance; Kyverno's own is none of the three.
fn junit(rows: &[Numbered], detailed: bool) -> String {
    let failures = |rows: &[&Row]| rows.iter().filter(|r| r.is_failure).count();
    let all: Vec<&Row> = rows.iter().map(|(_, row)| row).collect();
    let mut policies: Vec<&str> = Vec::new();
    for row in &all {
        if !policies.contains(&row.policy.as_str()) {
            policies.push(&row.policy);
        }
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut put = |text: String| {
        let written = writeln!(out, "{text}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
    };
    put(format!("<testsuites tests=\"{}\" failures=\"{}\">", rows.len(), failures(&all)));
    for policy in policies {
        let suite: Vec<&Row> = all.iter().filter(|r| r.policy == policy).copied().collect();
        let (name, count) = (escape(policy), suite.len());
        put(format!(" <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{}\">", failures(&suite)));
        for row in suite {
            put(format!("  <testcase classname=\"{}\" name=\"{}\">", escape(&row.rule), escape(&row.resource)));
            let message = if detailed { format!("    Message: {}\n", row.message) } else { String::new() };
            let body = format!("    Policy: {}\n    Rule: {}\n    Resource: {}\n", row.policy, row.rule, row.resource);
            if row.is_failure {
                let text = escape(&format!("{body}    Result: {}\n{message}", row.result));
                put(format!("   <failure message=\"{}\">\n{text}   </failure>", escape(&row.reason)));
            } else {
                let text = format!("    Reason: {}\n{body}{message}", row.reason);
                let text = allowed(&text).replace("]]>", "]]]]><![CDATA[>");
                put(format!("   <system-out><![CDATA[\n{text}   ]]></system-out>"));
            }
            put("  </testcase>".to_owned());
        }
        put(" </testsuite>".to_owned());
    }
    out.push_str("</testsuites>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Numbered> {
        let row = |policy: &str, result, reason: &str| Row {
            policy: policy.into(),
            rule: "r".into(),
            resource: "v1/Pod/default/a".into(),
            result,
            reason: reason.into(),
            message: "a <b> & \"c\" | ]]>".into(),
            is_failure: result == "Fail",
        };
        let rows = [row("p", "Pass", "Ok"), row("q", "Fail", "Want pass, got fail"), row("p", "Skip", "Ok")];
        rows.into_iter().enumerate().map(|(at, row)| (at + 1, row)).collect()
    }

    #[test]
    fn markdown_keeps_one_line_per_row() {
        assert_eq!(
            print(&rows()[..1], TestFormat::Markdown, false),
            "| ID | POLICY | RULE | RESOURCE | RESULT | REASON | \n|----|----|----|----|----|----|\n\
             | 1 | p | r | v1/Pod/default/a | Pass | Ok |\n"
        );
    }

    #[test]
    fn junit_is_well_formed_with_and_without_messages() {
        for detailed in [false, true] {
            let text = print(&rows(), TestFormat::Junit, detailed);
            assert!(text.contains("<testsuites tests=\"3\" failures=\"1\">"), "{text}");
            for (open, close) in
                [("<testsuite ", "</testsuite>"), ("<testcase ", "</testcase>"), ("<failure ", "</failure>")]
            {
                assert_eq!(text.matches(open).count(), text.matches(close).count(), "{text}");
            }
            assert_eq!(text.contains("a &lt;b&gt; &amp; &quot;c&quot;"), detailed);
        }
    }

    #[test]
    fn json_holds_every_column() {
        let value = json::parse(print(&rows(), TestFormat::Json, true).as_bytes()).expect("JSON");
        let first = &value.as_list().expect("a list")[0];
        assert_eq!(first.get("ID"), Some(&Value::Int(1)));
        assert_eq!(first.str_at(&["Message"]), Some("a <b> & \"c\" | ]]>"));
    }
}
