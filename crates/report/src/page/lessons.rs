//! Part 5: what was learned; every sentence rests on this run's record or on a lab.

use super::block::{Block, Drawing, Figure, Part, code};
use super::lesson::{Answer, Found, Lesson};
use super::observations;
use super::run::{Run, quoted};
use crate::chart::{Chart, svg};
use crate::lab;

/// What each lab asks, in the order of [`lab::NAMES`].
const QUESTIONS: [(&str, &str); lab::NAMES.len()] = [
    (
        "How many training images does a pretrained VGG16 save?",
        "预训练特征能节省多少训练图片？",
    ),
    (
        "Which scaling and which size suit these weights and these images?",
        "哪种缩放和尺寸适合这些权重与图片？",
    ),
    (
        "After which block are the features best?",
        "在哪一块之后取特征最好？",
    ),
    (
        "How much do learning rate and batch size matter?",
        "学习率和批大小的影响有多大？",
    ),
    (
        "What would choosing on the test set have claimed?",
        "如果用测试集来做选择，会得出什么结论？",
    ),
];

/// The keys of a recipe that say which images these are, and how many are held out.
const DATA: [&str; 4] = [
    "data.source",
    "data.classes",
    "data.limit",
    "data.validation",
];

pub(super) fn part(run: &Run, lessons: &[Lesson]) -> Part {
    let mut blocks = vec![
        run.heading("What this run shows", "本次实验的观察"),
        Block::List(observations::list(run)),
        run.heading("What the labs measured", "对照实验的结论"),
        Block::Text(run.pick(
            "Each question below has an experiment of its own, which keeps its result beside the runs. It trains heads of its own, often on fewer images or in another way than this run: its accuracies are to be compared with each other, and not with this run's. What has not been run is not claimed.",
            "以下每个问题都有单独的对照实验，其结果与运行记录保存在一起。对照实验另行训练分类头，训练图片往往更少，训练方式也可能与本次运行不同，因此其准确率应相互比较，而不应与本次运行的准确率比较。没有做过的实验，不下结论。",
        ).into()),
    ];
    for (name, (en, zh)) in lab::NAMES.into_iter().zip(QUESTIONS) {
        blocks.push(run.heading(en, zh));
        match answer(lessons, name) {
            Some(Answer::Found(found)) => blocks.extend(measured(run, found)),
            Some(Answer::Elsewhere(why)) => {
                blocks.push(Block::Note(elsewhere(run, why, name)));
            }
            None => blocks.push(Block::Note(not_measured(run, name))),
        }
    }
    Part {
        anchor: "lessons",
        title: run.pick("5. Lessons", "五、经验总结"),
        blocks,
    }
}

fn answer<'a>(lessons: &'a [Lesson], name: &str) -> Option<&'a Answer> {
    let lesson = lessons.iter().find(|lesson| lesson.name == name);
    lesson.map(|lesson| &lesson.answer)
}

/// What a lab found, its pictures, and how to repeat it.
fn measured(run: &Run, found: &Found) -> Vec<Block> {
    let figure = |chart: &Chart| Figure {
        caption: chart.title.replace('`', "'"),
        drawing: Drawing::Svg(svg(chart, run.language)),
        instead: None,
    };
    let figures: Vec<Figure> = found.charts.iter().map(figure).collect();
    let mut blocks = vec![
        Block::Text(found.finding.clone()),
        Block::Text(run.pick(
            format!("How it was measured: {}", found.trained),
            format!("测量方法：{}", found.trained),
        )),
    ];
    if !figures.is_empty() {
        blocks.push(Block::Figures(figures));
    }
    blocks.push(Block::Commands(vec![found.command.clone()]));
    blocks
}

fn not_measured(run: &Run, name: &str) -> String {
    let command = code(&command(run, name));
    run.pick(
        format!("Not measured yet. To measure it: {command}"),
        format!("尚未测量。运行 {command} 即可测量。"),
    )
}

fn elsewhere(run: &Run, why: &str, name: &str) -> String {
    let command = code(&command(run, name));
    run.pick(
        format!("Not measured for this run: {why}. To measure it: {command}"),
        format!("尚未针对本次运行测量：{why}。运行 {command} 即可测量。"),
    )
}

/// The command that measures a lab on the run's images.
fn command(run: &Run, name: &str) -> String {
    let command = lab::command(name);
    if run.is_mnist() {
        return command;
    }
    let sets = DATA.iter().filter_map(|key| {
        let value = run.setting(key)?;
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        // Nothing is limited or held out by default, or as a lab needs it.
        (value != "0").then(|| format!(" --set {}", quoted(&format!("{key}={value}"))))
    });
    (command + &sets.collect::<String>()).replace(['\n', '\r'], " ")
}

/// What a lab found, in another part that raises its question.
pub(super) fn cite(run: &Run, lessons: &[Lesson], name: &str, question: &str) -> String {
    let answer = if let Some(Answer::Found(found)) = answer(lessons, name) {
        let (finding, trained) = (&found.finding, &found.trained);
        let command = code(&found.command);
        run.pick(
            format!("measured by {command}. {finding} How it was measured: {trained}"),
            format!("{command} 的实测结果：{finding}测量方法：{trained}"),
        )
    } else {
        let command = code(&command(run, name));
        run.pick(
            format!("not measured for this run yet; {command} will tell."),
            format!("尚未针对本次运行测量，可运行 {command}。"),
        )
    };
    run.pick(
        format!("{question}: {answer}"),
        format!("{question}：{answer}"),
    )
}
