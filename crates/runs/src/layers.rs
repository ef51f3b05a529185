//! The network before and after the graft, as the record has it.

use graft_network::{Boundary, Network};
use graft_report::record::{Layer, LayerKind, Part};

use graft_recipe::{Backbone, Normalise, Pool, Recipe};

/// Every layer of the network, and of the head for so many classes that `recipe` grafts onto it.
#[must_use]
pub fn layers(recipe: &Recipe, classes: usize) -> Vec<Layer> {
    let mut layers = base(recipe);
    layers.extend(top(recipe.backbone.network));
    layers.extend(head(recipe, classes));
    layers
}

fn base(recipe: &Recipe) -> Vec<Layer> {
    let network = recipe.backbone.network;
    let mut layers = Vec::new();
    for stage in network.stages() {
        let kept = stage.boundary <= recipe.backbone.boundary;
        let part = match stage.boundary <= recipe.backbone.cut() {
            true => Part::Frozen,
            false if kept => Part::Trained,
            false => Part::Removed,
        };
        let number = stage.boundary.number();
        let mut layer = |name, kind, parameters: usize, channels: usize, halvings: usize| {
            let shape = |side: usize| vec![channels, side >> halvings, side >> halvings];
            layers.push(Layer {
                block: stage.boundary.to_string(),
                name,
                kind,
                part,
                parameters: parameters as u64,
                original: Some(shape(network.side)),
                output: kept.then(|| shape(recipe.preprocessing.size)),
            });
        };
        for (index, channels) in stage.convolutions().enumerate() {
            let name = format!("conv{number}_{}", index + 1);
            let parameters = graft_network::parameters(channels);
            layer(
                name,
                LayerKind::Convolution,
                parameters,
                channels[1],
                number - 1,
            );
        }
        let name = format!("pool{number}");
        layer(name, LayerKind::Pool, 0, stage.channels(), number);
    }
    layers
}

fn top(network: Network) -> Vec<Layer> {
    let layer = |name: &str, kind, parameters: usize, output: usize| Layer {
        block: "top".into(),
        name: name.into(),
        kind,
        part: Part::Removed,
        parameters: parameters as u64,
        original: Some(vec![output]),
        output: None,
    };
    let mut width = values(network, network.end(), network.side);
    let mut layers = vec![layer("flatten", LayerKind::Flatten, 0, width)];
    for (name, output) in network.classifier {
        layers.push(layer(name, LayerKind::Dense, output * (width + 1), *output));
        width = *output;
    }
    layers
}

fn head(recipe: &Recipe, classes: usize) -> Vec<Layer> {
    let layer = |name: &str, kind, parameters: usize, output: usize| Layer {
        block: "head".into(),
        name: name.into(),
        kind,
        part: Part::Grafted,
        parameters: parameters as u64,
        original: None,
        output: Some(vec![output]),
    };
    let Backbone {
        network, boundary, ..
    } = recipe.backbone;
    let (mut layers, mut width) = match recipe.head.pool {
        Pool::Flatten => {
            let width = values(network, boundary, recipe.preprocessing.size);
            (vec![layer("flatten", LayerKind::Flatten, 0, width)], width)
        }
        Pool::Average => {
            let width = network.channels(boundary);
            let average = layer("average-pool", LayerKind::AveragePool, 0, width);
            (vec![average], width)
        }
    };
    match recipe.head.normalise {
        Normalise::None => {}
        Normalise::Standardise => {
            layers.push(layer("standardise", LayerKind::Standardise, 0, width));
        }
        Normalise::PowerL2 => layers.push(layer("power-l2", LayerKind::PowerL2, 0, width)),
    }
    for (number, units) in (1..).zip(&recipe.head.hidden) {
        let name = format!("hidden{number}");
        layers.push(layer(&name, LayerKind::Hidden, units * (width + 1), *units));
        width = *units;
    }
    let parameters = classes * (width + 1);
    layers.push(layer("linear", LayerKind::Dense, parameters, classes));
    layers
}

/// How many values the features of an image of `side` by `side` pixels have.
fn values(network: Network, boundary: Boundary, side: usize) -> usize {
    let halved = side >> boundary.number();
    network.channels(boundary) * halved * halved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_that_keras_prints() {
        let layers = layers(&Recipe::default(), 10);
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
        recipe.backbone.boundary = Boundary::after(4);
        recipe.head.normalise = Normalise::Standardise;
        let layers = self::layers(&recipe, 10);
        let of = |name: &str| layers.iter().find(|layer| layer.name == name).unwrap();
        assert_eq!(of("pool4").output, Some(vec![512, 2, 2]));
        assert_eq!(of("conv5_1").part, Part::Removed);
        assert_eq!(of("conv5_1").original, Some(vec![512, 14, 14]));
        assert_eq!(of("standardise").output, Some(vec![2048]));
        recipe.head.normalise = Normalise::PowerL2;
        let layers = self::layers(&recipe, 10);
        let power = layers.iter().find(|layer| layer.kind == LayerKind::PowerL2);
        assert_eq!(power.unwrap().output, Some(vec![2048]));
        recipe.head.pool = Pool::Average;
        recipe.head.hidden = vec![64];
        let layers = self::layers(&recipe, 10);
        let head = layers.iter().filter(|layer| layer.part == Part::Grafted);
        let head: Vec<_> = head.map(|layer| (&*layer.name, layer.parameters)).collect();
        let hidden = ("hidden1", 64 * 513);
        let expected = [
            ("average-pool", 0),
            ("power-l2", 0),
            hidden,
            ("linear", 650),
        ];
        assert_eq!(head, expected);
    }
}
