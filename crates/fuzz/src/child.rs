//! The child process: parses one input after another, and ends at the first that breaks a limit. It
//! tells its parent by lines that start with `@`: the number of each input before it is parsed, then
//! a finding, or `@done` and the figures.

use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::inputs::{Inputs, Origin};
use crate::target::{Target, Verdict};
use crate::{ALLOCATED, MIB};

/// What a parser can do wrong: panic or end the process, take too long, take too much memory.
pub(crate) const FINDINGS: [&str; 3] = [CRASH, HANG, OOM];
pub(crate) const CRASH: &str = "crash";
const HANG: &str = "hang";
const OOM: &str = "oom";

/// What the latest panic said, and where.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// When the current input began, in milliseconds since the process did.
static BEGAN: AtomicU64 = AtomicU64::new(0);

/// How often the watchdog looks.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn run(target: &Target<'_>, mut parse: impl FnMut(&[u8]) -> Verdict) -> ! {
    // The test harness has begun a line.
    println!();
    let inputs = Inputs::of(target);
    let (mut accepted, mut refused) = (0, 0);
    let (mut slowest, mut largest) = (Duration::ZERO, 0);
    let limits = target.limits;
    let origin = watch(limits.time);
    limits.impose();
    panic::set_hook(Box::new(|panic| {
        if let Ok(mut latest) = PANIC.lock() {
            *latest = panic.to_string();
        }
    }));
    for number in 0..inputs.len() {
        let (from, bytes) = inputs.get(number);
        println!("@{number}");
        BEGAN.store(milliseconds(origin), Ordering::Relaxed);
        let start = Instant::now();
        let before = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let verdict = panic::catch_unwind(AssertUnwindSafe(|| parse(&bytes)));
        let memory = ALLOCATED.peak_usage().saturating_sub(before);
        let time = start.elapsed();
        (slowest, largest) = (slowest.max(time), largest.max(memory));
        let verdict = verdict.unwrap_or_else(|_| found(CRASH, &PANIC.lock().unwrap()));
        if time > limits.time {
            found(HANG, &format!("it took {time:?}"));
        }
        if memory > limits.memory {
            found(OOM, &format!("it took {memory} bytes"));
        }
        match (verdict, from) {
            (Verdict::Refused, Origin::Corpus(_)) if target.mutations > 0 => {
                found(CRASH, "a valid file was refused");
            }
            (Verdict::Accepted, _) => accepted += 1,
            (Verdict::Refused, _) => refused += 1,
        }
    }
    println!(
        "@done {} inputs in {:.1} s: {accepted} accepted, {refused} refused; slowest {:.1} ms, \
         most memory {}.{} MiB",
        inputs.len(),
        origin.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
        largest / MIB,
        largest % MIB * 10 / MIB,
    );
    // What else the test says is the parent's to say.
    process::exit(0);
}

fn found(kind: &str, message: &str) -> ! {
    println!("@{kind} {message}");
    process::exit(1);
}

/// Ends this process when an input takes longer than `limit`. Returns when the process began.
fn watch(limit: Duration) -> Instant {
    let origin = Instant::now();
    thread::spawn(move || {
        loop {
            thread::sleep(LOOK);
            let taken = milliseconds(origin).saturating_sub(BEGAN.load(Ordering::Relaxed));
            if Duration::from_millis(taken) > limit + LOOK {
                found(HANG, &format!("it took more than {limit:?}"));
            }
        }
    });
    origin
}

fn milliseconds(origin: Instant) -> u64 {
    u64::try_from(origin.elapsed().as_millis()).unwrap()
}
