//! `graft bench`: how fast features are computed, and what a whole `train` costs.

mod forward;

use anyhow::Error;
use graft_backbone::CpuStages;
use graft_compute::{Engine, device::Adapter};
use graft_dataset::Split;
use graft_environment::Paths;
use graft_recipe::{self as recipe, Precision, Recipe};
use graft_report::record::Stages;
use graft_trainer::pipeline::{TrainConfig, train};
use serde::Serialize;

use super::{compute, sources};
use crate::cli::Bench;
use crate::output::{self, size};
use forward::{Row, images_of, measure};

/// Pixels of a batch beyond which only a size's smallest batch is measured: 2^21.
const LARGEST_BATCH: usize = 1 << 21;

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    /// All blocks at 32x32 at the best batch; none where that was not measured.
    images_per_second: Option<f64>,
    engine: String,
    precision: Precision,
    backend: &'static str,
    /// The device, and its driver where that is known.
    adapter: Adapter,
    threads: usize,
    /// What all threads could do if they did nothing but multiply matrices in their caches; for the
    /// engine for CPUs only.
    gemm_peak_gflops: Option<f64>,
    results: Vec<Row>,
    train: Option<Whole>,
}

/// A `train` of the seed recipe from an empty cache, and a second one.
#[derive(Serialize)]
struct Whole {
    /// The first, which computes all features.
    cold: Cost,
    /// The second, which reads them.
    warm: Cost,
}

/// What one run costs.
#[derive(Serialize)]
struct Cost {
    /// Seconds in all.
    seconds: f64,
    /// Seconds a stage.
    stages: Stages,
    /// The most memory that the process has had resident so far, where the system tells.
    peak_memory_bytes: Option<u64>,
}

pub(super) fn run(arguments: &Bench, home: &Paths) -> Result<(), Error> {
    let compute = compute(&arguments.compute, home)?;
    let mut seed = Recipe::default();
    seed.backbone.precision = arguments.precision;
    let mut sources = sources(home, &arguments.outside)?;
    let set = sources.images(&seed, Split::Train, None)?;
    let boundaries = if arguments.no_blocks {
        vec![seed.backbone.boundary]
    } else {
        seed.backbone.network.boundaries().collect()
    };
    let mut results = Vec::new();
    for boundary in boundaries {
        let recipe = recipe::Backbone {
            boundary,
            ..seed.backbone
        };
        let frozen = sources.backbone(&compute, recipe)?.frozen;
        for size in &arguments.sizes {
            let smallest = arguments.batches.iter().min();
            let fits =
                |batch: &&usize| Some(*batch) == smallest || *batch * size * size <= LARGEST_BATCH;
            for batch in arguments.batches.iter().filter(fits) {
                let images = images_of(&set, *size, *batch)?;
                results.push(measure(&frozen, &images, arguments.seconds)?);
            }
        }
    }
    drop(set);
    let scratch = tempfile::tempdir()?;
    let scratch = home.with_results_in(scratch.path());
    let mut cost = || {
        let config = TrainConfig {
            name: "bench",
            recipe: &seed,
            compute: &compute,
            home: &scratch,
            resume: None,
            views: None,
            confirm: &|_| Ok(()),
        };
        let trained = train(config, &mut sources, |_| Ok(()))?;
        let manifest = trained.run.manifest();
        Ok::<_, Error>(Cost {
            seconds: manifest.seconds,
            stages: manifest.stages,
            peak_memory_bytes: manifest.machine.peak_memory_bytes,
        })
    };
    let train = if arguments.no_train {
        None
    } else {
        let (cold, warm) = (cost()?, cost()?);
        Some(Whole { cold, warm })
    };
    let whole = results
        .iter()
        .filter(|row| row.size == 32 && row.block == seed.backbone.boundary.number());
    let threads = CpuStages::threads();
    #[expect(clippy::cast_precision_loss, reason = "numbers of threads are small")]
    let peak = || CpuStages::gemm_peak_gflops() * threads as f64;
    let report = Report {
        images_per_second: whole
            .map(|row| row.images_per_second)
            .max_by(f64::total_cmp),
        engine: compute.engine.version(),
        precision: arguments.precision,
        backend: compute.backend.name(),
        adapter: compute.adapter.clone(),
        threads,
        gemm_peak_gflops: (compute.engine == Engine::Winograd).then(peak),
        results,
        train,
    };
    if arguments.json {
        return output::json(&report);
    }
    people(&report)
}

fn people(report: &Report) -> Result<(), Error> {
    output::line(&format!(
        "{} in {} on {}, {}, {} threads; rates are those of all blocks up to the last one.
GFLOP/s count what the direct form of the convolutions takes: fewer products give more than the peak.

size  batch  blocks  images/s   GFLOP/s  of GEMM peak  memory",
        report.engine, report.precision, report.backend, report.adapter, report.threads
    ))?;
    for row in &report.results {
        let share = |peak: f64| format!("{:.0} %", 100.0 * row.gflops / peak);
        output::line(&format!(
            "{:>4}  {:>5}  {:>6}  {:>8.1}  {:>8.1}  {:>12}  {}",
            row.size,
            row.batch,
            row.block,
            row.images_per_second,
            row.gflops,
            report.gemm_peak_gflops.map(share).unwrap_or_default(),
            row.peak_memory_bytes.map(size).unwrap_or_default(),
        ))?;
    }
    if report.results.iter().any(|row| row.phases.is_some()) {
        output::line(
            "\nWhere the time of one batch goes when nothing overlaps, in milliseconds:
size  batch  blocks    upload   compute  download",
        )?;
    }
    for row in &report.results {
        let Some(phases) = row.phases else { continue };
        output::line(&format!(
            "{:>4}  {:>5}  {:>6}  {:>8.2}  {:>8.2}  {:>8.2}",
            row.size,
            row.batch,
            row.block,
            1e3 * phases.upload,
            1e3 * phases.compute,
            1e3 * phases.download
        ))?;
    }
    let Some(Whole { cold, warm }) = &report.train else {
        return Ok(());
    };
    for (name, cost) in [("cold", cold), ("warm", warm)] {
        output::line(&format!(
            "train, {name} cache: {:.1} s, of which features {:.1} s and head {:.1} s",
            cost.seconds, cost.stages.features, cost.stages.head
        ))?;
    }
    Ok(())
}
