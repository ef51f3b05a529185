//! Checkpoints that are saved, lost, damaged, and asked for.

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::*;
use crate::run::sealed;

/// A checkpoint after epochs of these validation losses and so many steps. `seconds` are another
/// every time, as a clock's are.
fn checkpoint(losses: &[f64], steps: usize, seconds: f64) -> Vec<u8> {
    let scores = |loss| format!("{{ loss = {loss:?}, accuracy = 0.5 }}");
    let epoch = |(number, loss): (usize, &f64)| {
        format!(
            "[[epochs]]\nepoch = {}\nseconds = {seconds:?}\ntrain = {}\nvalidation = {}\n",
            number + 1,
            scores(0.5),
            scores(*loss)
        )
    };
    let epochs: String = losses.iter().enumerate().map(epoch).collect();
    let epochs = if epochs.is_empty() {
        "epochs = []\n".into()
    } else {
        epochs
    };
    let place = format!("format = 2\nsteps = {steps}\nseconds = {seconds:?}\n{epochs}");
    let rows = [
        "adam.weight.moment_1",
        "adam.weight.moment_2",
        "adam.bias.moment_1",
        "adam.bias.moment_2",
        "logits",
    ];
    let row = |name| (name, TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap());
    let head = ("head", TensorView::new(Dtype::U8, vec![1], &[0]).unwrap());
    let tensors = rows.map(row).into_iter().chain([head]);
    safetensors::serialize(tensors, Some([("place".to_owned(), place)].into())).unwrap()
}

/// A run's folder with a checkpoint in the middle and at the end of every epoch.
struct Case {
    run: tempfile::TempDir,
    checkpoints: Checkpoints,
}

/// Validation losses whose best is neither the first nor the last.
const LOSSES: [f64; 4] = [0.5, 0.3, 0.4, 0.45];

impl Case {
    fn new() -> Self {
        let run = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::create(run.path()).unwrap();
        Self { run, checkpoints }
    }

    /// One whose epochs have the losses of [`LOSSES`].
    fn saved() -> Self {
        let mut case = Self::new();
        (0..4).for_each(|epochs| case.save(epochs, 5, 1.0));
        case.save(4, 0, 1.0);
        case
    }

    /// Saves after that epoch, if there is one, and after so many steps behind it.
    fn save(&mut self, epochs: usize, steps: usize, seconds: f64) {
        let losses = &LOSSES[..epochs];
        if epochs > 0 {
            let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
            let bytes = checkpoint(losses, 0, seconds);
            let is_best = losses.last() == Some(&lowest);
            self.checkpoints.add((epochs, 0), is_best, &bytes).unwrap();
        }
        if steps > 0 {
            let bytes = checkpoint(losses, steps, seconds);
            self.checkpoints
                .add((epochs, steps), false, &bytes)
                .unwrap();
        }
    }

    fn open(&self) -> Result<Checkpoints, RunError> {
        Checkpoints::open(self.run.path())
    }

    fn manifest(&self) -> PathBuf {
        self.checkpoints.folder.join(MANIFEST)
    }

    /// The names of the checkpoints whose files are there, in order.
    fn names(&self) -> Vec<String> {
        let mut files = list::files(&self.checkpoints.folder);
        files.sort();
        files.iter().map(Entry::name).collect()
    }

    /// The file of the checkpoint of that name.
    fn file(&self, name: &str) -> PathBuf {
        let mut files = list::files(&self.checkpoints.folder).into_iter();
        self.checkpoints
            .path(&files.find(|entry| entry.name() == name).unwrap())
    }
}

fn epochs(resumed: Option<Resumed>) -> Option<usize> {
    resumed.map(|resumed| resumed.epochs().len())
}

#[test]
fn the_last_two_and_the_best_are_there() {
    let case = Case::saved();
    let names = [
        "epoch-002-step-000000",
        "epoch-003-step-000005",
        "epoch-004-step-000000",
    ];
    assert_eq!(case.names(), names);
    let opened = case.open().unwrap();
    assert_eq!(opened.list, case.checkpoints.list);
    let newest = opened.load(None).unwrap().unwrap();
    assert_eq!(newest.epochs().len(), 4);
    assert_eq!(epochs(opened.best(&newest).unwrap()), Some(2));
    for name in names {
        let file = case.file(name);
        let stem = file.file_stem().unwrap().to_str().unwrap();
        for name in [name, stem] {
            assert!(opened.load(Some(name)).unwrap().is_some(), "{name}");
        }
    }
    let unknown = opened.load(Some("epoch-4")).err().unwrap().to_string();
    assert!(
        unknown.contains(&format!("found {}", names.join(", "))),
        "{unknown}"
    );
}

#[test]
fn a_list_that_is_lost_is_put_together_anew() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("missing", |path| fs::remove_file(path).unwrap()),
        ("empty", |path| fs::write(path, "").unwrap()),
        ("one bit", |path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("cut", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 3]).unwrap();
        }),
    ];
    for (what, damage) in damages {
        let case = Case::saved();
        damage(&case.manifest());
        let mut opened = case.open().unwrap();
        assert_eq!(opened.list, case.checkpoints.list, "{what}");
        // The next save deletes nothing that is kept.
        opened
            .add((4, 5), false, &checkpoint(&LOSSES, 5, 1.0))
            .unwrap();
        let names = [
            "epoch-002-step-000000",
            "epoch-004-step-000000",
            "epoch-004-step-000005",
        ];
        assert_eq!(case.names(), names, "{what}");
        // With nothing beside it there is nothing to go on with, and that is said.
        let case = Case::new();
        damage(&case.manifest());
        let error = case.open().unwrap_err().to_string();
        assert!(
            error.contains("manifest.json: expected a list") && error.contains("train again"),
            "{what}: {error}"
        );
    }
    assert!(Case::new().open().unwrap().load(None).unwrap().is_none());
}

#[test]
fn a_list_of_another_version_is_refused() {
    let case = Case::saved();
    let older = serde_json::json!({"format": 1, "last": [], "best": null});
    fs::write(case.manifest(), sealed::to_bytes(&older).unwrap()).unwrap();
    let error = case.open().unwrap_err().to_string();
    assert!(
        error.contains("found format 1") && error.contains("train again"),
        "{error}"
    );
}

#[test]
fn a_damaged_checkpoint_is_refused_and_the_one_before_it_named() {
    let newest = "epoch-004-step-000000";
    for lost_list in [false, true] {
        for whole in ["epoch-003-step-000005", "epoch-002-step-000000"] {
            let case = Case::saved();
            if lost_list {
                fs::remove_file(case.manifest()).unwrap();
            }
            for name in case.names().iter().filter(|name| name.as_str() > whole) {
                fs::write(case.file(name), "half").unwrap();
            }
            let error = case.open().unwrap().load(None).err().unwrap().to_string();
            let offer = format!("resume with --checkpoint {whole}");
            for part in [newest, "expected sha256", &offer] {
                assert!(error.contains(part), "{error}");
            }
            assert!(case.open().unwrap().load(Some(whole)).unwrap().is_some());
        }
        let case = Case::saved();
        for name in case.names() {
            fs::remove_file(case.file(&name)).unwrap();
        }
        let error = case.open().unwrap().load(None).err().unwrap().to_string();
        assert!(
            error.contains(newest) && error.contains("train again"),
            "{error}"
        );
    }
}

#[test]
fn the_one_before_it_is_so_by_number() {
    let mut case = Case::new();
    for epochs in [999, 1000] {
        let bytes = checkpoint(&[0.5], epochs, 1.0);
        case.checkpoints.add((epochs, 0), false, &bytes).unwrap();
    }
    fs::write(case.file("epoch-1000-step-000000"), "half").unwrap();
    let error = case.open().unwrap().load(None).err().unwrap().to_string();
    assert!(
        error.contains("--checkpoint epoch-999-step-000000"),
        "{error}"
    );
}

/// From an earlier checkpoint on the later ones come again, with other seconds and so other bytes.
/// A process that dies between file and list leaves both whole.
#[test]
fn going_on_from_an_earlier_one_takes_nothing_away() {
    let mut case = Case::saved();
    let before = (case.names(), fs::read(case.manifest()).unwrap());
    let mut later = Case::saved();
    later.save(4, 0, 2.0);
    for file in list::files(&later.checkpoints.folder) {
        fs::copy(later.checkpoints.path(&file), case.checkpoints.path(&file)).unwrap();
    }
    let opened = case.open().unwrap();
    let newest = opened.load(None).unwrap().unwrap();
    assert_eq!(epochs(opened.best(&newest).unwrap()), Some(2));
    assert_eq!(case.names().len(), before.0.len() + 1);
    // The list is written: what it has is there, and nothing else.
    case.save(3, 5, 2.0);
    let names = [
        "epoch-002-step-000000",
        "epoch-003-step-000000",
        "epoch-003-step-000005",
    ];
    assert_eq!(case.names(), names);
    let from = case.open().unwrap().load(None).unwrap().unwrap();
    assert_eq!(from.epochs().len(), 3);
}

#[test]
fn the_best_is_that_of_the_epochs_before() {
    let mut case = Case::new();
    // The second epoch is not over.
    case.save(1, 5, 1.0);
    let of = |case: &Case, name| {
        let opened = case.open().unwrap();
        let resumed = opened.load(name).unwrap().unwrap();
        opened.best(&resumed).map(epochs)
    };
    assert_eq!(of(&case, None).unwrap(), Some(1));
    case.save(2, 0, 1.0);
    // The second is better, and comes again.
    assert_eq!(of(&case, Some("epoch-001-step-000005")).unwrap(), None);
    case.save(3, 0, 1.0);
    assert_eq!(of(&case, None).unwrap(), Some(2));
    // It is lost.
    fs::remove_file(case.file("epoch-002-step-000000")).unwrap();
    assert!(of(&case, None).is_err());
    fs::remove_file(case.manifest()).unwrap();
    let error = of(&case, None).unwrap_err().to_string();
    assert!(
        error.contains("a checkpoint of epoch 2, the best"),
        "{error}"
    );
}
