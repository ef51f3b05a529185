//! Images a second through the frozen backbone.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Error;
use graft_compute::{FrozenBackbone, Pending, Phases};
use graft_dataset::{ImageBatch, ImageSet, Preprocessing, ResizeMode};
use graft_environment as machine;
use graft_features::pipelined;
use serde::Serialize;

/// One measurement.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Height and width of the images, in pixels.
    pub(super) size: usize,
    /// Images computed at once.
    pub(super) batch: usize,
    /// The last block: the rate is that of all blocks up to it.
    pub(super) block: usize,
    /// Images a second.
    pub(super) images_per_second: f64,
    /// 10^9 operations a second, a multiplication and an addition counted as two, as the direct
    /// form of the convolutions has them.
    pub(super) gflops: f64,
    /// The most memory that the process has had resident so far, where the system tells.
    pub(super) peak_memory_bytes: Option<u64>,
    /// Processor time over wall time, where the system tells: well below the number of threads,
    /// the machine was busy with something else.
    pub(super) cores_used: Option<f64>,
    /// Seconds of one batch by what they go to, each waited for; none where nothing is copied.
    pub(super) phases: Option<Phases>,
}

/// The first images of the set, over and over, padded to 32 pixels or resized to any other size.
pub(super) fn images_of(set: &ImageSet, size: usize, batch: usize) -> Result<ImageBatch, Error> {
    let preprocessing = Preprocessing {
        fit: if size == 32 {
            ResizeMode::Pad
        } else {
            ResizeMode::Resize
        },
        size,
        ..Preprocessing::default()
    };
    preprocessing.check(set.rows(), set.columns())?;
    let image = preprocessing.values_per_image();
    let mut values = vec![0.0; batch * image];
    for (index, out) in values.chunks_exact_mut(image).enumerate() {
        preprocessing.apply(set.image(index % set.len()), set.rows(), set.columns(), out)?;
    }
    Ok(ImageBatch {
        values,
        shape: [batch, 3, size, size],
    })
}

/// Computes the batch once to warm up, then until the time is over.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of images are far below 2^53"
)]
pub(super) fn measure(
    frozen: &FrozenBackbone,
    images: &ImageBatch,
    seconds: f64,
) -> Result<Row, Error> {
    let [batch, _, size, _] = images.shape;
    let submit = |_: Range<usize>, _| match batch {
        // As predictions are made.
        1 => Ok(Pending::Done(frozen.forward_alone(images.clone())?)),
        _ => Ok(frozen.submit(images.clone())?),
    };
    submit(0..1, batch)?.features()?;
    let (started, cpu) = (Instant::now(), machine::cpu_time());
    let mut batches = 0;
    while batches < 3 || started.elapsed().as_secs_f64() < seconds {
        // As features are computed: the next batch is queued before the last one is waited for.
        let count = 3.max(batches);
        pipelined(count, 1, submit, |_, _| Ok(()))?;
        batches += count;
    }
    let wall = started.elapsed().as_secs_f64();
    let used =
        |before: Duration| Some(machine::cpu_time()?.checked_sub(before)?.as_secs_f64() / wall);
    let images_per_second = (batches * batch) as f64 / wall;
    let boundary = frozen.boundary();
    let operations = frozen.network().operations(boundary, size, size);
    Ok(Row {
        size,
        batch,
        block: boundary.number(),
        images_per_second,
        gflops: images_per_second * operations as f64 / 1e9,
        peak_memory_bytes: machine::peak_memory(),
        cores_used: cpu.and_then(used),
        phases: frozen.phases(images.clone())?,
    })
}
