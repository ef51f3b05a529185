//! Batches through the prefix, the next one queued before the last one's features are waited for.

use std::ops::Range;

use crate::Error;
use crate::prefix::Pending;

/// Passes items `0..count` in batches and hands their features over in order: `submit` starts a
/// pass over a range and is told how many a full one has, `take` gets what it yields. While a device computes one batch, the next is
/// prepared and sent, and the last one is taken.
///
/// Where the device runs out of memory the batch is halved and what was not taken yet is passed
/// again, so that the features are those of a device with enough. Returns the batch that went well.
///
/// # Errors
/// When the device runs out of memory with one item, or `submit` or `take` fails otherwise.
pub(crate) fn in_batches(
    count: usize,
    batch: usize,
    mut submit: impl FnMut(Range<usize>, usize) -> Result<Pending, Error>,
    mut take: impl FnMut(Range<usize>, Vec<f32>) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut batch = batch.max(1);
    let mut taken = 0;
    while taken < count {
        match from(taken..count, batch, &mut submit, &mut take) {
            (done, Ok(())) => taken = done,
            (done, Err(Error::DeviceMemory(message))) if batch > 1 => {
                taken = done;
                batch = batch.div_ceil(2);
                tracing::warn!("{message}: going on with {batch} images a pass");
            }
            (_, Err(error)) => return Err(error),
        }
    }
    Ok(batch)
}

/// Passes `items` until one fails; returns up to where they were taken.
fn from(
    items: Range<usize>,
    batch: usize,
    submit: &mut impl FnMut(Range<usize>, usize) -> Result<Pending, Error>,
    take: &mut impl FnMut(Range<usize>, Vec<f32>) -> Result<(), Error>,
) -> (usize, Result<(), Error>) {
    let mut taken = items.start;
    let mut before: Option<(Range<usize>, Pending)> = None;
    let starts = items.clone().step_by(batch).map(Some).chain([None]);
    for start in starts {
        let queued = match start.map(|start| start..items.end.min(start + batch)) {
            Some(range) => match submit(range.clone(), batch) {
                Ok(pending) => Some((range, pending)),
                Err(error) => return (taken, Err(error)),
            },
            None => None,
        };
        if let Some((range, pending)) = before.take() {
            let end = range.end;
            match pending
                .features()
                .and_then(|features| take(range, features))
            {
                Ok(()) => taken = end,
                Err(error) => return (taken, Err(error)),
            }
        }
        before = queued;
    }
    (taken, Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten times the number of each item, from a device that has room for `room` items in all the
    /// passes that are under way, and fails when their features are asked for.
    fn run(count: usize, batch: usize, room: usize) -> (Vec<f32>, Result<usize, Error>) {
        let (mut features, mut sizes) = (Vec::new(), Vec::new());
        let submit = |range: Range<usize>, _| {
            sizes.push(range.len());
            if range.len() > room {
                return Err(Error::device("wgpu error: Out of Memory"));
            }
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            Ok(Pending::Done(
                range.map(|item| 10.0 * item as f32).collect(),
            ))
        };
        let done = in_batches(count, batch, submit, |range, values| {
            assert_eq!(range.len(), values.len());
            features.extend(values);
            Ok(())
        });
        (features, done)
    }

    #[test]
    fn less_memory_changes_the_batch_and_nothing_else() {
        let (whole, _) = run(100, 100, 100);
        for (count, batch, room, expected) in [
            (100, 32, 32, 32),
            (100, 32, 16, 16),
            (100, 32, 31, 16),
            (100, 32, 1, 1),
            (100, 7, 3, 2),
            (100, 1000, 100, 1000),
            (1, 32, 1, 32),
            (0, 32, 1, 32),
        ] {
            let (features, done) = run(count, batch, room);
            assert_eq!(done.unwrap(), expected, "{count} {batch} {room}");
            assert_eq!(features, whole[..count], "{count} {batch} {room}");
        }
        let (_, done) = run(10, 4, 0);
        let error = done.unwrap_err().to_string();
        assert!(error.contains("even for the smallest pass"), "{error}");
    }

    #[test]
    fn memory_that_runs_out_late_repeats_nothing_that_was_taken() {
        let mut calls = 0;
        let submit = |range: Range<usize>, _| {
            calls += 1;
            if calls == 4 {
                return Err(Error::device("out of memory"));
            }
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            Ok(Pending::Done(range.map(|item| item as f32).collect()))
        };
        let mut features = Vec::new();
        let batch = in_batches(20, 4, submit, |_, values| {
            features.extend(values);
            Ok(())
        });
        assert_eq!(batch.unwrap(), 2);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let expected: Vec<_> = (0..20).map(|item| item as f32).collect();
        assert_eq!(features, expected);
    }

    #[test]
    fn a_lost_device_and_other_failures_end_it_at_once() {
        for message in ["the device is poisoned: out of memory", "no such kernel"] {
            let mut calls = 0;
            let submit = |_: Range<usize>, _| {
                calls += 1;
                Err(Error::device(message))
            };
            assert!(in_batches(8, 4, submit, |_, _| Ok(())).is_err());
            assert_eq!(calls, 1, "{message}");
        }
    }
}
