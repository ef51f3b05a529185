//! Which of the shapes on a picture are the digit, or why none is.

use super::Plane;
use super::distance::distance_to;
use super::mask::{Bounds, Mask, Shape};
use super::relief::{Relief, quantile};
use super::rules::rules;
use super::stroke::width;
use super::window::extremes;

/// The shapes that are the digit.
pub(super) struct Chosen {
    /// The pixels of the digit.
    pub(super) ink: Mask,
    /// What else stands out: stains, frames, rules.
    pub(super) other: Mask,
    /// Depths above it are ink.
    pub(super) level: f32,
}

/// Why a picture shows no single digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Nothing,
    Scattered,
    Filled,
    Several(usize),
    Joined,
    Small(u32),
    Diffuse,
}

/// Ink is deeper than this part of the deepest.
const INK_PART: f32 = 0.5;
/// The least height or width of a digit, in pixels.
const LEAST_SIDE: u32 = 8;
/// Half of the thickest place, as a part of the longer side: at most 0.19 for 99 in 100 of MNIST's digits;
/// 0.29 of a filled triangle, 0.5 of a disc.
const FILLED: f32 = 0.25;
/// The widest digit, as a multiple of its height: 1.43 for 99 in 100 of MNIST's, 1.67 for 999 in 1000.
const WIDEST: f64 = 1.9;
/// An edge is a step of this part of the ink's level, within this part of the digit's longer side; and how
/// many in a hundred of its edges are that. Chosen on 1,500 empty sheets in uneven light, of which 2 pass,
/// and on drawings of training digits, of which 1 in 100 of the most blurred does not.
const STEP_PART: f32 = 1.2;
const EDGE_PART: u32 = 40;
const SHARP: usize = 85;
/// The mean width of strokes, as a part of the longer side: 0.25 for 99 in 100 of MNIST's digits.
const BROADEST: f32 = 0.33;
/// What is deeper than this multiple of the depth that 9 in 10 pixels of rules have is no rule.
const RULE_PART: f32 = 1.3;

/// Chooses the digit's shapes. `lit` is the picture before its light was made even.
pub(super) fn choose(relief: &Relief, lit: &Plane, paper: Option<&Mask>) -> Result<Chosen, Reason> {
    let width = relief.depth.width();
    let above = |level: f32| Mask {
        width,
        set: relief.depth.iter().map(|depth| *depth > level).collect(),
    };
    let standing_out = above(relief.floor);
    let rules = plain_rules(relief, &standing_out);
    let shapes = standing_out.without(&rules).shapes();
    let deepest = depth_of(relief, &inner(&standing_out, shapes)).ok_or(Reason::Nothing)?;
    let level = relief.floor.max(INK_PART * deepest);
    let all = above(level);
    let ink = all.without(&rules);
    let shapes = inner(&ink, ink.shapes());
    let chosen = grouped(&all, shapes, level)?;
    if lies_in_noise(&chosen.ink, &ink) {
        return Err(Reason::Scattered);
    }
    if has_sharp_edges(&chosen.ink, level, lit, paper) {
        Ok(chosen)
    } else {
        Err(Reason::Diffuse)
    }
}

/// Whether there is half as much ink close to a digit as in it: noise, of which one piece touches no edge of the
/// picture.
fn lies_in_noise(digit: &Mask, ink: &Mask) -> bool {
    let bounds = digit.bounds();
    let near = bounds.longer() / 4;
    let across = bounds.left.saturating_sub(near)..(bounds.right + near).min(ink.width);
    let down = bounds.top.saturating_sub(near)..(bounds.bottom + near).min(ink.height());
    let places = down.flat_map(|y| across.clone().map(move |x| (x, y)));
    let around = places.filter(|&(x, y)| ink.at(x, y)).count();
    2 * around > 3 * digit.count()
}

/// Whether the ink has edges in the picture itself: what the division by uneven light makes up, as beside a
/// shadow, has not.
fn has_sharp_edges(ink: &Mask, level: f32, lit: &Plane, paper: Option<&Mask>) -> bool {
    let [darkest, brightest] = extremes(lit, paper, (ink.bounds().longer() / EDGE_PART).max(2));
    let edge = ink.without(&ink.eroded(false));
    let edges = (0..edge.set.len()).filter(|&index| edge.set[index]);
    let is_sharp = |index: &usize| {
        let [dark, bright] = [&darkest, &brightest].map(|plane| plane.as_raw()[*index]);
        bright - dark > STEP_PART * level * bright
    };
    let sharp = edges.clone().filter(is_sharp).count();
    100 * sharp >= SHARP * edges.count()
}

/// The pixels of rules, but for those that are much deeper: a stroke runs along a rule there.
fn plain_rules(relief: &Relief, standing_out: &Mask) -> Mask {
    let mut rules = rules(standing_out);
    let depths = relief.depth.as_raw();
    let of_rules = depths.iter().zip(&rules.set).filter(|(_, set)| **set);
    let mut own: Vec<f32> = of_rules.map(|(depth, _)| *depth).collect();
    let deepest = RULE_PART * quantile(&mut own, 0.9);
    for (set, depth) in rules.set.iter_mut().zip(depths) {
        *set &= *depth <= deepest;
    }
    rules
}

/// The shapes that may be a digit or a part of one: no frame, nothing that runs out of the picture,
/// unless that is all there is.
fn inner(mask: &Mask, shapes: Vec<Shape>) -> Vec<Shape> {
    let (touching, within): (Vec<Shape>, Vec<Shape>) =
        shapes.into_iter().partition(|shape| shape.touch(mask) > 0);
    let large = |shape: &Shape| shape.bounds.longer() >= LEAST_SIDE;
    if !within.iter().any(large) {
        let tight = |shape: &Shape| {
            let around = 2 * (shape.bounds.width() + shape.bounds.height());
            large(shape) && 5 * shape.touch(mask) <= 2 * around
        };
        return touching.into_iter().filter(tight).chain(within).collect();
    }
    let frames: Vec<bool> = within
        .iter()
        .map(|shape| is_frame(shape, &within, mask))
        .collect();
    within
        .into_iter()
        .zip(frames)
        .filter(|(_, frame)| !frame)
        .map(|(shape, _)| shape)
        .collect()
}

/// A hollow shape around something else, or around most of the picture.
fn is_frame(shape: &Shape, all: &[Shape], mask: &Mask) -> bool {
    let Bounds {
        left,
        top,
        right,
        bottom,
    } = shape.bounds;
    let [width, height] = [shape.bounds.width(), shape.bounds.height()];
    let holds_another = all.iter().any(|other| {
        other.bounds != shape.bounds
            && shape.bounds.holds(other.bounds)
            && 5 * other.bounds.longer() >= shape.bounds.longer()
    });
    let vast = 10 * width >= 7 * mask.width && 10 * height >= 7 * mask.height();
    if !(holds_another || vast) {
        return false;
    }
    let rim = shape.bounds.longer() / 12 + 1;
    let at_rim = |index: &&usize| {
        let [x, y] = mask.place(**index);
        x < left + rim || y < top + rim || x + rim >= right || y + rim >= bottom
    };
    let on_rim = shape.pixels.iter().filter(at_rim).count();
    100 * on_rim >= 85 * shape.pixels.len()
}

/// How deep the ink is where it is deepest, but for a few pixels.
fn depth_of(relief: &Relief, shapes: &[Shape]) -> Option<f32> {
    let largest = shapes.iter().map(|shape| shape.bounds.longer()).max()?;
    let counted = shapes
        .iter()
        .filter(|shape| 4 * shape.bounds.longer() >= largest);
    let mut depths: Vec<f32> = counted
        .flat_map(|shape| &shape.pixels)
        .map(|&index| relief.depth.as_raw()[index])
        .collect();
    Some(quantile(&mut depths, 0.95))
}

/// Shapes put together to digits: the only one, or how many those are. `all` is what is deeper than
/// `level`.
fn grouped(all: &Mask, shapes: Vec<Shape>, level: f32) -> Result<Chosen, Reason> {
    let longest = shapes.iter().map(|shape| shape.bounds.longer()).max();
    let largest = longest.ok_or(Reason::Nothing)?;
    let is_part = |shape: &Shape| 3 * shape.bounds.longer() >= largest;
    // What is smaller yet is dust, or where rules cross.
    let counts = |shape: &Shape| 8 * shape.bounds.longer() >= largest;
    let (parts, specks): (Vec<Shape>, Vec<Shape>) =
        shapes.into_iter().filter(counts).partition(is_part);
    let pixels = |shapes: &[Shape]| shapes.iter().map(|shape| shape.pixels.len()).sum::<usize>();
    let mut groups: Vec<Bounds> = Vec::new();
    for part in &parts {
        match groups
            .iter_mut()
            .find(|bounds| belongs(**bounds, part.bounds))
        {
            Some(bounds) => *bounds = bounds.and(part.bounds),
            None => groups.push(part.bounds),
        }
    }
    if specks.len() > 20 && 2 * pixels(&specks) > pixels(&parts) || groups.len() > 9 {
        return Err(Reason::Scattered);
    }
    let &[bounds] = groups.as_slice() else {
        return Err(Reason::Several(groups.len()));
    };
    let is_near = |speck: &&Shape| {
        bounds
            .gaps(speck.bounds)
            .iter()
            .all(|&gap| 8 * gap <= largest)
    };
    let mut ink = Mask::from_fn(all.width, all.height(), |_, _| false);
    for shape in parts.iter().chain(specks.iter().filter(is_near)) {
        shape.pixels.iter().for_each(|&index| ink.set[index] = true);
    }
    check(&ink, bounds)?;
    let other = all.without(&ink);
    Ok(Chosen { ink, other, level })
}

/// Whether a part belongs to the same digit: one above the other, as the bar of a 5, or with hardly
/// a gap between them.
fn belongs(digit: Bounds, part: Bounds) -> bool {
    let [across, down] = digit.gaps(part);
    let longer = digit.longer().max(part.longer());
    let shorter_height = digit.height().min(part.height());
    let near = |gap: u32, parts: u32| parts * gap <= longer;
    // Side by side, both high: two digits, however near.
    let both_high = 10 * shorter_height >= 6 * digit.height().max(part.height());
    let overlap = digit
        .right
        .min(part.right)
        .saturating_sub(digit.left.max(part.left));
    let beside = 3 * overlap < digit.width().min(part.width());
    let both_large = 10 * digit.longer().min(part.longer()) >= 6 * longer;
    if beside && both_high || down > 0 && both_large {
        return false;
    }
    near(across, 8) && near(down, 5)
}

/// Refuses what cannot be a digit.
fn check(ink: &Mask, bounds: Bounds) -> Result<(), Reason> {
    if bounds.longer() < LEAST_SIDE {
        return Err(Reason::Small(bounds.longer()));
    }
    let inside = distance_to(&ink.padded(), false);
    let longer = f32::from(u16::try_from(bounds.longer()).unwrap_or(u16::MAX));
    let thickest = inside.iter().copied().fold(0.0, f32::max);
    if thickest > FILLED * longer || width(inside.as_raw()) > BROADEST * longer {
        return Err(Reason::Filled);
    }
    if f64::from(bounds.width()) > WIDEST * f64::from(bounds.height()) {
        return Err(Reason::Joined);
    }
    Ok(())
}
