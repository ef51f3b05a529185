//! One image alone against the definition in f64.

use super::layers;
use super::reference::{convolve, noise};
use crate::Stack;
use crate::isa::Isa;

#[test]
fn an_image_alone_equals_the_definition_on_any_instruction_set_and_number_of_threads() {
    let shape = [(20, true), (40, false), (70, true), (33, true), (40, false)];
    for size in [[64, 64], [34, 41], [18, 21]] {
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
