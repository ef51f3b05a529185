//! Trainings side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use graft_backbone::CpuStages;

/// The results of `work` for the numbers from 0 to below `count`, as many at once as there are threads. After
/// one that failed nothing new begins.
///
/// These are threads of their own, not tasks of the pool that computes within a training: a task that
/// waits for the pool might be given another training to do meanwhile, within an operation of its own.
///
/// # Errors
/// When `work` does.
pub fn at_once<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let finished = Mutex::new(Vec::with_capacity(count));
    let work = || -> Result<(), E> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let one = work(number).inspect_err(|_| next.store(count, Ordering::Relaxed))?;
            if let Ok(mut finished) = finished.lock() {
                finished.push((number, one));
            }
        }
    };
    thread::scope(|scope| {
        let threads = CpuStages::threads().min(count);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.fold(Ok(()), Result::and)
    })?;
    let mut finished = finished.into_inner().unwrap_or_default();
    finished.sort_by_key(|(number, _)| *number);
    Ok(finished.into_iter().map(|(_, one)| one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_failure_ends_it() {
        assert_eq!(
            at_once(5, |number| Ok::<_, ()>(number * 2)),
            Ok(vec![0, 2, 4, 6, 8])
        );
        assert_eq!(at_once(0, Ok::<_, ()>), Ok(Vec::new()));
        let begun = AtomicUsize::new(0);
        let failed = at_once(1000, |number| {
            begun.fetch_add(1, Ordering::Relaxed);
            if number == 3 { Err(number) } else { Ok(()) }
        });
        assert_eq!(failed, Err(3));
        assert!(begun.into_inner() < 1000);
    }
}
