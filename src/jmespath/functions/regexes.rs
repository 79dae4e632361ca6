//! `regex_match`, `regex_replace_all`, `regex_replace_all_literal`, `pattern_match`.

use super::Type::{Bool, Number, String};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::{Value, wildcard};
use crate::jmespath::error::EvalError;

const REPLACE: Params = Params::Exactly(&[&[String], &[String, Number], &[String, Number]]);
const MATCH: Params = Params::Exactly(&[&[String], &[String, Number]]);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "regex_match",
        origin: Origin::Kyverno,
        params: MATCH,
        returns: &[Bool],
        note: "whether the regular expression matches anywhere in the text or number",
        examples: &[
            gives("regex_match('^[0-9]{3}$', `443`)", "true"),
            gives("regex_match('^123456789$', `123456789`)", "false"),
            fails("regex_match('a(', 'a')", "error parsing regexp: missing closing ): `a(`"),
        ],
        run: regex_match,
    },
    Function {
        name: "regex_replace_all",
        origin: Origin::Kyverno,
        params: REPLACE,
        returns: &[String],
        note: "replaces every match; $1 and ${name} in the replacement stand for groups",
        examples: &[
            gives("regex_replace_all('([a-z])l', 'hello', '$1L')", "\"hlo\""),
            gives("regex_replace_all('([a-z])l', 'hello', '${1}L')", "\"heLlo\""),
            gives("regex_replace_all('.*', 'abc', 'X')", "\"X\""),
            fails(
                "regex_replace_all('*', '', '')",
                "JMESPath function 'regex_replace_all': error parsing regexp: missing argument to repetition operator: `*`",
            ),
        ],
        run: |args| replace(args, false),
    },
    Function {
        name: "regex_replace_all_literal",
        origin: Origin::Kyverno,
        params: REPLACE,
        returns: &[String],
        note: "replaces every match by the replacement as it stands",
        examples: &[
            gives("regex_replace_all_literal('.*', '43123', '1313')", "\"1313\""),
            gives("regex_replace_all_literal('l+', 'hello', '[$0]')", "\"he[$0]o\""),
        ],
        run: |args| replace(args, true),
    },
    Function {
        name: "pattern_match",
        origin: Origin::Kyverno,
        params: MATCH,
        returns: &[Bool],
        note: "whether the wildcard pattern (* any run, ? one character) matches the whole text or number",
        examples: &[gives("pattern_match('h*o?', 'hello1')", "true"), gives("pattern_match('?*', '')", "false")],
        run: |args| {
            let (pattern, text) = (args.text(0)?, args.text_of(1)?);
            args.budget().step((pattern.len() / 16 + 1).saturating_mul(text.len() / 16 + 1))?;
            Ok(Value::Bool(wildcard::matches(pattern, &text)))
        },
    },
];

fn regex_match(args: &Args<'_>) -> Result<Value, EvalError> {
    let text = args.text_of(1)?;
    let regex = args.regex()?.map_err(EvalError::Other)?;
    args.budget().step(regex.cost(text.len()))?;
    Ok(Value::Bool(regex.is_match(&text)))
}

fn replace(args: &Args<'_>, literal: bool) -> Result<Value, EvalError> {
    let (text, replacement) = (args.text_of(1)?, args.text_of(2)?);
    let regex = args.regex()?.map_err(|error| args.error(error))?;
    args.budget().step(regex.cost(text.len()))?;
    let mut out = std::string::String::new();
    let mut end = 0;
    for found in regex.captures_iter(&text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(text.get(end..whole.start()).unwrap_or_default());
        end = whole.end();
        let before = out.len();
        if literal {
            out.push_str(&replacement);
        } else {
            regex.expand(&found, &replacement, &mut out);
        }
        args.budget().produce(out.len() - before)?;
    }
    out.push_str(text.get(end..).unwrap_or_default());
    args.produce(out)
}
