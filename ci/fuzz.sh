#!/usr/bin/env bash
# Each fuzz target for a short while: ci/fuzz.sh [SECONDS]. Found cases stay in fuzz/artifacts.
. "$(dirname "$0")/steps.sh"
. ci/nightly.sh

seconds=${1:-40}

fuzz() {
    mkdir -p "fuzz/corpus/$1"
    cargo "+$nightly" fuzz run --fuzz-dir fuzz --target-dir "${CARGO_TARGET_DIR:-target}/fuzz" "$1" \
        "fuzz/corpus/$1" fuzz/seeds -- -max_total_time="$seconds" -max_len=2000 -print_final_stats=1
}

if ! has_nightly; then
    skip "fuzzing" "the toolchain $nightly is not installed"
elif ! cargo fuzz --version >/dev/null 2>&1; then
    skip "fuzzing" "cargo-fuzz is not installed"
else
    for target in tiny flat paged; do step "fuzz $target" fuzz "$target"; done
fi
finish
