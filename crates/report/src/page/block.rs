//! What a report is made of, before it becomes HTML or Markdown: both are written from these, so
//! every text and number has one place.
//!
//! Texts are plain; what stands between backticks is code. [`code`] puts foreign text there.

/// One of the report's five parts.
pub(super) struct Part {
    /// Its name in links.
    pub(super) anchor: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// What it holds.
    pub(super) blocks: Vec<Block>,
}

/// A piece of a part.
pub(super) enum Block {
    /// A heading within the part.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A remark that must not be missed.
    Note(String),
    /// Sentences of equal weight.
    List(Vec<String>),
    /// Names and what they stand for.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// Pictures that stand side by side where there is room.
    Figures(Vec<Figure>),
    /// Lines to type.
    Commands(Vec<String>),
}

/// A table.
#[derive(Default)]
pub(super) struct Table {
    /// What it shows.
    pub(super) caption: String,
    /// The columns' titles; those that begin with a `#` hold numbers.
    pub(super) columns: Vec<String>,
    /// The rows.
    pub(super) rows: Vec<Row>,
}

/// A row of a table.
pub(super) struct Row {
    /// A cell a column.
    pub(super) cells: Vec<String>,
    /// How it looks.
    pub(super) tone: Tone,
}

/// How a row looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Like others.
    Plain,
    /// Of something that is not there.
    Quiet,
    /// Of something that was removed.
    Gone,
    /// Of what is new, or a sum.
    Strong,
}

/// A picture with its caption.
pub(super) struct Figure {
    /// What it shows, and how to read it.
    pub(super) caption: String,
    /// The picture.
    pub(super) drawing: Drawing,
    /// What stands for it where there are no pictures.
    pub(super) instead: Option<Table>,
}

/// A picture.
pub(super) enum Drawing {
    /// Finished SVG, as wide as its column.
    Svg(String),
    /// The same over the page's whole width.
    WideSvg(String),
    /// Small pictures, each with some words.
    Tiles(Vec<Tile>),
}

/// A small picture.
pub(super) struct Tile {
    /// A data URI.
    pub(super) image: String,
    /// How wide it is shown, in pixels.
    pub(super) width: usize,
    /// What it shows, for people who cannot see it.
    pub(super) alt: String,
    /// What stands below it.
    pub(super) lines: Vec<String>,
}

impl Row {
    /// A row like others.
    pub(super) fn plain(cells: impl IntoIterator<Item = String>) -> Self {
        Self {
            cells: cells.into_iter().collect(),
            tone: Tone::Plain,
        }
    }
}

impl Table {
    /// A table of plain rows.
    pub(super) fn plain(caption: &str, columns: &[&str], rows: Vec<Row>) -> Self {
        Self {
            caption: caption.to_owned(),
            columns: columns.iter().map(|&title| title.to_owned()).collect(),
            rows,
        }
    }
}

/// Foreign text as code: it cannot end its backticks.
pub(crate) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// The pieces of a text, in turn plain and code.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let pieces = text.split('`').enumerate();
    pieces.map(|(number, piece)| (number % 2 == 1, piece))
}
