//! Images of the record side by side, with a few words below each.

use maud::{Markup, html};
use serde::Serialize;

use super::picture::ink;
use super::run::Run;
use crate::record::{Picture, Tested};
use crate::{MNIST_LABEL_ERRORS, number};

/// An image with words below it, each pixel as `scale` of the screen's. `alt` is for people who
/// cannot see it.
fn tile(pixels: &[u8], size: [usize; 2], scale: usize, alt: &str, lines: &[String]) -> Markup {
    let [rows, columns] = size;
    html! {
        div.tile {
            img src=(ink(pixels, rows, columns)) alt=(alt) width=(columns.saturating_mul(scale));
            @for line in lines { span { (line) } }
        }
    }
}

fn tiles(tiles: impl Iterator<Item = Markup>) -> String {
    html! { div.tiles { @for tile in tiles { (tile) } } }.into_string()
}

/// An image of every class.
pub(super) fn samples(run: &Run) -> String {
    tiles(run.record.samples.digits.iter().map(|picture| {
        let label = picture.label;
        let alt = run.language.pick(
            format!("training image of class {label}"),
            format!("类别 {label} 的训练图片"),
        );
        let size = [picture.rows, picture.columns];
        tile(&picture.pixels, size, 2, &alt, &[label.to_string()])
    }))
}

/// An image before preprocessing, or a channel of what becomes of it.
#[derive(Serialize)]
pub(super) struct Prepared<'a> {
    name: String,
    #[serde(skip)]
    pixels: &'a [u8],
    size: [usize; 2],
    least: f32,
    most: f32,
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
    tiles(prepared(run).into_iter().map(|image| {
        let [least, most] = [image.least, image.most].map(number::value);
        let (shape, values) = (number::shape(&image.size), format!("{least} … {most}"));
        let lines = [image.name, shape, values];
        tile(image.pixels, image.size, 4, &lines[0], &lines)
    }))
}

/// An image that was taken for another class.
#[derive(Serialize)]
pub(super) struct Mistake<'a> {
    #[serde(skip)]
    picture: &'a Picture,
    index: usize,
    /// Its label, with an asterisk where that is known to be wrong.
    label: String,
    known: bool,
    predicted: usize,
    confidence: f64,
}

/// The most confident mistakes.
pub(super) fn mistakes<'a>(run: &Run, test: &'a Tested) -> Vec<Mistake<'a>> {
    let is_mnist = run.record.manifest.data.is_mnist();
    let mistake = |picture: &'a Picture| {
        let Picture { index, label, .. } = picture;
        let mut predictions = test.predictions.rows.iter();
        let prediction = predictions.find(|row| row.index == *index)?;
        let known = is_mnist && MNIST_LABEL_ERRORS.contains(index);
        Some(Mistake {
            picture,
            index: *index,
            label: format!("{label}{}", if known { "*" } else { "" }),
            known,
            predicted: prediction.predicted(),
            confidence: prediction.confidence(),
        })
    };
    test.mistakes.iter().filter_map(mistake).collect()
}

/// The same as pictures.
pub(super) fn wrong(run: &Run, test: &Tested) -> String {
    tiles(mistakes(run, test).into_iter().map(|mistake| {
        let (picture, predicted) = (mistake.picture, mistake.predicted);
        let label = picture.label;
        let alt = run.language.pick(
            format!("a {label} taken for a {predicted}"),
            format!("{label} 被认作 {predicted}"),
        );
        let lines = [
            format!("{} → {predicted}", mistake.label),
            number::percent(mistake.confidence, run.language),
            format!("#{}", mistake.index),
        ];
        let size = [picture.rows, picture.columns];
        tile(&picture.pixels, size, 2, &alt, &lines)
    }))
}
