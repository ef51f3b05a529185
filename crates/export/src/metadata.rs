//! What an exported file says about itself.

use graft_report::record::RECIPE;
use graft_runs::Run;

use crate::Error;

/// Keys and values for the file of `run`.
pub(crate) fn of(run: &Run) -> Result<Vec<(&'static str, String)>, Error> {
    let manifest = run.manifest();
    let name = run.folder().file_name().unwrap_or_default();
    let hashes =
        |stage: &graft_report::record::StageHashes| format!("{} {}", stage.stage, stage.after);
    let stages: Vec<_> = manifest.backbone.stages.iter().map(hashes).collect();
    Ok(vec![
        (
            "classes",
            serde_json::json!(manifest.data.all_names()).to_string(),
        ),
        ("run", name.to_string_lossy().into_owned()),
        (
            "recipe",
            String::from_utf8_lossy(&run.file(RECIPE)?).into_owned(),
        ),
        ("network", manifest.network.clone()),
        ("graft", manifest.graft.clone()),
        ("commit", manifest.commit.clone().unwrap_or_default()),
        ("trained", manifest.ended.to_string()),
        ("images_sha256", manifest.data.images.clone()),
        ("weights_sha256", manifest.origin.sha256.clone()),
        ("stages_sha256", stages.join("\n")),
        ("head_sha256", manifest.head.after.clone()),
    ])
}
