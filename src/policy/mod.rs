//! Policies: wire types, lowering to one rule type, autogen, the indexed PolicySet.
//!
//! ```text
//! Manifest -> api (wire types) -> validation -> autogen, lower -> rule::Policy -> set::PolicySet
//! ```

// pub mod action; // waits for the template room
pub mod api;
pub mod autogen;
pub mod kind_selector;
// pub mod load; // waits for the template room
// pub mod lower; // waits for the template room
pub mod request;
// pub mod rule; // waits for the template room
pub mod selector;
// pub mod set; // waits for the template room
// pub mod validation; // waits for the template room
