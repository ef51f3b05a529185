//! The complete recipe, with what each key means: in English what the seed recipe's comments say.

use minijinja::{Value, context};

use super::run::{Run, plain};
use crate::recipe::{SEED, flat};

/// What the keys are in Chinese, in the order in which both languages show them.
const CHINESE: &str = include_str!("settings.zh.txt");

/// The recipe, with what each key means; keys that have no place in the list come last.
pub(super) fn settings(run: &Run) -> Vec<Value> {
    let (english, chinese) = (english(), chinese());
    let place = |key: &str| chinese.iter().position(|(known, _)| known == key);
    let meanings = run.language.pick(&english, &chinese);
    let mut recipe = flat(&run.record.recipe);
    recipe.sort_by_key(|(key, _)| place(key).unwrap_or(chinese.len()));
    let rows = recipe.into_iter().map(|(key, value)| {
        let meaning = meanings.iter().find(|(known, _)| *known == key);
        context! {
            key,
            meaning => meaning.map_or("", |(_, meaning)| meaning),
            value => plain(value),
            is_text => value.is_str(),
        }
    });
    rows.collect()
}

/// The keys with their Chinese meanings.
fn chinese() -> Vec<(String, &'static str)> {
    let pairs = CHINESE.lines().filter_map(|line| line.split_once(" = "));
    pairs.map(|(key, text)| (key.to_owned(), text)).collect()
}

/// The keys of the seed recipe, each with its comment up to the first colon.
fn english() -> Vec<(String, &'static str)> {
    let mut section = "";
    let mut comments = Vec::new();
    for line in SEED.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((key, (_, comment))) = line.split_once(" = ").zip(line.split_once(" # "))
        {
            let comment = comment.split(": ").next().unwrap_or_default();
            comments.push((format!("{section}.{}", key.0), comment));
        }
    }
    comments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_seed_recipe_is_explained_in_both_languages() {
        let recipe = SEED.parse().unwrap();
        let all = flat(&recipe);
        let (english, chinese) = (english(), chinese());
        for (key, _) in &all {
            for meanings in [&english, &chinese] {
                assert!(meanings.iter().any(|(known, _)| known == key), "{key}");
            }
        }
        assert_eq!((all.len(), english.len()), (chinese.len(), chinese.len()));
        let of = |key: &str| english.iter().find(|(known, _)| known == key).unwrap().1;
        assert_eq!(of("training.keep"), "weights to keep");
        assert_eq!(of("training.batch_size"), "batch size");
        assert_eq!(of("data.limit"), "images used of each file; 0 uses all");
    }
}
