//! The confusion matrix, whose mistakes open their pictures below it: without a script, by the address.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

use super::tiles::Taken;
use crate::chart::confusion_svg;
use crate::{Confusion, Language, number};

/// The matrix of an `evaluation` of classes of these names, with `tiles` of true and predicted classes. `end` tells
/// its cells from those of another matrix of the page.
pub(super) fn confusion(
    confusion: &Confusion,
    names: &[String],
    tiles: impl Iterator<Item = Taken>,
    end: &str,
    language: Language,
) -> String {
    let mut cells: BTreeMap<(usize, usize), Vec<Markup>> = BTreeMap::new();
    for (cell, tile) in tiles {
        cells.entry(cell).or_default().push(tile);
    }
    let id = |(truth, predicted)| format!("cell{end}-{truth}-{predicted}");
    let link = |cell| cells.contains_key(&cell).then(|| id(cell));
    let matrix = confusion_svg(confusion, names, link, language);
    let of = |shown: usize, all: u64| {
        let [shown, all] = [shown as u64, all].map(number::count);
        language.pick(
            format!("{shown} of {all}"),
            format!("{all} 张中的 {shown} 张"),
        )
    };
    html! {
        (PreEscaped(matrix))
        @for (&(truth, predicted), tiles) in &cells {
            div.opened id=(id((truth, predicted))) {
                p { (names[truth]) " → " (names[predicted]) ": " (of(tiles.len(), confusion.count(truth, predicted))) }
                div.tiles { @for tile in tiles { (tile) } }
            }
        }
    }
    .into_string()
}
