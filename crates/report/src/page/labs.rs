//! The labs that a page speaks of: those that come with graft, measured or not, and others that were.

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::Lesson;
use super::run::{Run, quoted};
use crate::sweep::{BUNDLED, bundled, command as lab_command};

/// The keys of a recipe that say which images these are, and how many are held out.
const DATA: [&str; 4] = [
    "data.source",
    "data.classes",
    "data.limit",
    "data.validation",
];

/// The labs, in the order of the page.
pub(super) fn labs(run: &Run, lessons: &[Lesson]) -> Vec<Value> {
    let lab = |name: &str, question: &str, found: Option<(usize, &Lesson)>| {
        let asked = found.map_or(name, |(_, lesson)| &lesson.asked);
        context! {
            name,
            question,
            found => found.map(|(_, lesson)| Serde(lesson)),
            title => found.map(|(_, lesson)| &lesson.chart.title),
            drawing => found.map(|(number, _)| drawing(number)),
            command => command(run, asked),
        }
    };
    let lessons = || lessons.iter().enumerate();
    let ours = bundled().map(|(name, sweep)| {
        let found = lessons().find(|(_, lesson)| lesson.name == name);
        lab(name, sweep.question.pick(run.language), found)
    });
    let is_own = |lesson: &Lesson| BUNDLED.iter().all(|(name, _)| lesson.name != *name);
    let own = lessons().filter(|(_, lesson)| is_own(lesson));
    let own = own.map(|own| lab(&own.1.name, &own.1.question, Some(own)));
    ours.chain(own).collect()
}

/// What the template calls the chart of the lesson at a place.
pub(super) fn drawing(lesson: usize) -> String {
    format!("lab-{lesson}")
}

/// The command that measures a lab on the run's images.
fn command(run: &Run, asked: &str) -> String {
    if run.record.manifest.data.is_mnist() {
        return lab_command(asked);
    }
    let sets = DATA.map(|key| match run.setting(key) {
        // Nothing is limited or held out by default, or as a lab needs it.
        value if value.is_empty() || value == "0" => String::new(),
        value => format!(" --set {}", quoted(&format!("{key}={value}"))),
    });
    lab_command(asked) + &sets.concat()
}
