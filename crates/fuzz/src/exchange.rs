//! What a child tells its parent, through files in a folder: a process that is killed tells it, too.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The number of the input that is being parsed, 8 little-endian bytes.
const CURRENT: &str = "current";
/// The figures, once all inputs have been parsed.
const FIGURES: &str = "figures";
/// Why an input was a finding: its kind, then a message.
const FINDING: &str = "finding";

/// The current input's number, kept in a file.
pub(crate) struct Current(File);

impl Current {
    pub(crate) fn create(folder: &Path) -> Self {
        Self(File::create(folder.join(CURRENT)).unwrap())
    }

    pub(crate) fn set(&mut self, number: u64) {
        self.0.seek(SeekFrom::Start(0)).unwrap();
        self.0.write_all(&number.to_le_bytes()).unwrap();
    }

    pub(crate) fn read(folder: &Path) -> Option<u64> {
        let bytes = fs::read(folder.join(CURRENT)).ok()?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }
}

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It made the parser panic, or the process end.
    Crash,
    /// It took too long.
    Hang,
    /// It took too much memory.
    Oom,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Oom => "oom",
        }
    }
}

pub(crate) fn write_finding(folder: &Path, kind: Kind, message: &str) {
    fs::write(folder.join(FINDING), format!("{}\n{message}", kind.name())).unwrap();
}

pub(crate) fn read_finding(folder: &Path) -> Option<(Kind, String)> {
    let text = fs::read_to_string(folder.join(FINDING)).ok()?;
    let (name, message) = text.split_once('\n')?;
    let kinds = [Kind::Crash, Kind::Hang, Kind::Oom];
    let kind = kinds.into_iter().find(|kind| kind.name() == name)?;
    Some((kind, message.to_owned()))
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// How many inputs were accepted.
    pub(crate) accepted: u64,
    /// How many were refused.
    pub(crate) refused: u64,
    /// The longest time of an input.
    pub(crate) slowest: Duration,
    /// The most bytes allocated for an input.
    pub(crate) largest: usize,
    /// The most memory of the whole process, in bytes; 0 where the system does not tell.
    pub(crate) high_water: usize,
}

impl Figures {
    pub(crate) fn write(&self, folder: &Path) {
        let nanoseconds = u64::try_from(self.slowest.as_nanos()).unwrap();
        let numbers = [
            self.accepted,
            self.refused,
            nanoseconds,
            self.largest as u64,
            self.high_water as u64,
        ];
        fs::write(path(folder), numbers.map(|n| n.to_string()).join(" ")).unwrap();
    }

    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(path(folder)).ok()?;
        let mut numbers = text.split(' ').map(|number| number.parse::<u64>().unwrap());
        Some(Self {
            accepted: numbers.next()?,
            refused: numbers.next()?,
            slowest: Duration::from_nanos(numbers.next()?),
            largest: usize::try_from(numbers.next()?).unwrap(),
            high_water: usize::try_from(numbers.next()?).unwrap(),
        })
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FIGURES)
}
