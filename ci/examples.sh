#!/usr/bin/env bash
# Lists the public items whose documentation shows no example. By hand: it needs a nightly rustdoc, and Python.
. "$(dirname "$0")/steps.sh"
. ci/nightly.sh

examples() {
    cargo "+$nightly" rustdoc -p "$1" --all-features -- -Zunstable-options --output-format json &&
        python3 - "${CARGO_TARGET_DIR:-target}/doc/${1//-/_}.json" <<'END'
import json, sys

crate = json.load(open(sys.argv[1]))
index, without = crate["index"], []

def look(number):
    """An item, and what can be reached by it. Traits and types have one example together with their parts."""
    item = index.get(str(number))
    if item is None or item["visibility"] not in ["public", "default"]:
        return
    (kind, inner), = item["inner"].items()
    if kind == "use":
        look(inner["id"])
    elif kind not in ["module", "impl"] and "```" not in (item["docs"] or ""):
        without.append(f"{item['span']['filename']}:{item['span']['begin'][0]}: {item['name']}")
    if kind == "module" or kind == "impl" and inner["trait"] is None:
        for part in inner["items"]:
            look(part)
    for part in inner.get("impls", []) if kind != "trait" else []:
        look(part)

look(crate["root"])
print("\n".join(sorted(without)), end="\n" if without else "")
sys.exit(1 if without else 0)
END
}

if has_nightly && command -v python3 >/dev/null; then
    for name in cowmap-core cowmap; do step "examples of $name" examples "$name"; done
else
    skip "examples" "the toolchain $nightly, or Python, is not installed"
fi
finish
