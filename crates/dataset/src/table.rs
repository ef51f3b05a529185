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
struct Row<Label> {
    /// Relative to the table's folder, or a URL.
    path: String,
    label: Label,
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
    let open = || -> Result<Box<dyn Read>, Error> {
        let Some((store, name)) = remote::split(path) else {
            return Ok(Box::new(open(path)?));
        };
        let read = remote::read(store, &[name], u64::MAX)?;
        let bytes = read.into_iter().next().unwrap_or_default().0;
        Ok(Box::new(Cursor::new(bytes)))
    };
    let extension = path.extension().unwrap_or_default();
    let rows = match extension.to_string_lossy().to_lowercase().as_str() {
        "csv" => comma_separated(open()?),
        "jsonl" | "ndjson" => json_lines(open()?),
        _ if remote::split(path).is_some() => {
            return source(
                path,
                "a manifest, whose name ends in .jsonl",
                "a folder of an object store",
                "make one with graft manifest",
            );
        }
        other => {
            // One that is not there is said not to be there.
            open()?;
            return source(
                path,
                "a folder, or a table whose name ends in .csv or .jsonl",
                format!("a file that ends in .{other}"),
                "give one of these",
            );
        }
    };
    let folder = path.parent().unwrap_or(path);
    let found = |row: Result<Row<String>, String>| -> Result<Found, String> {
        let row = row?;
        let part = match row.split.as_deref().map(str::trim) {
            None | Some("") => Part::Train,
            Some(name) => Part::named(name)
                .ok_or_else(|| format!("the split {name:?} rather than train, val or test"))?,
        };
        let url = PathBuf::from(&row.path);
        let is_url = remote::split(&url).is_some();
        let pixels = |value: Option<Value>| u32::try_from(value?.as_u64()?).ok();
        let size = pixels(row.width).zip(pixels(row.height));
        let size = size.map(<[u32; 2]>::from);
        let colour = row.colour.and_then(|value| value.as_bool());
        let version = if is_url { row.etag } else { row.sha256 };
        Ok(Found {
            path: if is_url { url } else { folder.join(row.path) },
            class: row.label,
            part,
            seen: version.map(|version| Surveyed {
                version,
                size,
                colour,
            }),
        })
    };
    let numbered = (1..).zip(rows);
    let found = numbered.map(|(number, row)| found(row).map_err(|why| (number, why)));
    let found: Vec<Found> = found.collect::<Result<_, _>>().or_else(|(number, why)| {
        source(
            path,
            "a row of path, label and perhaps split",
            format!("in row {number}: {why}"),
            "mend the table",
        )
    })?;
    let is_of_manifest = |one: &Found| one.seen.is_some();
    let first = found.first().is_some_and(is_of_manifest);
    if let Some(other) = found.iter().position(|one| is_of_manifest(one) != first) {
        let of = |has| if has { "one" } else { "none" };
        return source(
            path,
            "sha256 (of a URL etag) in every row, as a manifest has, or in none",
            format!(
                "{} in row 1, {} in row {}",
                of(first),
                of(!first),
                other + 1
            ),
            "make the manifest again with graft manifest",
        );
    }
    if let Some(other) = found
        .iter()
        .find(|one| !first && remote::split(&one.path).is_some())
    {
        return source(
            path,
            "etag in every row with a URL, so that no picture is read before it is needed",
            other.path.display().to_string(),
            "make a manifest with graft manifest",
        );
    }
    Ok(found)
}

type Rows = Box<dyn Iterator<Item = Result<Row<String>, String>>>;

fn comma_separated(file: Box<dyn Read>) -> Rows {
    let reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let rows = reader.into_deserialize::<Row<String>>();
    Box::new(rows.map(|row| row.map_err(|error| error.to_string())))
}

fn json_lines(file: Box<dyn Read>) -> Rows {
    let lines = BufReader::new(file).lines();
    let lines = lines.filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
    let row = |line: std::io::Result<String>| {
        let line = line.map_err(|error| error.to_string())?;
        let row: Row<Value> = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let Row {
            path,
            label,
            split,
            sha256,
            etag,
            width,
            height,
            colour,
        } = row;
        let label = match label {
            Value::String(label) => label,
            Value::Number(label) => label.to_string(),
            other => return Err(format!("the label {other}, neither text nor number")),
        };
        Ok(Row {
            path,
            label,
            split,
            sha256,
            etag,
            width,
            height,
            colour,
        })
    };
    Box::new(lines.map(row))
}
