#!/usr/bin/env bash
# Every interleaving of the models in tests/loom.rs.
. "$(dirname "$0")/steps.sh"

models() {
    RUSTFLAGS="--cfg loom" cargo test --release -p cowmap-core --test loom \
        --target-dir "${CARGO_TARGET_DIR:-target}/loom" -- --nocapture
}

step "loom models" within 600 bash -c "$(declare -f models); models"
finish
