//! The page's template, filled in: a language's Markdown, in which every foreign text is only text.

use std::borrow::Cow;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind};

use super::lesson::code;
use super::run::quoted;
use crate::chart::block_name;
use crate::template::line;
use crate::{Language, template};

/// What the page's template is called.
pub(super) const PAGE: &str = "page.md";

/// Stands for a bar of a value until it is known whether it lies in a table.
const BAR: &str = "\u{e000}";

/// The template `page` in `language`, in which `context` can be used everywhere.
///
/// # Errors
/// When the template has mistakes.
pub(super) fn environment(
    context: &Value,
    language: Language,
    page: &'static str,
) -> Result<Environment<'static>, Error> {
    let mut environment = template::environment(context, language)?;
    environment.set_auto_escape_callback(|_| AutoEscape::Custom(Cow::Borrowed("markdown")));
    environment.set_formatter(|out, _, value| {
        match value.as_str() {
            _ if value.is_none() => return Err(ErrorKind::UndefinedError.into()),
            Some(text) if !value.is_safe() => out.write_str(&escaped(text))?,
            _ => write!(out, "{value}")?,
        }
        Ok(())
    });
    environment.add_filter("block", move |block: &str| block_name(block, language));
    environment.add_filter("code", |text: &str| Value::from_safe_string(span(text)));
    environment.add_filter("marked", |text: &str| Value::from_safe_string(marked(text)));
    environment.add_filter("line", |text: &str| Value::from_safe_string(line(text)));
    environment.add_filter("argument", |text: &str| {
        Value::from_safe_string(line(&quoted(text)))
    });
    environment.add_template("shared.md", include_str!("shared.md"))?;
    environment.add_template(PAGE, page)?;
    Ok(environment)
}

/// A text of the lesson's kind: what stands between backticks is code.
fn marked(text: &str) -> String {
    let pieces = text.trim().split('`').enumerate();
    let piece = |(number, piece): (usize, &str)| match number % 2 {
        0 => escaped(piece),
        _ => span(piece),
    };
    pieces.map(piece).collect()
}

/// Foreign text as code.
fn span(text: &str) -> String {
    let text = if text.trim().is_empty() {
        // Two backticks alone would begin a longer code.
        " "
    } else {
        text
    };
    code(&line(text)).replace('|', BAR)
}

/// Foreign text without anything that Markdown or HTML would read as markup.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let begin = beginning(text);
    for (at, c) in text.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' => out.push_str(BAR),
            '`' => out.push('\''),
            '*' | '_' | '[' | ']' | '\\' | '~' | '#' => out.extend(['\\', c]),
            c if begin == Some(at) => out.extend(['\\', c]),
            // Four of them would begin code.
            c if c.is_ascii_whitespace() && out.ends_with(' ') => {}
            c if c.is_ascii_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Where a text has the mark of a quote, a rule or a list, which it would begin in a line of its own.
fn beginning(text: &str) -> Option<usize> {
    let start = text.trim_start();
    let digit = |c: char| c.is_ascii_digit();
    let rest = start.trim_start_matches(digit);
    let list = rest.starts_with(['.', ')']) && !rest[1..].starts_with(digit);
    if start.starts_with(['-', '+', '=', '>']) {
        return Some(text.len() - start.len());
    }
    list.then(|| text.len() - rest.len())
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
            ("two\r\nlines", "two lines"),
            ("\t  a", " a"),
            ("`a`", "'a'"),
            ("# a ~~b~~ #", "\\# a \\~\\~b\\~\\~ \\#"),
            ("- a", "\\- a"),
            (" 12. a", " 12\\. a"),
            ("12.5 a", "12.5 a"),
            ("> a", "\\> a"),
            ("12 a.", "12 a."),
        ] {
            assert_eq!(escaped(text), markdown);
        }
        assert_eq!(marked(" a `b_c` d_e `f"), "a `b_c` d\\_e `f`");
        assert_eq!(span("a`\nb"), "`a' b`");
        assert_eq!(span(""), "` `");
    }

    #[test]
    fn a_name_that_is_not_there_and_a_value_that_is_none_are_errors() {
        let context = minijinja::context! { none => None::<u8> };
        let page = include_str!("report.en.md");
        let environment = environment(&context, Language::En, page).unwrap();
        for template in ["{{ unknown }}", "{% if unknown %}{% endif %}", "{{ none }}"] {
            assert!(environment.render_str(template, ()).is_err(), "{template}");
        }
        assert!(environment.get_template(PAGE).unwrap().render(()).is_err());
    }

    #[test]
    fn bars_are_escaped_in_tables_alone() {
        let text = format!(
            "\n\na {0}\n\n\n| {1} | {0} |\n \n",
            escaped("|"),
            span("b|c")
        );
        assert_eq!(tidy(&text), "a |\n\n| `b\\|c` | \\| |\n");
    }
}
