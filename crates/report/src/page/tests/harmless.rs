//! A page loads nothing, runs nothing, and shows foreign texts as texts.

use super::record::record;
use super::structure::tags;
use super::{NAMES, lesson, pages};
use crate::Language;
use crate::page::{Lesson, Options, html, markdown};
use crate::record::Record;

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for page in pages(&record(), &NAMES.map(lesson)).iter().step_by(2) {
        for no in [
            "<script",
            "<link",
            "@import",
            "url(",
            "javascript:",
            "<iframe",
            "/private/",
            "/somewhere/",
        ] {
            assert!(!page.contains(no), "{no} in {page}");
        }
        for piece in page.split("src=\"").skip(1) {
            assert!(
                piece.starts_with("data:image/png;base64,iVBOR"),
                "{}",
                &piece[..40]
            );
        }
        for piece in page.split("href=\"").skip(1) {
            assert!(piece.starts_with('#'), "{}", &piece[..40]);
        }
        for piece in page.split("<svg").skip(1) {
            let svg = format!("<svg{}</svg>", piece.split("</svg>").next().unwrap());
            roxmltree::Document::parse(&svg).unwrap();
        }
    }
}

/// A record, labs and an author with `text` wherever it could come from somewhere else.
fn with(text: &str) -> (Record, Vec<Lesson>, Options) {
    let mut record = record();
    let text = text.to_owned();
    let manifest = &mut record.manifest;
    for place in [
        &mut manifest.recipe,
        &mut manifest.data.source,
        &mut manifest.origin.file,
        &mut manifest.origin.producer,
        &mut manifest.machine.system,
        &mut manifest.machine.engine,
        &mut manifest.machine.backend,
        &mut manifest.layers[0].name,
        &mut manifest.graft,
        &mut manifest.head.before,
        &mut manifest.network,
    ] {
        place.clone_from(&text);
    }
    manifest.data.names = vec![text.clone(); 3];
    manifest.layers[1].block.clone_from(&text);
    manifest.machine.processor = Some(text.clone());
    manifest.machine.driver = Some(text.clone());
    manifest.machine.burn = Some(text.clone());
    manifest.machine.rustc = Some(text.clone());
    manifest.commit = Some(text.clone());
    manifest.command.push(text.clone());
    record.folder = record.folder.join(text.replace('/', "_"));
    record.recipe.insert(text.clone(), text.clone().into());
    let cited = |name| Lesson {
        asked: text.clone(),
        question: text.clone(),
        finding: text.clone(),
        trained: text.clone(),
        command: text.clone(),
        file: text.clone(),
        sha256: text.clone(),
        ..lesson(name)
    };
    let mut titled = cited("own");
    titled.chart.title.clone_from(&text);
    let elsewhere = Lesson {
        elsewhere: Some(text.clone()),
        ..cited("preprocessing")
    };
    let lessons = vec![cited("boundary"), elsewhere, titled];
    let author = Some(text);
    (record, lessons, Options { author })
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = "`<script>alert(1)</script>`\" onload='x' | **b** </style>\n# h";
    let (record, lessons, options) = with(hostile);
    for language in Language::ALL {
        let page = html(&record, &lessons, language, &options).unwrap();
        assert!(page.contains("&lt;script&gt;"));
        assert!(!page.contains("<script"), "{page}");
        // No tag has an attribute of the text: outside of quotes there is none of it.
        for piece in page.split('<').skip(1) {
            let tag = piece.split('>').next().unwrap();
            let outside: String = tag.split('"').step_by(2).collect();
            assert!(!outside.contains("onload"), "{tag}");
        }
        assert_eq!(page.matches("</style>").count(), 1);
        let text = markdown(&record, &lessons, language, &options).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("# h")), "{text}");
        // Outside of code there is no markup.
        for line in text.lines().filter(|line| !line.starts_with("    ")) {
            let plain: String = line.split('`').step_by(2).collect();
            assert!(!plain.contains('<'), "{line}");
        }
    }
}

#[test]
fn no_text_changes_the_structure() {
    let page = |text: &str| {
        let (record, lessons, options) = with(text);
        html(&record, &lessons, Language::En, &options).unwrap()
    };
    let plain = page("text");
    for hostile in [
        "# a",
        "- a",
        "1. a",
        " - a",
        " 2) a",
        "> a",
        "===",
        "--- ",
        "***",
        "    a",
        "\ta",
        "a | b | c",
        "| a |\n| - |",
        "```\na\n```",
        "~~~",
        "``",
        "`",
        "`a` | `b",
        "**a** __b__ *c* ~~d~~",
        "![a](javascript:a) [b](http://b) [c]: d",
        "<http://a> <b> <!-- c --> <![CDATA[d]]>",
        "&lt;a&gt; &#60;b&#62;",
        "a\\",
        "\\|",
        "{{ a }} {% b %} {# c #}",
        "\u{e000}",
        "a\r\n\r\nb",
        "\u{2028}# a",
    ] {
        let page = page(hostile);
        assert_eq!(tags(&page), tags(&plain), "{hostile:?}");
        for no in ["javascript:a\"", "href=\"http"] {
            assert!(!page.contains(no), "{no} of {hostile:?} in {page}");
        }
    }
}
