//! Kyverno's JMESPath dialect: compiled expressions over a lazily read root.
//!
//! [`Expression::compile`] parses once, at load; [`Expression::search`] evaluates over a [`Root`] with the clock, the
//! randomness and the budget of a [`Runtime`]. The dialect is that of kyverno/go-jmespath with Kyverno's own functions:
//! an unknown key of an object is an error (and becomes null in the places the dialect lists), integers are not
//! JMESPath numbers, floats are. `functions::catalogue` lists every function with its signature, note and examples.
//!
//! ```text
//! text -> lexer -> parser -> Node (ast) -> Expression -> eval (+ functions/<family>) -> Value
//! ```

mod ast;
mod error;
mod eval;
mod expression;
pub mod functions;
pub mod go;
mod lexer;
mod mentions;
mod parser;
mod print;
mod root;
mod runtime;
#[cfg(test)]
mod tests;

pub use error::{CompileError, EvalError, Exhausted};
pub use expression::Expression;
pub use mentions::mentions;
pub use root::{Root, Unavailable};
pub use runtime::{Budget, Clock, FixedClock, Random, Runtime, SeededRandom};

/// Longest expression text accepted, in bytes.
pub const MAX_EXPRESSION_BYTES: usize = 64 * 1024;

/// Deepest expression accepted, in nodes from the root of the syntax tree to a leaf.
pub const MAX_EXPRESSION_DEPTH: usize = 200;
