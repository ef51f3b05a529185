//! Layers and stacks against the definition in f64.

use proptest::prelude::*;
use rayon::prelude::*;

use crate::isa::Isa;
use crate::{Error, Layer, Stack};

mod alone;
pub(crate) mod reference;

use reference::{convolve, noise};

/// Weights and bias.
type Parts = (Vec<f32>, Vec<f32>);

/// Layers of the given output channels and pools with random weights of about unit gain, and those weights.
fn layers(input: usize, shape: &[(usize, bool)], isa: Isa) -> (Vec<Layer>, Vec<Parts>) {
    let mut channels = input;
    let parts = shape.iter().enumerate().map(|(at, &(output, pool))| {
        let scale = (6.0 / (9.0 * channels as f32)).sqrt();
        let weights: Vec<f32> = noise(output * channels * 9, at as u64 + 1)
            .iter()
            .map(|w| w * scale)
            .collect();
        let bias = noise(output, at as u64 + 99);
        let mut layer = Layer::new(&weights, &bias, [channels, output], pool).unwrap();
        layer.isa = isa;
        channels = output;
        (layer, (weights, bias))
    });
    parts.unzip()
}

/// Runs a stack and the definition; the largest difference over the largest value, at worst over all layers.
/// Where a few outputs happen to cancel to almost nothing, what they are sums of is the measure instead.
fn difference(
    input: usize,
    shape: &[(usize, bool)],
    batch: usize,
    [height, width]: [usize; 2],
    isa: Isa,
) -> f64 {
    let (layers, parts) = layers(input, shape, isa);
    let stack = Stack::new(layers).unwrap();
    let images = noise(batch * input * height * width, 7);
    let all: Vec<usize> = (0..shape.len()).collect();
    let outputs = stack.run_to(&all, &images, batch, height, width).unwrap();
    let mut worst = 0.0_f64;
    for (i, image) in images.chunks_exact(input * height * width).enumerate() {
        let mut maps: Vec<f64> = image.iter().copied().map(f64::from).collect();
        let mut size = [height, width];
        for (at, (weights, bias)) in parts.iter().enumerate() {
            let summands = typical(&maps, weights, bias.len());
            (maps, size) = convolve(&maps, size, weights, bias, shape[at].1);
            let shape = stack.output_shape(at, height, width).unwrap();
            assert_eq!(shape, [shape[0], size[0], size[1]]);
            assert_eq!(outputs[at].len(), batch * maps.len());
            let found = &outputs[at][i * maps.len()..][..maps.len()];
            let largest = maps.iter().copied().fold(summands, f64::max);
            for (found, expected) in found.iter().zip(&maps) {
                worst = worst.max((f64::from(*found) - expected).abs() / largest);
            }
        }
    }
    worst
}

/// What an output comes to if its summands do not cancel more than chance has it: the root mean square of
/// the maps times the longest filter's norm.
fn typical(maps: &[f64], weights: &[f32], filters: usize) -> f64 {
    let mean = maps.iter().map(|value| value * value).sum::<f64>() / maps.len() as f64;
    let norm = |filter: &[f32]| filter.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>();
    let longest = weights
        .chunks_exact(weights.len() / filters)
        .map(norm)
        .fold(0.0, f64::max);
    (mean * longest).sqrt()
}

#[test]
fn one_layer_equals_the_definition_on_every_instruction_set() {
    for isa in Isa::available() {
        for (input, output) in [(1, 1), (3, 20), (4, 16), (5, 33), (17, 48), (40, 7)] {
            for [height, width] in [
                [2, 2],
                [2, 3],
                [3, 3],
                [4, 4],
                [5, 5],
                [6, 6],
                [7, 9],
                [9, 9],
                [11, 2],
                [20, 13],
                [32, 32],
            ] {
                for pool in [false, true] {
                    let worst = difference(input, &[(output, pool)], 2, [height, width], isa);
                    assert!(
                        worst < 5e-6,
                        "{isa:?}, {input} to {output} channels, {height}x{width}, pool {pool}: {worst}"
                    );
                }
            }
        }
    }
}

#[test]
fn maps_of_one_row_or_column_are_convolved_too() {
    for size in [[1, 1], [1, 2], [1, 5], [9, 1]] {
        for input in [3, 20] {
            let worst = difference(input, &[(9, false)], 3, size, Isa::best());
            assert!(worst < 5e-6, "{input} channels, {size:?}: {worst}");
        }
    }
}

#[test]
fn a_small_vgg_equals_the_definition() {
    let shape = [
        (8, false),
        (16, true),
        (24, false),
        (32, true),
        (33, false),
        (40, false),
        (40, true),
        (48, false),
        (64, true),
        (64, false),
        (64, true),
    ];
    for (batch, size) in [(1, [32, 32]), (9, [33, 47]), (2, [64, 40])] {
        let worst = difference(3, &shape, batch, size, Isa::best());
        assert!(worst < 2e-5, "{size:?}: {worst}");
    }
}

#[test]
fn vgg16_itself_equals_the_definition() {
    let blocks = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)];
    let shape: Vec<_> = blocks
        .into_iter()
        .flat_map(|(channels, layers)| (1..=layers).map(move |at| (channels, at == layers)))
        .collect();
    let worst = difference(3, &shape, 1, [32, 32], Isa::best());

    assert!(worst < 1e-5, "{worst}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_two_layers_equal_the_definition(
        (height, width) in (2_usize..=20, 2_usize..=20),
        (input, middle, output) in (1_usize..=40, 1_usize..=40, 1_usize..=40),
        batch in 1_usize..=5,
        pool in any::<bool>(),
    ) {
        let shape = [(middle, pool), (output, false)];
        let worst = difference(input, &shape, batch, [height, width], Isa::best());
        prop_assert!(worst < 1e-5, "{worst}");
    }
}

#[test]
fn an_image_has_the_same_output_in_any_batch_and_on_any_number_of_threads() {
    let shape = [
        (20, false),
        (20, true),
        (40, false),
        (70, true),
        (70, true),
        (64, true),
    ];
    let (layers, _) = layers(3, &shape, Isa::best());
    let stack = Stack::new(layers).unwrap();
    let (count, size) = (150, 3 * 18 * 21);
    let mut images = noise(count * size, 5);
    // Every third image is grey.
    for image in images.chunks_exact_mut(3 * size) {
        let (first, others) = image[..size].split_at_mut(size / 3);
        others
            .chunks_exact_mut(size / 3)
            .for_each(|channel| channel.copy_from_slice(first));
    }
    let alone: Vec<f32> = images
        .chunks_exact(size)
        .flat_map(|image| stack.run(image, 1, 18, 21).unwrap())
        .collect();
    for threads in [1, 2, 3, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        for batch in [2, 5, 64, 150] {
            let together: Vec<f32> = images
                .chunks(batch * size)
                .flat_map(|images| {
                    pool.install(|| stack.run(images, images.len() / size, 18, 21).unwrap())
                })
                .collect();
            assert!(together == alone, "batches of {batch} on {threads} threads");
        }
    }
}

#[test]
fn what_is_no_number_stays_visible_and_stays_in_its_image() {
    let (layers, _) = layers(3, &[(16, false), (16, true)], Isa::best());
    let stack = Stack::new(layers).unwrap();
    let mut images = noise(3 * 3 * 64, 5);
    let before = stack.run(&images, 3, 8, 8).unwrap();
    images[3 * 64 + 30] = f32::NAN;
    let after = stack.run(&images, 3, 8, 8).unwrap();
    let image = 16 * 16;
    assert!(after[..image] == before[..image] && after[2 * image..] == before[2 * image..]);
    assert!(after[image..2 * image].iter().any(|number| number.is_nan()));
}

#[test]
fn a_stack_may_be_run_from_many_threads_at_once() {
    let shape = [(64, false), (64, true), (64, false)];
    let images = noise(3 * 256, 5);
    for _ in 0..20 {
        // Fresh layers each time: the threads race for the transformed weights.
        let stack = Stack::new(layers(3, &shape, Isa::best()).0).unwrap();
        let expected = Stack::new(layers(3, &shape, Isa::best()).0)
            .unwrap()
            .run(&images, 1, 16, 16);
        let outputs: Vec<_> = (0..16)
            .into_par_iter()
            .map(|_| stack.run(&images, 1, 16, 16))
            .collect();
        assert!(outputs.iter().all(|output| *output == expected));
    }
}

#[test]
fn equal_channels_are_folded_and_change_nothing_but_the_rounding() {
    let (mut built, parts) = layers(3, &[(33, true)], Isa::best());
    let layer = built.remove(0);
    let map = noise(10 * 9, 3);
    let stack = Stack::new(vec![layer]).unwrap();
    let grey = stack.run(&map.repeat(3), 1, 10, 9).unwrap();
    let exact: Vec<f64> = map.repeat(3).iter().copied().map(f64::from).collect();
    let (expected, _) = convolve(&exact, [10, 9], &parts[0].0, &parts[0].1, true);
    let largest = expected.iter().copied().fold(0.0, f64::max);
    for (found, expected) in grey.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-6 * largest);
    }
    assert!(
        stack.layers()[0].folded.get().is_some(),
        "an image of equal channels takes the short way"
    );

    let mut nearly = map.repeat(3);
    nearly[200] += 0.5;
    let coloured = stack.run(&nearly, 1, 10, 9).unwrap();
    assert!(coloured != grey, "a difference in one channel counts");
}

#[test]
fn what_does_not_fit_is_refused() {
    let layer = |channels: [usize; 2], pool| {
        Layer::new(
            &vec![0.0; channels[0] * channels[1] * 9],
            &vec![0.0; channels[1]],
            channels,
            pool,
        )
        .unwrap()
    };
    let error = |result: Result<Layer, Error>| result.unwrap_err().to_string();
    for (found, expected) in [
        (
            error(Layer::new(&[], &[], [0, 3], false)),
            "a layer of 0 input and 3 output channels was asked for; both must be at least 1",
        ),
        (
            error(Layer::new(&[0.0; 17], &[0.0; 2], [1, 2], false)),
            "the weights should hold 18 numbers (2 x 1 x 3 x 3), but 17 were given",
        ),
        (
            error(Layer::new(&[0.0; 18], &[0.0; 3], [1, 2], false)),
            "the bias should hold 2 numbers (2), but 3 were given",
        ),
    ] {
        assert_eq!(found, expected);
    }
    assert_eq!(Stack::new(vec![]).unwrap_err(), Error::NoLayers);
    assert_eq!(
        Stack::new(vec![layer([3, 8], false), layer([9, 8], false)]).unwrap_err(),
        Error::Mismatch {
            layer: 1,
            takes: 9,
            given: 8
        }
    );
    let stack = Stack::new(vec![layer([3, 8], true), layer([8, 8], true)]).unwrap();
    assert_eq!(stack.output_shape(1, 7, 6), Ok([8, 1, 1]));
    let too_small = Error::TooSmall {
        layer: 1,
        height: 1,
        width: 8,
        least: 2,
    };
    assert_eq!(stack.output_shape(1, 3, 16), Err(too_small.clone()));
    assert_eq!(stack.run(&[0.0; 3 * 3 * 16], 1, 3, 16), Err(too_small));
    assert!(matches!(
        stack.run(&[], 1, 0, 0),
        Err(Error::TooSmall {
            layer: 0,
            height: 0,
            ..
        })
    ));
    assert!(matches!(
        stack.run(&[0.0; 190], 1, 8, 8),
        Err(Error::Length {
            expected: 192,
            found: 190,
            ..
        })
    ));
    assert_eq!(
        stack.run_to(&[2], &[0.0; 192], 1, 8, 8),
        Err(Error::NoSuchLayer {
            layer: 2,
            layers: 2
        })
    );
    assert_eq!(stack.run(&[], 0, 8, 8), Ok(vec![]), "no images, no outputs");
}
