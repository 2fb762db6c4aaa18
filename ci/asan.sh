#!/usr/bin/env bash
# The core's test suite under the address sanitizer, with leaks.
. "$(dirname "$0")/steps.sh"
. ci/nightly.sh

# Tests that measure time, or count steps over millions of operations, show nothing here.
tests=(basics regressions model std_api sharing paging panics resumed allocation replay shapes)

suite() {
    export ASAN_OPTIONS=detect_leaks=1 COWMAP_TEST_REDUCED=1
    sanitized address test -p cowmap-core --lib "${tests[@]/#/--test=}"
}

if ! has_nightly; then
    skip "address sanitizer" "the toolchain $nightly is not installed"
elif ! has_sanitizer asan; then
    skip "address sanitizer" "$nightly for $host has none"
else
    step "address sanitizer" suite
fi
finish
