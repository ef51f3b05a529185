//! Ruled and squared paper: thin straight lines from edge to edge are taken away, and strokes that
//! cross them stay.

use super::mask::Mask;

/// Of a line's pixels within the picture, how many in a hundred are set.
const COVERED: u32 = 80;
/// The thickest line, as a part of the longer side.
const THICKEST_PART: u32 = 40;
/// The steepest line: pixels down of 100 across.
const STEEPEST: i64 = 20;

/// The pixels of lines that run across the whole mask, in either direction.
pub(super) fn rules(ink: &Mask) -> Mask {
    let across = lines_across(ink);
    let down = lines_across(&ink.transposed()).transposed();
    let set = across
        .set
        .iter()
        .zip(&down.set)
        .map(|(a, b)| *a || *b)
        .collect();
    Mask {
        width: ink.width,
        set,
    }
}

fn lines_across(ink: &Mask) -> Mask {
    let mut lines = Mask::from_fn(ink.width, ink.height(), |_, _| false);
    let [width, height] = [i64::from(ink.width), i64::from(ink.height())];
    let set: Vec<[i64; 2]> = (0..ink.set.len())
        .filter(|&index| ink.set[index])
        .map(|index| ink.place(index).map(i64::from))
        .collect();
    // A line is told by where it enters and how far down it has come at the other side.
    let steepest = width * STEEPEST / 100;
    let below = |[x, y]: [i64; 2]| {
        let index = usize::try_from((y + 1) * width + x).unwrap_or(usize::MAX);
        ink.set.get(index).is_some_and(|set| *set)
    };
    let entries = usize::try_from(height + 2 * steepest).unwrap_or_default();
    for fall in -steepest..=steepest {
        let entry =
            |[x, y]: [i64; 2]| usize::try_from(y - fall * x / width + steepest).unwrap_or_default();
        // Pixels of an entry, and those of them that have one below; a line may lie between two rows.
        let mut counts = vec![[0_u32; 2]; entries + 1];
        for &place in &set {
            let [all, double] = &mut counts[entry(place)];
            *all += 1;
            *double += u32::from(below(place));
        }
        let is_line = |at: usize| {
            let ([upper, double], [lower, _]) = (counts[at], counts[at + 1]);
            100 * (upper + lower - double) >= COVERED * ink.width
        };
        let found: Vec<bool> = (0..entries).map(is_line).collect();
        if !found.contains(&true) {
            continue;
        }
        for &[x, y] in &set {
            let at = entry([x, y]);
            if found[at] || at > 0 && found[at - 1] {
                let index = usize::try_from(y * width + x).unwrap_or_default();
                lines.set[index] = true;
            }
        }
    }
    thin_runs(&lines, ink)
}

/// The runs down the columns of `ink` that lie on lines; not where something thicker than the lines
/// crosses them. None where the lines are as thick as strokes.
fn thin_runs(lines: &Mask, ink: &Mask) -> Mask {
    let mut runs = Vec::new();
    for x in 0..ink.width {
        let mut y = 0;
        while y < ink.height() {
            let length = (y..ink.height()).take_while(|&y| ink.at(x, y)).count();
            let end = y + u32::try_from(length).unwrap_or(u32::MAX);
            if (y..end).any(|y| lines.at(x, y)) {
                runs.push((end - y, x, y));
            }
            y = end + 1;
        }
    }
    let mut found = Mask::from_fn(ink.width, ink.height(), |_, _| false);
    runs.sort_unstable();
    let Some(&(thickness, ..)) = runs.get(runs.len() / 4) else {
        return found;
    };
    if thickness > (ink.width.max(ink.height()) / THICKEST_PART).max(3) {
        return found;
    }
    let thin = runs
        .into_iter()
        .filter(|(length, ..)| *length <= thickness + thickness / 2 + 2);
    for (length, x, from) in thin {
        for y in from..from + length {
            let index = found.index(x, y);
            found.set[index] = true;
        }
    }
    found
}
