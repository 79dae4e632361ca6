//! A template and the data of its variables, as JSON with a zero byte between them (or one text, which is both): compiling
//! and resolving end, without panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::document::Value;
use rendergate::jmespath::{Budget, Expression, FixedClock, Runtime, SeededRandom, go};
use rendergate::template::{Limits, Query, QueryError, Template};

struct Data(Value, Budget);

impl Query for Data {
    fn query(&self, expression: &Expression) -> Result<Value, QueryError> {
        let clock = FixedClock("2024-02-29T10:20:30Z".parse().expect("an instant"));
        let random = SeededRandom::new(1);
        Ok(expression.search(&self.0, &Runtime::new(&clock, &random).sharing(&self.1))?)
    }

    fn is_delete(&self) -> bool {
        false
    }

    fn limits(&self) -> Limits {
        Limits { bytes: 1 << 16, ..Limits::default() }
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (template, data) = text.split_once('\0').unwrap_or((text, text));
    let read = |text: &str| go::json::read(text).unwrap_or_else(|_| Value::from(text));
    let data = Data(Value::from([("a", read(data))]), Budget::new(100_000, 1 << 20));
    let template = Template::compile(&read(template));
    let _ = template.resolve(&data);
    assert!(template.variables().all(|variable| !variable.expression.contains("{{")));
});
