//! `abs`, `ceil`, `floor`, `avg`, `round`.

use super::Type::{ArrayNumber, Number};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::Value;
use crate::jmespath::error::EvalError;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "abs",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Number]]),
        returns: &[Number],
        note: "the number without its sign",
        examples: &[gives("abs(`-7`)", "7")],
        run: |args| Ok(args.number(0)?.abs().into()),
    },
    Function {
        name: "ceil",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Number]]),
        returns: &[Number],
        note: "the next whole number up",
        examples: &[gives("ceil(`1.2`)", "2"), gives("ceil(`-1.2`)", "-1")],
        run: |args| Ok(args.number(0)?.ceil().into()),
    },
    Function {
        name: "floor",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Number]]),
        returns: &[Number],
        note: "the next whole number down",
        examples: &[gives("floor(`1.8`)", "1")],
        run: |args| Ok(args.number(0)?.floor().into()),
    },
    Function {
        name: "avg",
        origin: Origin::Language,
        params: Params::Exactly(&[&[ArrayNumber]]),
        returns: &[Number],
        note: "the mean of the numbers; not a number for an empty list",
        examples: &[gives("avg(`[1, 2, 6]`)", "3"), fails("to_string(avg(`[]`))", "json: unsupported value: NaN")],
        run: avg,
    },
    Function {
        name: "round",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[Number], &[Number]]),
        returns: &[Number],
        note: "rounds to that many decimal places, halves away from zero",
        examples: &[
            gives("round(`5.678`, `1`)", "5.7"),
            gives("round(`-2.5`, `0`)", "-3"),
            fails("round(`1`, `0.5`)", "JMESPath function 'round': Non-integer argument(s) passed for round off"),
            fails(
                "round(`1`, `-1`)",
                "JMESPath function 'round': %!d(MISSING) argument is out of bounds (%!d(MISSING))",
            ),
        ],
        run: round,
    },
];

fn avg(args: &Args<'_>) -> Result<Value, EvalError> {
    let items = args.list(0)?;
    args.budget().step(items.len())?;
    let sum: f64 = items.iter().filter_map(Value::as_f64).sum();
    #[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^53")]
    let length = items.len() as f64;
    Ok(Value::Float(sum / length))
}

fn round(args: &Args<'_>) -> Result<Value, EvalError> {
    let (number, places) = (args.number(0)?, args.number(1)?);
    if places.trunc() != places || places.abs() >= 9.3e18 {
        return Err(args.error("Non-integer argument(s) passed for round off"));
    }
    if places < 0.0 {
        // The original forgets to fill in its own message.
        return Err(args.error("%!d(MISSING) argument is out of bounds (%!d(MISSING))"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "anything above 400 is infinite all the same")]
    let shift = 10_f64.powi(places.min(400.0) as i32);
    Ok(Value::Float((number * shift).round() / shift))
}
