//! Pages of a small made-up record: complete, and true to it.

mod harmless;
mod labs;
pub(crate) mod record;
mod sentences;
mod structure;
mod variants;

use super::*;
use crate::chart::{Axis, Chart, Point, Series};
use crate::record::Cached;
use record::{predictions, record};

/// The names of the sweeps that come with graft.
const NAMES: [&str; 5] = [
    "small-data",
    "preprocessing",
    "boundary",
    "learning-rate",
    "validation",
];

fn lesson(name: &str) -> Lesson {
    Lesson {
        name: name.into(),
        asked: name.into(),
        question: format!("what {name} asks"),
        elsewhere: None,
        finding: format!("what {name} found"),
        trained: format!("how {name} learned"),
        chart: Chart {
            title: format!("chart of {name}"),
            x_label: "x".into(),
            y_label: "y".into(),
            x: Axis::Linear,
            percent: true,
            series: vec![Series {
                name: "one".into(),
                joined: true,
                points: vec![Point {
                    x: 1.0,
                    y: 0.5,
                    interval: None,
                }],
            }],
        },
        command: format!("cargo xtask lab {name}"),
        file: format!("labs/{name}.json"),
        sha256: format!("hash of {name}"),
    }
}

/// The page in both languages and both formats.
fn pages(record: &Record, lessons: &[Lesson]) -> Vec<String> {
    let options = Options::default();
    let pages = Language::ALL.map(|language| {
        [
            html(record, lessons, language, &options).unwrap(),
            markdown(record, lessons, language, &options).unwrap(),
        ]
    });
    pages
        .into_iter()
        .flatten()
        .map(|page| page.replace('\u{a0}', " ").replace('\u{2060}', ""))
        .collect()
}

fn assert_all_have(pages: &[String], parts: &[&str]) {
    for page in pages {
        for part in parts {
            assert!(page.contains(part), "{part:?} is missing in\n{page}");
        }
    }
}

#[test]
fn every_part_is_there_in_both_languages() {
    let pages = pages(&record(), &NAMES.map(lesson));
    for (page, titles) in pages.iter().zip([
        [
            "<html lang=\"en\">",
            ">1. Data<",
            ">2. Model<",
            ">3. Training<",
            ">4. Evaluation<",
            ">5. Lessons<",
        ],
        [
            "# Recognising",
            "## 1. Data",
            "## 2. Model",
            "## 3. Training",
            "## 4. Evaluation",
            "## 5. Lessons",
        ],
        [
            "<html lang=\"zh-CN\">",
            ">一、数据准备<",
            ">二、模型选择与修改<",
            ">三、模型训练<",
            ">四、模型评估<",
            ">五、经验总结<",
        ],
        [
            "# 基于 VGG16",
            "## 一、数据准备",
            "## 二、模型选择与修改",
            "## 三、模型训练",
            "## 四、模型评估",
            "## 五、经验总结",
        ],
    ]) {
        assert_all_have(std::slice::from_ref(page), &titles);
    }
    let findings = NAMES.map(|name| format!("what {name} found"));
    assert_all_have(&pages, &findings.each_ref().map(String::as_str));
    for page in &pages {
        for (name, times) in [("boundary", 2), ("preprocessing", 2), ("validation", 1)] {
            let learned = format!("how {name} learned");
            assert_eq!(page.matches(&learned).count(), times, "{name} in {page}");
        }
    }
    assert!(pages[0].contains("<title>chart of boundary</title>"));
}

#[test]
fn numbers_are_the_records() {
    let record = record();
    let evaluation = &record.test.as_ref().unwrap().evaluated.evaluation;
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    let expected = [
        percent(evaluation.accuracy),
        percent(evaluation.interval.low),
        percent(evaluation.interval.high),
        format!("{:.4}", evaluation.loss),
        format!("{:.4}", evaluation.brier),
        percent(evaluation.ece),
        percent(record.train.evaluate().unwrap().accuracy),
        format!(
            "{:.4}",
            record
                .test
                .as_ref()
                .unwrap()
                .predictions
                .without_label_errors()
                .evaluate()
                .unwrap()
                .loss
        ),
        "0.7569".into(),
        "80.11".into(),
        "0.003".into(),
        "38,720".into(),
        "4,097,000".into(),
        "5,130".into(),
        "64 × 112 × 112".into(),
        "\u{2212}103.939".into(),
        "426 MiB".into(),
        "29.8".into(),
        "2026-11-24T07-28-18-seed".into(),
        "cargo xtask train --set training.learning_rate=0.003".into(),
        "a".repeat(64),
        "b".repeat(64),
        "c".repeat(64),
        "7".repeat(64),
        "new.key".into(),
        "0.1.2".into(),
        "rustc 1.2.3 (abc 2026-01-01)".into(),
    ];
    assert_all_have(
        &pages(&record, &[]),
        &expected.each_ref().map(String::as_str),
    );
}

#[test]
fn every_class_with_test_images_has_its_recall_in_the_chart() {
    let record = record();
    let confusion = &record.test.as_ref().unwrap().evaluated.evaluation.confusion;
    let with_images = (0..confusion.classes()).filter(|class| confusion.images(*class) > 0);
    let (marks, classes) = (with_images.count(), confusion.classes());
    assert!(marks > 1 && marks <= classes, "{marks}");
    for page in pages(&record, &[]).iter().step_by(2) {
        let charts = page.split("<svg").skip(1);
        let mut charts = charts.filter(|svg| {
            svg.contains("<title>Recall by class.") || svg.contains("<title>各类的召回率。")
        });
        let chart = charts.next().unwrap();
        let chart = chart.split("</svg>").next().unwrap();
        assert_eq!(chart.matches("class=\"whisker").count(), marks, "{chart}");
    }
}

#[test]
fn without_an_evaluation_the_report_says_how_to_get_one() {
    let mut record = record();
    record.test = None;
    let pages = pages(&record, &[]);
    assert_all_have(
        &pages,
        &[
            "cargo xtask eval 2026-11-24T07-28-18-seed",
            "cargo xtask report 2026-11-24T07-28-18-seed",
        ],
    );
    for (page, words) in pages.iter().zip([
        ["not been opened", "Validation accuracy"],
        ["not been opened", "Validation accuracy"],
        ["尚未打开", "验证准确率"],
        ["尚未打开", "验证准确率"],
    ]) {
        assert_all_have(std::slice::from_ref(page), &words);
        assert!(
            !page.contains("Test accuracy") && !page.contains("测试准确率"),
            "{page}"
        );
    }
}

#[test]
fn a_backbone_that_moved_is_no_frozen_one() {
    let mut record = record();
    record.manifest.backbone.after = "d".repeat(64);
    let pages = pages(&record, &[]);
    for (page, words) in
        pages
            .iter()
            .zip(["THEY DIFFER", "THEY DIFFER", "并未被冻结", "并未被冻结"])
    {
        assert!(page.contains(words), "{page}");
    }
}

#[test]
fn other_data_no_validation_one_epoch_and_a_full_cache() {
    let mut record = record();
    record.manifest.data.source = "fashion".into();
    record.manifest.cache.result = Cached::Hit;
    record.manifest.validated_on = 0;
    record.validation = None;
    record.epochs.truncate(1);
    record.epochs[0].validation = None;
    record.manifest.kept_epoch = 1;
    record.train = predictions(&[(0, 1, 1)]);
    let pages = pages(&record, &[]);
    for page in &pages {
        for no in ["MNIST", "Northcutt", "NaN"] {
            assert!(!page.contains(no), "{no} in {page}");
        }
    }
    assert_all_have(&pages, &["fashion"]);
}

#[test]
fn the_chinese_page_is_chinese() {
    let page = html(&record(), &[], Language::Zh, &Options::default()).unwrap();
    let (_, body) = page.split_once("</style>").unwrap();
    let text: String = body
        .split('<')
        .filter_map(|piece| piece.split_once('>'))
        .map(|(tag, text)| if tag == "code" { "" } else { text })
        .collect();
    for word in [
        " the ", " of ", "image", "accuracy", "loss", "training", "test",
    ] {
        assert!(!text.contains(word), "{word:?} in {text}");
    }
}
