//! Both languages say the same: the same headings, tables, figures and paragraphs in the same order.

use super::variants::{Variant, variants};
use crate::Language;
use crate::page::{html, markdown};

/// The tags of a page in their order, but for those within a paragraph and within a chart.
pub(super) fn tags(page: &str) -> Vec<&str> {
    let (_, body) = page.split_once("<body>").unwrap();
    let mut tags = Vec::new();
    for piece in body.split("<svg") {
        let outside = piece.split_once("</svg>").map_or(piece, |(_, rest)| rest);
        let found = outside
            .split('<')
            .skip(1)
            .filter_map(|tag| tag.split('>').next());
        tags.extend(found.map(|tag| tag.split(" alt=").next().unwrap()));
    }
    tags.retain(|tag| !["code", "/code", "b", "/b"].contains(tag));
    tags
}

#[test]
fn html_has_the_same_structure_in_both_languages() {
    for variant in variants() {
        let pages = Language::ALL.map(|language| {
            html(
                &variant.record,
                &variant.lessons,
                language,
                &variant.options,
            )
        });
        let [en, zh] = pages.map(Result::unwrap);
        assert_eq!(tags(&en), tags(&zh));
        for figure in en.split("<figure").skip(1) {
            let drawn = figure.split("<figcaption>").next().unwrap();
            assert!(drawn.contains("<svg") || drawn.contains("<img"), "{figure}");
        }
        for (number, caption) in (1..).zip(zh.split("<p class=\"caption\"").skip(1)) {
            let expected = format!(" id=\"table-{number}\"><b>表 {number}</b> ");
            assert!(caption.starts_with(&expected), "{caption}");
        }
    }
}

/// What a line of Markdown is: its first word, and its cells.
fn kind(line: &str) -> (usize, &str) {
    let first = line.split(' ').next().unwrap_or_default();
    let markup = first.starts_with(['#', '>', '|', '-']) || line.starts_with("    ");
    (
        line.matches(" |").count(),
        if markup { first } else { "text" },
    )
}

#[test]
fn markdown_has_the_same_structure_in_both_languages() {
    for variant in variants() {
        let pages = Language::ALL.map(|language| {
            markdown(
                &variant.record,
                &variant.lessons,
                language,
                &variant.options,
            )
        });
        let [en, zh] = pages.map(Result::unwrap);
        let lines = en.lines().zip(zh.lines());
        for (en, zh) in lines {
            assert_eq!(kind(en), kind(zh), "{en}\n{zh}");
        }
        assert_eq!(en.lines().count(), zh.lines().count());
    }
}

/// What stands outside of a template's tags, line by line, as far as it has words.
fn sentences(template: &str) -> Vec<String> {
    let template = template.replace("{%", "{{").replace("{#", "{{");
    let template = template.replace("%}", "}}").replace("#}", "}}");
    let texts = template
        .split("{{")
        .filter_map(|piece| piece.rsplit("}}").next());
    let lines = texts.flat_map(str::lines).map(str::trim);
    let words = |line: &&str| line.chars().filter(|c| c.is_alphabetic()).count() > 3;
    lines.filter(words).map(str::to_owned).collect()
}

#[test]
fn every_sentence_of_the_templates_is_on_a_page_of_some_run() {
    for (language, template) in [
        (Language::En, include_str!("../report.en.md")),
        (Language::Zh, include_str!("../report.zh.md")),
    ] {
        let mut pages = String::new();
        for Variant {
            record,
            lessons,
            options,
        } in &variants()
        {
            pages += &html(record, lessons, language, options).unwrap();
            pages += &markdown(record, lessons, language, options).unwrap();
        }
        for sentence in &sentences(template) {
            let drawn = sentence.trim_start_matches("![");
            let drawn = drawn.split("](").next().unwrap();
            assert!(
                pages.contains(sentence) || pages.contains(drawn),
                "{sentence}"
            );
        }
        assert!(sentences(template).len() > 150);
    }
}
