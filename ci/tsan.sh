#!/usr/bin/env bash
# A threaded program of its own under the thread sanitizer: the test harness is not instrumented.
. "$(dirname "$0")/steps.sh"
. ci/nightly.sh

races() {
    # No suppressions: one for frames of std::thread would match every stack of a thread, and hide all races.
    export TSAN_OPTIONS=halt_on_error=1
    sanitized thread run -p cowmap-core --example races -- "${1:-6000}"
}

if ! has_nightly; then
    skip "thread sanitizer" "the toolchain $nightly is not installed"
elif ! has_sanitizer tsan; then
    skip "thread sanitizer" "$nightly for $host has none"
else
    step "thread sanitizer" races
fi
finish
