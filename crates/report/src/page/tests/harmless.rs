//! A page loads nothing, runs nothing, and shows foreign texts as texts.

use super::record::record;
use super::{NAMES, lesson, pages};
use crate::Language;
use crate::page::{Lesson, Options, html, markdown};

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

#[test]
fn hostile_texts_stay_texts() {
    let hostile = "`<script>alert(1)</script>`\" onload='x' | **b** </style>\n# h".to_owned();
    let mut record = record();
    let manifest = &mut record.manifest;
    for text in [
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
    ] {
        text.clone_from(&hostile);
    }
    manifest.layers[1].block.clone_from(&hostile);
    manifest.machine.processor = Some(hostile.clone());
    manifest.machine.driver = Some(hostile.clone());
    manifest.machine.burn = Some(hostile.clone());
    manifest.machine.rustc = Some(hostile.clone());
    manifest.commit = Some(hostile.clone());
    manifest.command.push(hostile.clone());
    record.folder = record.folder.join(&hostile);
    record
        .recipe
        .insert(hostile.clone(), hostile.clone().into());
    let cited = |name| Lesson {
        asked: hostile.clone(),
        question: hostile.clone(),
        finding: hostile.clone(),
        trained: hostile.clone(),
        command: hostile.clone(),
        file: hostile.clone(),
        sha256: hostile.clone(),
        ..lesson(name)
    };
    let elsewhere = Lesson {
        elsewhere: Some(hostile.clone()),
        ..cited("preprocessing")
    };
    let lessons = [cited("boundary"), elsewhere, cited("own")];
    let options = Options {
        author: Some(hostile),
    };
    for language in Language::ALL {
        let page = html(&record, &lessons, language, &options).unwrap();
        assert!(page.contains("&lt;script&gt;"));
        assert!(!page.contains("<script"), "{page}");
        // No tag has an attribute of the text, not even of one that stands in quotes.
        for piece in page.split('<').skip(1) {
            let tag = piece.split('>').next().unwrap();
            assert!(!tag.contains("onload"), "{tag}");
        }
        // Neither bold text nor a heading comes of it.
        assert!(
            !page.contains("<strong>b<") && !page.contains(">h<"),
            "{page}"
        );
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
