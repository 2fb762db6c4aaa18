#!/usr/bin/env bash
# The first tier: what every change must pass, in some fifteen minutes.
. "$(dirname "$0")/steps.sh"

target=${CARGO_TARGET_DIR:-target}
bare_metal=(thumbv7em-none-eabi thumbv7m-none-eabi wasm32-unknown-unknown)

# has_target NAME: whether the toolchain in use has the core library of a target.
has_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]
}

# with_flags FLAGS COMMAND…: a command under RUSTFLAGS.
with_flags() {
    RUSTFLAGS=$1 "${@:2}"
}

doc() {
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --all-features
}

# The tests of optional features.
features() {
    cargo test -p cowmap --all-features && cargo test -p cowmap-core --all-features --doc
}

# Without optional features users of `cowmap` compile its engine and nothing else; by default
# parking_lot and what it needs, too.
no_dependencies() {
    local engine=$'cowmap\ncowmap_core' features found lib
    for features in "" --features=std; do
        found=$(cargo tree -p cowmap -e normal --no-default-features $features --prefix none \
            --format '{lib}') || return
        [ "$found" = "$engine" ] || { echo "without parking_lot, $features: $found"; return 1; }
    done
    found=$(cargo tree -p cowmap -e normal --prefix none --format '{lib}') || return
    for lib in $found; do
        case $lib in
            cowmap | cowmap_core) ;;
            parking_lot | parking_lot_core | lock_api | scopeguard | smallvec | cfg_if | libc) ;;
            *) echo "by default: $lib"; return 1 ;;
        esac
    done
}

# Two runs on a table in a folder, and what is in its files then.
durable() {
    local dir code=0
    dir=$(mktemp -d) || return
    bank() {
        cargo run --release -p cowmap-examples --bin version_table -- --durable "$dir" --seconds 2 \
            --accounts 200000 "$@"
    }
    bank && bank --buffered && cargo run --release -p cowmap-examples --bin inspect -- "$dir" || code=$?
    rm -rf "$dir"
    return $code
}

# What would be published, built from the packages. Offline, for the steps before fetched all that is needed.
# In a new folder, because cargo keeps what it unpacks under the folder's name: where that name was used
# before, it would build the facade against the engine of that time.
package() {
    local dir
    dir=$(mktemp -d) || return
    cargo package --offline --allow-dirty -p cowmap-core -p cowmap-derive -p cowmap --target-dir "$dir"
    local code=$?
    rm -rf "$dir"
    return $code
}

step "format" cargo fmt --all --check
step "clippy" cargo clippy --all-targets --all-features -- -Dwarnings
step "docs" doc
step "tests" within 1500 cargo test
# They count fewer keys where code is not optimised.
step "families and orders, all sizes" within 600 cargo test --release -p cowmap-core \
    --test families --test iteration_order --test density --test crowded
step "orders of all iterators" within 600 cargo test --release -p cowmap --features rayon --test order
step "history, full size" within 600 cargo test --release -p cowmap --test history
step "features" within 600 bash -c "$(declare -f features); features"
step "version_table" cargo run --release -p cowmap-examples --bin version_table -- --seconds 3 \
    --writers 2 --accounts 100000
step "time_travel" cargo run --release -p cowmap-examples --bin time_travel -- --seconds 2
step "txn_registry" cargo run --release -p cowmap-examples --bin txn_registry -- --seconds 2
step "replicate" cargo run --release -p cowmap-examples --bin replicate -- --seconds 5
step "checkpoint" cargo run --release -p cowmap-examples --bin checkpoint -- --seconds 4
step "version_table --durable, inspect" durable
step "custom_id" cargo run --release -p cowmap-examples --bin custom_id
step "soak" cargo run --release -p cowmap-examples --bin soak -- --seconds 3
step "no_std, core" cargo build -p cowmap-core --no-default-features
step "no_std, facade" cargo build -p cowmap --no-default-features

found=
for name in "${bare_metal[@]}"; do
    if has_target "$name"; then
        found=$name
        step "no_std on $name" cargo build -p cowmap --no-default-features --target "$name"
    fi
done
[ -n "$found" ] || skip "no_std on bare metal" "none of ${bare_metal[*]} is installed"

# As on targets without atomics of 64 bits, which are only built.
step "tests without 64-bit atomics" with_flags "--cfg cowmap_narrow" \
    cargo test -p cowmap-core --lib --test basics --test sharing --test panics --test allocation \
    --target-dir "$target/narrow"

step "cells without 64-bit atomics" with_flags "--cfg cowmap_narrow" \
    cargo test -p cowmap --test cell --target-dir "$target/narrow"

# Where it runs, not only builds: pointers of 32 bits.
if has_target i686-unknown-linux-gnu; then
    step "tests on i686" within 900 cargo test -p cowmap-core --target i686-unknown-linux-gnu \
        --lib --test basics --test sharing --test shapes
else
    skip "tests on i686" "the core library of i686-unknown-linux-gnu is not installed"
fi

if grep -qsw avx2 /proc/cpuinfo; then
    step "unit tests with AVX2" with_flags -Ctarget-feature=+avx2 \
        cargo test -p cowmap-core --lib --target-dir "$target/avx2"
else
    skip "unit tests with AVX2" "this processor has none, or does not say so in /proc/cpuinfo"
fi

step "no dependencies" no_dependencies
step "packages" package
step "benches compile" cargo check -p cowmap-benches --all-targets

finish
