//! The commands of a Markdown document, and what they are said to print.

/// A fenced `sh` block, and the `output` block after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Line of the document where its commands begin.
    pub line: usize,
    /// Its commands.
    pub script: String,
    /// Marked `sh fails`: its last command's exit status is not 0.
    pub fails: bool,
    /// Lines that are printed, in this order, others among them; `…` stands for any text.
    pub output: Vec<String>,
}

/// All blocks, in order.
///
/// # Errors
/// When there is none, or an `output` block follows no commands.
pub fn blocks(text: &str) -> Result<Vec<Block>, crate::failure::Failure> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fence: Option<&str> = None;
    for (number, line) in text.lines().enumerate() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(info)) => {
                fence = Some(info);
                if matches!(info, "sh" | "sh fails") {
                    blocks.push(Block { line: number + 2, fails: info == "sh fails", ..Block::default() });
                }
            }
            (Some(_), Some("")) => fence = None,
            (Some("sh" | "sh fails"), _) => {
                if let Some(block) = blocks.last_mut() {
                    block.script.push_str(line);
                    block.script.push('\n');
                }
            }
            (Some("output"), _) => match blocks.last_mut() {
                Some(block) => block.output.push(line.to_owned()),
                None => crate::fail!("line {}: an output block follows no commands", number + 1),
            },
            _ => {}
        }
    }
    crate::ensure!(!blocks.is_empty(), "the document has no commands");
    Ok(blocks)
}

impl Block {
    /// Whether `said` is what the document says; where it is not.
    ///
    /// # Errors
    /// The first line that was not printed.
    pub fn compare(&self, said: &str) -> Result<(), String> {
        let mut lines = said.lines();
        for expected in &self.output {
            if !lines.any(|line| fits(expected.trim(), &squeezed(line))) {
                return Err(format!("the document says that this is printed next:\n{expected}\nprinted was:\n{said}"));
            }
        }
        Ok(())
    }
}

/// Runs of white space count as one space: tables are aligned by what else they hold.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fits(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some(part) => line.ends_with(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_for_any_text() {
        assert!(fits("Sync … at…", "Sync is Unknown at 1a2b3c4"));
        assert!(fits("5", "5"));
        assert!(!fits("5", "50"));
        assert!(!fits("… done", "done: no"));
        assert!(!fits("a … b", "a b c"));
    }

    #[test]
    fn a_block_knows_its_line_and_what_follows_it() {
        let text = "# T\n\n```sh fails\nfalse\n```\n\n```output\none\n```\n\n```yaml\na: 1\n```\n";
        let expected = Block { line: 4, script: "false\n".into(), fails: true, output: vec!["one".into()] };
        assert_eq!(blocks(text).expect("blocks"), [expected]);
    }

    #[test]
    fn output_is_compared_in_order() {
        let block = Block { output: vec!["one".into(), "two…".into()], ..Block::default() };
        assert_eq!(block.compare("zero\none\ntwo and more\n"), Ok(()));
        assert!(block.compare("two\none\n").is_err());
    }
}
