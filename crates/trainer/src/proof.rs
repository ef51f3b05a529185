//! The proof of what learned: the weights of frozen stages are after training what they were before,
//! those of trained stages are not.

use graft_durable::sha256;
use graft_network::Boundary;
use graft_report::record::{StageHashes, WeightHashes};

use crate::Error;

/// Each stage with the SHA-256 of its parameters.
type Hashes = Vec<(Boundary, String)>;

/// The hashes before and after training of frozen stages, whose weights files have the hashes `files`,
/// and of trained ones.
///
/// # Errors
/// When a frozen stage changed, or a trained one did not.
pub(crate) fn prove(
    files: &[String],
    frozen: [Hashes; 2],
    trained: [Hashes; 2],
) -> Result<WeightHashes, Error> {
    let over_all = |hashes: &Hashes| {
        let lines = hashes
            .iter()
            .map(|(stage, hash)| format!("{stage} {hash}\n"));
        sha256(lines.collect::<String>().as_bytes())
    };
    let (before, after) = (over_all(&frozen[0]), over_all(&frozen[1]));
    let mut stages = Vec::new();
    for ([before, after], trained) in [(frozen, false), (trained, true)] {
        for ((stage, before), (_, after)) in before.into_iter().zip(after) {
            if trained == (before == after) {
                return Err(if trained {
                    Error::TrainedUnmoved { stage, hash: after }
                } else {
                    Error::FrozenMoved {
                        stage,
                        before,
                        after,
                    }
                });
            }
            stages.push(StageHashes {
                stage: stage.to_string(),
                trained,
                before,
                after,
            });
        }
    }
    Ok(WeightHashes {
        files: files.to_vec(),
        before,
        after,
        stages,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_stage_that_moved_and_a_trained_one_that_did_not_are_told() {
        let of = |stages: &[(u8, &str)]| -> Hashes {
            let stages = stages.iter();
            let stages =
                stages.map(|(number, hash)| (Boundary::after(*number), (*hash).to_owned()));
            stages.collect()
        };
        let frozen = || of(&[(1, "a"), (2, "b")]);
        let proof = prove(
            &[],
            [frozen(), frozen()],
            [of(&[(3, "c")]), of(&[(3, "d")])],
        );
        let proof = proof.unwrap();
        assert_eq!(proof.before, proof.after);
        let told = proof.stages.iter();
        let told: Vec<_> = told.map(|one| (&*one.stage, one.trained)).collect();
        assert_eq!(
            told,
            [("block1", false), ("block2", false), ("block3", true)]
        );
        let moved = prove(
            &[],
            [frozen(), of(&[(1, "a"), (2, "x")])],
            [of(&[]), of(&[])],
        );
        let moved = moved.unwrap_err().to_string();
        assert!(
            moved.contains("block2") && moved.contains("b before, x after"),
            "{moved}"
        );
        let unmoved = prove(
            &[],
            [frozen(), frozen()],
            [of(&[(3, "c")]), of(&[(3, "c")])],
        );
        let unmoved = unmoved.unwrap_err().to_string();
        assert!(
            unmoved.contains("block3") && unmoved.contains("learning_rate"),
            "{unmoved}"
        );
    }
}
