//! How many images are best passed at once.

use std::path::Path;
use std::time::Instant;

use graft_dataset::ImageBatch;

use crate::Error;
use crate::backend::Backend;
use crate::compute::Compute;
use crate::device::{Kind, Known};
use crate::prefix::Prefix;

/// Where the search on a card begins.
const SMALLEST: usize = 32;
/// Where it ends: a card is busy long before.
const LARGEST: usize = 4096;
/// A doubled batch must bring so much more images a second.
const GAIN: f64 = 1.05;
/// Channels of VGG16's largest maps, those of its first block at full height and width.
const WIDEST: usize = 64;

/// How many images of `size` by `size` pixels to pass at once, where `count` are to be passed. On a
/// card it is searched for with `one` of them, once for a device, size and prefix: the batch is
/// doubled for as long as that pays, and the device has memory.
///
/// # Errors
/// When the device fails for another reason than its memory, or the result cannot be kept.
pub fn best(
    prefix: &Prefix,
    compute: &Compute,
    count: usize,
    one: &ImageBatch,
    known: &Path,
) -> Result<usize, Error> {
    let [_, _, size, _] = one.shape;
    let card = compute.backend != Backend::Cpu && compute.adapter.kind != Kind::Software;
    if !card {
        return Ok(prefix.batch(size));
    }
    let limit = limit(compute.largest_tensor, size).min(LARGEST);
    let smallest = SMALLEST.min(limit);
    let mut device = Known::read(known, compute.backend, &compute.adapter);
    let name = name(prefix, size);
    if let Some(batch) = device.batches.get(&name) {
        return Ok((*batch).clamp(1, limit));
    }
    if count <= 8 * smallest {
        return Ok(smallest);
    }
    let rate = |batch| {
        let images = repeated(one, batch);
        prefix.forward(images.clone())?; // Compiles and tunes.
        let started = Instant::now();
        prefix.forward(images)?;
        Ok(started.elapsed().as_secs_f64())
    };
    let keep = |batch| {
        device.batches.insert(name.clone(), batch);
        device.write(known)
    };
    doubling(smallest, limit.min(count), rate, keep)
}

/// Notes that a pass of more than `batch` images is too much for the device.
///
/// # Errors
/// When it cannot be kept.
pub fn at_most(
    prefix: &Prefix,
    compute: &Compute,
    size: usize,
    batch: usize,
    known: &Path,
) -> Result<(), Error> {
    let mut device = Known::read(known, compute.backend, &compute.adapter);
    device.batches.insert(name(prefix, size), batch.max(1));
    device.write(known)
}

fn name(prefix: &Prefix, size: usize) -> String {
    format!(
        "{} at {size}x{size}, {}",
        prefix.boundary(),
        prefix.version()
    )
}

/// The largest batch whose largest maps are one tensor of the device's.
fn limit(largest_tensor: Option<u64>, size: usize) -> usize {
    let map = 4 * WIDEST * size * size;
    largest_tensor.map_or(LARGEST, |bytes| {
        let batch = usize::try_from(bytes).unwrap_or(usize::MAX) / map;
        batch.max(1)
    })
}

/// Doubles from `smallest` up to `limit` while `seconds` of a pass grow by less than they should
/// and the memory lasts. `keep` is told before each attempt what is known to go well, since a device
/// that fails may take the process with it.
fn doubling(
    smallest: usize,
    limit: usize,
    mut seconds: impl FnMut(usize) -> Result<f64, Error>,
    mut keep: impl FnMut(usize) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut best = smallest;
    let mut fastest = 0.0;
    let mut batch = smallest;
    while batch <= limit {
        #[expect(clippy::cast_precision_loss, reason = "batches are small")]
        let rate = match seconds(batch) {
            Ok(seconds) => batch as f64 / seconds,
            Err(Error::DeviceMemory(_)) => break,
            Err(error @ Error::DeviceLost(_)) => {
                keep((batch / 2).max(1))?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        if rate < GAIN * fastest {
            break;
        }
        (best, fastest) = (batch, rate);
        keep(best)?;
        batch *= 2;
    }
    keep(best)?;
    Ok(best)
}

/// The first image over and over.
fn repeated(one: &ImageBatch, batch: usize) -> ImageBatch {
    let [_, channels, height, width] = one.shape;
    let image = &one.values[..channels * height * width];
    ImageBatch {
        values: image.repeat(batch),
        shape: [batch, channels, height, width],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device whose passes take `fixed` seconds and `each` more an image, and that has room for
    /// `room` images.
    fn search(fixed: f64, each: f64, room: usize, limit: usize) -> (usize, Vec<usize>) {
        let mut tried = Vec::new();
        let seconds = |batch: usize| {
            tried.push(batch);
            if batch > room {
                return Err(Error::device("can't allocate buffer of size: 1644167168"));
            }
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            Ok(fixed + each * batch as f64)
        };
        let best = doubling(32, limit, seconds, |_| Ok(())).unwrap();
        (best, tried)
    }

    #[test]
    fn doubles_while_it_pays_and_the_memory_lasts() {
        assert_eq!(search(1.0, 0.0, 1 << 20, 256).0, 256);
        assert_eq!(search(0.0, 1.0, 1 << 20, 256), (32, vec![32, 64]));
        assert_eq!(search(1.0, 0.0, 200, 4096), (128, vec![32, 64, 128, 256]));
        assert_eq!(search(1.0, 0.0, 8, 4096).0, 32);
        // From 1.0 + 0.01 n a doubling from 512 brings less than a twentieth... of what 256 brought.
        let (best, _) = search(1.0, 0.01, 1 << 20, 4096);
        assert!((512..=2048).contains(&best), "{best}");
    }

    #[test]
    fn one_tensor_must_hold_the_largest_maps() {
        assert_eq!(limit(Some(128 << 20), 32), 512);
        assert_eq!(limit(Some(128 << 20), 224), 10);
        assert_eq!(limit(Some(1 << 20), 224), 1);
        assert_eq!(limit(None, 224), LARGEST);
    }
}
