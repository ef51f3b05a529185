//! One image alone against the definition in f64.

use super::layers;
use super::reference::{convolve, noise};
use crate::Stack;
use crate::isa::Isa;
use crate::tiles::Method;

#[test]
fn one_layer_on_a_small_map_equals_the_definition_on_every_instruction_set() {
    let mut direct = 0;
    for [height, width] in [
        [4, 4],
        [3, 4],
        [2, 4],
        [1, 4],
        [5, 4],
        [3, 3],
        [4, 3],
        [1, 1],
        [2, 5],
        [4, 5],
    ] {
        for (input, output) in [(17, 48), (40, 7), (33, 80)] {
            for pool in [false, true] {
                if pool && height < 2 {
                    continue;
                }
                let method = Method::choose_alone(input, height, width, pool);
                direct += usize::from(method == Method::Direct);
                let shape = [(output, pool)];
                let image = noise(input * height * width, 5);
                let (_, parts) = layers(input, &shape, Isa::best());
                let exact: Vec<f64> = image.iter().copied().map(f64::from).collect();
                let (weights, bias) = &parts[0];
                let (expected, _) = convolve(&exact, [height, width], weights, bias, pool);
                let largest = expected.iter().copied().fold(0.0, f64::max);
                for isa in Isa::available() {
                    let stack = Stack::new(layers(input, &shape, isa).0).unwrap();
                    let found = stack.run_alone(&image, height, width).unwrap();
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.iter().zip(&expected) {
                        let difference = (f64::from(*found) - expected).abs() / largest;
                        assert!(
                            difference < 5e-6,
                            "{isa:?}, {input} to {output} channels, {height}x{width}, pool {pool}: {difference}"
                        );
                    }
                }
            }
        }
    }
    assert!(direct > 20, "direct convolution was chosen {direct} times");
}

#[test]
fn an_image_alone_equals_the_definition_on_any_instruction_set_and_number_of_threads() {
    let shape = [(20, true), (40, false), (70, true), (33, true), (40, false)];
    for size in [[64, 64], [32, 32], [34, 41], [18, 21]] {
        let image = noise(17 * size[0] * size[1], 5);
        let (_, parts) = layers(17, &shape, Isa::best());
        let mut expected: Vec<f64> = image.iter().copied().map(f64::from).collect();
        let mut map = size;
        for ((weights, bias), (_, pool)) in parts.iter().zip(shape) {
            (expected, map) = convolve(&expected, map, weights, bias, pool);
        }
        let largest = expected.iter().copied().fold(0.0, f64::max);
        for isa in Isa::available() {
            let stack = Stack::new(layers(17, &shape, isa).0).unwrap();
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let run = || stack.run_alone(&image, size[0], size[1]).unwrap();
                pool.build().unwrap().install(run)
            };
            let alone = on(1);
            assert!(alone == on(2) && alone == on(3), "{isa:?}, {size:?}");
            assert_eq!(alone.len(), expected.len());
            for (found, expected) in alone.iter().zip(&expected) {
                let difference = (f64::from(*found) - expected).abs() / largest;
                assert!(difference < 1e-5, "{isa:?}, {size:?}: {difference}");
            }
        }
    }
}
