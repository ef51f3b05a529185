//! The child process: parses one input after another, and ends at the first that breaks a limit.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::ALLOCATED;
use crate::exchange::{Current, Figures, Kind, write_finding};
use crate::inputs::Inputs;
use crate::limits::high_water;
use crate::target::{Origin, Target, Verdict};

/// With what code a child ends that has written down a finding.
pub(crate) const FOUND: i32 = 70;

/// How often the watchdog looks.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn run(target: &Target<'_>, folder: &Path, mut parse: impl FnMut(&[u8]) -> Verdict) {
    let inputs = Inputs::of(target);
    let mut current = Current::create(folder);
    let mut figures = Figures::default();
    let watched = watch(target.limits.time, folder);
    target.limits.impose();
    // A panic is told by its message in the finding.
    panic::set_hook(Box::new(|_| {}));
    for number in 0..inputs.len() {
        let (origin, bytes) = inputs.get(number);
        current.set(number);
        let start = Instant::now();
        watched.begin();
        let before = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let verdict = panic::catch_unwind(AssertUnwindSafe(|| parse(&bytes)));
        let memory = ALLOCATED.peak_usage().saturating_sub(before);
        let time = start.elapsed();
        figures.slowest = figures.slowest.max(time);
        figures.largest = figures.largest.max(memory);
        let verdict = verdict.unwrap_or_else(|panic| found(folder, Kind::Crash, &text(&*panic)));
        if time > target.limits.time {
            found(folder, Kind::Hang, &format!("it took {time:?}"));
        }
        if memory > target.limits.memory {
            found(folder, Kind::Oom, &format!("it took {memory} bytes"));
        }
        match (verdict, origin) {
            (Verdict::Refused, Origin::Corpus(_)) if target.mutated => {
                found(folder, Kind::Crash, "a valid file was refused");
            }
            (Verdict::Accepted, _) => figures.accepted += 1,
            (Verdict::Refused, _) => figures.refused += 1,
        }
    }
    figures.high_water = high_water().unwrap_or(0);
    figures.write(folder);
    // What else the test says is the parent's to say.
    process::exit(0);
}

fn found(folder: &Path, kind: Kind, message: &str) -> ! {
    write_finding(folder, kind, message);
    process::exit(FOUND);
}

/// When the current input began.
struct Watched {
    origin: Instant,
    /// Milliseconds since then.
    began: AtomicU64,
}

impl Watched {
    fn begin(&self) {
        self.began.store(self.now(), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap()
    }
}

/// Ends this process when an input takes longer than `limit`.
fn watch(limit: Duration, folder: &Path) -> Arc<Watched> {
    let watched = Arc::new(Watched {
        origin: Instant::now(),
        began: AtomicU64::new(0),
    });
    let (ours, folder) = (Arc::clone(&watched), folder.to_owned());
    thread::spawn(move || {
        loop {
            thread::sleep(LOOK);
            let taken = ours
                .now()
                .saturating_sub(ours.began.load(Ordering::Relaxed));
            if Duration::from_millis(taken) > limit + LOOK {
                found(&folder, Kind::Hang, &format!("it took more than {limit:?}"));
            }
        }
    });
    watched
}

/// What a panic said.
fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic".to_owned())
}
