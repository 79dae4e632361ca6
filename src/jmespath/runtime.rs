//! What an evaluation may ask of the world, and how much it may do.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::{EvalError, Exhausted};

/// The time, as `time_now` and its kin see it.
pub trait Clock {
    /// The current instant.
    fn now(&self) -> Timestamp;

    /// The zone in which `time_now()` prints; UTC unless the process has another.
    fn zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}

/// A clock that stands still.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Randomness, as `random()` draws it.
pub trait Random {
    /// The next 64 random bits.
    fn random(&self) -> u64;
}

/// A reproducible source (SplitMix64), for renders and tests that must not vary.
#[derive(Clone, Debug)]
pub struct SeededRandom(Cell<u64>);

impl SeededRandom {
    /// A source that yields the same sequence for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }
}

impl Random for SeededRandom {
    fn random(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// How much evaluations that share it may still do. Spent by every node, by the work of functions in proportion to
/// their input, and by every byte produced; never refilled.
#[derive(Clone, Debug)]
pub struct Budget {
    steps: Cell<u64>,
    bytes: Cell<u64>,
    max_steps: u64,
    max_bytes: u64,
}

impl Budget {
    /// A budget of `steps` evaluation steps (about 10 to 50 ns each) and `bytes` produced bytes.
    #[must_use]
    pub fn new(steps: u64, bytes: u64) -> Self {
        Self { steps: Cell::new(steps), bytes: Cell::new(bytes), max_steps: steps, max_bytes: bytes }
    }

    /// Spends `n` steps.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn step(&self, n: usize) -> Result<(), EvalError> {
        match self.steps.get().checked_sub(n as u64) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => Err(Exhausted::Steps(self.max_steps).into()),
        }
    }

    /// Spends `n` bytes of output (and the steps it takes to write them).
    ///
    /// # Errors
    /// When fewer are left.
    pub fn produce(&self, n: usize) -> Result<(), EvalError> {
        self.step(n / 64)?;
        match self.bytes.get().checked_sub(n as u64) {
            Some(left) => {
                self.bytes.set(left);
                Ok(())
            }
            None => Err(Exhausted::Bytes(self.max_bytes).into()),
        }
    }
}

/// Ten million steps and 64 MiB: no policy of the public library comes near, and a runaway ends within a second or two.
impl Default for Budget {
    fn default() -> Self {
        Self::new(10_000_000, 64 << 20)
    }
}

/// What one evaluation runs with.
pub struct Runtime<'a> {
    /// The time.
    pub clock: &'a dyn Clock,
    /// The randomness.
    pub random: &'a dyn Random,
    own: Budget,
    shared: Option<&'a Budget>,
}

impl<'a> Runtime<'a> {
    /// A runtime with a default budget of its own.
    #[must_use]
    pub fn new(clock: &'a dyn Clock, random: &'a dyn Random) -> Self {
        Self { clock, random, own: Budget::default(), shared: None }
    }

    /// The same, spending from `budget`, which other runtimes may share.
    #[must_use]
    pub fn sharing(self, budget: &'a Budget) -> Self {
        Self { shared: Some(budget), ..self }
    }

    /// The limits.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        self.shared.unwrap_or(&self.own)
    }
}
