//! Moving an image's pixels: an affine map, and a smooth field of displacements over it.

/// Intervals between the points of a [`Field`] along a side.
const INTERVALS: usize = 4;
/// Points along a side: a cubic B-spline needs one before and one behind its intervals.
const POINTS: usize = INTERVALS + 3;

/// From a place in the view to that in the image, both from the centre and in pixels, but for the shift,
/// which is a share of the sides.
pub(super) struct Affine {
    matrix: [[f64; 2]; 2],
    shift: [f64; 2],
}

impl Affine {
    /// Rotated by `angle` (radians), stretched along x and y, sheared, mirrored and shifted.
    pub(super) fn new(
        angle: f64,
        [wider, taller]: [f64; 2],
        shear: f64,
        shift: [f64; 2],
        flips: bool,
    ) -> Self {
        let (sine, cosine) = angle.sin_cos();
        let across = if flips { -1.0 / wider } else { 1.0 / wider };
        let down = 1.0 / taller;
        // Rotation * [[across, shear], [0, down]]
        let matrix = [
            [cosine * across, cosine * shear - sine * down],
            [sine * across, sine * shear + cosine * down],
        ];
        Self { matrix, shift }
    }
}

/// Displacements that change smoothly: a uniform cubic B-spline over a grid of points
/// (after P. Simard et al., "Best practices for convolutional neural networks", 2003, who smooth a random
/// field instead).
pub(super) struct Field {
    /// x and y at every point, as a share of the image's longer side.
    points: [[[f64; POINTS]; POINTS]; 2],
}

impl Field {
    /// A field whose points `draw` moves.
    pub(super) fn new(mut draw: impl FnMut() -> f64) -> Self {
        Self {
            points: [(); 2].map(|()| [(); POINTS].map(|()| [(); POINTS].map(|()| draw()))),
        }
    }

    /// The points that a row takes part in, weighted for it.
    fn of_row(&self, (first, weights): (usize, [f64; 4])) -> [[f64; POINTS]; 2] {
        self.points.each_ref().map(|points| {
            let mut row = [0.0; POINTS];
            for (points, weight) in points[first..].iter().zip(weights) {
                for (sum, point) in row.iter_mut().zip(points) {
                    *sum += weight * point;
                }
            }
            row
        })
    }
}

/// The image `[row, column, channel]` moved, bilinear between pixels; beyond its edge it goes on as there.
#[expect(
    clippy::cast_precision_loss,
    reason = "an image's sides are far below 2^52"
)]
pub(super) fn warp(
    image: &[u8],
    [rows, columns, channels]: [usize; 3],
    affine: &Affine,
    field: Option<&Field>,
) -> Vec<u8> {
    let [[xx, xy], [yx, yy]] = affine.matrix;
    let [height, width] = [rows, columns].map(|side| side as f64);
    let [bottom, right] = [height - 1.0, width - 1.0];
    let longer = height.max(width);
    let splines: Vec<_> = (0..columns).map(|column| spline(column, columns)).collect();
    let mut view = Vec::with_capacity(image.len());
    for row in 0..rows {
        let of_row = field.map(|field| field.of_row(spline(row, rows)));
        let down = row as f64 - bottom / 2.0;
        for (column, &(first, weights)) in splines.iter().enumerate() {
            let across = column as f64 - right / 2.0;
            let moved = of_row.as_ref().map_or([0.0; 2], |of_row| {
                of_row.map(|points| {
                    let pairs = points[first..].iter().zip(weights);
                    longer * pairs.map(|(point, weight)| point * weight).sum::<f64>()
                })
            });
            let x = xx * across + xy * down + right / 2.0 + affine.shift[0] * width + moved[0];
            let y = yx * across + yy * down + bottom / 2.0 + affine.shift[1] * height + moved[1];
            let (left, next, x) = between(x, columns);
            let (above, below, y) = between(y, rows);
            for channel in 0..channels {
                let at = |row: usize, column: usize| {
                    f64::from(image[(row * columns + column) * channels + channel])
                };
                let upper = at(above, left) * (1.0 - x) + at(above, next) * x;
                let lower = at(below, left) * (1.0 - x) + at(below, next) * x;
                view.push(pixel(upper * (1.0 - y) + lower * y));
            }
        }
    }
    view
}

/// The nearest value that a pixel can have.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=255"
)]
pub(super) fn pixel(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// The two of `length` pixels that a place lies between, and how far along.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the image"
)]
fn between(place: f64, length: usize) -> (usize, usize, f64) {
    let last = length - 1;
    let place = place.clamp(0.0, last as f64);
    let first = place as usize;
    (first, (first + 1).min(last), place - first as f64)
}

/// The first of the four points that pixel `at` of `length` takes part in, and their weights.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in the grid"
)]
fn spline(at: usize, length: usize) -> (usize, [f64; 4]) {
    let place = (at as f64 + 0.5) / length as f64 * INTERVALS as f64;
    let first = (place as usize).min(INTERVALS - 1);
    let t = place - first as f64;
    let (t2, t3) = (t * t, t * t * t);
    let weights = [
        1.0 - 3.0 * t + 3.0 * t2 - t3,
        4.0 - 6.0 * t2 + 3.0 * t3,
        1.0 + 3.0 * t + 3.0 * t2 - 3.0 * t3,
        t3,
    ];
    (first, weights.map(|weight| weight / 6.0))
}
