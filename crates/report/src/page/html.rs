//! The page as HTML: its parts, each from Markdown to HTML, in their frame.
//!
//! A table's caption is the paragraph before it. A table whose titles are empty is a list of facts.
//! An image of the Markdown is the figure of that name, with its text as the caption, over the page's
//! width where its title is "wide". Emphasis is text that is set apart, and a quote is a note.

use std::collections::BTreeMap;

use minijinja::{Error, Value, context};
use pulldown_cmark::Event::{self, End, Start};
use pulldown_cmark::{Options, Parser, Tag, TagEnd, html::push_html};

use crate::template::environment;
use crate::{Language, chart};

/// The whole page of the Markdown of its blocks, by their names. `name` is the run's.
///
/// # Errors
/// When the frame has a mistake.
pub(super) fn page(
    blocks: &[(&str, String)],
    name: &str,
    drawings: &BTreeMap<String, String>,
    language: Language,
) -> Result<String, Error> {
    let mut writer = Writer {
        language,
        drawings,
        figures: 0,
        tables: 0,
    };
    let safe = |html: &str| Value::from_safe_string(html.to_owned());
    let blocks = blocks.iter().map(|(anchor, markdown)| {
        let html = writer.html(markdown);
        context! { anchor => *anchor, title => safe(heading(&html)), html => safe(&html) }
    });
    let context = context! {
        blocks => blocks.collect::<Vec<_>>(),
        lang => language.pick("en", "zh-CN"),
        name,
        style => safe(&[chart::STYLE, include_str!("style.css")].concat()),
    };
    let environment = environment(&context, language)?;
    environment.render_named_str("frame.html", include_str!("frame.html"), ())
}

/// What is in the first heading of the first or second level.
fn heading(html: &str) -> &str {
    let mut headings = html.split("<h").skip(1);
    let first = headings.find_map(|rest| rest.strip_prefix(['1', '2'])?.split_once("</"));
    first.map_or("", |(text, _)| text.trim_start_matches('>'))
}

/// Numbers figures and tables as it goes.
struct Writer<'a> {
    language: Language,
    drawings: &'a BTreeMap<String, String>,
    figures: usize,
    tables: usize,
}

impl Writer<'_> {
    fn html(&mut self, markdown: &str) -> String {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let events: Vec<Event> = Parser::new_ext(markdown, options).collect();
        let mut written = Vec::with_capacity(events.len());
        for place in 0..events.len() {
            let (before, rest) = events.split_at(place);
            if let [Start(Tag::Table(_)), cells @ ..] = rest {
                written.push(own(&self.table(is_titled(cells))));
            }
            written.extend(self.event(before.last(), rest));
            if let [End(TagEnd::Table), ..] = rest {
                written.push(own("</div>"));
            }
        }
        let mut html = String::new();
        push_html(&mut html, written.into_iter());
        html
    }

    /// What stands for the first event of `rest`, which follows `before`.
    fn event<'e>(&mut self, before: Option<&Event>, rest: &[Event<'e>]) -> Option<Event<'e>> {
        Some(match rest {
            // There is no HTML in the Markdown that is not escaped; if there were, it would be now.
            [Event::Html(text) | Event::InlineHtml(text), ..] => Event::Text(text.clone()),
            [Start(Tag::BlockQuote(_)), ..] => own("<div class=\"note\">"),
            [End(TagEnd::BlockQuote(_)), ..] => own("</div>"),
            [Start(Tag::Emphasis), ..] => own("<span>"),
            [End(TagEnd::Emphasis), ..] => own("</span>"),
            [Start(Tag::Paragraph), Start(Tag::Image { .. }), ..] => own("<div class=\"row\">"),
            [End(TagEnd::Paragraph), ..] if before == Some(&End(TagEnd::Image)) => own("</div>"),
            [Start(Tag::Paragraph), text @ ..] if is_caption(text) => own(&self.caption()),
            [
                Start(Tag::Image {
                    dest_url, title, ..
                }),
                ..,
            ] => own(&self.figure(dest_url, title)),
            [End(TagEnd::Image), ..] => own("</figcaption></figure>"),
            [Start(Tag::Table(_)), cells @ ..] if !is_titled(cells) => {
                Start(Tag::Table(Vec::new()))
            }
            [event, ..] => event.clone(),
            [] => return None,
        })
    }

    /// The beginning of a table's caption.
    fn caption(&mut self) -> String {
        self.tables += 1;
        let number = self.tables;
        let word = self.language.pick("Table ", "表 ");
        format!("<p class=\"caption\" id=\"table-{number}\"><b>{word}{number}</b> ")
    }

    /// What stands before a table.
    fn table(&self, titled: bool) -> String {
        if !titled {
            return "<div class=\"facts\">".to_owned();
        }
        let number = self.tables;
        format!(
            "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-labelledby=\"table-{number}\">"
        )
    }

    /// The figure of this name, up to its caption; `class` is empty or `wide`.
    fn figure(&mut self, name: &str, class: &str) -> String {
        self.figures += 1;
        let number = self.figures;
        let word = self.language.pick("Figure ", "图 ");
        let drawing = self.drawings.get(name).map_or("", String::as_str);
        format!("<figure class=\"{class}\">{drawing}<figcaption><b>{word}{number}</b> ")
    }
}

/// HTML of this page's own.
fn own<'e>(html: &str) -> Event<'e> {
    Event::Html(html.to_owned().into())
}

/// Whether a paragraph that begins with these events is a table's caption.
fn is_caption(text: &[Event]) -> bool {
    let end = text
        .iter()
        .position(|event| *event == End(TagEnd::Paragraph));
    let next = end.and_then(|end| text.get(end + 1..));
    matches!(next, Some([Start(Tag::Table(_)), cells @ ..]) if is_titled(cells))
}

/// Whether a table of these cells has titles.
fn is_titled(cells: &[Event]) -> bool {
    !matches!(
        cells,
        [_, Start(Tag::TableCell), End(TagEnd::TableCell), ..]
    )
}
