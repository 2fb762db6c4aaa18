# What the tiers share: named steps, with their durations and a summary at the end. Sourced, not run.
#
#   step NAME COMMAND…       runs a command; a failure is reported, and the steps after it still run
#   skip NAME REASON         says what is not run, and why
#   within SECONDS COMMAND…  runs a command that fails when it takes longer, where the system has `timeout`
#   finish                   prints the summary and ends the script; not 0 if a step failed
#
# The last lines of a failed step are kept, too, and printed again at the very end: what a step prints
# may be long, and a reader of the end of a log should see what failed.

set -u
export CARGO_INCREMENTAL=0 # nothing is compiled twice here, and half-written state of a killed build does not spoil the next
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# A script that another one calls adds to that one's file, which prints it.
prints_failures=
if [ -z "${CI_FAILURES:-}" ]; then
    CI_FAILURES=$(mktemp) || exit 1
    export CI_FAILURES
    prints_failures=yes
fi

failed=()
skipped=()
passed=0
began=$SECONDS

step() {
    local name=$1 start=$SECONDS log known code=0 out tee
    shift
    echo "==> $name: $*"
    log=$(mktemp) || exit 1
    known=$(wc -c <"$CI_FAILURES")
    # Not a pipe, which would wait as long as there are processes that a broken test leaves behind.
    exec {out}> >(tee "$log")
    tee=$!
    "$@" >&"$out" 2>&1 {out}>&- || code=$?
    exec {out}>&-
    for _ in {1..20}; do
        kill -0 "$tee" 2>/dev/null || break
        sleep 0.1
    done
    if [ "$code" -eq 0 ]; then
        passed=$((passed + 1))
        echo "<== $name: passed in $((SECONDS - start)) s"
    else
        failed+=("$name")
        echo "<== $name: FAILED with status $code after $((SECONDS - start)) s"
        # Unless a step within it has said so.
        [ "$(wc -c <"$CI_FAILURES")" -gt "$known" ] || {
            echo "---- $name: status $code"
            grep -v '^test .* ok$' "$log" | tail -n 60
        } >>"$CI_FAILURES"
    fi
    rm -f "$log"
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
    if [ -n "$prints_failures" ]; then
        [ ! -s "$CI_FAILURES" ] || { echo "==== what failed"; cat "$CI_FAILURES"; }
        rm -f "$CI_FAILURES"
    fi
    [ ${#failed[@]} -eq 0 ]
    exit
}
