#!/usr/bin/env bash
# Puts LLVM 23.1 where the build for CUDA looks for it, from PyPI instead of its release on GitHub:
# static libraries, headers and `llvm-config`, pinned by hash (Apache-2.0 with LLVM exception).
#   scripts/llvm_from_pypi.sh            92 MB to download, 400 MB on the disk
# For 64-bit Linux; needs Python 3.10 or later with pip. `cargo xtask` runs it by itself.
set -euo pipefail

version=23.1.0-4 # What tracel-llvm-bundler asks for; xtask/src/llvm.rs names it, too.
target="${XDG_DATA_HOME:-$HOME/.local/share}/tracel/tracel-llvm-$version"
if [ -e "$target/.tracel-llvm-installed" ]; then
    echo "already there: $target"
    exit 0
fi
# Beside its place, so that what is moved there is whole or absent.
mkdir -p "$(dirname "$target")"
work="$(mktemp -d "$target.XXXXXX")"
trap 'rm -rf "$work"' EXIT
cat > "$work/wheels.txt" <<'W'
mlc-llvm-static==23.1.1.post0 --hash=sha256:dcfec888abfaa418be77d41af585805f31463584cf9c90582992c00f392c1ac5
mlc-llvm-static-extra-targets==23.1.1.post0 --hash=sha256:c36e834d9a4e9cf9759f27fece65711ece7a2fc2b5a96dbb15d66f5e9e787929
W
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --requirement "$work/wheels.txt" --dest "$work"
for wheel in "$work"/*.whl; do
    python3 -m zipfile -e "$wheel" "$work/unpacked"
done
sdk="$work/unpacked/mlc_llvm_static/static"
chmod +x "$sdk/bin/llvm-config" # zipfile forgets it.
"$sdk/bin/llvm-config" --link-static --libs nvptx > /dev/null
touch "$sdk/.tracel-llvm-installed"
rm -rf "$target"
mv "$sdk" "$target"
echo "LLVM $("$target/bin/llvm-config" --version) is in $target"
