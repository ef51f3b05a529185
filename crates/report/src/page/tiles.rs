//! Images of the record side by side, with a few words below each.

use maud::{Markup, html};
use serde::Serialize;

use super::picture::{ink, shown};
use super::run::Run;
use crate::record::{Data, MOST_CONFIDENT, Picture, Tested};
use crate::{MNIST_LABEL_ERRORS, number};

/// An image with words below it, each pixel as whole ones of the screen, as far as it gets no wider than
/// `wide`. `alt` is for people who cannot see it.
pub(super) fn tile(
    source: &str,
    size: [usize; 2],
    wide: usize,
    alt: &str,
    lines: &[String],
) -> Markup {
    let scale = (wide / size[1].max(1)).max(1);
    html! {
        div.tile {
            img src=(source) alt=(alt) width=(size[1].saturating_mul(scale));
            @for line in lines { span { (line) } }
        }
    }
}

/// An image of the record as it is drawn: digits in ink, pictures as they are.
pub(super) fn drawn(run: &Run, pixels: &[u8], size: [usize; 2]) -> String {
    as_is(&run.record.manifest.data, pixels, size)
}

/// An image as it is drawn: digits in ink, pictures as they are.
pub(super) fn as_is(data: &Data, pixels: &[u8], [rows, columns]: [usize; 2]) -> String {
    if data.names.is_empty() {
        ink(pixels, rows, columns)
    } else {
        shown(pixels, rows, columns)
    }
}

pub(super) fn tiles(tiles: impl Iterator<Item = Markup>) -> String {
    html! { div.tiles { @for tile in tiles { (tile) } } }.into_string()
}

/// An image of every class.
pub(super) fn samples(run: &Run) -> String {
    let alt = run
        .language
        .pick("training image of class", "训练图片，类别");
    labelled(run, &run.record.samples.digits, alt)
}

/// Augmented views of some of them.
pub(super) fn views(run: &Run) -> String {
    let alt = run.language.pick(
        "augmented training image of class",
        "增强后的训练图片，类别",
    );
    labelled(run, &run.record.samples.views, alt)
}

/// Pictures with their labels below them.
fn labelled(run: &Run, pictures: &[Picture], alt: &str) -> String {
    tiles(pictures.iter().map(|picture| {
        let label = run.record.manifest.data.name(picture.label.into());
        let alt = format!("{alt} {label}");
        let size = [picture.rows, picture.columns];
        tile(&drawn(run, &picture.pixels, size), size, 64, &alt, &[label])
    }))
}

/// An image before preprocessing, or a channel of what becomes of it.
#[derive(Serialize)]
pub(super) struct Prepared {
    name: String,
    #[serde(skip)]
    source: String,
    #[serde(skip)]
    size: [usize; 2],
    #[serde(rename = "size")]
    shape: Vec<usize>,
    least: f32,
    most: f32,
}

/// A training image before preprocessing, and each channel of it after; nothing where the record
/// has no such image.
pub(super) fn prepared(run: &Run) -> Vec<Prepared> {
    let data = &run.record.manifest.data;
    let samples = &run.record.samples;
    let prepared = &samples.prepared;
    let mut digits = samples.digits.iter();
    let Some(before) = digits.find(|digit| digit.index == prepared.index) else {
        return Vec::new();
    };
    let end = |value: Option<&u8>| f32::from(value.copied().unwrap_or_default());
    let mut images = vec![Prepared {
        name: run.language.pick("as in the file", "原图").to_owned(),
        size: [before.rows, before.columns],
        shape: vec![data.rows, data.columns],
        source: drawn(run, &before.pixels, [before.rows, before.columns]),
        least: end(before.pixels.iter().min()),
        most: end(before.pixels.iter().max()),
    }];
    images.extend((1..).zip(&prepared.channels).map(|(place, channel)| {
        let name = run.language.pick("channel", "通道");
        Prepared {
            name: format!("{name} {place}"),
            size: [prepared.rows, prepared.columns],
            shape: vec![prepared.rows, prepared.columns],
            source: ink(&channel.pixels, prepared.rows, prepared.columns),
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
        let (shape, values) = (number::shape(&image.shape), format!("{least} … {most}"));
        let lines = [image.name, shape, values];
        tile(&image.source, image.size, 128, &lines[0], &lines)
    }))
}

/// An image that was taken for another class.
#[derive(Serialize)]
pub(super) struct Mistake<'a> {
    #[serde(skip)]
    pub(super) picture: &'a Picture,
    pub(super) index: usize,
    /// Its label, with an asterisk where that is known to be wrong.
    pub(super) label: String,
    known: bool,
    pub(super) predicted: String,
    #[serde(skip)]
    cell: (usize, usize),
    confidence: f64,
}

/// The mistakes that are kept, the most confident first.
pub(super) fn mistakes<'a>(run: &Run, test: &'a Tested) -> Vec<Mistake<'a>> {
    let data = &run.record.manifest.data;
    let is_mnist = run.record.manifest.data.is_mnist();
    let mistake = |picture: &'a Picture| {
        let Picture { index, label, .. } = picture;
        let mut predictions = test.predictions.rows.iter();
        let prediction = predictions.find(|row| row.index == *index)?;
        let known = is_mnist && MNIST_LABEL_ERRORS.contains(index);
        Some(Mistake {
            picture,
            index: *index,
            label: data.name((*label).into()) + if known { "*" } else { "" },
            known,
            predicted: data.name(prediction.predicted()),
            cell: (prediction.label.into(), prediction.predicted()),
            confidence: prediction.confidence(),
        })
    };
    test.mistakes.iter().filter_map(mistake).collect()
}

/// A picture with its true and its predicted class.
pub(super) type Taken = ((usize, usize), Markup);

/// The most confident as pictures; and all of them, each with its true and its predicted class.
pub(super) fn wrong(run: &Run, test: &Tested) -> (String, Vec<Taken>) {
    let mistakes = mistakes(run, test).into_iter();
    let all: Vec<_> = mistakes
        .map(|mistake| (mistake.cell, taken(run, &mistake)))
        .collect();
    let most_confident = all.iter().take(MOST_CONFIDENT);
    let shown = tiles(most_confident.map(|(_, tile)| tile.clone()));
    (shown, all)
}

/// An image that was taken for another class, as a picture.
fn taken(run: &Run, mistake: &Mistake) -> Markup {
    let (picture, predicted) = (mistake.picture, &mistake.predicted);
    let label = run.record.manifest.data.name(picture.label.into());
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
    tile(&drawn(run, &picture.pixels, size), size, 64, &alt, &lines)
}
