//! Part 5: what was learned; every sentence rests on this run's record or on a sweep's result.

use super::block::{Block, Drawing, Figure, Part, code};
use super::lesson::Lesson;
use super::observations;
use super::run::{Run, quoted};
use crate::chart::svg;
use crate::sweep::{BUNDLED, bundled, command as lab_command};

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
            "Each question below has an experiment of its own, whose result is kept beside the runs. It trains heads of its own, often on fewer images or in another way than this run, so compare its accuracies with each other and not with this run's. What was not measured is not claimed.",
            "以下每个问题都有单独的对照实验，其结果与运行记录保存在一起。对照实验另行训练分类头，训练图片往往更少，训练方式也可能与本次运行不同，因此其准确率应相互比较，而不应与本次运行的准确率比较。没有做过的实验，不下结论。",
        ).into()),
    ];
    for (name, sweep) in bundled() {
        blocks.push(run.heading(&sweep.question.en, &sweep.question.zh));
        match lessons.iter().find(|lesson| lesson.name == name) {
            Some(lesson) => blocks.extend(answer(run, lesson)),
            None => blocks.push(not_measured(run, None, name)),
        }
    }
    let own = |lesson: &&Lesson| BUNDLED.iter().all(|(name, _)| lesson.name != *name);
    for lesson in lessons.iter().filter(own) {
        blocks.push(run.heading(&lesson.question, &lesson.question));
        blocks.extend(answer(run, lesson));
    }
    Part {
        anchor: "lessons",
        title: run.pick("5. Lessons", "五、经验总结"),
        blocks,
    }
}

/// What a sweep says of the run, its picture, and how to measure it again.
fn answer(run: &Run, lesson: &Lesson) -> Vec<Block> {
    if let Some(why) = &lesson.elsewhere {
        return vec![not_measured(run, Some(why), &lesson.asked)];
    }
    let figure = Figure {
        caption: lesson.chart.title.replace('`', "'"),
        drawing: Drawing::Svg(svg(&lesson.chart, run.language)),
        instead: None,
    };
    vec![
        Block::Text(lesson.finding.clone()),
        Block::Text(run.pick(
            format!("How it was measured: {}", lesson.trained),
            format!("测量方法：{}", lesson.trained),
        )),
        Block::Figures(vec![figure]),
        Block::Commands(vec![lesson.command.clone()]),
    ]
}

/// How to measure a sweep that was not measured yet, or `elsewhere`.
fn not_measured(run: &Run, elsewhere: Option<&str>, asked: &str) -> Block {
    let command = code(&command(run, asked));
    Block::Note(match elsewhere {
        None => run.pick(
            format!("Not measured yet. To measure it: {command}"),
            format!("尚未测量。运行 {command} 即可测量。"),
        ),
        Some(why) => run.pick(
            format!("Not measured for this run: {why}. To measure it: {command}"),
            format!("尚未针对本次运行测量：{why}。运行 {command} 即可测量。"),
        ),
    })
}

/// The command that measures a sweep on the run's images.
fn command(run: &Run, name: &str) -> String {
    let command = lab_command(name);
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

/// What a sweep found, in another part that raises its question.
pub(super) fn cite(run: &Run, lessons: &[Lesson], name: &str, question: &str) -> String {
    let mut fitting = lessons.iter().filter(|lesson| lesson.fits());
    let answer = if let Some(found) = fitting.find(|lesson| lesson.name == name) {
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
