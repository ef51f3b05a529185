//! Texts with figures in their places: templates, in which numbers are written as everywhere.

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, UndefinedBehavior};

use crate::count::ratio;
use crate::table::table;
use crate::{Figures, Interval, Language, number};

/// Templates that can name what is in `context`, and nothing else, in every place.
///
/// # Errors
/// When `context` has no names.
pub(crate) fn environment(
    context: &Value,
    language: Language,
) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    filters(&mut environment, language);
    for key in context.try_iter()? {
        environment.add_global(key.to_string(), context.get_item(&key)?);
    }
    Ok(environment)
}

/// The template `text` with what is in `context`. Where it has a mistake, that is said in its place:
/// tests hold that those of graft have none.
pub(crate) fn fill(text: &'static str, context: &Value, language: Language) -> String {
    let environment = environment(context, language);
    let filled = environment.and_then(|environment| environment.render_str(text, ()));
    filled.unwrap_or_else(|error| {
        format!("[this text could not be written: {error}; please report this defect of graft]")
    })
}

/// Foreign text in one line.
pub(crate) fn line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Numbers as text, as [`number`] writes them; a dash for what there is not.
fn filters(environment: &mut Environment, language: Language) {
    type Sizes = Option<Vec<usize>>;
    let known = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    environment.add_filter("number", |count: u64| number::count(count));
    environment.add_filter("plain", number::plain);
    environment.add_filter("ratio", ratio);
    environment.add_filter("percent", move |share: Option<f64>| {
        known(share.map(|share| number::percent(share, language)))
    });
    environment.add_filter("loss", move |loss: Option<f64>| {
        known(loss.map(number::loss))
    });
    environment.add_filter("shape", move |sizes: Sizes| {
        known(sizes.map(|sizes| number::shape(&sizes)))
    });
    environment.add_filter("interval", move |ends: Serde<Interval>| {
        number::range(*ends, language)
    });
    environment.add_filter("signed", number::signed);
    environment.add_filter("points", number::points);
    environment.add_filter("accuracy", |figures: Option<Serde<Figures>>| {
        figures.map(|figures| figures.accuracy())
    });
    // Foreign text for a cell of `table`, which tabs and line ends would end.
    environment.add_filter("cell", |text: &str| line(text).replace('\t', " "));
    environment.add_filter("table", |lines: &str| {
        let row = |line: &str| line.split('\t').map(str::to_owned).collect();
        table(&lines.lines().map(row).collect::<Vec<_>>())
    });
    environment.add_filter("value", number::value);
    environment.add_filter("bytes", number::bytes);
    environment.add_filter("seconds", move |time| number::seconds(time, language));
    environment.add_filter("moment", move |time: Serde<Timestamp>| {
        number::moment(*time, language)
    });
}
