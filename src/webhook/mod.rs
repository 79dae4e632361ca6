//! The admission webhook: HTTPS in front of the engine.
