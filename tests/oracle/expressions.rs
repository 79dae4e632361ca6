//! The JMESPath recordings: `jp query` over one input.

use std::path::Path;

use rendergate::cli::jp;
use rendergate::document::json;

use super::Figures;
use super::recorded::{lines, text};

pub fn replay(directory: &Path) -> Figures {
    let mut figures = Figures::default();
    let input = std::fs::read(directory.join("input.json")).expect("input.json");
    let input = json::parse(&input).expect("input");
    for line in lines(&directory.join("expected.jsonl")) {
        let (expression, output, error) = (text(&line, "expression"), text(&line, "output"), text(&line, "error"));
        let got = jp::evaluate(&expression, &input);
        figures.results += 1;
        let expected =
            if error.is_empty() { json::parse(output.as_bytes()).map_err(|e| e.to_string()) } else { Err(error) };
        let equal = match (&expected, &got) {
            (Ok(expected), Ok(got)) => expected.with_floats() == got.with_floats(),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        figures.equal += usize::from(equal);
        let same_text = match (&expected, &got) {
            (Err(expected), Err(got)) => expected == got,
            _ => equal,
        };
        figures.messages += usize::from(equal && same_text);
        if !equal || !same_text {
            figures.differences.push(format!("{expression}\n    recorded {expected:?}\n    ours     {got:?}"));
        }
    }
    figures
}
