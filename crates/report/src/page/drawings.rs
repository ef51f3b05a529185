//! The page's figures, by the names that its template calls them.

use std::collections::BTreeMap;

use super::Lesson;
use super::cells::confusion;
use super::explained::explained;
use super::labs::drawing;
use super::run::Run;
use super::tiles::{compared, samples, views, wrong};
use crate::chart::{Axis, Chart, Point, Series, calibration_svg, graft_svg, shares_svg, svg};
use crate::count::{float, ratio};
use crate::number;
use crate::record::{Epoch, Scores};
use crate::{Confusion, Interval, Language, wilson};

/// All of them, as HTML that is drawn by this crate with every text escaped.
pub(super) fn drawings(run: &Run, lessons: &[Lesson]) -> BTreeMap<String, String> {
    let (record, language) = (run.record, run.language);
    let mut drawings = BTreeMap::new();
    let mut add = |name: &str, html: String| drawings.insert(name.to_owned(), html);
    add("samples", samples(run));
    add("views", views(run));
    add("prepared", compared(run));
    add("graft", graft_svg(&record.manifest.layers, language));
    add("loss", curve(run, false));
    add("accuracy", curve(run, true));
    add("times", shares(run));
    if let Some(test) = &record.test {
        let figures = &test.evaluated.evaluation;
        let classes = 0..figures.confusion.classes();
        let names: Vec<String> = classes
            .map(|class| record.manifest.data.name(class))
            .collect();
        let (wrong, cells) = wrong(run, test);
        add(
            "confusion",
            confusion(&figures.confusion, &names, cells.into_iter(), "", language),
        );
        add("recall", recall(&figures.confusion, names, language));
        add("mistakes", wrong);
        add("explained", explained(run, test));
        add(
            "calibration",
            calibration_svg(&figures.calibration, language),
        );
    }
    for (number, lesson) in lessons.iter().enumerate() {
        add(&drawing(number), svg(&lesson.chart, language));
    }
    drawings
}

/// Loss or accuracy over the epochs.
fn curve(run: &Run, accuracy: bool) -> String {
    let language = run.language;
    let [title, y_label] = if accuracy {
        language.pick(
            ["Accuracy by epoch.", "accuracy"],
            ["每轮的准确率。", "准确率"],
        )
    } else {
        language.pick(
            ["Loss by epoch.", "cross-entropy (nats)"],
            ["每轮的损失。", "交叉熵（nat）"],
        )
    };
    let series = |name: &str, scores: fn(&Epoch) -> Option<Scores>| {
        let point = |epoch: &Epoch| {
            let Scores {
                loss,
                accuracy: share,
            } = scores(epoch)?;
            let (x, y) = (float(epoch.epoch), if accuracy { share } else { loss });
            Some(Point {
                x,
                y,
                interval: None,
            })
        };
        let points = run.record.epochs.iter().filter_map(point).collect();
        Series {
            name: name.into(),
            joined: true,
            points,
        }
    };
    let training = series(language.pick("training", "训练集"), |epoch| {
        Some(epoch.train)
    });
    let validation = series(language.pick("validation", "验证集"), |epoch| {
        epoch.validation
    });
    let mut series = vec![training, validation];
    series.retain(|series| !series.points.is_empty());
    let chart = Chart {
        title: title.into(),
        x_label: language.pick("epoch", "轮（epoch）").into(),
        y_label: y_label.into(),
        x: Axis::Linear,
        percent: accuracy,
        series,
    };
    svg(&chart, language)
}

/// The recall of every class that has images, with its 95 % interval.
fn recall(confusion: &Confusion, names: Vec<String>, language: Language) -> String {
    let classes = 0..confusion.classes();
    let point = |class: usize| {
        let (right, images) = (confusion.count(class, class), confusion.images(class));
        let Interval { low, high } = wilson(right, images);
        Some(Point {
            x: float(class),
            y: ratio(right, images)?,
            interval: Some((low, high)),
        })
    };
    let chart = Chart {
        title: language.pick("Recall by class.", "各类的召回率。").into(),
        x_label: language.pick("class", "类别").into(),
        y_label: language.pick("recall", "召回率").into(),
        x: Axis::Names(names),
        percent: true,
        series: vec![Series {
            name: language.pick("recall", "召回率").into(),
            joined: false,
            points: classes.filter_map(point).collect(),
        }],
    };
    svg(&chart, language)
}

/// Where the time went.
fn shares(run: &Run) -> String {
    let named = times(run).map(|(name, seconds)| {
        let time = number::seconds(seconds, run.language);
        (format!("{name} {time}"), seconds)
    });
    shares_svg(run.language.pick("Where the time went", "用时分布"), &named)
}

/// The stages and their seconds, and what is left: reading, hashing and writing.
pub(super) fn times(run: &Run) -> [(&'static str, f64); 5] {
    let manifest = &run.record.manifest;
    let stages = manifest.stages;
    let rest = (manifest.seconds - stages.fetch - stages.features - stages.head).max(0.0);
    let head = (stages.head - stages.checkpoints).max(0.0);
    let pick = |en, zh| run.language.pick(en, zh);
    [
        (pick("features", "特征"), stages.features),
        (pick("head", "分类头"), head),
        (pick("checkpoints", "检查点"), stages.checkpoints),
        (pick("assets", "下载与校验"), stages.fetch),
        (pick("rest", "其他"), rest),
    ]
}
