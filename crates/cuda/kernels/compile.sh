#!/usr/bin/env bash
# Makes convolve.ptx.gz of convolve.cu; needs `nvcc` 13.0 (the CUDA toolkit, or pip's nvidia-cuda-nvcc,
# nvidia-nvvm, nvidia-cuda-crt, nvidia-cuda-runtime and nvidia-cuda-cccl), here or in NVCC.
set -euo pipefail
cd "$(dirname "$0")"
{
    # A test compares this with the source.
    echo "// $(sha256sum convolve.cu | cut -d ' ' -f 1)"
    # All instructions are as old as this version, which drivers from CUDA 11.4 on read.
    ${NVCC:-nvcc} -ptx -arch=compute_80 convolve.cu -o - | sed -e 's/^\.version .*/.version 7.4/' -e '/^\/\//d'
} | gzip -9n > convolve.ptx.gz
