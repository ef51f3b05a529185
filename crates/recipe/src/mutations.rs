//! Mutated recipes: a usable recipe or a named error, within the limits.

use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};

use crate::{Recipe, SEED};

#[test]
fn mutated_recipes_are_usable_or_refused() {
    let effective = Recipe::default().to_toml().unwrap();
    let target = Target {
        name: "recipe",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "mutations::mutated_recipes_are_usable_or_refused",
        limits: Limits::declaring(0),
        corpus: &[
            SEED.into(),
            effective.into(),
            b"[training]\nepochs = 3\n".to_vec(),
        ],
        mutations: MUTATIONS,
        words: &[
            b"[", b"]", b"=", b"{", b"\"\"\"", b"'", b".", b"-", b"inf", b"nan", b"1e308", b"true",
        ],
        numbers: &[],
        own: None,
    };
    target.run(|bytes| {
        let Ok(text) = str::from_utf8(bytes) else {
            return Verdict::Refused;
        };
        match Recipe::parse("the-recipe", text, &[]) {
            Ok(recipe) => {
                let written = recipe.to_toml().unwrap();
                assert_eq!(Recipe::parse("", &written, &[]).unwrap(), recipe);
                Verdict::Accepted
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                Verdict::Refused
            }
        }
    });
}
