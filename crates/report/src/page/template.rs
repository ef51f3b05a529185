//! The page's template, filled in: a language's Markdown, in which every foreign text is only text.

use std::borrow::Cow;

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::run::quoted;
use crate::chart::block_name;
use crate::{Estimate, Interval, Language, number};

/// The parts, which are blocks of the template, and anchors of the page.
pub(super) const PARTS: [&str; 5] = ["data", "model", "training", "evaluation", "lessons"];

/// Stands for a bar of a value until it is known whether it lies in a table.
const BAR: &str = "\u{e000}";

/// The template of `language`, in which `context` can be used everywhere.
///
/// # Errors
/// When the template has mistakes.
pub(super) fn environment(
    context: &Value,
    language: Language,
) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom(Cow::Borrowed("markdown")));
    environment.set_formatter(|out, _, value| {
        match value.as_str() {
            _ if value.is_none() => return Err(ErrorKind::UndefinedError.into()),
            Some(text) if !value.is_safe() => out.write_str(&escaped(text))?,
            _ => write!(out, "{value}")?,
        }
        Ok(())
    });
    let mut syntax = SyntaxConfig::builder();
    let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    filters(&mut environment, language);
    for key in context.try_iter()? {
        environment.add_global(key.to_string(), context.get_item(&key)?);
    }
    environment.add_template("shared.md", include_str!("shared.md"))?;
    let page = language.pick(include_str!("report.en.md"), include_str!("report.zh.md"));
    environment.add_template("report.md", page)?;
    Ok(environment)
}

/// Numbers as text, as [`number`] writes them, and foreign text as what it is to be.
fn filters(environment: &mut Environment, language: Language) {
    type Sizes = Option<Vec<usize>>;
    let none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    environment.add_filter("number", |count: u64| number::count(count));
    environment.add_filter("percent", move |share: Option<f64>| {
        none(share.map(|share| number::percent(share, language)))
    });
    environment.add_filter("loss", move |loss: Option<f64>| {
        none(loss.map(number::loss))
    });
    environment.add_filter("shape", move |sizes: Sizes| {
        none(sizes.map(|sizes| number::shape(&sizes)))
    });
    environment.add_filter("interval", move |ends: Serde<Interval>| {
        number::range(*ends, language)
    });
    environment.add_filter("points", move |share| number::points(share, language));
    environment.add_filter("difference", move |difference: Serde<Estimate>| {
        let Estimate { mean, low, high } = *difference;
        number::difference(mean, (low, high), language)
    });
    environment.add_filter("value", |value: f32| number::value(value));
    environment.add_filter("bytes", number::bytes);
    environment.add_filter("seconds", move |time| number::seconds(time, language));
    environment.add_filter("moment", move |time: Serde<Timestamp>| {
        number::moment(*time, language)
    });
    environment.add_filter("block", move |block: &str| block_name(block, language));
    environment.add_filter("code", |text: &str| Value::from_safe_string(code(text)));
    environment.add_filter("marked", |text: &str| Value::from_safe_string(marked(text)));
    environment.add_filter("line", |text: &str| Value::from_safe_string(line(text)));
    environment.add_filter("argument", |text: &str| {
        Value::from_safe_string(line(&quoted(text)))
    });
}

/// A text of the lesson's kind: what stands between backticks is code.
fn marked(text: &str) -> String {
    let pieces = text.trim().split('`').enumerate();
    let piece = |(number, piece): (usize, &str)| match number % 2 {
        0 => escaped(piece),
        _ => code(piece),
    };
    pieces.map(piece).collect()
}

/// Foreign text as code: it cannot end its backticks.
pub(crate) fn code(text: &str) -> String {
    let text = line(text).replace('`', "'").replace('|', BAR);
    // Two backticks alone would begin a longer code.
    let text = if text.trim().is_empty() { " " } else { &text };
    format!("`{text}`")
}

/// Foreign text in one line.
fn line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Foreign text without anything that Markdown or HTML would read as markup.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    // A list, a quote or a rule, where a line begins with the text.
    if text.starts_with(['-', '+', '=', '>']) {
        out.push('\\');
    }
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        rest.starts_with(['.', ')']) && !rest[1..].starts_with(|c: char| c.is_ascii_digit());
    let numbered = numbered.then_some(text.len() - rest.len());
    for (at, c) in text.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' => out.push_str(BAR),
            '`' => out.push('\''),
            '\n' | '\r' => out.push(' '),
            '*' | '_' | '[' | ']' | '\\' | '~' | '#' => out.extend(['\\', c]),
            c if numbered == Some(at) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// The template's output without the lines that its tags leave, and with bars as they are written
/// in tables and elsewhere.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        let bar = if line.starts_with('|') { "\\|" } else { "|" };
        out += &line.replace(BAR, bar);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_texts_is_escaped() {
        for (text, markdown) in [
            ("plain & <b>", "plain &amp; &lt;b>"),
            ("a*b_c[d]", "a\\*b\\_c\\[d\\]"),
            ("two\nlines", "two lines"),
            ("`a`", "'a'"),
            ("# a ~~b~~ #", "\\# a \\~\\~b\\~\\~ \\#"),
            ("- a", "\\- a"),
            ("12. a", "12\\. a"),
            ("> a", "\\> a"),
            ("12 a.", "12 a."),
        ] {
            assert_eq!(escaped(text), markdown);
        }
        assert_eq!(marked(" a `b_c` d_e `f"), "a `b_c` d\\_e `f`");
        assert_eq!(code("a`\nb"), "`a' b`");
        assert_eq!(code(""), "` `");
    }

    #[test]
    fn a_name_that_is_not_there_and_a_value_that_is_none_are_errors() {
        let context = minijinja::context! { none => None::<u8> };
        let environment = environment(&context, Language::En).unwrap();
        for template in ["{{ unknown }}", "{% if unknown %}{% endif %}", "{{ none }}"] {
            assert!(environment.render_str(template, ()).is_err(), "{template}");
        }
        assert!(
            environment
                .get_template("report.md")
                .unwrap()
                .render(())
                .is_err()
        );
    }

    #[test]
    fn bars_are_escaped_in_tables_alone() {
        let text = format!(
            "\n\na {0}\n\n\n| {1} | {0} |\n \n",
            escaped("|"),
            code("b|c")
        );
        assert_eq!(tidy(&text), "a |\n\n| `b\\|c` | \\| |\n");
    }
}
