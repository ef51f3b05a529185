//! What heads are trained on: features of every kind that a sweep asks for, each computed once.

use graft_compute::{ComputeContext, LoadedBackbone};
use graft_dataset::{ImageSet, Preprocessing, Split};
use graft_environment::Paths;
use graft_features::{Extractor, Features};
use graft_recipe::{Backbone, Recipe};
use graft_report::sweep::Pass;
use graft_trainer::sources::Sources;

use crate::Error;
use crate::plan::{Plan, Planned, Source};
use crate::untrained::untrained;

/// Images, and what turns them into features.
pub(super) struct Bench<'a, 'b> {
    pub(super) train: ImageSet,
    /// None where nothing is measured on them.
    pub(super) test: Option<ImageSet>,
    pub(super) compute: &'a ComputeContext,
    pub(super) paths: &'a Paths,
    pub(super) sources: &'a mut Sources<'b>,
    /// The backbone that was asked for last.
    pub(super) backbone: Option<(Backbone, LoadedBackbone)>,
    /// The sets of features that were asked for.
    pub(super) passes: Vec<Pass>,
    /// Features of all kinds.
    pub(super) kinds: Vec<(Kind, Pair)>,
}

/// What tells features apart.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Kind {
    source: Source,
    preprocessing: Preprocessing,
    backbone: Backbone,
    /// Only of the first so many training images; 0 for all.
    images: usize,
}

/// Features of training and test images.
pub(super) struct Pair {
    pub(super) train: Features,
    pub(super) test: Option<Features>,
}

impl Bench<'_, '_> {
    /// The pretrained backbone of a recipe.
    pub(super) fn backbone(&mut self, recipe: Backbone) -> Result<&LoadedBackbone, Error> {
        let known = self.backbone.take().filter(|(of, _)| *of == recipe);
        let loaded = match known {
            Some((_, loaded)) => loaded,
            None => self.sources.backbone(self.compute, recipe)?,
        };
        Ok(&self.backbone.insert((recipe, loaded)).1)
    }

    /// Has the features of all cells that there are enough images for, and returns these cells, each
    /// with the place of its features.
    pub(super) fn features<'p>(
        &mut self,
        plan: &'p Plan,
    ) -> Result<Vec<(&'p Planned, usize)>, Error> {
        let fitting = plan.cells.iter().filter(|cell| cell.fits(&self.train));
        let fitting: Vec<_> = fitting.collect();
        for cell in &fitting {
            // More held out than there are is told before hours are spent.
            cell.holdout(&self.train, plan.base.training.seed, 0)?;
        }
        let mut cells = Vec::new();
        for cell in fitting {
            let kind = Kind::of(cell, &plan.base);
            let known = self.kinds.iter().position(|(of, _)| *of == kind);
            if known.is_none() {
                let pair = self.pair(cell, kind, plan.base.training.seed)?;
                self.kinds.push((kind, pair));
            }
            cells.push((cell, known.unwrap_or(self.kinds.len() - 1)));
        }
        Ok(cells)
    }

    /// The features at a place that [`Bench::features`] told.
    pub(super) fn at(&self, place: usize) -> &Pair {
        &self.kinds[place].1
    }

    fn pair(&mut self, cell: &Planned, kind: Kind, seed: u64) -> Result<Pair, Error> {
        let mut train = self.train.clone();
        if kind.images > 0 {
            train = train.first(cell.images(&self.train))?;
        }
        let test = self.test.clone();
        let (compute, paths) = (self.compute, self.paths);
        let own;
        let loaded = match kind.source {
            Source::Pixels => {
                return Ok(Pair {
                    train: pixels(&train),
                    test: test.as_ref().map(pixels),
                });
            }
            Source::Untrained => {
                own = untrained(seed, kind.backbone, compute)?;
                &own
            }
            Source::Pretrained => self.backbone(kind.backbone)?,
        };
        let extractor = Extractor::new(loaded, &cell.recipe, compute, paths);
        let mut passes = Vec::new();
        let mut of = |images: &ImageSet, split: Split| {
            let extracted = extractor.features(images, split)?;
            let (source, boundary) = (kind.source, kind.backbone.boundary);
            let how = kind.preprocessing;
            let what = format!("{split:?}, {source:?} after {boundary}, {how:?}");
            passes.push(Pass {
                features: what.to_lowercase(),
                images: images.len(),
                cached: extracted.cached,
                seconds: extracted.seconds,
            });
            Ok::<_, Error>(extracted.features)
        };
        let pair = Pair {
            train: of(&train, Split::Train)?,
            test: test.map(|test| of(&test, Split::Test)).transpose()?,
        };
        self.passes.extend(passes);
        Ok(pair)
    }
}

impl Kind {
    /// The features of a cell. Those of the base recipe are those of all images, which `train` uses too.
    fn of(cell: &Planned, base: &Recipe) -> Self {
        let recipe = &cell.recipe;
        let (preprocessing, backbone) = (recipe.preprocessing, recipe.backbone);
        let as_base = (preprocessing, backbone) == (base.preprocessing, base.backbone)
            && cell.own.features == Source::Pretrained;
        Self {
            source: cell.own.features,
            preprocessing,
            backbone,
            images: if as_base { 0 } else { cell.own.images },
        }
    }
}

/// The images' pixels as features, 0 to 1.
fn pixels(images: &ImageSet) -> Features {
    let values: Vec<f32> = images
        .images()
        .flatten()
        .map(|pixel| f32::from(*pixel) / 255.0)
        .collect();
    Features::held(&values, values.len() / images.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_features() {
        let labels: Vec<u8> = (0..120).map(|index| index % 3).collect();
        let features = pixels(&ImageSet::new(1, 2, vec![51; 240], labels, 3).unwrap());
        assert_eq!((features.images(), features.width()), (120, 2));
        assert_eq!(features.rows(&[7]), [0.2, 0.2]);
    }
}
