//! Part 5: what was learned; every sentence rests on this run's record or on a lab.

use super::Lesson;
use super::block::{Block, Drawing, Figure, Part, code};
use super::observations;
use super::run::Run;
use crate::chart::svg;

/// The labs by name, with what each asks.
const LABS: [(&str, &str, &str); 5] = [
    (
        "small-data",
        "How many training images does a pretrained VGG16 save?",
        "预训练特征能节省多少训练图片？",
    ),
    (
        "preprocessing",
        "Which scaling and which size suit these weights and these images?",
        "哪种缩放和尺寸适合这些权重与图片？",
    ),
    (
        "boundary",
        "After which block are the features best?",
        "在哪一块之后取特征最好？",
    ),
    (
        "learning-rate",
        "How much do learning rate and batch size matter?",
        "学习率和批大小的影响有多大？",
    ),
    (
        "validation",
        "What would choosing on the test set have claimed?",
        "如果用测试集来做选择，会得出什么结论？",
    ),
];

pub(super) fn part(run: &Run, lessons: &[Lesson]) -> Part {
    let mut blocks = vec![
        run.heading("What this run shows", "本次实验的观察"),
        Block::List(observations::list(run)),
        run.heading("What the labs measured", "对照实验的结论"),
        Block::Text(run.pick(
            "Each question below has an experiment of its own, which keeps its result beside the runs. What has not been run is not claimed.",
            "以下每个问题都有单独的对照实验，其结果与运行记录保存在一起。没有做过的实验，不下结论。",
        ).into()),
    ];
    for (name, en, zh) in LABS {
        blocks.push(run.heading(en, zh));
        match lessons.iter().find(|lesson| lesson.name == name) {
            Some(lesson) => blocks.extend(measured(run, lesson)),
            None => blocks.push(Block::Note(not_measured(run, name))),
        }
    }
    Part {
        anchor: "lessons",
        title: run.pick("5. Lessons", "五、经验总结"),
        blocks,
    }
}

/// What a lab found, its pictures, and how to repeat it.
fn measured(run: &Run, lesson: &Lesson) -> Vec<Block> {
    let figure = |chart: &crate::chart::Chart| Figure {
        caption: chart.title.replace('`', "'"),
        drawing: Drawing::Svg(svg(chart, run.language)),
        instead: None,
    };
    let figures: Vec<Figure> = lesson.charts.iter().map(figure).collect();
    let mut blocks = vec![Block::Text(lesson.finding.clone())];
    if !figures.is_empty() {
        blocks.push(Block::Figures(figures));
    }
    blocks.push(Block::Commands(vec![lesson.command.clone()]));
    blocks
}

fn not_measured(run: &Run, name: &str) -> String {
    let command = code(&format!("cargo xtask lab {name}"));
    run.pick(
        format!("Not measured yet. To measure it: {command}"),
        format!("尚未测量。运行 {command} 即可测量。"),
    )
}

/// What a lab found, in another part that raises its question.
pub(super) fn cite(run: &Run, lessons: &[Lesson], name: &str, question: &str) -> String {
    let answer = if let Some(lesson) = lessons.iter().find(|lesson| lesson.name == name) {
        let (finding, command) = (&lesson.finding, code(&lesson.command));
        run.pick(
            format!("measured by {command}. {finding}"),
            format!("{command} 的实测结果：{finding}"),
        )
    } else {
        let command = code(&format!("cargo xtask lab {name}"));
        run.pick(
            format!("not measured yet; {command} will tell."),
            format!("尚未测量，可运行 {command}。"),
        )
    };
    run.pick(
        format!("{question}: {answer}"),
        format!("{question}：{answer}"),
    )
}
