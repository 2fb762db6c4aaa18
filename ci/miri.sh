#!/usr/bin/env bash
# The core's tests in Miri, under both models of borrowing. Sizes are scaled by tests/common/scale.rs.
. "$(dirname "$0")/steps.sh"
. ci/nightly.sh

tests=(basics regressions panics shapes replay)

suite() {
    MIRIFLAGS="-Zmiri-strict-provenance -Zmiri-disable-isolation $1" \
        cargo "+$nightly" miri test -p cowmap-core --lib "${tests[@]/#/--test=}" \
        --target-dir "${CARGO_TARGET_DIR:-target}/miri"
}

if ! has_nightly; then
    skip "miri" "the toolchain $nightly is not installed"
elif ! cargo "+$nightly" miri --version >/dev/null 2>&1; then
    skip "miri" "$nightly has no miri component"
else
    step "stacked borrows" suite ""
    step "tree borrows" suite "-Zmiri-tree-borrows"
fi
finish
