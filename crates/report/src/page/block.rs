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
    Facts(Vec<(&'static str, String)>),
    /// A table.
    Table(Table),
    /// Pictures that stand side by side where there is room.
    Figures(Vec<Figure>),
    /// Lines to type.
    Commands(Vec<String>),
}

/// A table.
pub(super) struct Table {
    /// What it shows.
    pub(super) caption: String,
    /// The columns' titles; those that begin with a `#` hold numbers.
    pub(super) columns: Vec<String>,
    /// The rows.
    pub(super) rows: Vec<Row>,
}

/// A row of a table: a cell a column.
pub(super) struct Row {
    pub(super) cells: Vec<String>,
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

/// A plain row with these cells.
macro_rules! row {
    ($($cell:expr),+ $(,)?) => {
        $crate::page::block::Row {
            cells: vec![$($cell.into()),+],
            tone: $crate::page::block::Tone::Plain,
        }
    };
}
pub(super) use row;

impl Row {
    /// The same in another tone.
    pub(super) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

impl Table {
    /// A table with these titles, which stand between bars.
    pub(super) fn new(
        caption: impl Into<String>,
        titles: &str,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        Self {
            caption: caption.into(),
            columns: titles.split(" | ").map(str::to_owned).collect(),
            rows: rows.into_iter().collect(),
        }
    }
}

impl Figure {
    /// A picture without a table that can stand for it.
    pub(super) fn new(caption: impl Into<String>, drawing: Drawing) -> Self {
        Self {
            caption: caption.into(),
            drawing,
            instead: None,
        }
    }
}

/// Foreign text as code: it cannot end its backticks.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// The pieces of a text, in turn plain and code.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let pieces = text.split('`').enumerate();
    pieces.map(|(number, piece)| (number % 2 == 1, piece))
}
