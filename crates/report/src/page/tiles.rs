//! Images of the record side by side, with a few words below each.

use maud::html;

use super::picture::ink;
use super::run::Run;
use crate::record::{Picture, Tested};
use crate::{MNIST_LABEL_ERRORS, number};

/// An image with its words; `alt` is for people who cannot see it.
struct Tile<'a> {
    pixels: &'a [u8],
    size: [usize; 2],
    alt: String,
    lines: Vec<String>,
}

/// The images as HTML, each pixel as `scale` pixels of the screen.
fn tiles<'a>(scale: usize, tiles: impl Iterator<Item = Tile<'a>>) -> String {
    let image = |tile: &Tile| ink(tile.pixels, tile.size[0], tile.size[1]);
    let page = html! {
        div.tiles {
            @for tile in tiles {
                div.tile {
                    img src=(image(&tile)) alt=(tile.alt) width=(tile.size[1].saturating_mul(scale));
                    @for line in &tile.lines { span { (line) } }
                }
            }
        }
    };
    page.into_string()
}

/// An image of every class.
pub(super) fn samples(run: &Run) -> String {
    tiles(
        2,
        run.record.samples.digits.iter().map(|picture| Tile {
            pixels: &picture.pixels,
            size: [picture.rows, picture.columns],
            alt: run.language.pick(
                format!("training image of class {}", picture.label),
                format!("类别 {} 的训练图片", picture.label),
            ),
            lines: vec![picture.label.to_string()],
        }),
    )
}

/// An image before preprocessing, or a channel of what becomes of it.
pub(super) struct Prepared<'a> {
    pub(super) name: String,
    pub(super) pixels: &'a [u8],
    pub(super) size: [usize; 2],
    pub(super) least: f32,
    pub(super) most: f32,
}

/// A training image before preprocessing, and each channel of it after; nothing where the record
/// has no such image.
pub(super) fn prepared<'a>(run: &Run<'a>) -> Vec<Prepared<'a>> {
    let samples = &run.record.samples;
    let prepared = &samples.prepared;
    let mut digits = samples.digits.iter();
    let Some(before) = digits.find(|digit| digit.index == prepared.index) else {
        return Vec::new();
    };
    let end = |value: Option<&u8>| f32::from(value.copied().unwrap_or_default());
    let mut images = vec![Prepared {
        name: run.language.pick("as in the file", "原图").to_owned(),
        pixels: &before.pixels,
        size: [before.rows, before.columns],
        least: end(before.pixels.iter().min()),
        most: end(before.pixels.iter().max()),
    }];
    images.extend((1..).zip(&prepared.channels).map(|(place, channel)| {
        let name = run.language.pick("channel", "通道");
        Prepared {
            name: format!("{name} {place}"),
            pixels: &channel.pixels,
            size: [prepared.rows, prepared.columns],
            least: channel.minimum,
            most: channel.maximum,
        }
    }));
    images
}

/// The same, each pixel large enough to be seen.
pub(super) fn compared(run: &Run) -> String {
    tiles(
        4,
        prepared(run).into_iter().map(|image| Tile {
            pixels: image.pixels,
            size: image.size,
            lines: vec![
                image.name.clone(),
                number::shape(&image.size),
                format!(
                    "{} … {}",
                    number::value(image.least),
                    number::value(image.most)
                ),
            ],
            alt: image.name,
        }),
    )
}

/// An image that was taken for another class.
pub(super) struct Mistake<'a> {
    pub(super) picture: &'a Picture,
    pub(super) predicted: usize,
    pub(super) confidence: f64,
    /// Whether its label is known to be wrong.
    pub(super) known: bool,
}

impl Mistake<'_> {
    /// Its label, with an asterisk where that is known to be wrong.
    pub(super) fn marked(&self) -> String {
        let mark = if self.known { "*" } else { "" };
        format!("{}{mark}", self.picture.label)
    }
}

/// The most confident mistakes.
pub(super) fn mistakes<'a>(run: &Run, test: &'a Tested) -> Vec<Mistake<'a>> {
    let is_mnist = run.record.manifest.data.is_mnist();
    let mistake = |picture: &'a Picture| {
        let mut predictions = test.predictions.rows.iter();
        let prediction = predictions.find(|row| row.index == picture.index)?;
        Some(Mistake {
            picture,
            predicted: prediction.predicted(),
            confidence: prediction.confidence(),
            known: is_mnist && MNIST_LABEL_ERRORS.contains(&picture.index),
        })
    };
    test.mistakes.iter().filter_map(mistake).collect()
}

/// The same as pictures.
pub(super) fn wrong(run: &Run, test: &Tested) -> String {
    tiles(
        2,
        mistakes(run, test).into_iter().map(|mistake| {
            let (marked, predicted) = (mistake.marked(), mistake.predicted);
            let picture = mistake.picture;
            Tile {
                pixels: &picture.pixels,
                size: [picture.rows, picture.columns],
                alt: run.language.pick(
                    format!("a {} taken for a {predicted}", picture.label),
                    format!("{} 被认作 {predicted}", picture.label),
                ),
                lines: vec![
                    format!("{marked} → {predicted}"),
                    number::percent(mistake.confidence, run.language),
                    format!("#{}", picture.index),
                ],
            }
        }),
    )
}
