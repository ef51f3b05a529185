//! What heads are trained on: features of every kind that a sweep asks for, each computed once.

use graft_compute::{ComputeContext, LoadedBackbone};
use graft_dataset::{Augmentation, ImageSet, Preprocessing, Split};
use graft_environment::Paths;
use graft_features::{Extracted, Extractor, Features, View};
use graft_recipe::{Backbone, Recipe};
use graft_report::sweep::Pass;
use graft_trainer::sources::Sources;

use crate::Error;
use crate::own::Source;
use crate::plan::{Plan, Planned};
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
    augmentation: Augmentation,
    backbone: Backbone,
    /// Only of the first so many training images; 0 for all.
    images: usize,
    /// How many of them are held out, where there are views of the others.
    held_out: usize,
}

/// Features of training and test images.
pub(super) struct Pair {
    pub(super) train: Features,
    /// Those of views of the images at `viewed`, which trainings may use.
    pub(super) views: Vec<Features>,
    pub(super) viewed: Vec<usize>,
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
        let seed = plan.base.training.seed;
        let mut fitting = Vec::new();
        for cell in &plan.cells {
            // More held out than there are is told before hours are spent.
            if cell.fits(&self.train, seed)? {
                fitting.push(cell);
            }
        }
        let mut cells = Vec::new();
        for cell in fitting {
            let kind = Kind::of(cell, &plan.base);
            let known = self.kinds.iter().position(|(of, _)| *of == kind);
            if known.is_none() {
                let pair = self.pair(cell, kind, seed)?;
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
        let viewed = cell.split(&self.train, seed)?.train;
        let (compute, paths) = (self.compute, self.paths);
        let own;
        let loaded = match kind.source {
            Source::Pixels => {
                train.prepare_all()?;
                test.as_ref().map_or(Ok(()), ImageSet::prepare_all)?;
                let augmentation = kind.augmentation;
                let numbers = 1..=augmentation.changed_views();
                let places: Vec<usize> = (0..viewed.len()).collect();
                let views = numbers.map(|number| {
                    let view = augmentation.view(&train, &viewed, &places, number)?;
                    Ok::<_, Error>(pixels(&view))
                });
                return Ok(Pair {
                    views: views.collect::<Result<_, _>>()?,
                    viewed,
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
        let mut noted = |extracted: Extracted, split: Split| {
            let (source, boundary) = (kind.source, kind.backbone.boundary);
            let (how, view) = (kind.preprocessing, extracted.key.view);
            let view = view.map_or(
                String::new(),
                |View {
                     number,
                     augmentation,
                     ..
                 }| { format!(", view {number} by {augmentation:?}") },
            );
            let what = format!("{split:?}, {source:?} after {boundary}, {how:?}{view}");
            passes.push(Pass {
                features: what.to_lowercase(),
                images: extracted.features.images(),
                cached: extracted.cached,
                seconds: extracted.seconds,
            });
            extracted.features
        };
        let views = extractor.views(&train, &viewed, Split::Train)?.cached()?;
        let pair = Pair {
            views: { views.into_iter() }
                .map(|view| noted(view, Split::Train))
                .collect(),
            viewed,
            train: noted(extractor.features(&train, Split::Train)?, Split::Train),
            test: match test {
                Some(test) => Some(noted(extractor.features(&test, Split::Test)?, Split::Test)),
                None => None,
            },
        };
        // Cells with views have the features of the images themselves in common with others.
        passes.retain(|pass| {
            !self
                .passes
                .iter()
                .any(|known| known.features == pass.features)
        });
        self.passes.extend(passes);
        Ok(pair)
    }
}

impl Kind {
    /// The features of a cell. Those of the base recipe are those of all images, which `train` uses too.
    fn of(cell: &Planned, base: &Recipe) -> Self {
        let recipe = &cell.recipe;
        let (preprocessing, backbone) = (recipe.preprocessing, recipe.backbone);
        let augmentation = recipe.augmentation;
        let as_base = (preprocessing, backbone) == (base.preprocessing, base.backbone)
            && augmentation.changed_views() == 0
            && cell.own.features == Source::Pretrained;
        Self {
            source: cell.own.features,
            preprocessing,
            augmentation,
            backbone,
            images: if as_base { 0 } else { cell.own.images },
            held_out: match augmentation.changed_views() {
                0 => 0,
                _ => recipe.data.validation,
            },
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
        assert_eq!(features.rows(&[7]).unwrap(), [0.2, 0.2]);
    }
}
