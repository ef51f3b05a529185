//! What a sweep measured, drawn.

use super::{Cell, Results, Scale};
use crate::Language;
use crate::chart::{Axis, Chart, Point, Series};

impl Results {
    /// The picture of it.
    #[must_use]
    pub fn chart(&self, language: Language) -> Chart {
        let plot = &self.sweep.chart;
        let split = self.sweep.measured_on(language);
        let of_validation = language.pick(
            "accuracy on validation images (%)",
            "验证图片上的准确率（%）",
        );
        let (x_label, (x, series)) = match self.sweep.axis(&plot.x) {
            Some(axis) => (
                plot.label.pick(language).clone(),
                self.lines(axis, language),
            ),
            None => (of_validation.into(), (Axis::Linear, self.points(language))),
        };
        Chart {
            title: plot.title.pick(language).clone(),
            x_label,
            y_label: language.pick(format!("{split} accuracy"), format!("{split}准确率")),
            x,
            percent: true,
            series,
        }
    }

    /// Accuracies over an axis, a line for each combination of the others.
    fn lines(&self, axis: usize, language: Language) -> (Axis, Vec<Series>) {
        let (sweep, scale) = (&self.sweep, self.sweep.chart.scale);
        let others = || {
            let all = sweep.axis.iter().enumerate();
            all.filter(move |(place, other)| *place != axis && !other.tuned)
                .map(|(place, _)| place)
        };
        let place = |cell: &Cell| cell.at.get(axis).copied().unwrap_or_default();
        let mut series: Vec<(Vec<usize>, Series)> = Vec::new();
        let mut names = vec![String::new(); sweep.axis[axis].values.len()];
        for cell in self.outcome.cells.iter().filter(|cell| cell.chosen) {
            let line: Vec<usize> = others().filter_map(|at| cell.at.get(at).copied()).collect();
            let known = series.iter().position(|(of, _)| *of == line);
            let known = known.unwrap_or_else(|| {
                let name = sweep.name(others(), cell, language);
                series.push((
                    line,
                    Series {
                        name,
                        joined: true,
                        points: Vec::new(),
                    },
                ));
                series.len() - 1
            });
            if let Some(name) = names.get_mut(place(cell)) {
                *name = sweep.label(axis, cell, language);
            }
            let value = sweep.axis[axis].values.get(place(cell));
            let x = match scale {
                Scale::Names => number(place(cell)),
                Scale::Linear | Scale::Log => value.and_then(as_f64).unwrap_or(f64::NAN),
            };
            series[known].1.points.push(cell.point(x));
        }
        let x = match scale {
            Scale::Names => Axis::Names(names),
            Scale::Linear => Axis::Linear,
            Scale::Log => Axis::Logarithmic,
        };
        (x, series.into_iter().map(|(_, series)| series).collect())
    }

    /// Every cell as a point over its accuracy on the validation images; those with a name once more.
    fn points(&self, language: Language) -> Vec<Series> {
        let cells = &self.outcome.cells;
        let point = |cell: &Cell| {
            Some(Point {
                x: 100.0 * cell.validation()?.accuracy,
                y: cell.accuracy.mean,
                interval: None,
            })
        };
        let series = |name: &str, points| Series {
            name: name.to_owned(),
            joined: false,
            points,
        };
        let mut all: Vec<Point> = cells.iter().filter_map(point).collect();
        all.sort_by(|a, b| a.x.total_cmp(&b.x));
        let mut drawn = vec![series(language.pick("all recipes", "全部配方"), all)];
        for (name, pick) in &self.sweep.pick {
            let cell = self
                .outcome
                .picks
                .get(name)
                .and_then(|place| cells.get(*place));
            if let (Some(label), Some(point)) = (&pick.label, cell.and_then(point)) {
                drawn.push(series(label.pick(language), vec![point]));
            }
        }
        drawn
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "axes have few values, and small ones"
)]
fn as_f64(value: &toml::Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|whole| whole as f64))
}

#[expect(clippy::cast_precision_loss, reason = "axes have few values")]
fn number(place: usize) -> f64 {
    place as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::fixture::{cell, results, sweep};

    /// A series' name and its points.
    type Drawn = (String, Vec<(f64, f64)>);

    /// The axis, and every series.
    fn drawn(results: &Results) -> (Axis, Vec<Drawn>) {
        let chart = results.chart(Language::En);
        let points = |series: &Series| series.points.iter().map(|p| (p.x, p.y)).collect();
        let series = chart
            .series
            .iter()
            .map(|series| (series.name.clone(), points(series)));
        (chart.x.clone(), series.collect())
    }

    #[test]
    fn a_line_for_each_combination_of_the_other_axes() {
        let mut results = results();
        let expected = vec![
            ("batch size 32".into(), vec![(0.001, 0.5)]),
            ("batch size 128".into(), vec![(0.003, 0.75)]),
        ];
        assert_eq!(drawn(&results), (Axis::Logarithmic, expected));
        // Of a tuned axis only what was chosen.
        results.sweep = sweep("boundary");
        results.outcome.cells = vec![
            cell(&[0, 0], 0.9, 0.8),
            cell(&[0, 1], 0.8, 0.9),
            cell(&[4, 1], 0.8, 0.7),
        ];
        results.outcome.cells[0].chosen = false;
        let (axis, series) = drawn(&results);
        assert_eq!(series, [(String::new(), vec![(0.0, 0.9), (4.0, 0.7)])]);
        let Axis::Names(names) = axis else {
            panic!("{axis:?}");
        };
        assert_eq!(
            (names[0].as_str(), names[4].as_str()),
            ("block 1 (512)", "block 5 (512)")
        );
    }

    #[test]
    fn choices_are_points_of_their_own() {
        let mut results = results();
        results.sweep = sweep("validation");
        results.outcome.picks = [("honest".into(), 0), ("claimed".into(), 1)].into();
        let (axis, series) = drawn(&results);
        assert_eq!(axis, Axis::Linear);
        let expected = [
            ("all recipes".to_owned(), vec![(50.0, 0.75), (75.0, 0.5)]),
            ("chosen on test images".to_owned(), vec![(50.0, 0.75)]),
            ("chosen on validation images".to_owned(), vec![(75.0, 0.5)]),
        ];
        assert_eq!(series, expected);
    }
}
