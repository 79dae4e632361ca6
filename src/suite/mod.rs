//! kyverno-test.yaml suites: load, run, compare.
