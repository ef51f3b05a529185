//! The network before and after the graft, as a picture: what is kept, what is cut off, what is grafted on.

use maud::{Markup, html};

use super::mark::{place, width};
use super::picture;
use crate::Language;
use crate::count::float;
use crate::record::{Layer, LayerKind, Part};

/// The width that it is drawn for: more than other pictures, for the shapes.
const WIDTH: f64 = 500.0;
/// The room between two blocks, through which the graft's stem runs.
const GAP: f64 = 12.0;
/// Where the blocks' row begins, and its height.
const ROW: (f64, f64) = (22.0, 52.0);
/// Where the head's row begins, and its height.
const HEAD: (f64, f64) = (122.0, 44.0);

/// The layers of a block, together.
struct Block<'a> {
    name: String,
    layers: Vec<&'a Layer>,
}

/// Draws the blocks of `layers` in a row, what was cut off dashed, and the head below the boundary.
#[must_use]
pub fn graft_svg(layers: &[Layer], language: Language) -> String {
    let (head, base): (Vec<&Layer>, Vec<&Layer>) =
        layers.iter().partition(|layer| layer.part == Part::Grafted);
    let blocks = blocks(&base, language);
    let wide = (WIDTH - GAP * float(blocks.len().saturating_sub(1))) / float(blocks.len().max(1));
    let kept = blocks
        .iter()
        .filter(|block| block.part() != Part::Removed)
        .count();
    let left = |block: usize| (wide + GAP) * float(block);
    let stem = (left(kept) - GAP / 2.0).clamp(GAP, WIDTH - GAP);
    let content = html! {
        @for (number, block) in blocks.iter().enumerate() { (drawn(block, left(number), wide, language)) }
        (grafted(&head, stem, language))
    };
    let title = language.pick("The network before and after the graft", "改造前后的网络");
    picture(title, WIDTH, HEAD.0 + HEAD.1 + 22.0, &content).into_string()
}

impl Block<'_> {
    fn part(&self) -> Part {
        self.layers
            .first()
            .map_or(Part::Removed, |layer| layer.part)
    }

    /// What its layers are, in a word or two.
    fn content(&self, language: Language) -> String {
        let of = |kind| {
            let layers = self.layers.iter();
            layers.filter(|layer| layer.kind == kind).count()
        };
        let (convolutions, dense) = (of(LayerKind::Convolution), of(LayerKind::Dense));
        if convolutions > 0 {
            language.pick(
                format!("{convolutions} conv"),
                format!("{convolutions} 个卷积层"),
            )
        } else {
            language.pick(format!("{dense} dense"), format!("{dense} 个全连接层"))
        }
    }
}

/// Layers that follow each other in the same block.
fn blocks<'a>(layers: &[&'a Layer], language: Language) -> Vec<Block<'a>> {
    layers
        .chunk_by(|a, b| a.block == b.block)
        .map(|layers| Block {
            name: block_name(&layers[0].block, language),
            layers: layers.to_vec(),
        })
        .collect()
}

/// `block1` as a person writes it.
pub(crate) fn block_name(block: &str, language: Language) -> String {
    match (block, block.strip_prefix("block")) {
        (_, Some(number)) => language.pick(format!("block {number}"), format!("第 {number} 块")),
        ("top", _) => language.pick("classifier", "原分类器").to_owned(),
        ("head", _) => language.pick("new head", "新分类头").to_owned(),
        _ => block.to_owned(),
    }
}

/// A block, the shape of its output in the network above and in the run below.
fn drawn(block: &Block, x: f64, wide: f64, language: Language) -> Markup {
    let (top, height) = ROW;
    let middle = place(x + wide / 2.0);
    let frozen = block.part() != Part::Removed;
    let last = block.layers.last();
    let shape = |sizes: Option<&Vec<usize>>| {
        let sizes: Vec<String> = sizes?.iter().map(usize::to_string).collect();
        Some(sizes.join("×"))
    };
    html! {
        @if let Some(shape) = shape(last.and_then(|layer| layer.original.as_ref())) {
            text.small.middle x=(middle) y=(place(top - 8.0)) { (shape) }
        }
        rect.block.frozen[frozen].removed[!frozen] x=(place(x + 0.75)) y=(place(top)) width=(place(wide - 1.5)) height=(place(height)) rx="4" {}
        text.middle.faint[!frozen] x=(middle) y=(place(top + 23.0)) { (block.name) }
        text.small.middle.faint[!frozen] x=(middle) y=(place(top + 40.0)) { (block.content(language)) }
        @if let Some(shape) = shape(last.and_then(|layer| layer.output.as_ref())) {
            text.small.middle x=(middle) y=(place(top + height + 16.0)) { (shape) }
        }
    }
}

/// The head below its stem.
fn grafted(head: &[&Layer], stem: f64, language: Language) -> Markup {
    let (top, height) = HEAD;
    let names: Vec<&str> = head.iter().map(|layer| layer.name.as_str()).collect();
    let outputs = head
        .iter()
        .filter_map(|layer| layer.output.as_ref()?.first());
    let outputs: Vec<String> = outputs.map(usize::to_string).collect();
    let name = block_name("head", language);
    let text = [name.clone(), names.join(" → ")];
    let wide = text.iter().map(|line| width(line)).fold(90.0, f64::max) + 20.0;
    let left = (stem - wide / 2.0).clamp(0.0, (WIDTH - wide).max(0.0));
    let middle = place(left + wide / 2.0);
    html! {
        path.stem d=(format!("M{0},{1}V{2}m-4,-7l4,7l4,-7", place(stem), place(ROW.0 - 6.0), place(top - 2.0))) {}
        rect.block.grafted x=(place(left + 0.75)) y=(place(top)) width=(place(wide - 1.5)) height=(place(height)) rx="4" {}
        text.middle x=(middle) y=(place(top + 19.0)) { (text[0]) }
        text.small.middle x=(middle) y=(place(top + 35.0)) { (text[1]) }
        text.small.middle x=(middle) y=(place(top + height + 16.0)) { (outputs.join(" → ")) }
    }
}
