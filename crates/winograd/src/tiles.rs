//! How a map is cut into tiles, and which algorithm computes them.

use crate::transforms::{F2x3, F2x3Any, F3x3, F4x3, WinogradTransform};

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Direct convolution: the 3x3 neighbourhoods of all input channels, laid out as rows of a matrix. Best
    /// for images, whose channels are few.
    Im2col,
    /// [`F2x3`], for maps of at most 2x2.
    F2x3,
    /// [`F3x3`].
    F3x3,
    /// [`F4x3`].
    F4x3,
    /// [`F2x3Any`].
    F2x3Any,
    /// Direct convolution of any number of channels.
    Direct,
}

/// The largest number of input channels for which direct convolution beats the transforms.
pub(crate) const FEW_CHANNELS: usize = 4;

/// How many products take as long as reading one weight from the third-level cache.
const READING: usize = 12;

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
            Self::Im2col
        } else if height <= 2 && width <= 2 {
            Self::F2x3
        } else if (!pool || three_pools) && products(Self::F3x3) < products(Self::F4x3) {
            Self::F3x3
        } else {
            Self::F4x3
        }
    }

    /// The method that takes the least time for one image, whose tiles are so few that reading the weights
    /// counts: fewer products are worth more weights where there are many tiles.
    pub(crate) fn choose_alone(channels: usize, height: usize, width: usize, pool: bool) -> Self {
        let most = Self::choose(channels, height, width, pool);
        if matches!(most, Self::Im2col | Self::F2x3) {
            return most;
        }
        let cost = |method: &Self| {
            let [edge, _, products] = method.shape();
            let tiles = height.div_ceil(edge) * width.div_ceil(edge);
            let weights = if method.direct() { 9 } else { products };
            tiles * products * method.taps() + READING * weights
        };
        let methods = [most, Self::F2x3Any, Self::Direct];
        methods.into_iter().min_by_key(cost).unwrap_or(most)
    }

    /// Rows (and columns) of outputs and of inputs in a tile, and its matrix products.
    const fn shape(self) -> [usize; 3] {
        match self {
            Self::Im2col | Self::Direct => [2, 4, 4],
            Self::F2x3 => [2, 2, 9],
            Self::F3x3 => [3, 5, 25],
            Self::F4x3 => [4, 6, 36],
            Self::F2x3Any => [2, 4, 16],
        }
    }

    /// How many numbers of a channel a product adds up.
    pub(crate) fn taps(self) -> usize {
        if self == Self::Direct { 9 } else { 1 }
    }

    /// Whether the outputs of a tile take the same weights, so that one product computes all of them.
    pub(crate) fn direct(self) -> bool {
        matches!(self, Self::Im2col | Self::Direct)
    }

    /// Rows (and columns) of outputs in a tile.
    pub(crate) fn outputs(self) -> usize {
        self.shape()[0]
    }

    /// Rows (and columns) of inputs that a tile reads.
    pub(crate) fn inputs(self) -> usize {
        self.shape()[1]
    }

    /// Matrix products for a tile.
    pub(crate) fn products(self) -> usize {
        self.shape()[2]
    }

    /// How far the inputs begin before the outputs.
    fn reach(self) -> usize {
        usize::from(self != Self::F2x3)
    }

    /// `G`, the filter transform, one row a point; none where weights are used as they are.
    pub(crate) fn filter_transform(self) -> &'static [[f64; 3]] {
        match self {
            Self::Im2col | Self::Direct => &[],
            Self::F2x3 => &F2x3::FILTER,
            Self::F3x3 => &F3x3::FILTER,
            Self::F4x3 => &F4x3::FILTER,
            Self::F2x3Any => &F2x3Any::FILTER,
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
            (3, 32, 32, false, Method::Im2col),
            (4, 2, 2, true, Method::Im2col),
            (5, 2, 2, true, Method::F2x3),
            (5, 1, 2, false, Method::F2x3),
            (5, 2, 3, false, Method::F3x3),
            (5, 3, 3, true, Method::F3x3),
            (5, 4, 4, true, Method::F4x3),
            (5, 5, 5, false, Method::F3x3),
            (5, 6, 6, false, Method::F3x3),
            (5, 6, 6, true, Method::F4x3),
            (5, 7, 7, false, Method::F4x3),
            (5, 9, 9, false, Method::F3x3),
            (5, 14, 14, false, Method::F4x3),
            (64, 32, 32, true, Method::F4x3),
        ] {
            let chosen = Method::choose(channels, height, width, pool);
            assert_eq!(
                chosen, expected,
                "{channels} channels, {height}x{width}, pool {pool}"
            );
        }
    }

    #[test]
    fn for_one_image_methods_with_fewer_weights_are_chosen_where_maps_are_small() {
        for (channels, size, expected) in [
            (3, 32, Method::Im2col),
            (64, 32, Method::F4x3),
            (256, 16, Method::F4x3),
            (512, 8, Method::F2x3Any),
            (512, 4, Method::Direct),
            (512, 2, Method::F2x3),
        ] {
            let chosen = Method::choose_alone(channels, size, size, true);
            assert_eq!(chosen, expected, "{channels} channels, {size}x{size}");
        }
    }

    #[test]
    fn places_outside_the_map_are_the_zero() {
        let grid = Grid {
            method: Method::Im2col,
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
