//! A table of pictures: CSV with a head, or JSON lines; `path`, `label` and, where wanted, `split`. Where every
//! row has the `sha256` of a file, or the `etag` of an object that is named by its URL, it is a manifest, and may have
//! `width`, `height` and `colour`, too.

use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::error::{open, source};
use crate::listing::{Found, Part};
use crate::remote;
use crate::survey::Surveyed;

/// A row.
#[derive(Deserialize)]
struct Row {
    /// Relative to the table's folder, or a URL.
    path: String,
    label: String,
    /// `train`, `val` or `test`; none is `train`.
    split: Option<String>,
    // Not flattened: numbers of a CSV file would no longer be read as text.
    /// Of a file, where the table is a manifest.
    sha256: Option<String>,
    /// Of an object, where the table is a manifest.
    etag: Option<String>,
    /// Other tables may have other things under these names.
    width: Option<Value>,
    height: Option<Value>,
    colour: Option<Value>,
}

/// The pictures that the table at `path` names.
pub(crate) fn read(path: &Path) -> Result<Vec<Found>, Error> {
    let extension = path.extension().unwrap_or_default();
    let rows = match extension.to_string_lossy().to_lowercase().as_str() {
        "csv" => comma_separated(opened(path)?),
        "jsonl" | "ndjson" => json_lines(opened(path)?),
        other => return no_table(path, other),
    };
    let folder = path.parent().unwrap_or(path);
    let numbered = (1..).zip(rows);
    let found = numbered.map(|(number, row)| {
        let found = row.and_then(|row| row.found(folder));
        found.map_err(|why| (number, why))
    });
    let found: Vec<Found> = found.collect::<Result<_, _>>().or_else(|(number, why)| {
        source(
            path,
            "a row of path, label and perhaps split",
            format!("in row {number}: {why}"),
            "mend the table",
        )
    })?;
    check_manifest(path, &found)?;
    Ok(found)
}

fn opened(path: &Path) -> Result<Box<dyn Read>, Error> {
    let Some((store, name)) = remote::split(path) else {
        return Ok(Box::new(open(path)?));
    };
    let read = remote::read(store, &[name], u64::MAX)?;
    let bytes = read.into_iter().next().unwrap_or_default().0;
    Ok(Box::new(Cursor::new(bytes)))
}

/// Says what is wrong with a source whose name ends in `extension`.
fn no_table<T>(path: &Path, extension: &str) -> Result<T, Error> {
    if let Some((store, _)) = remote::split(path) {
        // A password may stand in what is before the host, and is not shown.
        let store = store.split_once('@').map_or(store, |(_, host)| host);
        return source(
            Path::new(store),
            "a manifest, whose name ends in .jsonl",
            "a folder of an object store",
            "make one with graft manifest",
        );
    }
    // One that is not there is said not to be there.
    open(path)?;
    source(
        path,
        "a folder, or a table whose name ends in .csv or .jsonl",
        format!("a file that ends in .{extension}"),
        "give one of these",
    )
}

/// Refuses a table that is a manifest in some of its rows alone, and URLs in one that is none.
fn check_manifest(path: &Path, found: &[Found]) -> Result<(), Error> {
    let has_version = |one: &Found| one.seen.is_some();
    let first = found.first().is_some_and(has_version);
    if let Some(other) = found.iter().position(|one| has_version(one) != first) {
        let [in_first, in_other] = if first {
            ["one", "none"]
        } else {
            ["none", "one"]
        };
        return source(
            path,
            "sha256 (of a URL etag) in every row, as a manifest has, or in none",
            format!("{in_first} in row 1, {in_other} in row {}", other + 1),
            "make the manifest again with graft manifest",
        );
    }
    let mut paths = found.iter().map(|one| &one.path);
    match paths.find(|path| !first && remote::split(path).is_some()) {
        None => Ok(()),
        Some(url) => source(
            path,
            "etag in every row with a URL, so that no picture is read before it is needed",
            url.display().to_string(),
            "make a manifest with graft manifest",
        ),
    }
}

impl Row {
    /// The picture that it names, of a table in `folder`.
    fn found(self, folder: &Path) -> Result<Found, String> {
        let part = match self.split.as_deref().map(str::trim) {
            None | Some("") => Part::Train,
            Some(name) => Part::named(name)
                .ok_or_else(|| format!("the split {name:?} rather than train, val or test"))?,
        };
        let path = PathBuf::from(self.path);
        let is_url = remote::split(&path).is_some();
        let pixels = |value: Option<Value>| u32::try_from(value?.as_u64()?).ok();
        let size = pixels(self.width).zip(pixels(self.height));
        let version = if is_url { self.etag } else { self.sha256 };
        Ok(Found {
            path: if is_url { path } else { folder.join(path) },
            class: self.label,
            part,
            seen: version.map(|version| Surveyed {
                version,
                size: size.map(<[u32; 2]>::from),
                colour: self.colour.and_then(|value| value.as_bool()),
            }),
        })
    }
}

type Rows = Box<dyn Iterator<Item = Result<Row, String>>>;

fn comma_separated(file: Box<dyn Read>) -> Rows {
    let reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let rows = reader.into_deserialize::<Row>();
    Box::new(rows.map(|row| row.map_err(|error| error.to_string())))
}

fn json_lines(file: Box<dyn Read>) -> Rows {
    let lines = BufReader::new(file).lines();
    let lines = lines.filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
    let row = |line: std::io::Result<String>| {
        let line = line.map_err(|error| error.to_string())?;
        let mut row: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        match row.get_mut("label") {
            Some(label @ Value::Number(_)) => *label = label.to_string().into(),
            Some(Value::String(_)) | None => {}
            Some(other) => return Err(format!("the label {other}, neither text nor number")),
        }
        serde_json::from_value(row).map_err(|error| error.to_string())
    };
    Box::new(lines.map(row))
}
