//! Images a second through the frozen prefix.

use std::ops::Range;
use std::time::{Duration, Instant};

use graft_backbone::Boundary;
use graft_dataset::{Fit, ImageBatch, ImageSet, Preprocessing};
use serde::Serialize;

use anyhow::Error;
use graft_compute::Compute;
use graft_compute::{Phases, Prefix};
use graft_environment as machine;
use graft_features::passes::in_batches;
use graft_recipe as recipe;
use graft_trainer::sources::Sources;

/// What is measured.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Height and width of the images, in pixels.
    pub(crate) sizes: Vec<usize>,
    /// Images a pass.
    pub(crate) batches: Vec<usize>,
    /// Blocks after which features are taken.
    pub(crate) boundaries: Vec<Boundary>,
    /// How long a measurement takes at least.
    pub(crate) seconds: f64,
}

/// Pixels of a batch beyond which only a size's smallest batch is measured: 2^21.
const LARGEST_BATCH: usize = 1 << 21;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Height and width of the images, in pixels.
    pub(crate) size: usize,
    /// Images a pass.
    pub(crate) batch: usize,
    /// The last block: the rate is that of all blocks up to it.
    pub(crate) block: usize,
    /// Images a second.
    pub(crate) images_per_second: f64,
    /// 10^9 operations a second, a multiplication and an addition counted as two, as the direct
    /// form of the convolutions has them.
    pub(crate) gflops: f64,
    /// The most memory that the process has had resident so far, where the system tells.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Processor time over wall time, where the system tells: well below the number of threads,
    /// the machine was busy with something else.
    pub(crate) cores_used: Option<f64>,
    /// Seconds of one pass by what they go to, each waited for; none where nothing is copied.
    pub(crate) phases: Option<Phases>,
}

/// Measures as `plan` says, on training images of `set`.
///
/// # Errors
/// When the weights cannot be had, an image is too small, or the device fails.
pub(crate) fn forward(
    plan: &Plan,
    compute: &Compute,
    sources: &mut Sources,
    set: &ImageSet,
) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for boundary in &plan.boundaries {
        let prefix = sources
            .prefix(
                compute,
                recipe::Backbone {
                    boundary: *boundary,
                    ..recipe::Backbone::default()
                },
            )?
            .prefix;
        for size in &plan.sizes {
            let smallest = plan.batches.iter().min();
            let fits =
                |batch: &&usize| Some(*batch) == smallest || *batch * size * size <= LARGEST_BATCH;
            for batch in plan.batches.iter().filter(fits) {
                let images = batch_of(set, *size, *batch)?;
                rows.push(measure(&prefix, &images, plan.seconds)?);
            }
        }
    }
    Ok(rows)
}

/// The first images of the set, over and over, padded to 32 pixels or resized to any other size.
fn batch_of(set: &ImageSet, size: usize, batch: usize) -> Result<ImageBatch, Error> {
    let fit = if size == 32 { Fit::Pad } else { Fit::Resize };
    let preprocessing = Preprocessing {
        fit,
        size,
        ..Preprocessing::default()
    };
    preprocessing.check(set.rows(), set.columns())?;
    let mut values = vec![0.0; batch * preprocessing.values_per_image()];
    for (index, out) in values
        .chunks_exact_mut(preprocessing.values_per_image())
        .enumerate()
    {
        preprocessing.apply(set.image(index % set.len()), set.rows(), set.columns(), out)?;
    }
    Ok(ImageBatch {
        values,
        shape: [batch, 3, size, size],
    })
}

/// Passes the batch once to warm up, then until the time is over.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of images are far below 2^53"
)]
fn measure(prefix: &Prefix, images: &ImageBatch, seconds: f64) -> Result<Row, Error> {
    let [batch, _, size, _] = images.shape;
    let pass = |_: Range<usize>, _| Ok(prefix.submit(images.clone())?);
    pass(0..1, 1)?.features()?;
    let (started, cpu) = (Instant::now(), machine::cpu_time());
    let mut passes = 0;
    while passes < 3 || started.elapsed().as_secs_f64() < seconds {
        // As features are computed: the next pass is queued before the last one is waited for.
        let count = 3.max(passes);
        in_batches(count, 1, pass, |_, _| Ok(()))?;
        passes += count;
    }
    let wall = started.elapsed().as_secs_f64();
    let used =
        |before: Duration| Some(machine::cpu_time()?.checked_sub(before)?.as_secs_f64() / wall);
    let images_per_second = (passes * batch) as f64 / wall;
    let boundary = prefix.boundary();
    let phases = prefix.phases(images.clone())?;
    Ok(Row {
        size,
        batch,
        block: boundary.number(),
        images_per_second,
        gflops: images_per_second * boundary.operations(size, size) as f64 / 1e9,
        peak_memory_bytes: machine::peak_memory(),
        cores_used: cpu.and_then(used),
        phases,
    })
}
