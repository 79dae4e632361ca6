//! `random`: a text that a pattern describes (spec 30 §4.10).

use super::Type::String;
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::Value;
use crate::jmespath::error::EvalError;
use crate::jmespath::go::regex::ast::{Class, ClassItem, Re};
use crate::jmespath::go::regex::{Mode, parse};

/// What an open repetition ends at.
const OPEN_END: u32 = 4096;
const LAST_CHAR: u32 = 0x0010_ffff;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "random",
    origin: Origin::Kyverno,
    params: Params::Exactly(&[&[String]]),
    returns: &[String],
    note: "a random text that the pattern (a regular expression without Perl's extensions) describes",
    examples: &[
        gives("regex_match('^[a-z]{5}-(x|y)$', random('[a-z]{5}-(x|y)'))", "true"),
        gives("random('^abc$')", "\"abc\""),
        fails("random('')", "no pattern provided"),
        fails(r"random('\d')", r"error parsing regexp: invalid escape sequence: `\d`"),
        fails("random('a{1001}')", "error parsing regexp: invalid repeat count: `{1001}`"),
    ],
    run: random,
}];

fn random(args: &Args<'_>) -> Result<Value, EvalError> {
    let pattern = args.text(0)?;
    if pattern.is_empty() {
        return Err(EvalError::other("no pattern provided"));
    }
    args.budget().step(pattern.len())?;
    let parsed = parse(pattern, Mode::Plain).map_err(EvalError::Other)?;
    let mut generator = Generator { args, out: std::string::String::new() };
    generator.generate(&parsed.re)?;
    args.produce(generator.out)
}

struct Generator<'a> {
    args: &'a Args<'a>,
    out: std::string::String,
}

impl Generator<'_> {
    /// A number below `bound` (0 for 0).
    fn below(&self, bound: u32) -> u32 {
        let draw = u128::from(self.args.runtime().random.random()) * u128::from(bound);
        u32::try_from(draw >> 64).unwrap_or(0)
    }

    /// A code point, or the replacement character where there is none.
    fn push(&mut self, code: u32) {
        self.out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    fn generate(&mut self, re: &Re) -> Result<(), EvalError> {
        self.args.budget().step(1)?;
        match re {
            Re::Empty | Re::Assertion(_) => {}
            Re::Literal { c, .. } => self.out.push(*c),
            // Go draws from all 31-bit numbers, few of which are characters.
            Re::Any { .. } => {
                let code = 1 + self.below(0x7fff_fffe);
                self.push(code);
            }
            Re::Class { class, .. } => self.pick(class),
            Re::Capture(inner) => self.generate(inner)?,
            Re::Concat(items) => {
                for item in items {
                    self.generate(item)?;
                }
            }
            Re::Alternate(items) => {
                let choice = self.below(u32::try_from(items.len()).unwrap_or(u32::MAX));
                if let Some(item) = items.get(choice as usize) {
                    self.generate(item)?;
                }
            }
            Re::Repeat { inner, min, max, .. } => {
                for _ in 0..self.copies(*min, *max) {
                    self.generate(inner)?;
                }
            }
        }
        Ok(())
    }

    /// How often to repeat: an open end uniformly up to [`OPEN_END`]; each copy beyond a counted minimum depends on
    /// the one before it, at even odds.
    fn copies(&self, min: u32, max: Option<u32>) -> u32 {
        match max {
            Some(max) => (min..max).find(|_| self.below(2) == 0).unwrap_or(max),
            None if min == 0 => self.below(OPEN_END + 1),
            None => min + self.below(OPEN_END),
        }
    }

    fn pick(&mut self, class: &Class) {
        let ranges = ranges(class);
        let size = ranges.iter().map(|(low, high)| high - low + 1).sum();
        let mut place = self.below(size);
        for (low, high) in ranges {
            let length = high - low + 1;
            if place < length {
                return self.push(low + place);
            }
            place -= length;
        }
    }
}

/// The code points of a class as sorted ranges that do not overlap.
fn ranges(class: &Class) -> Vec<(u32, u32)> {
    let mut all = Vec::new();
    for item in &class.items {
        match item {
            ClassItem::Range(low, high) => all.push((u32::from(*low), u32::from(*high))),
            ClassItem::Outside(ranges) => {
                let inside = ranges.iter().map(|(low, high)| (u32::from(*low), u32::from(*high))).collect();
                all.extend(complement(&merged(inside)));
            }
            // `\p` is not read in this mode.
            ClassItem::Unicode(_) => {}
        }
    }
    let all = merged(all);
    if class.negated { complement(&all) } else { all }
}

fn merged(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut out: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match out.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => out.push((low, high)),
        }
    }
    out
}

fn complement(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut out = Vec::with_capacity(ranges.len() + 1);
    let mut free = 0;
    for (low, high) in ranges {
        if *low > free {
            out.push((free, low - 1));
        }
        free = high + 1;
    }
    if free <= LAST_CHAR {
        out.push((free, LAST_CHAR));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jmespath::{Budget, EvalError, Expression, FixedClock, Runtime, SeededRandom};

    fn draw(pattern: &str, seed: u64, budget: &Budget) -> Result<Value, EvalError> {
        let clock = FixedClock(jiff::Timestamp::UNIX_EPOCH);
        let random = SeededRandom::new(seed);
        let expression = Expression::compile(&format!("random('{pattern}')")).expect("parses");
        expression.search(&Value::Null, &Runtime::new(&clock, &random).sharing(budget))
    }

    #[test]
    fn what_is_drawn_matches_the_pattern() {
        for pattern in ["[a-z]{3,7}", "x*y", "(ab|c)+d?", "[^a]", "[[:alpha:]][[:^digit:]]", "a{0}b{2,}"] {
            let regex = regex::Regex::new(&format!("(?s)^(?:{pattern})$")).expect("valid");
            for seed in 0..50 {
                let text = draw(pattern, seed, &Budget::default()).expect(pattern);
                let text = text.as_str().unwrap_or_default();
                assert!(regex.is_match(text) || text.contains('\u{fffd}'), "{pattern}: {text:?}");
            }
        }
    }

    #[test]
    fn a_pattern_without_bounds_runs_out_of_budget() {
        assert!((0..20).any(|seed| matches!(draw("(((a*)*)*)*", seed, &Budget::default()), Err(EvalError::Budget(_)))));
    }
}
