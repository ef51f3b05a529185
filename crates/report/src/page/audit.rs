//! The page of an audit: one HTML file, made as a report is.

use std::collections::{BTreeMap, BTreeSet};

use maud::Markup;
use minijinja::context;
use minijinja::value::{Serde, Value};

use super::template::environment;
use super::tiles::{as_is, tile, tiles};
use super::{Error, blocks, cells, html};
use crate::audit::{Audit, Copy, Split};
use crate::chart::scatter_svg;
use crate::{Language, number};

/// The blocks of its template.
const BLOCKS: [&str; 6] = ["head", "labels", "copies", "outliers", "classes", "foot"];
/// How many groups of copies, and how many pairs of classes, are shown.
const MOST: usize = 30;

/// The page of an audit; `next` is how a command is started. Styles and pictures are inside, scripts there are
/// none.
///
/// # Errors
/// When the template has a mistake.
pub fn audit(audit: &Audit, language: Language, next: &str) -> Result<String, Error> {
    let names = audit.data.clone();
    let context = context! {
        audit => Serde(audit),
        most => MOST,
        graft => next,
        class_name => Value::from_function(move |class: usize| names.name(class)),
    };
    let page = language.pick(include_str!("audit.en.md"), include_str!("audit.zh.md"));
    let environment = environment(&context, language, page)?;
    let blocks = blocks(&environment, &BLOCKS)?;
    let drawings = drawings(audit, language);
    Ok(html::page(&blocks, &audit.recipe, &drawings, language)?)
}

/// The page's figures, by the names that its template calls them; those of test images end in `-test`.
fn drawings(audit: &Audit, language: Language) -> BTreeMap<String, String> {
    let mut drawings = BTreeMap::new();
    let names = audit.data.all_names();
    for split in &audit.splits {
        let end = if split.is_test { "-test" } else { "" };
        let mut add = |name: &str, html: String| drawings.insert(format!("{name}{end}"), html);
        let shown = |index, lines: Vec<String>| picture(audit, split, index, &lines);
        let percent = |share| number::percent(share, language);
        add(
            "suspects",
            tiles(split.suspects.iter().filter_map(|one| {
                let [label, suggested] =
                    [one.label, one.suggested].map(|class| audit.data.name(class));
                let told = match (one.probably_wrong, one.label == one.suggested) {
                    (true, _) => format!("{label} → {suggested}"),
                    (false, false) => format!("{label} ? {suggested}"),
                    (false, true) => label,
                };
                let lines = vec![told, percent(one.probability)];
                shown(one.index, lines)
            })),
        );
        add(
            "outliers",
            tiles(split.outliers.iter().filter_map(|one| {
                let lines = vec![audit.data.name(one.label), format!("{:.2}", one.similarity)];
                shown(one.index, lines)
            })),
        );
        let cells = split.predictions.mistakes_to_show().into_iter();
        let cells = cells.filter_map(|row| {
            let (truth, predicted) = (usize::from(row.label), row.predicted());
            let lines = vec![percent(row.confidence())];
            Some(((truth, predicted), shown(row.index, lines)?))
        });
        let confusion = &split.evaluation.confusion;
        add(
            "confusion",
            cells::confusion(confusion, &names, cells, end, language),
        );
    }
    let wrong = audit.splits[0].suspects.iter();
    let wrong = wrong.filter(|one| one.probably_wrong);
    let wrong: BTreeSet<usize> = wrong.map(|one| one.index).collect();
    let map = scatter_svg(&audit.map, &names, |index| wrong.contains(&index), language);
    drawings.insert("map".to_owned(), map);
    for (place, copies) in audit.copies.iter().take(MOST).enumerate() {
        let tile = |copy: &Copy| {
            let split = audit
                .splits
                .iter()
                .find(|split| split.is_test == copy.is_test)?;
            let mut lines = vec![audit.data.name(copy.label)];
            if copy.is_test {
                lines.push(language.pick("test", "测试").into());
            }
            picture(audit, split, copy.index, &lines)
        };
        let tiles = tiles(copies.images.iter().take(MOST).filter_map(tile));
        drawings.insert(format!("copies-{place}"), tiles);
    }
    drawings
}

/// An image of a split with words and its file below it, where it was kept.
fn picture(audit: &Audit, split: &Split, index: usize, lines: &[String]) -> Option<Markup> {
    let place = split
        .pictures
        .binary_search_by_key(&index, |one| one.picture.index);
    let one = &split.pictures[place.ok()?];
    let size = [one.picture.rows, one.picture.columns];
    let source = as_is(&audit.data, &one.picture.pixels, size);
    let lines = [lines, std::slice::from_ref(&one.file)].concat();
    Some(tile(&source, size, 64, &lines.join(", "), &lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Share;
    use crate::audit::{Copies, FeatureMap, MapPoint, Named, Outlier};
    use crate::record::{Data, Picture, Predictions};

    /// An audit of three images of every class, of which every seventh is told as the next class.
    fn made_up(classes: usize, with_test: bool) -> Audit {
        let indices: Vec<usize> = (0..3 * classes).collect();
        let labels: Vec<u8> = indices
            .iter()
            .map(|index| u8::try_from(index % classes).unwrap())
            .collect();
        let mut logits = vec![0.0; indices.len() * classes];
        for index in &indices {
            let told = (index + usize::from(index % 7 == 0)) % classes;
            logits[index * classes + told] = 4.0;
        }
        let split = |is_test| {
            let predictions = Predictions::new(&indices, &labels, &logits, classes).unwrap();
            let outlier = |&index: &usize| Outlier {
                index,
                label: index % classes,
                similarity: 0.5,
            };
            let outliers = indices.iter().map(outlier).collect();
            let mut split = Split::new(is_test, predictions, outliers, 10).unwrap();
            split.pictures = indices
                .iter()
                .map(|&index| Named {
                    picture: Picture {
                        index,
                        label: labels[index],
                        rows: 1,
                        columns: 2,
                        pixels: vec![0, 255],
                    },
                    file: format!("<{index}>.png"),
                })
                .collect();
            split
        };
        let copy = |is_test, index| Copy {
            is_test,
            index,
            label: index % classes,
        };
        Audit {
            recipe: "seed".into(),
            data: Data {
                extra: String::new(),
                source: "my|pictures".into(),
                images: String::new(),
                labels: String::new(),
                rows: 1,
                columns: 2,
                classes,
                channels: 1,
                names: (0..classes)
                    .map(|class| format!("class {class} <b>"))
                    .collect(),
                border: None,
                left_out: 0,
            },
            folds: 4,
            by_fold: vec![Share::new(&[true]); 4],
            deviation: 0.0,
            map: FeatureMap {
                explained: [0.5, 0.25],
                points: indices
                    .iter()
                    .map(|&index| MapPoint {
                        index,
                        label: index % classes,
                        place: [0.0, 1.0],
                    })
                    .collect(),
            },
            splits: if with_test {
                vec![split(false), split(true)]
            } else {
                vec![split(false)]
            },
            copies: vec![Copies::new(true, vec![copy(false, 0), copy(with_test, 1)])],
            seconds: 1.5,
        }
    }

    #[test]
    fn pages_of_any_number_of_classes_are_written_and_harmless() {
        for (classes, with_test) in [(2, true), (2, false), (10, true), (100, false)] {
            let made_up = made_up(classes, with_test);
            for language in Language::ALL {
                let page = audit(&made_up, language, "graft").unwrap();
                assert!(!page.contains("<b>class") && !page.contains("<0>.png"));
                assert!(page.contains("class 0 &lt;b&gt;") && page.contains("&lt;0&gt;.png"));
                assert!(page.contains("graft train --recipe seed --set data.labels=labels.csv"));
                let tests = page
                    .matches(language.pick("Test images", "测试图片</h3>"))
                    .count();
                assert_eq!(tests > 0, with_test, "{classes}");
                // Every figure that the template names is drawn.
                assert!(!page.contains("<figure class=\"\"><figcaption>"));
                assert!(!page.contains("<figure class=\"wide\"><figcaption>"));
            }
        }
    }

    #[test]
    fn what_was_found_is_said() {
        let page = audit(&made_up(10, true), Language::En, "graft").unwrap();
        for text in [
            "have fewer images than there are folds",
            "The same pixels, with different labels, of training and test.",
            "1 groups of images are the same, or almost: 1 with the same pixels.",
        ] {
            assert!(page.contains(text), "{text}");
        }
    }
}
