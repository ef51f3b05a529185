#!/usr/bin/env bash
# Runs a command with SwiftShader as the only Vulkan device: the WebGPU backend then computes for
# real, in software. SwiftShader comes with Debian's chromium, and libvulkan1 finds it; both are
# installed where they are missing and apt may.
#   scripts/swiftshader.sh cargo test --release -p graft --features wgpu
# Exit code 3: it is not there and cannot be installed.
set -euo pipefail

driver=/usr/lib/chromium/vk_swiftshader_icd.json

# Not `grep -q`, which may leave before ldconfig has written all, and then ldconfig fails.
missing() { [ ! -e "$driver" ] || ! ldconfig -p | grep 'libvulkan\.so\.1' >/dev/null; }

if missing; then
    echo "installing chromium and libvulkan1 for SwiftShader" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium libvulkan1; } >&2 || true
fi
if missing; then
    echo "no SwiftShader: $driver or libvulkan.so.1 is missing; install Debian's chromium and libvulkan1" >&2
    exit 3
fi

# A Vulkan device asks for a folder of the user's own.
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$(mktemp -d)}"
export VK_ICD_FILENAMES="$driver" VK_DRIVER_FILES="$driver"
exec "$@"
