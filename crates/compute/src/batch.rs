//! How many images are computed at once: as many as keep the device busy and surely fit into its
//! memory. Nothing is measured and nothing is kept, so that no earlier run limits a later one.

use crate::backend::Backend;
use crate::context::ComputeContext;
use crate::device::{Kind, Limits};
use crate::engine::Engine;

/// The largest map of a batch on a GPU: 256 MiB, 1024 images of 32x32 pixels in VGG16. A pass then
/// takes more than a hundred times as long as it takes to start it.
const LARGEST_MAP: u64 = 1 << 28;
/// A convolution holds its input, its output and a copy of its input in columns, and a second batch
/// is queued behind the first: the largest map is at most this share of the device's memory.
const SHARE_OF_MEMORY: u64 = 16;

impl ComputeContext {
    /// How many images of `size` by `size` pixels to compute at once, where the largest map of one
    /// has `values` values.
    #[must_use]
    pub(crate) fn batch(&self, size: usize, values: usize) -> usize {
        let few = |most: usize, pixels: usize| (pixels / (size * size)).clamp(1, most);
        match (self.engine, self.backend, self.adapter.kind) {
            (Engine::Winograd, _, _) => few(256, 1 << 18),
            (Engine::Burn, Backend::Cpu, _) | (_, _, Kind::Software) => few(32, 1 << 15),
            _ => gpu_batch(values, self.limits),
        }
    }
}

fn gpu_batch(values: usize, limits: Limits) -> usize {
    let share = limits.memory.map(|bytes| bytes / SHARE_OF_MEMORY);
    let limits = [limits.largest_tensor, share].into_iter().flatten();
    let bytes = limits.fold(LARGEST_MAP, u64::min);
    let images = usize::try_from(bytes).unwrap_or(usize::MAX) / (size_of::<f32>() * values.max(1));
    images.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_network::Network;

    #[test]
    fn the_largest_map_fits_into_a_tensor_and_into_memory() {
        let (mib, gib) = (1 << 20, 1 << 30);
        let values = |size| Network::VGG16.largest_maps(size, size);
        for (size, largest_tensor, memory, expected) in [
            (32, None, None, 1024),
            (32, Some(2 * gib), Some(80 * gib), 1024),
            (32, Some(128 * mib), Some(80 * gib), 512),
            (32, Some(2 * gib), Some(2 * gib), 512),
            (32, None, Some(64 * mib), 16),
            (224, None, None, 20),
            (224, Some(128 * mib), None, 10),
            (224, Some(mib), None, 1),
        ] {
            let limits = Limits {
                largest_tensor,
                memory,
            };
            let batch = gpu_batch(values(size), limits);
            assert_eq!(batch, expected, "{size} {limits:?}");
        }
    }
}
