//! Which pixels of a grey picture are ink: the polarity, a threshold, and the picture with its
//! background at 0 and its ink at 255.

use image::GrayImage;

/// The least difference between a picture's darkest and brightest pixel that is taken for ink.
const MIN_CONTRAST: u8 = 24;

/// A picture whose ink is light on dark.
pub(crate) struct Ink {
    /// 0 where there is background, up to 255 where there is ink; soft edges lie between.
    pub(crate) values: GrayImage,
    /// Values above it are ink rather than background.
    pub(crate) threshold: u8,
    /// Whether the picture was dark on light.
    pub(crate) inverted: bool,
}

/// Tells ink from background; or the darkest and the brightest value when there is no contrast.
///
/// The picture's border is taken for background: on it lies the side of the threshold that is not
/// ink, and below most of its noise (95 in 100 pixels) all is 0. The ink's 90th percentile and
/// all above become 255.
pub(crate) fn separate(mut picture: GrayImage) -> Result<Ink, [u8; 2]> {
    let mut counts = histogram(picture.iter());
    let darkest = percentile(&counts, 0);
    let brightest = percentile(&counts, 100);
    if brightest - darkest < MIN_CONTRAST {
        return Err([darkest, brightest]);
    }
    let mut threshold = otsu(&counts);
    let mut border = histogram(border(&picture));
    let inverted = percentile(&border, 50) > threshold;
    if inverted {
        picture.iter_mut().for_each(|value| *value = 255 - *value);
        counts.reverse();
        border.reverse();
        // Ink was at most the threshold; turned around it is at least 255 less that.
        threshold = 254 - threshold;
    }
    border[usize::from(threshold) + 1..].fill(0);
    counts[..=usize::from(threshold)].fill(0);
    let floor = percentile(&border, 95);
    let ceiling = percentile(&counts, 90);
    let stretch = |value: u8| {
        let above = u32::from(value.saturating_sub(floor));
        u8::try_from(above * 255 / u32::from(ceiling - floor)).unwrap_or(u8::MAX)
    };
    picture
        .iter_mut()
        .for_each(|value| *value = stretch(*value));
    Ok(Ink {
        values: picture,
        threshold: stretch(threshold),
        inverted,
    })
}

/// The outermost pixels of all four sides.
fn border(picture: &GrayImage) -> impl Iterator<Item = &u8> {
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    picture
        .enumerate_pixels()
        .filter(move |&(x, y, _)| x == 0 || y == 0 || x == right || y == bottom)
        .map(|(_, _, pixel)| &pixel.0[0])
}

fn histogram<'a>(values: impl Iterator<Item = &'a u8>) -> [u64; 256] {
    let mut counts = [0; 256];
    for &value in values {
        counts[usize::from(value)] += 1;
    }
    counts
}

/// The least value that `percent` of all values are at most; the least of all for 0.
pub(crate) fn percentile(counts: &[u64; 256], percent: u64) -> u8 {
    let wanted = (counts.iter().sum::<u64>() * percent).div_ceil(100).max(1);
    let mut seen = 0;
    (0..255)
        .find(|&value| {
            seen += counts[usize::from(value)];
            seen >= wanted
        })
        .unwrap_or(255)
}

/// Otsu's threshold ("A threshold selection method from gray-level histograms", 1979): of all ways
/// to part the values into two classes, the one whose class means lie furthest apart, weighted by
/// the classes' sizes. Values at most the threshold are the dark class. Where several are as good,
/// as between two peaks with nothing between them, the middle one.
#[expect(
    clippy::cast_precision_loss,
    reason = "pictures have far fewer than 2^52 pixels"
)]
fn otsu(counts: &[u64; 256]) -> u8 {
    let total = counts.iter().sum::<u64>() as f64;
    let sum = (0_u64..).zip(counts).map(|(v, n)| v * n).sum::<u64>() as f64;
    let (mut dark, mut dark_sum) = (0.0, 0.0);
    let (mut best, mut first, mut last) = (0.0, 0, 0);
    for value in 0..255_u8 {
        let count = counts[usize::from(value)] as f64;
        dark += count;
        dark_sum += count * f64::from(value);
        if dark == 0.0 || dark >= total {
            continue;
        }
        let light = total - dark;
        let apart = dark_sum / dark - (sum - dark_sum) / light;
        let variance = dark * light * apart * apart;
        if variance > best {
            (best, first, last) = (variance, value, value);
        } else if count == 0.0 && last + 1 == value && variance >= best {
            last = value;
        }
    }
    first.midpoint(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, values: &[u8]) -> GrayImage {
        let height = u32::try_from(values.len()).unwrap() / width;
        GrayImage::from_vec(width, height, values.to_vec()).unwrap()
    }

    #[test]
    fn thresholds_part_two_peaks() {
        let cases: [(&[u8], u8); 4] = [
            (&[0, 0, 0, 255], 127),
            (&[10, 12, 11, 200, 202], 105),
            (&[0, 254, 255], 126),
            (&[100, 101], 100),
        ];
        for (values, expected) in cases {
            assert_eq!(otsu(&histogram(values.iter())), expected, "{values:?}");
        }
    }

    #[test]
    fn percentiles_count_from_below() {
        let counts = histogram([1, 2, 3, 4, 255].iter());
        let found = [0, 20, 21, 50, 80, 100].map(|percent| percentile(&counts, percent));
        assert_eq!(found, [1, 1, 2, 3, 4, 255]);
    }

    #[test]
    fn both_polarities_give_the_same() {
        #[rustfmt::skip]
        let light_on_dark = [
            0, 0,   0,   0, 0,
            0, 0,   64,  0, 0,
            0, 128, 255, 0, 0,
            0, 0,   0,   0, 0,
        ];
        let dark_on_light = light_on_dark.map(|value| 255 - value);
        for (values, inverted) in [(light_on_dark, false), (dark_on_light, true)] {
            let ink = separate(picture(5, &values)).unwrap();
            assert_eq!(ink.inverted, inverted);
            assert_eq!(ink.values.as_raw(), &light_on_dark);
            assert!((64..128).contains(&ink.threshold), "{}", ink.threshold);
        }
    }

    #[test]
    fn faint_ink_on_noisy_paper_is_stretched() {
        #[rustfmt::skip]
        let values = [
            200, 199, 201, 200,
            201, 140, 170, 200,
            199, 140, 140, 201,
            200, 201, 199, 200,
        ];
        let ink = separate(picture(4, &values)).unwrap();
        assert!(ink.inverted);
        let [background, ink_value] = [ink.values.as_raw()[1], ink.values.as_raw()[5]];
        assert_eq!((background, ink_value), (0, 255));
    }

    #[test]
    fn no_contrast_is_no_ink() {
        assert_eq!(separate(picture(2, &[9; 4])).err(), Some([9, 9]));
        assert_eq!(separate(picture(1, &[100, 123])).err(), Some([100, 123]));
        assert!(separate(picture(1, &[100, 124])).is_ok());
    }
}
