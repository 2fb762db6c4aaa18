#!/usr/bin/env bash
# A reduced suite under memcheck, which sees reads of memory that was never written.
. "$(dirname "$0")/steps.sh"

# What touches every path of the engine with the fewest steps.
tests=(replay shapes sharing)

run_under_valgrind() {
    export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="$checker" CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$checker"
    COWMAP_TEST_REDUCED=1 within 900 cargo test -p cowmap-core "${tests[@]/#/--test=}"
}

checker="valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
if command -v valgrind >/dev/null; then
    step "memcheck" run_under_valgrind
else
    skip "memcheck" "valgrind is not installed"
fi
finish
