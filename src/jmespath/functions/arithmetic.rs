//! `add`, `subtract`, `multiply`, `divide`, `modulo`, `sum` over numbers, quantities and durations (spec 30 §4.7).

use super::Type::{Any, Array};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::quantity::ArithmeticError;
use crate::document::{GoDuration, Quantity, Value};
use crate::jmespath::error::EvalError;

const TWO: Params = Params::Exactly(&[&[Any], &[Any]]);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "add",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Any],
        note: "the sum of two numbers, two quantities or two durations",
        examples: &[
            gives("add('12Ki', '13')", "\"12301\""),
            gives("add('1h30m', '30m0s')", "\"2h0m0s\""),
            fails("add('12', '13s')", "JMESPath function 'add': Types mismatch"),
            fails("add('', `1`)", "JMESPath function 'add': invalid operand"),
        ],
        run: |args| binary(args, add),
    },
    Function {
        name: "subtract",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Any],
        note: "the difference of two numbers, two quantities or two durations",
        examples: &[gives("subtract('30m', '1Gi')", "\"-1073741823970m\""), gives("subtract(`-3`, `1.5`)", "-4.5")],
        run: |args| binary(args, subtract),
    },
    Function {
        name: "multiply",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Any],
        note: "a number, quantity or duration times a number",
        examples: &[
            gives("multiply('12Ki', `2.5`)", "\"30Ki\""),
            gives("multiply(`2.5`, '40s')", "\"1m40s\""),
            fails("multiply('1', '2')", "JMESPath function 'multiply': Types mismatch"),
        ],
        run: |args| binary(args, multiply),
    },
    Function {
        name: "divide",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Any],
        note: "the quotient: a number for two of a kind, else of the kind of the first; the divisor is not zero",
        examples: &[
            gives("divide('12Ki', '200')", "61.44"),
            gives("divide('1', `3`)", "\"0\""),
            gives("divide('1.0', `3`)", "\"300m\""),
            gives("divide('3h', '2h')", "1.5"),
            fails("divide(`5`, `0`)", "JMESPath function 'divide': Zero divisor passed"),
        ],
        run: |args| binary(args, divide),
    },
    Function {
        name: "modulo",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Any],
        note: "the remainder of two of a kind, whole for numbers and quantities; the sign is that of the first",
        examples: &[
            gives("modulo(`-7`, `5`)", "-2"),
            gives("modulo('1h', '25m0s')", "\"10m0s\""),
            fails("modulo(`1.5`, `1`)", "JMESPath function 'modulo': Non-integer argument(s) passed for modulo"),
        ],
        run: |args| binary(args, modulo),
    },
    Function {
        name: "sum",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[Array]]),
        returns: &[Any],
        note: "the sum of all items of a list that is not empty",
        examples: &[
            gives("sum(`[\"12Ki\", \"1Ki\"]`)", "\"13Ki\""),
            gives("sum(`[true]`)", "true"),
            fails("sum(`[]`)", "JMESPath function 'sum': at least one element in the array is required"),
        ],
        run: sum,
    },
];

enum Operand {
    Scalar(f64),
    Quantity(Quantity),
    Duration(GoDuration),
}

/// Why two operands have no result, without the function's name.
enum Refusal {
    Operand,
    Mismatch,
    Arithmetic(ArithmeticError),
}

impl From<ArithmeticError> for Refusal {
    fn from(error: ArithmeticError) -> Self {
        Self::Arithmetic(error)
    }
}

impl Refusal {
    fn text(&self) -> String {
        match self {
            Refusal::Operand => "invalid operand".to_owned(),
            Refusal::Mismatch => "Types mismatch".to_owned(),
            Refusal::Arithmetic(error) => error.to_string(),
        }
    }
}

type Outcome = Result<Operand, Refusal>;

impl Operand {
    /// A number, else a text that is a quantity, else one that is a duration.
    fn read(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Float(number) => Ok(Self::Scalar(*number)),
            Value::String(text) => match (Quantity::parse(text), GoDuration::parse(text)) {
                (Ok(quantity), _) => Ok(Self::Quantity(quantity)),
                (_, Ok(duration)) => Ok(Self::Duration(duration)),
                _ => Err(Refusal::Operand),
            },
            _ => Err(Refusal::Operand),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Operand::Scalar(number) => Value::Float(number),
            Operand::Quantity(quantity) => Value::from(quantity.to_string()),
            Operand::Duration(duration) => Value::from(duration.to_string()),
        }
    }
}

fn binary(args: &Args<'_>, operation: fn(Operand, Operand) -> Outcome) -> Result<Value, EvalError> {
    apply(&args.value(0), &args.value(1), operation).map_err(|refusal| args.error(refusal.text()))
}

fn apply(left: &Value, right: &Value, operation: fn(Operand, Operand) -> Outcome) -> Result<Value, Refusal> {
    let (left, right) = (Operand::read(left)?, Operand::read(right)?);
    operation(left, right).map(Operand::into_value)
}

fn add(left: Operand, right: Operand) -> Outcome {
    Ok(match (left, right) {
        (Operand::Scalar(a), Operand::Scalar(b)) => Operand::Scalar(a + b),
        (Operand::Quantity(a), Operand::Quantity(b)) => Operand::Quantity(a.add(&b)?),
        (Operand::Duration(a), Operand::Duration(b)) => Operand::Duration(GoDuration(a.0.wrapping_add(b.0))),
        _ => return Err(Refusal::Mismatch),
    })
}

fn subtract(left: Operand, right: Operand) -> Outcome {
    Ok(match (left, right) {
        (Operand::Scalar(a), Operand::Scalar(b)) => Operand::Scalar(a - b),
        (Operand::Quantity(a), Operand::Quantity(b)) => Operand::Quantity(a.subtract(&b)?),
        (Operand::Duration(a), Operand::Duration(b)) => Operand::Duration(GoDuration(a.0.wrapping_sub(b.0))),
        _ => return Err(Refusal::Mismatch),
    })
}

fn multiply(left: Operand, right: Operand) -> Outcome {
    Ok(match (left, right) {
        (Operand::Scalar(a), Operand::Scalar(b)) => Operand::Scalar(a * b),
        (Operand::Quantity(quantity), Operand::Scalar(factor))
        | (Operand::Scalar(factor), Operand::Quantity(quantity)) => Operand::Quantity(quantity.multiply(factor)?),
        (Operand::Duration(duration), Operand::Scalar(factor))
        | (Operand::Scalar(factor), Operand::Duration(duration)) => {
            Operand::Duration(GoDuration::from_seconds(duration.seconds() * factor))
        }
        _ => return Err(Refusal::Mismatch),
    })
}

fn divide(left: Operand, right: Operand) -> Outcome {
    let nonzero = |divisor: f64| if divisor == 0.0 { Err(ArithmeticError::ZeroDivisor) } else { Ok(divisor) };
    Ok(match (left, right) {
        (Operand::Scalar(a), Operand::Scalar(b)) => Operand::Scalar(a / nonzero(b)?),
        (Operand::Quantity(a), Operand::Quantity(b)) => Operand::Scalar(a.divide(&b)?),
        (Operand::Quantity(a), Operand::Scalar(b)) => Operand::Quantity(a.divide_by_scalar(b)?),
        (Operand::Duration(a), Operand::Duration(b)) => Operand::Scalar(a.seconds() / nonzero(b.seconds())?),
        (Operand::Duration(a), Operand::Scalar(b)) => {
            Operand::Duration(GoDuration::from_seconds(a.seconds() / nonzero(b)?))
        }
        _ => return Err(Refusal::Mismatch),
    })
}

fn modulo(left: Operand, right: Operand) -> Outcome {
    Ok(match (left, right) {
        (Operand::Scalar(a), Operand::Scalar(b)) => {
            let (a, b) = (whole(a)?, whole(b)?);
            if b == 0 {
                return Err(ArithmeticError::ZeroDivisor.into());
            }
            #[expect(clippy::cast_precision_loss, reason = "Kyverno converts back the same way")]
            Operand::Scalar(a.wrapping_rem(b) as f64)
        }
        (Operand::Quantity(a), Operand::Quantity(b)) => Operand::Quantity(a.modulo(&b)?),
        (Operand::Duration(_), Operand::Duration(GoDuration(0))) => return Err(ArithmeticError::ZeroDivisor.into()),
        (Operand::Duration(a), Operand::Duration(b)) => Operand::Duration(GoDuration(a.0.wrapping_rem(b.0))),
        _ => return Err(Refusal::Mismatch),
    })
}

fn whole(number: f64) -> Result<i64, ArithmeticError> {
    if number.trunc() != number || number.abs() >= 9.3e18 {
        return Err(ArithmeticError::NonInteger);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and in range, tested here")]
    Ok(number as i64)
}

fn sum(args: &Args<'_>) -> Result<Value, EvalError> {
    if args.is_items(0) {
        return Err(args.error("Types mismatch"));
    }
    let Some((first, rest)) = args.list(0)?.split_first() else {
        return Err(args.error("at least one element in the array is required"));
    };
    args.budget().step(rest.len() * 4)?;
    rest.iter()
        .try_fold(first.clone(), |total, item| apply(&total, item, add))
        .map_err(|refusal| args.error(refusal.text()))
}
