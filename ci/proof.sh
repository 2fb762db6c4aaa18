#!/usr/bin/env bash
# The second tier: races, memory errors and faults, with whatever tools there are. Each script runs alone, too.
. "$(dirname "$0")/steps.sh"

for tool in loom mutants tsan asan valgrind fuzz miri; do
    step "$tool" "ci/$tool.sh"
done
finish
