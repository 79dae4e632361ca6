//! An expression and a document, with a zero byte between them: compiling, printing and evaluating end, without panic,
//! within the budget; and a compiled expression gives the same answer twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::document::Value;
use rendergate::jmespath::{Budget, Expression, FixedClock, Runtime, SeededRandom, go};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, document) = text.split_once('\0').unwrap_or((text, "{}"));
    let Ok(expression) = Expression::compile(text) else { return };
    let _ = expression.tree();
    let document = go::json::read(document).unwrap_or(Value::Null);
    let clock = FixedClock("2024-02-29T10:20:30Z".parse().expect("an instant"));
    let answer = || {
        let (random, budget) = (SeededRandom::new(1), Budget::new(100_000, 1 << 20));
        let answer = expression.search(&document, &Runtime::new(&clock, &random).sharing(&budget));
        // Printed, because NaN equals nothing.
        format!("{answer:?}")
    };
    assert_eq!(answer(), answer());
});
