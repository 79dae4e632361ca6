//! Time: now, reading, arithmetic and comparison (spec 30 §4.8).

use super::Type::{Bool, String};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::{GoDuration, Value};
use crate::jmespath::error::EvalError;
use crate::jmespath::go::quote;
use crate::jmespath::go::time::{RFC3339, Time, parse};

const ONE: Params = Params::Exactly(&[&[String]]);
const TWO: Params = Params::Exactly(&[&[String], &[String]]);
const THREE: Params = Params::Exactly(&[&[String], &[String], &[String]]);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "time_now",
        origin: Origin::Kyverno,
        params: Params::Ignored,
        returns: &[String],
        note: "the current time in RFC 3339, in the zone of the process",
        examples: &[gives("time_now()", "\"2024-02-29T10:20:30Z\"")],
        run: |args| {
            let now = args.runtime().clock.now();
            let offset = i64::from(args.runtime().clock.zone().to_offset(now).seconds());
            Ok(shown(Time { nanos: now.as_nanosecond(), offset }))
        },
    },
    Function {
        name: "time_now_utc",
        origin: Origin::Kyverno,
        params: Params::Ignored,
        returns: &[String],
        note: "the current time in RFC 3339, in UTC",
        examples: &[gives("time_now_utc('ignored')", "\"2024-02-29T10:20:30Z\"")],
        run: |args| Ok(shown(now(args))),
    },
    Function {
        name: "time_since",
        origin: Origin::Kyverno,
        params: THREE,
        returns: &[String],
        note: "the time from the second to the third argument (empty: now), both in the layout (empty: RFC 3339)",
        examples: &[
            gives("time_since('', '2024-02-29T10:00:00Z', '')", "\"20m30.5s\""),
            gives("time_since('2006-01-02', '2024-01-01', '2024-01-02')", "\"24h0m0s\""),
        ],
        run: |args| {
            let layout = Some(args.text(0)?).filter(|layout| !layout.is_empty()).unwrap_or(RFC3339);
            let start = read(layout, args.text(1)?)?;
            let end = match args.text(2)? {
                "" => now(args),
                text => read(layout, text)?,
            };
            Ok(duration(end.since(&start)))
        },
    },
    Function {
        name: "time_diff",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[String],
        note: "the time from the first to the second time",
        examples: &[gives("time_diff('2023-01-12T15:00:00Z', '2023-01-13T15:30:00Z')", "\"24h30m0s\"")],
        run: |args| {
            let start = time(args, 0)?;
            Ok(duration(time(args, 1)?.since(&start)))
        },
    },
    Function {
        name: "time_add",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[String],
        note: "a time and a duration later",
        examples: &[
            gives("time_add('2023-01-12T15:00:00+02:00', '-90m')", "\"2023-01-12T13:30:00+02:00\""),
            fails("time_add('2023-01-12T15:00:00Z', '1d')", r#"time: unknown unit "d" in duration "1d""#),
        ],
        run: |args| {
            let time = time(args, 0)?;
            Ok(shown(time.plus(duration_argument(args, 1)?)))
        },
    },
    Function {
        name: "time_parse",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[String],
        note: "a time in a layout (or in epoch seconds, when the layout is a number) in RFC 3339",
        examples: &[
            gives("time_parse('1702691171', '1702691171')", "\"2023-12-16T01:46:11Z\""),
            gives("time_parse('2006-01-02', '2024-02-29')", "\"2024-02-29T00:00:00Z\""),
            fails("time_parse('1', 'x')", r#"strconv.ParseInt: parsing "x": invalid syntax"#),
        ],
        run: time_parse,
    },
    Function {
        name: "time_utc",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "a time in UTC",
        examples: &[gives("time_utc('2021-01-02T18:04:05-05:00')", "\"2021-01-02T23:04:05Z\"")],
        run: |args| Ok(shown(Time { offset: 0, ..time(args, 0)? })),
    },
    Function {
        name: "time_to_cron",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "a time as a cron expression: minute, hour, day, month, weekday",
        examples: &[gives("time_to_cron('2023-01-12T15:00:00Z')", "\"0 15 12 1 4\"")],
        run: |args| {
            let at = time(args, 0)?.civil();
            Ok(Value::from(format!("{} {} {} {} {}", at.minute, at.hour, at.day, at.month, at.weekday)))
        },
    },
    Function {
        name: "time_before",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Bool],
        note: "whether the first time is before the second",
        examples: &[gives("time_before('2023-01-12T15:00:00Z', '2023-01-12T15:00:00Z')", "false")],
        run: |args| Ok(Value::Bool(time(args, 0)?.nanos < time(args, 1)?.nanos)),
    },
    Function {
        name: "time_after",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Bool],
        note: "whether the first time is after the second",
        examples: &[gives("time_after('2023-01-12T15:00:00Z', '2023-01-12T15:00:00+01:00')", "true")],
        run: |args| Ok(Value::Bool(time(args, 0)?.nanos > time(args, 1)?.nanos)),
    },
    Function {
        name: "time_between",
        origin: Origin::Kyverno,
        params: THREE,
        returns: &[Bool],
        note: "whether the first time lies after the second and before the third",
        examples: &[gives(
            "time_between('2024-01-02T00:00:00Z', '2024-01-01T00:00:00Z', '2024-01-03T00:00:00Z')",
            "true",
        )],
        run: |args| {
            let (at, start, end) = (time(args, 0)?, time(args, 1)?, time(args, 2)?);
            Ok(Value::Bool(at.nanos > start.nanos && at.nanos < end.nanos))
        },
    },
    Function {
        name: "time_truncate",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[String],
        note: "a time rounded down to a multiple of a duration, counted from year 1",
        examples: &[
            gives("time_truncate('2021-01-02T17:23:45Z', '1h')", "\"2021-01-02T17:00:00Z\""),
            gives("time_truncate('2021-01-02T17:23:45Z', '-1h')", "\"2021-01-02T17:23:45Z\""),
        ],
        run: |args| {
            let time = time(args, 0)?;
            Ok(shown(time.truncate(duration_argument(args, 1)?)))
        },
    },
];

fn now(args: &Args<'_>) -> Time {
    Time { nanos: args.runtime().clock.now().as_nanosecond(), offset: 0 }
}

fn shown(time: Time) -> Value {
    Value::from(time.rfc3339())
}

fn duration(nanos: i64) -> Value {
    Value::from(GoDuration(nanos).to_string())
}

fn read(layout: &str, text: &str) -> Result<Time, EvalError> {
    parse(layout, text).map_err(EvalError::Other)
}

fn time(args: &Args<'_>, i: usize) -> Result<Time, EvalError> {
    read(RFC3339, args.text(i)?)
}

fn duration_argument(args: &Args<'_>, i: usize) -> Result<i64, EvalError> {
    GoDuration::parse(args.text(i)?).map(|duration| duration.0).map_err(|error| EvalError::other(error.to_string()))
}

fn time_parse(args: &Args<'_>) -> Result<Value, EvalError> {
    let (layout, text) = (args.text(0)?, args.text(1)?);
    args.budget().step(layout.len() + text.len())?;
    if layout.parse::<i64>().is_err() {
        return Ok(shown(read(layout, text)?));
    }
    match text.parse::<i64>() {
        Ok(seconds) => Ok(shown(Time::from_unix(seconds))),
        Err(error) => {
            let overflow =
                matches!(error.kind(), std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow);
            let cause = if overflow { "value out of range" } else { "invalid syntax" };
            Err(EvalError::other(format!("strconv.ParseInt: parsing {}: {cause}", quote(text))))
        }
    }
}
