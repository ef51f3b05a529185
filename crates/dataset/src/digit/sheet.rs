//! A sheet of paper on something darker.

use super::Plane;
use super::mask::Mask;
use super::window::{closed, extremes};

/// Of a sheet, how much of the picture it takes, in hundredths.
const AREA: [usize; 2] = [12, 97];
/// Of its pixels, how many in a hundred are as bright as paper, and of its convex hull, how many it has.
const BRIGHT: usize = 75;
const CONVEX: usize = 85;
/// A sharp edge: the darkest near it has less than this part of the brightest; and how many in a hundred
/// of a sheet's edge are that. Shadows have soft edges.
const STEP: f32 = 0.75;
const SHARP: usize = 60;

/// The pixels of a bright sheet, with what is drawn on it, where the picture shows one on a darker desk.
pub(super) fn sheet(picture: &Plane) -> Option<Mask> {
    let side = picture.width().min(picture.height());
    // Thin rules must not cut the sheet into strips.
    let paper = closed(picture, (side / 60).max(1));
    let threshold = otsu(&paper);
    let above = |plane: &Plane| Mask {
        width: plane.width(),
        set: plane.iter().map(|value| *value > threshold).collect(),
    };
    let bright = above(&paper);
    let largest = bright.shapes().into_iter().next()?;
    let mut sheet = Mask::from_fn(bright.width, bright.height(), |_, _| false);
    largest
        .pixels
        .iter()
        .for_each(|&index| sheet.set[index] = true);
    let sheet = sheet.solid();

    let (area, all) = (sheet.count(), sheet.set.len());
    let [least, most] = AREA.map(|part| part * all / 100);
    let hull = sheet.hull();
    let on_it = sheet.without(&sheet.without(&above(picture))).count();
    let looks_like_one = (least..=most).contains(&area)
        && 100 * on_it >= BRIGHT * area
        && 100 * area >= CONVEX * hull.count();
    (looks_like_one && has_sharp_edge(&hull, &paper)).then_some(sheet)
}

/// Looks at the convex hull: the edge of a lit part of the paper may follow a digit, whose edges are sharp.
fn has_sharp_edge(sheet: &Mask, paper: &Plane) -> bool {
    let side = paper.width().min(paper.height());
    let [darkest, brightest] = extremes(paper, None, (side / 60).max(1) + 1);
    let edge = sheet.without(&sheet.eroded(true));
    let sharp = |index: &usize| darkest.as_raw()[*index] < STEP * brightest.as_raw()[*index];
    let (edges, found) = (
        edge.count(),
        (0..edge.set.len())
            .filter(|index| edge.set[*index])
            .filter(sharp)
            .count(),
    );
    edges > 0 && 100 * found >= SHARP * edges
}

/// Otsu's threshold ("A threshold selection method from gray-level histograms", 1979): of all ways to part
/// the values into two classes, the one whose class means lie furthest apart, weighted by their sizes.
fn otsu(plane: &Plane) -> f32 {
    let mut counts = [0.0_f64; 256];
    for value in plane.iter() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 255"
        )]
        let bin = (value.clamp(0.0, 1.0) * 255.0) as usize;
        counts[bin] += 1.0;
    }
    let bins = (0_u8..=255).zip(counts);
    let (total, sum) = bins.clone().fold((0.0, 0.0), |(total, sum), (bin, count)| {
        (total + count, sum + count * f64::from(bin))
    });
    let (mut dark, mut dark_sum, mut best, mut threshold) = (0.0, 0.0, 0.0, 0);
    for (bin, count) in bins {
        dark += count;
        dark_sum += count * f64::from(bin);
        let light = total - dark;
        if dark > 0.0 && light > 0.0 {
            let apart = dark_sum / dark - (sum - dark_sum) / light;
            let variance = dark * light * apart * apart;
            if variance > best {
                (best, threshold) = (variance, bin);
            }
        }
    }
    (f32::from(threshold) + 1.0) / 255.0
}
