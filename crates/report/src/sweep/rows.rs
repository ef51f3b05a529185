//! Cells as a table, and how their heads were trained, in words: without that, accuracies cannot be
//! set beside those of a run.

use super::{Cell, Results};
use crate::record::Cached;
use crate::table::table;
use crate::{Language, number, percent};

impl Results {
    /// What was measured as text in columns, a row a cell.
    #[must_use]
    pub fn table(&self, language: Language) -> String {
        let split = self.sweep.measured_on(language);
        let heads = [
            self.name.clone(),
            language.pick("trained on", "训练图片").into(),
            language.pick("trainings", "训练次数").into(),
            language.pick(
                format!("{split} accuracy (95 % interval)"),
                format!("{split}准确率（95% 置信区间）"),
            ),
            language.pick(format!("{split} loss"), format!("{split}损失")),
        ];
        let row = |(place, cell): (usize, &Cell)| {
            let [mean, low, high] =
                [cell.accuracy.mean, cell.accuracy.low, cell.accuracy.high].map(percent);
            vec![
                self.setting(place, cell, language),
                cell.trained_on.to_string(),
                cell.trainings.len().to_string(),
                language.pick(
                    format!("{mean} ({low} to {high})"),
                    format!("{mean}（{low} 至 {high}）"),
                ),
                number::loss(cell.loss()),
            ]
        };
        let rows = self.outcome.cells.iter().enumerate().map(row);
        table(&[heads.to_vec()].into_iter().chain(rows).collect::<Vec<_>>())
    }

    /// A cell's labels, and what it was chosen for.
    fn setting(&self, place: usize, cell: &Cell, language: Language) -> String {
        let mut parts = vec![self.sweep.name(0..cell.at.len(), cell, language)];
        if cell.chosen && self.sweep.axis.iter().any(|axis| axis.tuned) {
            parts.push(language.pick("chosen", "选定").into());
        }
        for (name, pick) in &self.sweep.pick {
            if let (Some(label), Some(&of_pick)) = (&pick.label, self.outcome.picks.get(name))
                && of_pick == place
            {
                parts.push(label.pick(language).clone());
            }
        }
        parts.join(language.pick(", ", "，"))
    }

    /// On how many images heads were trained and how, and how many passed through the backbone for
    /// that.
    #[must_use]
    pub fn trained(&self, language: Language) -> String {
        let cells = &self.outcome.cells;
        let trainings = cells.iter().map(|cell| cell.trainings.len());
        let trainings = number::count(trainings.sum::<usize>());
        let counts = |of: fn(&Cell) -> usize| {
            span(cells.iter().map(of).collect(), language, |n| {
                number::count(*n)
            })
        };
        let (images, measured) = (
            counts(|cell| cell.trained_on),
            counts(|cell| cell.measured_on),
        );
        let epochs = counts(|cell| cell.training.epochs);
        let batches = counts(|cell| cell.training.batch_size);
        let rates = cells.iter().map(|cell| cell.training.learning_rate);
        let rates = span(rates.collect(), language, |rate| number::setting(*rate));
        let standardised = cells.iter().filter(|cell| cell.training.standardised);
        let features = match standardised.count() {
            0 => language.pick("features as they are", "原样的特征"),
            all if all == cells.len() => language.pick("standardised features", "标准化后的特征"),
            _ => language.pick(
                "features as they are or standardised",
                "原样或标准化后的特征",
            ),
        };
        let (passed, split) = (self.passed(language), self.sweep.measured_on(language));
        language.pick(
            format!("{trainings} trainings on {images} images each, measured on {measured} {split} images; {passed}. Each head is one linear layer on {features}, trained by Adam for {epochs} epochs with a batch size of {batches} and a learning rate of {rates}."),
            format!("共训练 {trainings} 次，每次用 {images} 张图片，在 {measured} 张{split}图片上测量；{passed}。每个分类头都是{features}上的一个线性层，用 Adam 训练 {epochs} 轮，批大小 {batches}，学习率 {rates}。"),
        )
    }

    /// How many images passed through the backbone.
    fn passed(&self, language: Language) -> String {
        let earlier = self.passes.iter().filter(|pass| pass.cached == Cached::Hit);
        let earlier = number::count(earlier.map(|pass| pass.images).sum::<usize>());
        let all = number::count(self.passed_images());
        language.pick(
            format!("{all} images passed through the backbone, {earlier} of them before this lab"),
            format!("{all} 张图片通过了骨干网络，其中 {earlier} 张在此前已通过"),
        )
    }
}

/// The least and the largest of `values`, or the one that all are.
fn span<T: PartialOrd>(
    mut values: Vec<T>,
    language: Language,
    shown: impl Fn(&T) -> String,
) -> String {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    match values.as_slice() {
        [] => "0".into(),
        [least, .., most] if least != most => {
            let (least, most) = (shown(least), shown(most));
            language.pick(format!("{least} to {most}"), format!("{least} 至 {most}"))
        }
        [one, ..] => shown(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Pass;
    use crate::sweep::fixture::{cell, results, sweep};

    #[test]
    fn what_differs_is_a_range_and_what_does_not_is_a_number() {
        let mut results = results();
        let text = results.trained(Language::En);
        let part = "2 trainings on 320 images each, measured on 1,000 test images; 60,000 images passed through the backbone, 60,000 of them before";
        assert!(text.contains(part), "{text}");
        let second = &mut results.outcome.cells[1];
        second.trained_on = 5000;
        second.trainings = vec![second.trainings[0]; 4];
        second.training.epochs = 1000;
        second.training.standardised = true;
        second.training.learning_rate = 0.00003;
        results.passes.push(Pass {
            features: "block 5, test".into(),
            images: 10_000,
            cached: Cached::Miss,
            seconds: 1.0,
        });
        assert_eq!(
            results.trained(Language::En),
            "5 trainings on 320 to 5,000 images each, measured on 1,000 test images; 70,000 images passed through the backbone, 60,000 of them before this lab. Each head is one linear layer on features as they are or standardised, trained by Adam for 10 to 1,000 epochs with a batch size of 32 and a learning rate of 3e-5 to 0.001."
        );
        assert_eq!(
            results.trained(Language::Zh),
            "共训练 5 次，每次用 320 至 5,000 张图片，在 1,000 张测试图片上测量；70,000 张图片通过了骨干网络，其中 60,000 张在此前已通过。每个分类头都是原样或标准化后的特征上的一个线性层，用 Adam 训练 10 至 1,000 轮，批大小 32，学习率 3e-5 至 0.001。"
        );
    }

    #[test]
    fn choices_are_marked() {
        let mut results = results();
        let table = |results: &Results, language| -> Vec<String> {
            let table = results.table(language);
            table.lines().map(str::to_owned).collect()
        };
        assert_eq!(
            table(&results, Language::En),
            [
                "learning-rate                        trained on  trainings  test accuracy (95 % interval)  test loss",
                "batch size 32, learning rate 0.001   320         1          50.00 % (37.50 % to 62.50 %)   0.5000",
                "batch size 128, learning rate 0.003  320         1          75.00 % (62.50 % to 87.50 %)   0.2500",
            ]
        );
        results.sweep = sweep("validation");
        results.outcome.cells = vec![cell(&[0, 0, 2, 0], 0.9, 0.8), cell(&[0, 1, 2, 1], 0.8, 0.9)];
        results.outcome.picks = [("honest".into(), 0), ("claimed".into(), 1)].into();
        let lines = table(&results, Language::En);
        for (line, setting) in lines[1..].iter().zip([
            "batch size 32, standardised features, learning rate 0.001, chosen on validation images  ",
            "batch size 32, learning rate 0.001, next seed, chosen on test images  ",
        ]) {
            assert!(line.starts_with(setting), "{line}");
        }
        results.sweep = sweep("boundary");
        results.outcome.cells = vec![cell(&[0, 0], 0.9, 0.8), cell(&[0, 1], 0.8, 0.9)];
        results.outcome.cells[0].chosen = false;
        let lines = table(&results, Language::Zh);
        for (line, setting) in lines[1..].iter().zip([
            "第 1 块（512），学习率 0.0001  ",
            "第 1 块（512），学习率 0.0003，选定  ",
        ]) {
            assert!(line.starts_with(setting), "{line}");
        }
    }
}
