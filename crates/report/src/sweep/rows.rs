//! Cells as a table, and how their heads were trained, in words: without that, accuracies cannot be
//! set beside those of a run.

use minijinja::context;

use super::{Cell, Results};
use crate::Language;

impl Results {
    /// What was measured as text in columns, a row a cell.
    #[must_use]
    pub fn table(&self, language: Language) -> String {
        let cells = || self.outcome.cells.iter();
        let settings = (0..).zip(cells());
        let settings = settings.map(|(place, cell)| self.setting(place, cell, language));
        let settings: Vec<String> = settings.collect();
        let losses: Vec<f64> = cells().map(Cell::loss).collect();
        self.words(context! { say => "table", settings, losses }, language)
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
        self.words(context! { say => "trained" }, language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Cached;
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
        second.training.normalise = "standardise".into();
        second.training.learning_rate = 0.00003;
        let mut hidden = results.clone();
        hidden.outcome.cells[0].training.hidden = vec![64];
        hidden.outcome.cells[1].training.classifier = Some("nearest-neighbour".into());
        results.passes.push(Pass {
            features: "block 5, test".into(),
            images: 10_000,
            cached: Cached::Miss,
            seconds: 1.0,
        });
        let en = hidden.trained(Language::En);
        assert!(
            en.contains("Each head is fully connected layers on features"),
            "{en}"
        );
        let part = "0.001. Nearest neighbours are not trained: an image";
        assert!(en.contains(part) && en.ends_with("with its own."), "{en}");
        let zh = hidden.trained(Language::Zh);
        assert!(zh.ends_with("的类别。"), "{zh}");
        assert!(zh.contains("上的若干全连接层，"), "{zh}");
        assert_eq!(
            results.trained(Language::En),
            "5 trainings on 320 to 5,000 images each, measured on 1,000 test images; 70,000 images passed through the backbone, 60,000 of them before this lab. Each head is one linear layer on features as they are or standardised features, trained by Adam for 10 to 1,000 epochs with a batch size of 32 and a learning rate of 3e-5 to 0.001."
        );
        assert_eq!(
            results.trained(Language::Zh),
            "共训练 5 次，每次用 320 至 5,000 张图片，在 1,000 张测试图片上测量；70,000 张图片通过了骨干网络，其中 60,000 张在此前已通过。每个分类头都是原样的特征或标准化后的特征上的一个线性层，用 Adam 训练 10 至 1,000 轮，批大小 32，学习率 3e-5 至 0.001。"
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
