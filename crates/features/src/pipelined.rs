//! Pipelined extraction: the next batch is queued before the last one's features are waited for.

use std::mem;
use std::ops::Range;

use graft_compute::Pending;

use crate::Error;

/// Passes items `0..count` through the frozen backbone in batches and hands their features over in
/// order: `submit` starts a batch and is told how many items a full one has, `take` gets what it
/// yields. While a device computes one batch, the next is prepared and sent, and the last one is taken.
///
/// Where the device runs out of memory the batch size is halved and what was not taken yet is passed
/// again, so that the features are those of a device with enough. Returns the batch size that went
/// well.
///
/// # Errors
/// When the device runs out of memory with one item, or `submit` or `take` fails otherwise.
pub fn pipelined(
    count: usize,
    batch: usize,
    mut submit: impl FnMut(Range<usize>, usize) -> Result<Pending, Error>,
    mut take: impl FnMut(Range<usize>, Vec<f32>) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut batch = batch.max(1);
    let mut taken = 0;
    let mut queued: Option<(Range<usize>, Pending)> = None;
    while taken < count {
        let start = queued.as_ref().map_or(taken, |(range, _)| range.end);
        let mut step = || {
            let next = if start < count {
                let range = start..count.min(start + batch);
                Some((range.clone(), submit(range, batch)?))
            } else {
                None
            };
            if let Some((range, pending)) = mem::replace(&mut queued, next) {
                let end = range.end;
                take(range, pending.features()?)?;
                taken = end;
            }
            Ok(())
        };
        match step() {
            Ok(()) => {}
            Err(Error::Compute(graft_compute::Error::DeviceMemory(message))) if batch > 1 => {
                queued = None;
                batch = batch.div_ceil(2);
                tracing::warn!("{message}: continuing with batches of {batch} images");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use burn::tensor::{ExecutionError, TensorData};

    use super::*;

    /// `ServerError::Io(IoError::OutOfMemory)` of cubecl-runtime 0.11.3, as burn-cubecl passes it on.
    const FULL: &str = "An IO error happened\nCaused by:\n  out of device memory allocating 9 bytes\nNo backtrace available";

    /// What a pass takes of a device's memory, until it is taken or given up.
    struct Held {
        used: Arc<AtomicUsize>,
        items: usize,
    }

    impl Drop for Held {
        fn drop(&mut self) {
            self.used.fetch_sub(self.items, Ordering::SeqCst);
        }
    }

    /// A pass that ends so when its features are waited for.
    fn under_way(held: Option<Held>, result: Result<Range<usize>, &str>) -> Pending {
        let result = result.map(tens).map_err(ExecutionError::with_context);
        Pending::UnderWay(Box::pin(async {
            drop(held);
            result
        }))
    }

    /// Ten times the number of each item.
    fn tens(items: Range<usize>) -> TensorData {
        let count = items.len();
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let values: Vec<_> = items.map(|item| 10.0 * item as f32).collect();
        TensorData::new(values, [count, 1])
    }

    fn values(count: usize) -> Vec<f32> {
        tens(0..count).try_into_vec_as().unwrap()
    }

    /// Passes `count` items on a device that has room for `room` of them in all passes that are
    /// under way, and fails when the features of one too many are waited for.
    fn run(count: usize, batch: usize, room: usize) -> (Vec<f32>, Result<usize, Error>) {
        let used = Arc::new(AtomicUsize::new(0));
        let submit = |range: Range<usize>, _| {
            let items = range.len();
            let full = used.fetch_add(items, Ordering::SeqCst) + items > room;
            let held = Held {
                used: used.clone(),
                items,
            };
            let result = if full { Err(FULL) } else { Ok(range) };
            Ok(under_way(Some(held), result))
        };
        let mut features = Vec::new();
        let done = pipelined(count, batch, submit, |range, values| {
            assert_eq!(range.len(), values.len());
            features.extend(values);
            Ok(())
        });
        assert_eq!(used.load(Ordering::SeqCst), 0, "nothing is left under way");
        (features, done)
    }

    #[test]
    fn less_memory_changes_the_batch_and_nothing_else() {
        for (count, batch, room, expected) in [
            (100, 32, 64, 32),
            (100, 32, 63, 16), // Two passes at a time.
            (100, 32, 32, 16),
            (100, 32, 31, 8),
            (100, 32, 2, 1),
            (100, 7, 3, 1),
            (100, 1000, 100, 1000),
            (1, 32, 1, 32),
            (0, 32, 1, 32),
        ] {
            let (features, done) = run(count, batch, room);
            assert_eq!(done.unwrap(), expected, "{count} {batch} {room}");
            assert_eq!(features, values(count), "{count} {batch} {room}");
        }
        let (_, done) = run(10, 4, 0);
        let error = done.unwrap_err().to_string();
        assert!(error.contains("even for the smallest batch"), "{error}");
    }

    #[test]
    fn memory_that_runs_out_late_repeats_nothing_that_was_taken() {
        for when_waited_for in [false, true] {
            let mut calls = 0;
            let submit = |range: Range<usize>, _| {
                calls += 1;
                match (calls, when_waited_for) {
                    (4, false) => Err(graft_compute::Error::device(FULL).into()),
                    (4, true) => Ok(under_way(None, Err(FULL))),
                    _ => Ok(under_way(None, Ok(range))),
                }
            };
            let mut features = Vec::new();
            let batch = pipelined(20, 4, submit, |_, values| {
                features.extend(values);
                Ok(())
            });
            assert_eq!(batch.unwrap(), 2);
            assert_eq!(features, values(20));
        }
    }

    #[test]
    fn a_lost_device_and_other_failures_end_it_at_once() {
        for message in [
            "The device is poisoned\nCaused by:\n  out of memory",
            "no such kernel",
        ] {
            for (when_waited_for, passes) in [(false, 1), (true, 2)] {
                let mut calls = 0;
                let submit = |_: Range<usize>, _| {
                    calls += 1;
                    if when_waited_for {
                        return Ok(under_way(None, Err(message)));
                    }
                    Err(graft_compute::Error::device(message).into())
                };
                let error = pipelined(8, 4, submit, |_, _| Ok(())).unwrap_err();
                assert!(
                    !matches!(error, Error::Compute(graft_compute::Error::DeviceMemory(_))),
                    "{error}"
                );
                assert_eq!(calls, passes, "{message}");
            }
        }
    }
}
