//! VGG16 before and after the graft, as the record has it.

use graft_backbone::Boundary;
use graft_onnx_import::{BLOCKS, IMAGE_CHANNELS, KERNEL};
use graft_report::record::{Layer, LayerKind, Part};

use graft_recipe::Recipe;

/// Height and width of the images that VGG16 was trained on.
const ORIGINAL_SIDE: usize = 224;

/// The outputs of VGG16's own classifier: two hidden layers, and ImageNet's 1,000 classes.
///
/// Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
/// Recognition" (2014), table 1, configuration D.
const TOP: [(&str, usize); 3] = [("fc1", 4096), ("fc2", 4096), ("predictions", 1000)];

/// Every layer of VGG16, and of the head that `recipe` grafts onto it.
pub(crate) fn layers(recipe: &Recipe) -> Vec<Layer> {
    let mut layers = base(recipe);
    layers.extend(top());
    layers.extend(head(recipe));
    layers
}

fn base(recipe: &Recipe) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut channels = IMAGE_CHANNELS;
    for (block, outputs) in Boundary::ALL.into_iter().zip(BLOCKS) {
        let kept = block <= recipe.backbone.boundary;
        let number = block.number();
        let mut layer = |name, kind, parameters: usize, channels: usize, halvings: usize| {
            let shape = |side: usize| vec![channels, side >> halvings, side >> halvings];
            layers.push(Layer {
                block: block.to_string(),
                name,
                kind,
                part: if kept { Part::Frozen } else { Part::Removed },
                parameters: parameters as u64,
                original: Some(shape(ORIGINAL_SIDE)),
                output: kept.then(|| shape(recipe.preprocessing.size)),
            });
        };
        for (index, output) in outputs.iter().enumerate() {
            let name = format!("conv{number}_{}", index + 1);
            let parameters = output * (channels * KERNEL[0] * KERNEL[1] + 1);
            layer(
                name,
                LayerKind::Convolution,
                parameters,
                *output,
                number - 1,
            );
            channels = *output;
        }
        layer(
            format!("pool{number}"),
            LayerKind::Pool,
            0,
            channels,
            number,
        );
    }
    layers
}

fn top() -> Vec<Layer> {
    let layer = |name: &str, kind, parameters: usize, output: usize| Layer {
        block: "top".into(),
        name: name.into(),
        kind,
        part: Part::Removed,
        parameters: parameters as u64,
        original: Some(vec![output]),
        output: None,
    };
    let mut width = values(Boundary::Block5, ORIGINAL_SIDE);
    let mut layers = vec![layer("flatten", LayerKind::Flatten, 0, width)];
    for (name, output) in TOP {
        layers.push(layer(name, LayerKind::Dense, output * (width + 1), output));
        width = output;
    }
    layers
}

fn head(recipe: &Recipe) -> Vec<Layer> {
    let layer = |name: &str, kind, parameters: usize, output: usize| Layer {
        block: "head".into(),
        name: name.into(),
        kind,
        part: Part::Grafted,
        parameters: parameters as u64,
        original: None,
        output: Some(vec![output]),
    };
    let width = values(recipe.backbone.boundary, recipe.preprocessing.size);
    let classes = recipe.data.classes;
    let mut layers = vec![layer("flatten", LayerKind::Flatten, 0, width)];
    if recipe.head.standardise {
        layers.push(layer("standardise", LayerKind::Standardise, 0, width));
    }
    let parameters = classes * (width + 1);
    layers.push(layer("linear", LayerKind::Dense, parameters, classes));
    layers
}

/// How many values the features of an image of `side` by `side` pixels have.
fn values(boundary: Boundary, side: usize) -> usize {
    let halved = side >> boundary.number();
    boundary.channels() * halved * halved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_that_keras_prints() {
        let layers = layers(&Recipe::default());
        let sum = |part| {
            let of = layers.iter().filter(|layer| layer.part == part);
            of.map(|layer| layer.parameters).sum::<u64>()
        };
        assert_eq!(sum(Part::Frozen), 14_714_688);
        assert_eq!(sum(Part::Frozen) + sum(Part::Removed), 138_357_544);
        assert_eq!(sum(Part::Grafted), 5130);
    }

    #[test]
    fn an_earlier_boundary_cuts_more_off() {
        let mut recipe = Recipe::default();
        recipe.backbone.boundary = Boundary::Block4;
        recipe.head.standardise = true;
        let layers = layers(&recipe);
        let of = |name: &str| layers.iter().find(|layer| layer.name == name).unwrap();
        assert_eq!(of("pool4").output, Some(vec![512, 2, 2]));
        assert_eq!(of("conv5_1").part, Part::Removed);
        assert_eq!(of("conv5_1").original, Some(vec![512, 14, 14]));
        assert_eq!(of("standardise").output, Some(vec![2048]));
    }
}
