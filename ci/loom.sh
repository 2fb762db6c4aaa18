#!/usr/bin/env bash
# Every interleaving of the models of shared maps (crates/cowmap-core/tests/loom.rs) and of cells
# (crates/cowmap/tests/loom_cell.rs).
. "$(dirname "$0")/steps.sh"

# models PACKAGE TEST
models() {
    RUSTFLAGS="--cfg loom" cargo test --release -p "$1" --test "$2" \
        --target-dir "${CARGO_TARGET_DIR:-target}/loom" -- --nocapture
}

step "loom models" within 600 bash -c "$(declare -f models); models cowmap-core loom"
step "loom models of cells" within 600 bash -c "$(declare -f models); models cowmap loom_cell"
finish
