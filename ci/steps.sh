# What the tiers share: named steps, with their durations and a summary at the end. Sourced, not run.
#
#   step NAME COMMAND…       runs a command; a failure is reported, and the steps after it still run
#   skip NAME REASON         says what is not run, and why
#   within SECONDS COMMAND…  runs a command that fails when it takes longer, where the system has `timeout`
#   finish                   prints the summary and ends the script; not 0 if a step failed

set -u
export CARGO_INCREMENTAL=0 # nothing is compiled twice here, and half-written state of a killed build does not spoil the next
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

failed=()
skipped=()
passed=0
began=$SECONDS

step() {
    local name=$1 start=$SECONDS
    shift
    echo "==> $name: $*"
    if "$@"; then
        passed=$((passed + 1))
        echo "<== $name: passed in $((SECONDS - start)) s"
    else
        local code=$?
        failed+=("$name")
        echo "<== $name: FAILED with status $code after $((SECONDS - start)) s"
    fi
}

within() {
    if command -v timeout >/dev/null; then
        timeout "$@"
    else
        "${@:2}"
    fi
}

skip() {
    skipped+=("$1 ($2)")
    echo "==> $1: skipped: $2"
}

finish() {
    echo "---- $passed passed, ${#failed[@]} failed, ${#skipped[@]} skipped in $((SECONDS - began)) s"
    local name
    for name in ${skipped[@]+"${skipped[@]}"}; do echo "skipped: $name"; done
    for name in ${failed[@]+"${failed[@]}"}; do echo "FAILED: $name"; done
    [ ${#failed[@]} -eq 0 ]
    exit
}
