# One recipe for each thing CI runs; `just` alone lists them.

default:
    @just --list

# What CI runs.
ci:
    .ci/run

# The quickest answer while editing: without the webhook.
check:
    cargo check --no-default-features --tests

test *ARGS:
    cargo test {{ARGS}}

lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo clippy --all-targets --no-default-features -- -D warnings

doc:
    RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --no-deps --document-private-items

deny:
    cargo deny --offline check bans licenses sources

bench:
    cargo bench
