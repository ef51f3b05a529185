//! A table of pictures: CSV with a head, or JSON lines; `path`, `label` and, where wanted, `split`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::Error;
use crate::error::{open, source};
use crate::listing::{Found, Part};

/// A row.
#[derive(Deserialize)]
struct Row<Label> {
    /// Relative to the table's folder.
    path: String,
    label: Label,
    /// `train`, `val` or `test`; none is `train`.
    split: Option<String>,
}

/// The pictures that the table at `path` names.
pub(crate) fn read(path: &Path) -> Result<Vec<Found>, Error> {
    let file = open(path)?;
    let extension = path.extension().unwrap_or_default();
    let rows = match extension.to_string_lossy().to_lowercase().as_str() {
        "csv" => comma_separated(file),
        "jsonl" | "ndjson" => json_lines(file),
        other => {
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
        Ok(Found {
            path: folder.join(row.path),
            class: row.label,
            part,
        })
    };
    let numbered = (1..).zip(rows);
    let found = numbered.map(|(number, row)| found(row).map_err(|why| (number, why)));
    found.collect::<Result<_, _>>().or_else(|(number, why)| {
        source(
            path,
            "a row of path, label and perhaps split",
            format!("in row {number}: {why}"),
            "mend the table",
        )
    })
}

type Rows = Box<dyn Iterator<Item = Result<Row<String>, String>>>;

fn comma_separated(file: impl Read + 'static) -> Rows {
    let reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let rows = reader.into_deserialize::<Row<String>>();
    Box::new(rows.map(|row| row.map_err(|error| error.to_string())))
}

fn json_lines(file: impl Read + 'static) -> Rows {
    let lines = BufReader::new(file).lines();
    let lines = lines.filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
    let row = |line: std::io::Result<String>| {
        let line = line.map_err(|error| error.to_string())?;
        let row: Row<Value> = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let label = match row.label {
            Value::String(label) => label,
            Value::Number(label) => label.to_string(),
            other => return Err(format!("the label {other}, neither text nor number")),
        };
        Ok(Row {
            path: row.path,
            label,
            split: row.split,
        })
    };
    Box::new(lines.map(row))
}
