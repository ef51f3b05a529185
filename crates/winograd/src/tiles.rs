//! How a map is cut into tiles, and which rule computes them.

use crate::rule::{Four, Rule, Three, Two};

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Directly, from 3x3 patches of all input channels: best for images, whose channels are few.
    Patches,
    /// [`Two`], for maps of at most 2x2.
    Two,
    /// [`Three`].
    Three,
    /// [`Four`].
    Four,
}

/// The largest number of input channels for which patches beat the transforms.
pub(crate) const FEW_CHANNELS: usize = 4;

impl Method {
    /// The cheapest method: the fewest products in all tiles.
    pub(crate) fn choose(channels: usize, height: usize, width: usize, pool: bool) -> Self {
        let products = |method: Self| {
            let edge = method.outputs();
            height.div_ceil(edge) * width.div_ceil(edge) * method.products()
        };
        // A pool window must not straddle two tiles.
        let three_pools = height <= 3 && width <= 3;
        if channels <= FEW_CHANNELS {
            Self::Patches
        } else if height <= 2 && width <= 2 {
            Self::Two
        } else if (!pool || three_pools) && products(Self::Three) < products(Self::Four) {
            Self::Three
        } else {
            Self::Four
        }
    }

    /// Rows (and columns) of outputs in a tile.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Self::Patches | Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
        }
    }

    /// Rows (and columns) of inputs that a tile reads.
    pub(crate) fn inputs(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Patches => 4,
            Self::Three => 5,
            Self::Four => 6,
        }
    }

    /// How far the inputs begin before the outputs.
    fn reach(self) -> usize {
        usize::from(self != Self::Two)
    }

    /// Matrix products for a tile.
    pub(crate) fn products(self) -> usize {
        match self {
            Self::Patches => 4,
            Self::Two => 9,
            Self::Three => 25,
            Self::Four => 36,
        }
    }

    /// `G` of the rule, one row a point; none where weights are used as they are.
    pub(crate) fn weights(self) -> &'static [[f64; 3]] {
        match self {
            Self::Patches => &[],
            Self::Two => &Two::WEIGHTS,
            Self::Three => &Three::WEIGHTS,
            Self::Four => &Four::WEIGHTS,
        }
    }
}

/// The first output of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corner {
    pub(crate) image: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
}

/// All tiles of maps of one size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) method: Method,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Grid {
    /// Tiles of one image.
    pub(crate) fn tiles(self) -> usize {
        self.height.div_ceil(self.method.outputs()) * self.across()
    }

    fn across(self) -> usize {
        self.width.div_ceil(self.method.outputs())
    }

    /// Where tile `tile`, counted through all images, begins.
    pub(crate) fn corner(self, tile: usize) -> Corner {
        let (image, tile) = (tile / self.tiles(), tile % self.tiles());
        let edge = self.method.outputs();
        Corner {
            image,
            y: tile / self.across() * edge,
            x: tile % self.across() * edge,
        }
    }

    /// Appends the places, within a plane of [`crate::maps::Maps`], of the inputs of a tile; those
    /// outside the map are 0, where the plane has its zero.
    pub(crate) fn push_places(self, corner: Corner, places: &mut Vec<usize>) {
        let (inputs, reach) = (self.method.inputs(), self.method.reach());
        for y in 0..inputs {
            // A place before the map wraps around, and so lies beyond it.
            let row = (corner.y + y).wrapping_sub(reach);
            let start = 1 + (corner.image * self.height + row.min(self.height)) * self.width;
            let width = if row < self.height { self.width } else { 0 };
            places.extend((0..inputs).map(|x| {
                let column = (corner.x + x).wrapping_sub(reach);
                if column < width { start + column } else { 0 }
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_method_is_chosen() {
        for (channels, height, width, pool, expected) in [
            (3, 32, 32, false, Method::Patches),
            (4, 2, 2, true, Method::Patches),
            (5, 2, 2, true, Method::Two),
            (5, 1, 2, false, Method::Two),
            (5, 2, 3, false, Method::Three),
            (5, 3, 3, true, Method::Three),
            (5, 4, 4, true, Method::Four),
            (5, 5, 5, false, Method::Three),
            (5, 6, 6, false, Method::Three),
            (5, 6, 6, true, Method::Four),
            (5, 7, 7, false, Method::Four),
            (5, 9, 9, false, Method::Three),
            (5, 14, 14, false, Method::Four),
            (64, 32, 32, true, Method::Four),
        ] {
            let chosen = Method::choose(channels, height, width, pool);
            assert_eq!(
                chosen, expected,
                "{channels} channels, {height}x{width}, pool {pool}"
            );
        }
    }

    #[test]
    fn places_outside_the_map_are_the_zero() {
        let grid = Grid {
            method: Method::Patches,
            height: 3,
            width: 2,
        };
        let mut places = Vec::new();
        // The second image begins at 1 + 3 * 2; its second tile is its last row and the row below.
        grid.push_places(grid.corner(3), &mut places);
        #[rustfmt::skip]
        let expected = [
            0, 9, 10, 0,
            0, 11, 12, 0,
            0, 0, 0, 0,
            0, 0, 0, 0,
        ];
        assert_eq!(places, expected);
    }
}
