//! The labs that a page speaks of: those that come with graft, measured or not, and others that were.

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::Lesson;
use crate::Language;
use crate::sweep::{BUNDLED, bundled};

/// The labs, in the order of the page.
pub(super) fn labs(lessons: &[Lesson], language: Language) -> Vec<Value> {
    let lab = |name: &str, question: &str, found: Option<(usize, &Lesson)>| {
        context! {
            name,
            question,
            found => found.map(|(_, lesson)| Serde(lesson)),
            title => found.map(|(_, lesson)| &lesson.chart.title),
            drawing => found.map(|(number, _)| drawing(number)),
            asked => found.map_or(name, |(_, lesson)| &lesson.asked),
        }
    };
    let lessons = || lessons.iter().enumerate();
    let ours = bundled().map(|(name, sweep)| {
        let found = lessons().find(|(_, lesson)| lesson.name == name);
        lab(name, sweep.question.pick(language), found)
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
