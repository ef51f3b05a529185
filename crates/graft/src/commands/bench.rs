//! `graft bench`

use graft_backbone::{Boundary, CpuBackbone};
use graft_dataset::Split;
use serde::Serialize;

use super::{compute, sources};
use crate::bench::{Plan, Row, Whole, forward, whole};
use crate::cli::Bench;
use crate::output::{self, size};
use anyhow::Error;
use graft_compute::device::Adapter;
use graft_environment::Paths;
use graft_recipe::Recipe;

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    /// All blocks at 32x32 at the best batch; none where that was not measured.
    images_per_second: Option<f64>,
    engine: String,
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

pub(super) fn run(arguments: &Bench, home: &Paths) -> Result<(), Error> {
    let compute = compute(&arguments.compute, home)?;
    let recipe = Recipe::default();
    let mut sources = sources(home, &arguments.outside)?;
    let images = sources.images(&recipe.data, Split::Train)?;
    let plan = Plan {
        sizes: arguments.sizes.clone(),
        batches: arguments.batches.clone(),
        boundaries: if arguments.no_blocks {
            vec![Boundary::Block5]
        } else {
            Boundary::ALL.to_vec()
        },
        seconds: arguments.seconds,
    };
    let results = forward(&plan, &compute, &mut sources, &images)?;
    drop(images);
    let scratch = tempfile::tempdir()?;
    let train = if arguments.no_train {
        None
    } else {
        Some(whole(
            &recipe,
            &compute,
            home,
            &mut sources,
            scratch.path(),
        )?)
    };
    let report = Report {
        images_per_second: best(&results),
        engine: compute.engine.version(),
        backend: compute.backend.name(),
        adapter: compute.adapter.clone(),
        threads: CpuBackbone::threads(),
        gemm_peak_gflops: compute.engine.gemm_peak_gflops(CpuBackbone::threads()),
        results,
        train,
    };
    if arguments.json {
        output::json(&report)
    } else {
        people(&report)
    }
}

fn best(results: &[Row]) -> Option<f64> {
    let whole = results
        .iter()
        .filter(|row| row.size == 32 && row.block == 5);
    whole
        .map(|row| row.images_per_second)
        .max_by(f64::total_cmp)
}

fn people(report: &Report) -> Result<(), Error> {
    let Report {
        engine,
        backend,
        adapter,
        threads,
        ..
    } = report;
    output::line(&format!(
        "{engine} on {backend}, {adapter}, {threads} threads; rates are those of all blocks up to the last one.
GFLOP/s count what the direct form of the convolutions takes: fewer products give more than the peak.
"
    ))?;
    output::line("size  batch  blocks  images/s   GFLOP/s  of GEMM peak  memory")?;
    for row in &report.results {
        let share = report
            .gemm_peak_gflops
            .map(|peak| format!("{:.0} %", 100.0 * row.gflops / peak));
        let memory = row.peak_memory_bytes.map(size).unwrap_or_default();
        output::line(&format!(
            "{:>4}  {:>5}  {:>6}  {:>8.1}  {:>8.1}  {:>12}  {memory}",
            row.size,
            row.batch,
            row.block,
            row.images_per_second,
            row.gflops,
            share.unwrap_or_default(),
        ))?;
    }
    if report.results.iter().any(|row| row.phases.is_some()) {
        output::line(
            "\nWhere a pass' time goes when nothing overlaps, in milliseconds:
size  batch  blocks    upload   compute  download",
        )?;
    }
    for row in &report.results {
        let Some(phases) = row.phases else { continue };
        let [upload, compute, download] =
            [phases.upload, phases.compute, phases.download].map(|seconds| 1e3 * seconds);
        let Row {
            size, batch, block, ..
        } = row;
        output::line(&format!(
            "{size:>4}  {batch:>5}  {block:>6}  {upload:>8.2}  {compute:>8.2}  {download:>8.2}"
        ))?;
    }
    for (name, cost) in report
        .train
        .iter()
        .flat_map(|train| [("cold", &train.cold), ("warm", &train.warm)])
    {
        let (features, head) = (cost.stages.features, cost.stages.head);
        output::line(&format!(
            "train, {name} cache: {:.1} s, of which features {features:.1} s and head {head:.1} s",
            cost.seconds
        ))?;
    }
    Ok(())
}
