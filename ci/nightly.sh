# What the scripts that need a nightly compiler share. Sourced after steps.sh.

# The toolchain to use: NIGHTLY=nightly-2026-05-01 ci/asan.sh
nightly=${NIGHTLY:-nightly}
host=$(rustc -vV | sed -n 's/^host: //p')

# has_nightly: whether it is installed (and rustup to choose it with).
has_nightly() {
    command -v rustup >/dev/null && rustc "+$nightly" --version >/dev/null 2>&1
}

# has_sanitizer NAME: whether it comes with the runtime of a sanitizer.
has_sanitizer() {
    ls "$(rustc "+$nightly" --print sysroot)/lib/rustlib/$host/lib/"*".$1."* >/dev/null 2>&1
}

# sanitized NAME SUBCOMMAND ARGUMENTS…: cargo with a sanitizer. The standard library stays as it is: its ABI is the same.
sanitized() {
    RUSTFLAGS="-Zsanitizer=$1 -Cunsafe-allow-abi-mismatch=sanitizer" \
        cargo "+$nightly" "$2" --target "$host" --target-dir "${CARGO_TARGET_DIR:-target}/$1" "${@:3}"
}
