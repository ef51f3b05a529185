//! Mistakes that are looked into, as pictures.

use maud::{Markup, html};

use super::run::Run;
use super::tiles::{drawn, mistakes, tile};
use crate::record::{Alike, Explained, Looked, Tested};

/// How wide the picture that was taken for something else is, and those that are like it.
const WIDE: [usize; 2] = [96, 64];

/// Each mistake with the places that the head looked at, and the training images that are like it.
pub(super) fn explained(run: &Run, test: &Tested) -> String {
    let mistakes = mistakes(run, test);
    let group = |one: &Explained| {
        let mistake = mistakes.iter().find(|mistake| mistake.index == one.index)?;
        let picture = mistake.picture;
        let size = [picture.rows, picture.columns];
        let source = drawn(run, &picture.pixels, size);
        let scale = (WIDE[0] / size[1].max(1)).max(1);
        let told = format!("{} → {}", mistake.label, mistake.predicted);
        Some(html! {
            div.group {
                div.tile {
                    div.seen {
                        img src=(source) alt=(told) width=(size[1].saturating_mul(scale));
                        @if let Some(map) = &one.map { (overlay(map)) }
                    }
                    span { (told) }
                    span { "#" (one.index) }
                }
                @for alike in &one.alike { (like(run, alike)) }
            }
        })
    };
    let groups = test.explained.iter().filter_map(group);
    html! { div.tiles { @for group in groups { (group) } } }.into_string()
}

/// What lies over a picture: the places, the darker the more they add.
fn overlay(map: &Looked) -> Markup {
    let values = map.values.iter().flatten();
    let most = values.fold(0.0_f64, |most, value| most.max(value.abs()));
    let [rows, columns] = [map.values.len(), map.values.first().map_or(0, Vec::len)];
    let [top, left, height, width] = map.area.map(|share| format!("{:.2}%", 100.0 * share));
    html! {
        svg viewBox=(format!("0 0 {columns} {rows}")) preserveAspectRatio="none" style=(format!("top: {top}; left: {left}; height: {height}; width: {width}")) {
            @for (row, values) in map.values.iter().enumerate() {
                @for (column, value) in values.iter().enumerate() {
                    @let opacity = if most > 0.0 { 0.7 * value.abs() / most } else { 0.0 };
                    rect.for[*value > 0.0].against[*value <= 0.0] x=(column) y=(row) width="1" height="1" fill-opacity=(format!("{opacity:.2}")) {}
                }
            }
        }
    }
}

fn like(run: &Run, alike: &Alike) -> Markup {
    let picture = &alike.picture;
    let label = run.record.manifest.data.name(picture.label.into());
    let size = [picture.rows, picture.columns];
    let lines = [
        label,
        format!("{:.2}", alike.similarity),
        format!("#{}", picture.index),
    ];
    tile(
        &drawn(run, &picture.pixels, size),
        size,
        WIDE[1],
        &lines[0],
        &lines,
    )
}
