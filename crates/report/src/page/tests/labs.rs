//! What a page says of labs: what they found, that they say nothing of the run, or how to run them.

use super::record::record;
use super::{NAMES, assert_all_have, lesson, pages};
use crate::page::Lesson;

/// What `boundary` says of a run that it was not measured for.
fn elsewhere(why: &str) -> Lesson {
    Lesson {
        elsewhere: Some(why.into()),
        ..lesson("boundary")
    }
}

#[test]
fn a_sweep_of_ones_own_has_its_own_heading() {
    let own = Lesson {
        asked: "my/own.toml".into(),
        question: "What does my own sweep ask?".into(),
        ..lesson("own")
    };
    let mut other = own.clone();
    other.elsewhere = Some("measured elsewhere".into());
    let pages = pages(&record(), &[own]);
    let parts = [
        "What does my own sweep ask?",
        "what own found",
        "how own learned",
    ];
    assert_all_have(&pages, &parts);
    assert!(pages[0].contains("chart of own"));
    let pages = super::pages(&record(), &[other]);
    assert_all_have(
        &pages,
        &["measured elsewhere", "cargo xtask lab my/own.toml"],
    );
}

#[test]
fn labs_that_have_not_run_are_not_claimed() {
    let pages = pages(&record(), &[lesson("boundary")]);
    for (page, words) in pages.iter().zip([
        "Not measured yet",
        "Not measured yet",
        "尚未测量。",
        "尚未测量。",
    ]) {
        assert_eq!(page.matches(words).count(), 4, "{page}");
    }
    let commands = NAMES.map(|name| format!("cargo xtask lab {name}"));
    assert_all_have(&pages, &commands.each_ref().map(String::as_str));
}

#[test]
fn the_foot_says_where_every_number_comes_from() {
    let cited = pages(&record(), &[lesson("boundary")]);
    assert_all_have(&cited, &["labs/boundary.json", "hash of boundary"]);
    let elsewhere = elsewhere("why");
    let not_cited = pages(&record(), &[elsewhere]);
    for (number, (every, labs)) in [
        ("Every number above", "What labs measured comes from"),
        ("Every number above", "What labs measured comes from"),
        ("以上所有数字都来自", "对照实验的结果来自"),
        ("以上所有数字都来自", "对照实验的结果来自"),
    ]
    .into_iter()
    .enumerate()
    {
        let (with, without) = (&cited[number], &not_cited[number]);
        assert!(with.contains(labs) && !with.contains(every), "{with}");
        assert!(
            without.contains(every) && !without.contains(labs),
            "{without}"
        );
        assert!(!without.contains("hash of"), "{without}");
    }
}

#[test]
fn labs_on_other_images_are_named_and_the_command_has_the_runs() {
    let mut record = record();
    record.manifest.data.source = "my fashion".into();
    let recipe = "[data]\nsource = \"my fashion\"\nclasses = 3\nlimit = 0\nvalidation = 3\n";
    record.recipe = recipe.parse().unwrap();
    let why = "`labs/boundary.json` was measured elsewhere";
    let pages = pages(&record, &[elsewhere(why)]);
    for (page, said) in pages.iter().zip([
        "Not measured for this run: ",
        "Not measured for this run: ",
        "尚未针对本次运行测量：",
        "尚未针对本次运行测量：",
    ]) {
        assert_eq!(page.matches(said).count(), 1, "{page}");
        assert!(!page.contains("chart of boundary"), "{page}");
    }
    let command =
        "lab boundary --set 'data.source=my fashion' --set data.classes=3 --set data.validation=3";
    // Part 2 asks the same question.
    for page in pages.iter().skip(1).step_by(2) {
        assert_eq!(page.matches(command).count(), 2, "{page}");
    }
    assert!(!pages[1].contains("data.limit="), "{}", pages[1]);
}
