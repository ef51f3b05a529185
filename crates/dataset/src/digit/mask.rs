//! Which pixels are set, and the connected shapes that they form.

/// Pixels that are set or not, row by row.
#[derive(Clone)]
pub(super) struct Mask {
    pub(super) width: u32,
    pub(super) set: Vec<bool>,
}

/// A rectangle of pixels; the last two sides are one beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) right: u32,
    pub(super) bottom: u32,
}

/// Pixels that hang together, over edges and corners.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) bounds: Bounds,
    /// Indices into the mask.
    pub(super) pixels: Vec<usize>,
}

impl Mask {
    pub(super) fn from_fn(width: u32, height: u32, set: impl Fn(u32, u32) -> bool) -> Self {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self {
            width,
            set: rows.map(|(x, y)| set(x, y)).collect(),
        }
    }

    pub(super) fn height(&self) -> u32 {
        u32::try_from(self.set.len()).unwrap_or(u32::MAX) / self.width.max(1)
    }

    pub(super) fn at(&self, x: u32, y: u32) -> bool {
        self.set[self.index(x, y)]
    }

    pub(super) fn index(&self, x: u32, y: u32) -> usize {
        y as usize * self.width as usize + x as usize
    }

    /// Column and row of an index.
    pub(super) fn place(&self, index: usize) -> [u32; 2] {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        [index % self.width, index / self.width]
    }

    /// All shapes, the largest first.
    pub(super) fn shapes(&self) -> Vec<Shape> {
        let mut left = self.set.clone();
        let mut shapes = Vec::new();
        for start in 0..left.len() {
            if left[start] {
                shapes.push(self.shape_from(start, &mut left));
            }
        }
        shapes.sort_by_key(|shape| std::cmp::Reverse(shape.pixels.len()));
        shapes
    }

    /// Takes the shape around `start` out of `left`.
    fn shape_from(&self, start: usize, left: &mut [bool]) -> Shape {
        left[start] = false;
        let mut pixels = vec![start];
        let mut seen = 0;
        let mut bounds = Bounds::NOTHING;
        while let Some(&index) = pixels.get(seen) {
            seen += 1;
            let [x, y] = self.place(index);
            bounds = bounds.with(x, y);
            for y in y.saturating_sub(1)..=(y + 1).min(self.height() - 1) {
                for x in x.saturating_sub(1)..=(x + 1).min(self.width - 1) {
                    let near = self.index(x, y);
                    if left[near] {
                        left[near] = false;
                        pixels.push(near);
                    }
                }
            }
        }
        Shape { bounds, pixels }
    }
}

impl Bounds {
    pub(super) const NOTHING: Self = Self {
        left: u32::MAX,
        top: u32::MAX,
        right: 0,
        bottom: 0,
    };

    pub(super) fn with(self, x: u32, y: u32) -> Self {
        self.and(Self {
            left: x,
            top: y,
            right: x + 1,
            bottom: y + 1,
        })
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub(super) fn width(self) -> u32 {
        self.right.saturating_sub(self.left)
    }

    pub(super) fn height(self) -> u32 {
        self.bottom.saturating_sub(self.top)
    }

    pub(super) fn longer(self) -> u32 {
        self.width().max(self.height())
    }

    /// Whether `other` lies within it.
    pub(super) fn holds(self, other: Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }

    /// Pixels between the two across and down; 0 where they overlap.
    pub(super) fn gaps(self, other: Self) -> [u32; 2] {
        let gap = |from: u32, to: u32, start: u32, end: u32| {
            start.saturating_sub(to).max(from.saturating_sub(end))
        };
        [
            gap(self.left, self.right, other.left, other.right),
            gap(self.top, self.bottom, other.top, other.bottom),
        ]
    }
}

impl Mask {
    /// What is set here and not in `other`, of the same size.
    pub(super) fn without(&self, other: &Self) -> Self {
        let pairs = self.set.iter().zip(&other.set);
        Self {
            width: self.width,
            set: pairs.map(|(here, there)| *here && !there).collect(),
        }
    }

    /// How many are set.
    pub(super) fn count(&self) -> usize {
        self.set.iter().filter(|set| **set).count()
    }

    /// With its holes filled: what hangs together with the margin is outside.
    pub(super) fn solid(&self) -> Self {
        let mut free = self.padded();
        free.set.iter_mut().for_each(|set| *set = !*set);
        let mut outside = Self::from_fn(free.width, free.height(), |_, _| false);
        for shape in free.shapes().iter().filter(|shape| shape.touch(&free) > 0) {
            shape
                .pixels
                .iter()
                .for_each(|&index| outside.set[index] = true);
        }
        Self::from_fn(self.width, self.height(), |x, y| !outside.at(x + 1, y + 1))
    }

    /// Without the pixels that have one around them which is not set; those beyond the edge are `beyond`.
    pub(super) fn eroded(&self, beyond: bool) -> Self {
        let (width, height) = (self.width, self.height());
        let inside = |x: u32, y: u32| beyond || x > 0 && y > 0 && x + 1 < width && y + 1 < height;
        Self::from_fn(width, height, |x, y| {
            let mut rows = y.saturating_sub(1)..=(y + 1).min(height - 1);
            inside(x, y)
                && rows
                    .all(|y| (x.saturating_sub(1)..=(x + 1).min(width - 1)).all(|x| self.at(x, y)))
        })
    }

    /// The part within `bounds`.
    pub(super) fn cropped(&self, bounds: Bounds) -> Self {
        Self::from_fn(bounds.width(), bounds.height(), |x, y| {
            self.at(bounds.left + x, bounds.top + y)
        })
    }

    /// Columns as rows.
    pub(super) fn transposed(&self) -> Self {
        Self::from_fn(self.height(), self.width, |x, y| self.at(y, x))
    }

    /// With a margin of one pixel that is not set.
    pub(super) fn padded(&self) -> Self {
        let (width, height) = (self.width, self.height());
        let within = move |x: u32, y: u32| (1..=width).contains(&x) && (1..=height).contains(&y);
        Self::from_fn(width + 2, height + 2, |x, y| {
            within(x, y) && self.at(x - 1, y - 1)
        })
    }
}

impl Shape {
    /// How many of its pixels lie at the mask's edge.
    pub(super) fn touch(&self, mask: &Mask) -> u32 {
        let at_edge = |index: &&usize| {
            let [x, y] = mask.place(**index);
            x == 0 || y == 0 || x + 1 == mask.width || y + 1 == mask.height()
        };
        u32::try_from(self.pixels.iter().filter(at_edge).count()).unwrap_or(u32::MAX)
    }
}

impl Mask {
    /// Around all that is set.
    pub(super) fn bounds(&self) -> Bounds {
        let set = (0..self.set.len()).filter(|&index| self.set[index]);
        set.fold(Bounds::NOTHING, |bounds, index| {
            let [x, y] = self.place(index);
            bounds.with(x, y)
        })
    }
}
