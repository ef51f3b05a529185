//! Faults on demand: a hook for tests, which no other use of Graft has to know.
//!
//! `GRAFT_FAULT=OPERATION:NUMBER:EFFECT` makes the operation of that number fail, counted from 1 in
//! this process; `NUMBER+` that one and all later ones, as on a disk that stays full. Operations are
//! `create` (of a file or folder), `write`, `fsync` and `rename`; effects are `EIO`, `ENOSPC`,
//! `KILL` (the process ends just before the operation, and cleans up nothing), and for `write` also
//! `EINTR` and `SHORT` (only half of the bytes are taken). Unset, it costs a look at a variable.

use std::env;
use std::io;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable that asks for a fault. It is read once.
pub(crate) const VARIABLE: &str = "GRAFT_FAULT";

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Write,
    Fsync,
    Rename,
}

/// How it fails.
#[derive(Clone, Copy, Debug)]
enum Effect {
    Error(io::ErrorKind, &'static str),
    Short,
    Kill,
}

/// How much of an operation is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Whole,
    Half,
}

#[derive(Debug)]
struct Fault {
    operation: Operation,
    number: u64,
    lasting: bool,
    effect: Effect,
    seen: AtomicU64,
}

static FAULT: OnceLock<Option<Result<Fault, String>>> = OnceLock::new();

/// To be called before every operation that changes the disk.
pub(crate) fn before(operation: Operation) -> io::Result<Share> {
    let asked = || env::var(VARIABLE).ok().map(|text| Fault::parse(&text));
    match FAULT.get_or_init(asked) {
        None => Ok(Share::Whole),
        Some(Ok(fault)) => fault.before(operation),
        Some(Err(problem)) => Err(io::Error::new(io::ErrorKind::InvalidInput, problem.clone())),
    }
}

impl Fault {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parts(text).ok_or_else(|| {
            format!(
                "{VARIABLE}: expected create|write|fsync|rename:NUMBER[+]:EIO|ENOSPC|KILL, or \
                 write:NUMBER[+]:EINTR|SHORT, found {text:?}; unset it unless you test Graft"
            )
        })
    }

    fn parts(text: &str) -> Option<Self> {
        let [operation, number, effect] = text.split(':').collect::<Vec<_>>()[..] else {
            return None;
        };
        let operation = match operation {
            "create" => Operation::Create,
            "write" => Operation::Write,
            "fsync" => Operation::Fsync,
            "rename" => Operation::Rename,
            _ => return None,
        };
        let effect = match (effect, operation) {
            ("EIO", _) => Effect::Error(io::ErrorKind::Other, "Input/output error"),
            ("ENOSPC", _) => Effect::Error(io::ErrorKind::StorageFull, "No space left on device"),
            ("KILL", _) => Effect::Kill,
            ("EINTR", Operation::Write) => {
                Effect::Error(io::ErrorKind::Interrupted, "Interrupted system call")
            }
            ("SHORT", Operation::Write) => Effect::Short,
            _ => return None,
        };
        let lasting = number.strip_suffix('+');
        Some(Self {
            operation,
            number: lasting.unwrap_or(number).parse().ok()?,
            lasting: lasting.is_some(),
            effect,
            seen: AtomicU64::new(0),
        })
    }

    fn before(&self, operation: Operation) -> io::Result<Share> {
        if operation != self.operation {
            return Ok(Share::Whole);
        }
        let number = 1 + self.seen.fetch_add(1, Ordering::Relaxed);
        if number != self.number && !(self.lasting && number > self.number) {
            return Ok(Share::Whole);
        }
        match self.effect {
            Effect::Error(kind, message) => {
                let message = format!("{message} (asked for by {VARIABLE})");
                Err(io::Error::new(kind, message))
            }
            Effect::Short => Ok(Share::Half),
            Effect::Kill => process::abort(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_of_that_number_fails() {
        let outcomes = |text: &str| -> Vec<bool> {
            let fault = Fault::parse(text).unwrap();
            fault.before(Operation::Rename).unwrap();
            (0..4)
                .map(|_| matches!(fault.before(Operation::Write), Ok(Share::Whole)))
                .collect()
        };
        assert_eq!(outcomes("write:2:EIO"), [true, false, true, true]);
        assert_eq!(outcomes("write:2+:ENOSPC"), [true, false, false, false]);
        assert_eq!(outcomes("write:3:SHORT"), [true, true, false, true]);
        assert_eq!(outcomes("write:9:EINTR"), [true; 4]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "write",
            "write:1",
            "write:x:EIO",
            "write:-1:EIO",
            "read:1:EIO",
            "write:1:EPERM",
            "fsync:1:EINTR",
            "rename:1:SHORT",
            "write:1:EIO:EIO",
        ] {
            let problem = Fault::parse(text).unwrap_err();
            assert!(problem.contains(VARIABLE), "{problem}");
            assert!(problem.contains(&format!("{text:?}")), "{problem}");
        }
    }
}
