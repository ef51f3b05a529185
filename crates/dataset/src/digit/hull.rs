//! The convex hull of a mask, row by row.

use super::mask::Mask;

/// Row and column.
type Point = [f64; 2];

impl Mask {
    /// The smallest convex area that holds all that is set.
    pub(super) fn hull(&self) -> Self {
        let rows = self.set.chunks_exact(self.width as usize).enumerate();
        let ends = rows.filter_map(|(y, row)| {
            let first = row.iter().position(|set| *set)?;
            let last = row.iter().rposition(|set| *set)?;
            Some([y, first, last].map(|value| f64::from(u32::try_from(value).unwrap_or(u32::MAX))))
        });
        // Right ends are mirrored, so that both are lower envelopes.
        let (left, right): (Vec<Point>, Vec<Point>) = ends
            .map(|[y, first, last]| ([y, first], [y, -last]))
            .unzip();
        let [left, right] = [envelope(&left), envelope(&right)];
        Self::from_fn(self.width, self.height(), |x, y| {
            let (x, y) = (f64::from(x), f64::from(y));
            let within = |envelope: &[Point], x: f64| at(envelope, y).is_some_and(|edge| edge <= x);
            within(&left, x) && within(&right, -x)
        })
    }
}

/// The lower convex envelope of points whose first coordinate rises.
fn envelope(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for &point in points {
        while let &[.., a, b] = kept.as_slice() {
            let turn = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
            if turn > 0.0 {
                break;
            }
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

/// The envelope's value at `y`, where it has one.
fn at(envelope: &[Point], y: f64) -> Option<f64> {
    let next = envelope.partition_point(|point| point[0] < y);
    let [to, above] = *envelope.get(next)?;
    if next == 0 {
        return (to <= y).then_some(above);
    }
    let [from, below] = envelope[next - 1];
    Some(below + (above - below) * (y - from) / (to - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notches_and_holes_are_in_the_hull_and_corners_are_not() {
        #[rustfmt::skip]
        let drawn = [
            "......",
            "..#...",
            ".#.##.",
            ".##...",
            ".#####",
            "......",
        ];
        let expected = ["......", "..#...", ".####.", ".####.", ".#####", "......"];
        let mask = |rows: [&str; 6]| {
            let set = rows.iter().flat_map(|row| row.chars().map(|c| c == '#'));
            Mask {
                width: 6,
                set: set.collect(),
            }
        };
        assert_eq!(mask(drawn).hull().set, mask(expected).set);
    }
}
