//! Decisions: PolicySet + Review + Facts -> Decision; synchronous and deterministic.
