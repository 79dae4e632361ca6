//! [`World`]: what stays the same while one review is decided.

use std::cell::RefCell;

use crate::jmespath::{Budget, Clock, Random, Runtime};

use super::facts::Facts;
use super::image_record::ImageRecord;

/// The facts, the clock and the limits of one decision.
pub(super) struct World<'a> {
    pub(super) facts: &'a dyn Facts,
    /// What was found out about images.
    pub(super) images: RefCell<ImageRecord>,
    clock: FactsClock<'a>,
}

impl<'a> World<'a> {
    pub(super) fn new(facts: &'a dyn Facts) -> Self {
        Self { facts, images: RefCell::default(), clock: FactsClock(facts) }
    }

    /// What JMESPath functions may ask: the decision's one time value, and randomness.
    pub(super) fn runtime<'b>(&'b self, budget: &'b Budget) -> Runtime<'b> {
        Runtime::new(&self.clock, &self.clock).sharing(budget)
    }
}

struct FactsClock<'a>(&'a dyn Facts);

impl Clock for FactsClock<'_> {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(self.0.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl Random for FactsClock<'_> {
    fn random(&self) -> u64 {
        self.0.random()
    }
}
