//! `graft manifest`, `graft extract` and `graft gather`

use std::convert::Infallible;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::{ComputeArguments, Outside, RecipeArguments};

/// Where a worker is told its number: by Kubernetes in an indexed job, and by Slurm in an array.
const NUMBERS: [&str; 2] = ["JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"];

/// `graft extract`
#[derive(Debug, Args)]
pub(crate) struct Extract {
    /// Which images.
    #[command(flatten)]
    pub(crate) images: ImageArguments,
    /// Compute only shard I of N, counted from 0, or shards A up to B; `/N` takes the number from
    /// `JOB_COMPLETION_INDEX` or `SLURM_ARRAY_TASK_ID`. Prints a line of JSON for each; exit code 75 says that it
    /// may work when tried again
    #[arg(
        long,
        visible_alias = "shards",
        value_name = "I/N|A..B/N|/N",
        requires = "to"
    )]
    pub(crate) shard: Option<Shards>,
    /// Where the shards go: a folder, or the URL of one in an object store (s3://, gs://, az://), which graft must
    /// have been built for
    #[arg(long, value_name = "FOLDER|URL", requires = "shard")]
    pub(crate) to: Option<Place>,
}

/// `graft manifest`
#[derive(Debug, Args)]
pub(crate) struct Manifest {
    /// A folder of pictures, a table of them, or the URL of a folder in an object store, with a subfolder for each class
    #[arg(value_name = "FOLDER|TABLE|URL")]
    pub(crate) source: PathBuf,
    /// The manifest, which is then the `data.source` of workers and of training
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) to: PathBuf,
    /// Leave out pictures that cannot be read, and say which they were
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

/// `graft gather`
#[derive(Debug, Args)]
pub(crate) struct Gather {
    /// Where the shards were extracted to; those in a folder stay there, those of an object store are copied to the
    /// cache
    #[arg(value_name = "FOLDER|URL")]
    pub(crate) from: Place,
    /// Leave the shards in the object store, too: `train` reads them from there in each epoch, in windows of 256 MiB
    #[arg(long)]
    pub(crate) in_place: bool,
    /// Which images.
    #[command(flatten)]
    pub(crate) images: ImageArguments,
}

/// Which images' features, and what computes them.
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    /// Whose preprocessing and boundary.
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Which images; those of `test` are opened only when asked for
    #[arg(long, value_enum, default_value_t = SplitName::Train)]
    pub(crate) split: SplitName,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
}

/// Which images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SplitName {
    /// Training images
    Train,
    /// Test images
    Test,
}

/// Where shards lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A folder.
    Folder(PathBuf),
    /// A URL.
    Store(String),
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once("://") {
            Some(("file", path)) => {
                Self::Folder(path.strip_prefix("localhost").unwrap_or(path).into())
            }
            Some(_) => Self::Store(text.to_owned()),
            None => Self::Folder(text.into()),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Store(url) => f.write_str(url),
        }
    }
}

/// Some of so many shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shards {
    /// Their numbers, from 0.
    pub(crate) numbers: Range<usize>,
    /// How many there are.
    pub(crate) of: usize,
}

impl FromStr for Shards {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let told = |name: &&str| std::env::var(name).ok().filter(|told| !told.is_empty());
        let number = || NUMBERS.iter().find_map(told);
        parsed(text, number)
    }
}

fn parsed(text: &str, number: impl Fn() -> Option<String>) -> Result<Shards, String> {
    const EXPECTED: &str = "expected I/N, A..B/N or /N, such as 3/64 or 0..8/64";
    let whole = |text: &str| {
        text.trim()
            .parse::<usize>()
            .map_err(|_| EXPECTED.to_owned())
    };
    let (which, of) = text.split_once('/').ok_or(EXPECTED)?;
    let of = whole(of)?;
    let numbers = match (which, which.split_once("..")) {
        ("", _) => {
            let [first, second] = NUMBERS;
            let told = number().ok_or(format!(
                "expected a number before /{of}, or {first} or {second} in the environment"
            ))?;
            let wrong = |_| format!("expected a number in {first} or {second}, found {told}");
            let number = whole(&told).map_err(wrong)?;
            number..number.saturating_add(1)
        }
        (_, Some((start, end))) => whole(start)?..whole(end)?,
        (number, None) => {
            let number = whole(number)?;
            number..number.saturating_add(1)
        }
    };
    if numbers.is_empty() || numbers.end > of {
        let last = of.saturating_sub(1);
        let found = format!("{}..{}", numbers.start, numbers.end);
        return Err(format!("expected shards of 0 to {last}, found {found}"));
    }
    Ok(Shards { numbers, of })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_0() {
        let of =
            |text: &str| parsed(text, || Some("5".into())).map(|found| (found.numbers, found.of));
        assert_eq!(of("3/64"), Ok((3..4, 64)));
        assert_eq!(of("0..8/64"), Ok((0..8, 64)));
        assert_eq!(of("/64"), Ok((5..6, 64)));
        for wrong in [
            "",
            "3",
            "64/64",
            "3..3/64",
            "60..65/64",
            "0/0",
            "/5",
            "a/5",
            "1/b",
            "-1/5",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        let untold = parsed("/64", || None).unwrap_err();
        assert!(untold.contains("JOB_COMPLETION_INDEX"), "{untold}");
    }
}
