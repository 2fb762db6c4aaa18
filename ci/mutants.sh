#!/usr/bin/env bash
# The rules of ownership and of the directory, broken one by one: for each patch in ci/mutants/ a test
# must fail.
#
#   ci/mutants.sh            all of them
#   ci/mutants.sh sharing    those for tests/sharing.rs; likewise `crowded`, `loom`
. "$(dirname "$0")/steps.sh"

repository=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/mutants
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT

# run KIND ARGUMENTS…: the tests for mutants of a kind.
run() {
    local flags="" only=() profile=dev
    if [ "$1" = loom ]; then
        flags="--cfg loom" profile=release
        # The shortest models of a page, a level, and three handles.
        only=(a_reader_drops_a_page a_reader_drops_a_level the_last_of_three_frees_a_page three_handles)
    fi
    RUSTFLAGS=$flags within 600 cargo test --quiet --profile $profile -p cowmap-core \
        --test "$1" --target-dir "$target/$1" "${@:2}" -- ${only[@]+"${only[@]}"}
}

# mutant PATCH KIND: whether the code compiles with the patch, and a test fails.
mutant() {
    local failed=1
    if ! git apply "$1"; then
        echo "the code that this patch breaks has changed: write the patch anew"
        return 1
    fi
    if run "$2" --no-run >/dev/null 2>&1; then
        run "$2" >/dev/null 2>&1 || failed=0
    else
        echo "does not compile"
    fi
    git apply --reverse "$1" || return 1
    return $failed
}

# A repository of its own, for `git apply` looks for one.
git ls-files -z | xargs -0 cp --parents -t "$tree" && cd "$tree" && git init --quiet || exit 1

for kind in ${1:-sharing crowded loom}; do
    step "without a mutant, $kind" run "$kind"
    for patch in "$repository/ci/mutants/$kind"-*.patch; do
        name=$(basename "$patch" .patch)
        step "$name" mutant "$patch" "$kind"
    done
done
finish
