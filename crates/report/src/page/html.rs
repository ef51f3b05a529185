//! The page as HTML: its parts, each from Markdown to HTML, in their frame.
//!
//! A table's caption is the paragraph before it. A table whose titles are empty is a list of facts.
//! An image of the Markdown is the figure of that name, with its text as the caption, over the page's
//! width where its title is "wide". Emphasis is text that is set apart, and a quote is a note.

use std::collections::BTreeMap;

use maud::{DOCTYPE, PreEscaped, html};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};

use super::template::PARTS;
use crate::{Language, chart};

/// What the page looks like.
const STYLE: &str = include_str!("style.css");

/// The whole page of the Markdown of its head, its parts and its foot. `name` is the run's.
pub(super) fn page(
    [head, foot]: [&str; 2],
    parts: &[String],
    name: &str,
    drawings: &BTreeMap<String, String>,
    language: Language,
) -> String {
    let mut writer = Writer {
        language,
        drawings,
        figures: 0,
        tables: 0,
    };
    let head_html = writer.html(head);
    let sections = PARTS.iter().zip(parts);
    let page = html! {
        (DOCTYPE)
        html lang=(language.pick("en", "zh-CN")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="graft";
                title { (title(head)) " · " (name) }
                style { (PreEscaped(chart::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        (head_html)
                        nav {
                            @for (anchor, part) in sections.clone() { a href={ "#" (anchor) } { (title(part)) } }
                        }
                    }
                    @for (anchor, part) in sections { section.part id=(anchor) { (writer.html(part)) } }
                    footer.part id="reproduce" { (writer.html(foot)) }
                }
            }
        }
    };
    page.into_string()
}

/// The text of the first heading.
fn title(markdown: &str) -> String {
    let events = Parser::new(markdown).skip_while(|event| !is_heading(event));
    let events = events.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let texts = events.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.into_string()),
        _ => None,
    });
    texts.collect()
}

fn is_heading(event: &Event) -> bool {
    matches!(event, Event::Start(Tag::Heading { level, .. }) if *level <= HeadingLevel::H2)
}

/// Numbers figures and tables as it goes.
struct Writer<'a> {
    language: Language,
    drawings: &'a BTreeMap<String, String>,
    figures: usize,
    tables: usize,
}

impl Writer<'_> {
    fn html(&mut self, markdown: &str) -> PreEscaped<String> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let events: Vec<Event> = Parser::new_ext(markdown, options).collect();
        let mut written = Vec::with_capacity(events.len());
        for place in 0..events.len() {
            let (before, rest) = events.split_at(place);
            if let [Event::Start(Tag::Table(_)), cells @ ..] = rest {
                written.push(own(&self.table(is_titled(cells))));
            }
            written.extend(self.event(before.last(), rest));
            if let [Event::End(TagEnd::Table), ..] = rest {
                written.push(own("</div>"));
            }
        }
        let mut html = String::new();
        push_html(&mut html, written.into_iter());
        PreEscaped(html)
    }

    /// What stands for the first event of `rest`, which follows `before`.
    fn event<'e>(&mut self, before: Option<&Event>, rest: &[Event<'e>]) -> Option<Event<'e>> {
        Some(match rest {
            // There is no HTML in the Markdown that is not escaped; if there were, it would be now.
            [Event::Html(text) | Event::InlineHtml(text), ..] => Event::Text(text.clone()),
            [Event::Start(Tag::BlockQuote(_)), ..] => own("<div class=\"note\">"),
            [Event::End(TagEnd::BlockQuote(_)), ..] => own("</div>"),
            [Event::Start(Tag::Emphasis), ..] => own("<span>"),
            [Event::End(TagEnd::Emphasis), ..] => own("</span>"),
            [
                Event::Start(Tag::Paragraph),
                Event::Start(Tag::Image { .. }),
                ..,
            ] => own("<div class=\"row\">"),
            [Event::End(TagEnd::Paragraph), ..] if before == Some(&Event::End(TagEnd::Image)) => {
                own("</div>")
            }
            [Event::Start(Tag::Paragraph), text @ ..] if is_caption(text) => own(&self.caption()),
            [
                Event::Start(Tag::Image {
                    dest_url, title, ..
                }),
                ..,
            ] => own(&self.figure(dest_url, title)),
            [Event::End(TagEnd::Image), ..] => own("</figcaption></figure>"),
            [Event::Start(Tag::Table(_)), cells @ ..] if !is_titled(cells) => {
                Event::Start(Tag::Table(Vec::new()))
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
        .position(|event| *event == Event::End(TagEnd::Paragraph));
    let next = end.and_then(|end| text.get(end + 1..));
    matches!(next, Some([Event::Start(Tag::Table(_)), cells @ ..]) if is_titled(cells))
}

/// Whether a table of these cells has titles.
fn is_titled(cells: &[Event]) -> bool {
    !matches!(
        cells,
        [
            _,
            Event::Start(Tag::TableCell),
            Event::End(TagEnd::TableCell),
            ..
        ]
    )
}
