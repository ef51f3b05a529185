//! How many threads compute.

use std::env;
use std::num::NonZero;
use std::thread::available_parallelism;

/// The most worker threads for every core: more of them only wait for each other.
const MOST_PER_CORE: usize = 4;
/// The variable that asks for a number.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Limits the worker threads that `RAYON_NUM_THREADS` asks for to a small multiple of the cores, and
/// says so. Must be called before anything is computed.
pub fn limit_threads() {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let asked = env::var(VARIABLE).unwrap_or_default();
    if let Some(most) = limit(&asked, cores) {
        tracing::warn!(
            "{VARIABLE}={asked} is more than {MOST_PER_CORE} threads for each of {cores} cores; using {most}"
        );
        let pool = rayon::ThreadPoolBuilder::new().num_threads(most);
        if let Err(error) = pool.build_global() {
            tracing::warn!("cannot limit the threads: {error}");
        }
    }
}

/// The number of threads instead of those asked for, where these are too many.
fn limit(asked: &str, cores: usize) -> Option<usize> {
    let asked: usize = asked.parse().ok()?;
    let most = cores.saturating_mul(MOST_PER_CORE);
    (asked > most).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absurd_numbers_are_limited() {
        for (asked, expected) in [
            ("400", Some(8)),
            ("9", Some(8)),
            ("8", None),
            ("1", None),
            ("0", None),
            ("many", None),
            ("", None),
        ] {
            assert_eq!(limit(asked, 2), expected, "{asked}");
        }
    }
}
