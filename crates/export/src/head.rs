//! From maps to probabilities: flatten or average, normalise where asked, fully connected layers, softmax.

use onnx_protobuf::{AttributeProto, FloatTensor};

use crate::graph::Graph;
use crate::tensors::Tensors;
use crate::{Error, FEATURES, LOGITS, PROBABILITIES};

/// The smallest divisor of features, as in training.
const SMALLEST_SUM: f32 = 1e-12;
const PLACES: &str = "average_pool.places";

/// What is done to features before the first layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Normalisation {
    /// Nothing.
    None,
    /// What is subtracted from the features, and what they are divided by then, both `[features]`.
    Standardise([FloatTensor; 2]),
    /// Signed square roots, brought to this length for every image, `[1]`.
    PowerL2(FloatTensor),
}

/// The numbers of a fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// `[inputs, outputs]`
    pub weight: FloatTensor,
    /// `[outputs]`
    pub bias: FloatTensor,
}

/// The numbers of a head.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// How many values of a channel are averaged to one, where maps are, `[1]`.
    pub places: Option<FloatTensor>,
    /// What is done to the features then.
    pub normalise: Normalisation,
    /// Layers with a rectifier behind each.
    pub hidden: Vec<Dense>,
    /// The layer that gives the logits.
    pub linear: Dense,
}

impl Head {
    /// The head in a run's file, whose tensors are named in `graft-head`, behind maps `[channels, height, width]`.
    pub(crate) fn read(file: &Tensors, maps: [usize; 3], classes: usize) -> Result<Self, Error> {
        let [channels, height, width] = maps;
        let places = file.has(PLACES).then(|| file.get(PLACES, &[1]));
        let places = places.transpose()?;
        let mut inputs = match places {
            Some(_) => channels,
            None => channels * height * width,
        };
        let statistics = |part| file.get(&format!("standardise.{part}"), &[inputs]);
        let normalise = if file.has("standardise.mean") {
            Normalisation::Standardise([statistics("mean")?, statistics("deviation")?])
        } else if file.has("power_l2.scale") {
            Normalisation::PowerL2(file.get("power_l2.scale", &[1])?)
        } else {
            Normalisation::None
        };
        let dense = |name: &str, inputs, outputs| {
            Ok::<_, Error>(Dense {
                weight: file.get(&format!("{name}.weight"), &[inputs, outputs])?,
                bias: file.get(&format!("{name}.bias"), &[outputs])?,
            })
        };
        let mut hidden = Vec::new();
        let names = (1..).map(hidden_name);
        let layers = names.map_while(|name| Some((file.length(&format!("{name}.bias"))?, name)));
        for (units, name) in layers {
            hidden.push(dense(&name, inputs, units)?);
            inputs = units;
        }
        Ok(Self {
            places,
            normalise,
            hidden,
            linear: dense("linear", inputs, classes)?,
        })
    }

    /// How many features it takes, before they are averaged, and how many logits it gives.
    pub(crate) fn widths(&self) -> [usize; 2] {
        let first = self.hidden.first().unwrap_or(&self.linear);
        let inputs = first.weight.dims().first().copied().unwrap_or(0);
        let places = self
            .places
            .as_ref()
            .and_then(|places| places.values().next());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number, as training wrote it"
        )]
        let places = places.map_or(1, |places| places as usize);
        [inputs * places, self.linear.bias.values().len()]
    }

    /// All its tensors by their names in a run's file.
    pub(crate) fn tensors(&self) -> Vec<(String, &FloatTensor)> {
        let mut tensors = Vec::new();
        let names = (1..=self.hidden.len()).map(hidden_name);
        let layers = self.hidden.iter().chain([&self.linear]);
        for (name, layer) in names.chain(["linear".to_owned()]).zip(layers) {
            tensors.push((format!("{name}.weight"), &layer.weight));
            tensors.push((format!("{name}.bias"), &layer.bias));
        }
        match &self.normalise {
            Normalisation::None => (),
            Normalisation::Standardise([mean, deviation]) => {
                tensors.push(("standardise.mean".into(), mean));
                tensors.push(("standardise.deviation".into(), deviation));
            }
            Normalisation::PowerL2(scale) => tensors.push(("power_l2.scale".into(), scale)),
        }
        tensors.extend(self.places.iter().map(|places| (PLACES.into(), places)));
        tensors
    }

    /// Adds what it does to `maps` `[N, channels, height, width]`.
    pub(crate) fn add(&self, graph: &mut Graph, maps: &str) {
        let by_rows = || [AttributeProto::int("axis", 1)];
        graph.node("Flatten", &[maps], FEATURES, by_rows()); // [N, features]
        let mut values = FEATURES.to_owned();
        if self.places.is_some() {
            graph.node("GlobalAveragePool", &[maps], "means", []); // [N, channels, 1, 1]
            graph.node("Flatten", &["means"], "averaged", by_rows()); // [N, channels]
            values = "averaged".into();
        }
        values = self.normalise.add(graph, values);
        for (number, layer) in (1..).zip(&self.hidden) {
            let name = hidden_name(number);
            let (sums, outputs) = (format!("{name}.sums"), format!("{name}.outputs"));
            layer.add(graph, &name, &values, &sums); // [N, units]
            graph.node("Relu", &[&sums], &outputs, []);
            values = outputs;
        }
        self.linear.add(graph, "linear", &values, LOGITS); // [N, classes]
        graph.node("Softmax", &[LOGITS], PROBABILITIES, by_rows());
    }
}

impl Dense {
    fn add(&self, graph: &mut Graph, name: &str, inputs: &str, outputs: &str) {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        graph.weight(&weight, &self.weight);
        graph.constant(&bias, &self.bias);
        graph.node("Gemm", &[inputs, &weight, &bias], outputs, []);
    }
}

fn hidden_name(number: usize) -> String {
    format!("hidden{number}")
}

impl Normalisation {
    /// Adds what it does to `features`; returns the name of the result, `[N, features]` like them.
    fn add(&self, graph: &mut Graph, features: String) -> String {
        match self {
            Self::None => features,
            Self::Standardise([mean, deviation]) => {
                graph.constant("standardise.mean", mean);
                graph.constant("standardise.deviation", deviation);
                graph.node("Sub", &[&features, "standardise.mean"], "centred", []);
                let inputs = ["centred", "standardise.deviation"];
                graph.node("Div", &inputs, "standardised", []);
                "standardised".into()
            }
            Self::PowerL2(scale) => {
                graph.constant("power_l2.scale", scale);
                // Features of sum 0 stay 0, as in training.
                graph.floats("power_l2.smallest", &[], &[SMALLEST_SUM]);
                graph.node("Abs", &[&features], "sizes", []);
                // `ReduceL1` would do it, but OpenVINO 2026.4 gives other sums for more than one image.
                graph.ints("power_l2.axis", &[1]);
                graph.node("ReduceSum", &["sizes", "power_l2.axis"], "sums", []); // [N, 1]
                graph.node("Max", &["sums", "power_l2.smallest"], "divisors", []);
                graph.node("Div", &["sizes", "divisors"], "shares", []);
                graph.node("Sqrt", &["shares"], "roots", []);
                graph.node("Sign", &[&features], "signs", []);
                graph.node("Mul", &["signs", "roots"], "unit", []);
                graph.node("Mul", &["unit", "power_l2.scale"], "normalised", []);
                "normalised".into()
            }
        }
    }
}
