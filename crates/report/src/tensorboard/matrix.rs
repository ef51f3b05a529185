//! A confusion matrix as a picture: a cell a count, darker where more of its row lies.

use super::canvas::{Colour, LETTER, LINE, PAPER, Picture, mix, text_width};
use crate::Confusion;
use crate::confusion::ratio;

/// Around a text.
const GAP: u32 = 6;
/// The least side of a cell with a count in it.
const CELL: u32 = 40;
/// The side of a cell without.
const SMALL_CELL: u32 = 6;
/// Up to how many classes counts and names of classes are written.
const WRITTEN: usize = 30;
/// What the axes are.
const TITLE: &str = "rows: true  columns: predicted";

const INK: Colour = [32, 32, 32];
const GRID: Colour = [222, 222, 222];
/// A cell that holds its whole row.
const FULL: Colour = [8, 48, 107];

/// Draws `confusion`.
pub(super) fn picture(confusion: &Confusion) -> Picture {
    let classes = confusion.classes();
    let written = classes <= WRITTEN;
    let names = if written { digits(classes as u64) } else { 0 };
    let left = 2 * GAP + names * LETTER;
    let top = 2 * LINE + 3 * GAP;
    let counts = (0..classes).flat_map(|t| (0..classes).map(move |p| confusion.count(t, p)));
    let most = counts.max();
    let cell = if written {
        CELL.max(digits(most.unwrap_or_default()) * LETTER + GAP)
    } else {
        SMALL_CELL
    };
    let side = cell * u32::try_from(classes).unwrap_or(u32::MAX);
    let width = (left + side + GAP).max(2 * GAP + text_width(TITLE));
    let mut picture = Picture::new(width, top + side + GAP);
    picture.text(GAP, GAP, TITLE, INK);
    picture.fill(left - 1, top - 1, side + 1, GRID);
    for truth in 0..classes {
        let total = (0..classes)
            .map(|column| confusion.count(truth, column))
            .sum();
        let y = top + cell * index(truth);
        if written {
            let name = truth.to_string();
            picture.centred(GAP, y, left - 2 * GAP, cell, &name, INK);
            let x = left + cell * index(truth);
            picture.centred(x, top - GAP - LINE, cell, LINE, &name, INK);
        }
        for predicted in 0..classes {
            let count = confusion.count(truth, predicted);
            let share = ratio(count, total).unwrap_or_default();
            let x = left + cell * index(predicted);
            // The root, so that a few mistakes among a thousand images can be seen.
            let darkness = share.sqrt();
            picture.fill(x, y, cell - 1, mix(PAPER, FULL, darkness));
            if written && count > 0 {
                let ink = if darkness > 0.5 { PAPER } else { INK };
                picture.centred(x, y, cell, cell, &count.to_string(), ink);
            }
        }
    }
    picture
}

fn digits(number: u64) -> u32 {
    number.checked_ilog10().unwrap_or_default() + 1
}

fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion(rows: &[&[u64]]) -> Confusion {
        let mut confusion = Confusion::new(rows.len());
        for (truth, row) in rows.iter().enumerate() {
            for (predicted, count) in row.iter().enumerate() {
                (0..*count).for_each(|_| confusion.add(truth, predicted));
            }
        }
        confusion
    }

    #[test]
    fn cells_are_darker_where_more_of_the_row_lies() {
        let picture = picture(&confusion(&[&[300, 4, 0], &[0, 25, 75], &[0, 0, 0]]));
        // The corner of a cell has no letter in it.
        let corner = |truth: u32, predicted: u32| {
            let (left, top) = (2 * GAP + LETTER, 2 * LINE + 3 * GAP);
            let (x, y) = (left + predicted * CELL, top + truth * CELL);
            let start = 3 * (y * picture.width + x) as usize;
            u32::from(picture.pixels[start])
        };
        assert!(corner(0, 0) < corner(1, 2), "{picture:?}");
        assert!(corner(1, 2) < corner(1, 1));
        assert!(corner(1, 1) < corner(0, 1));
        assert!(corner(0, 1) < corner(0, 2));
        for empty in [corner(0, 2), corner(1, 0), corner(2, 2)] {
            assert_eq!(empty, 255);
        }
    }

    #[test]
    fn many_classes_and_large_counts_find_room() {
        let few = picture(&confusion(&[&[1_000_000]]));
        assert!(few.width >= 2 * GAP + 7 * LETTER);
        let many = picture(&Confusion::new(WRITTEN + 1));
        assert!(many.width < 300, "{}", many.width);
        assert_eq!(few.pixels.len(), 3 * (few.width * few.height) as usize);
    }
}
