//! How a lab's heads learned and on how many images, in words: without that, its accuracies cannot
//! be set beside those of a run.

use super::{Cell, Lab, Outcome, Training};
use crate::record::Cached;
use crate::{Language, number};

/// The trainings of one cell.
struct Trained {
    training: Training,
    images: usize,
    times: usize,
}

impl Lab {
    /// On how many images its heads learned and how, and how many passed through VGG16 for that.
    #[must_use]
    pub fn trained(&self, language: Language) -> String {
        let cells = self.outcome.trained();
        let trainings: usize = cells.iter().map(|cell| cell.times).sum();
        let learned_from = whole(&cells, language, |cell| cell.images);
        let (epochs, batches) = (
            whole(&cells, language, |cell| cell.training.epochs),
            whole(&cells, language, |cell| cell.training.batch_size),
        );
        let rates = cells.iter().map(|cell| cell.training.learning_rate);
        let rates = span(rates.collect(), language, |rate| number::setting(*rate));
        let features = features(&cells, language);
        let (trainings, tested) = (number::count(trainings), number::count(self.test_images));
        let passed = self.passed(language);
        language.pick(
            format!("{trainings} trainings on {learned_from} images each, measured on {tested} test images; {passed}. Each head is one linear layer on {features}, trained by Adam for {epochs} epochs in batches of {batches} with a learning rate of {rates}."),
            format!("共训练 {trainings} 次，每次用 {learned_from} 张图片，在 {tested} 张测试图片上测量；{passed}。每个分类头都是{features}上的一个线性层，用 Adam 训练 {epochs} 轮，批大小 {batches}，学习率 {rates}。"),
        )
    }

    /// How many images passed through VGG16.
    fn passed(&self, language: Language) -> String {
        let earlier = self.passes.iter().filter(|pass| pass.cached == Cached::Hit);
        let earlier: usize = earlier.map(|pass| pass.images).sum();
        let all = number::count(self.passed_images());
        let earlier = match earlier {
            0 => String::new(),
            earlier if earlier == self.passed_images() => language
                .pick(", all of them before this lab", "（全部在此前已通过）")
                .into(),
            earlier => language.pick(
                format!(", {} of them before this lab", number::count(earlier)),
                format!("（其中 {} 张在此前已通过）", number::count(earlier)),
            ),
        };
        language.pick(
            format!("{all} images passed through VGG16{earlier}"),
            format!("{all} 张图片通过了 VGG16{earlier}"),
        )
    }
}

impl Outcome {
    fn trained(&self) -> Vec<Trained> {
        match self {
            Self::SmallData(lab) => trained(&lab.cells),
            Self::Preprocessing(lab) => trained(&lab.cells),
            Self::Boundary(lab) => trained(&lab.cells),
            Self::LearningRate(lab) => trained(&lab.cells),
            Self::Validation(lab) => trained(&lab.candidates),
        }
    }
}

fn trained<S>(cells: &[Cell<S>]) -> Vec<Trained> {
    let trained = |cell: &Cell<S>| Trained {
        training: cell.training,
        images: cell.trained_on,
        times: cell.measured.len(),
    };
    cells.iter().map(trained).collect()
}

/// What the heads learned from.
fn features(cells: &[Trained], language: Language) -> &'static str {
    let standardised = |cell: &Trained| cell.training.standardised;
    match (
        cells.iter().any(standardised),
        cells.iter().all(standardised),
    ) {
        (true, true) => language.pick("standardised features", "标准化后的特征"),
        (true, false) => language.pick(
            "features as they are or standardised",
            "原样或标准化后的特征",
        ),
        (false, _) => language.pick("features as they are", "原样的特征"),
    }
}

/// The least and the largest of whole numbers.
fn whole(cells: &[Trained], language: Language, of: fn(&Trained) -> usize) -> String {
    span(cells.iter().map(of).collect(), language, |n| {
        number::count(*n)
    })
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
    use crate::lab::Pass;
    use crate::lab::file::tests::lab;

    #[test]
    fn what_differs_is_a_range() {
        let mut lab = lab();
        let Outcome::LearningRate(rates) = &mut lab.outcome else {
            panic!("another lab's outcome");
        };
        assert_eq!(
            (rates.cells[0].trained_on, rates.cells[0].measured.len()),
            (320, 1)
        );
        let second = &mut rates.cells[1];
        second.trained_on = 5000;
        second.measured = vec![second.measured[0]; 4];
        second.training.epochs = 1000;
        second.training.standardised = true;
        second.training.learning_rate = 0.00003;
        lab.passes.push(Pass {
            features: "block 5, test".into(),
            images: 10_000,
            cached: Cached::Miss,
            seconds: 1.0,
        });
        assert_eq!(
            lab.trained(Language::En),
            "5 trainings on 320 to 5,000 images each, measured on 10,000 test images; 70,000 images passed through VGG16, 60,000 of them before this lab. Each head is one linear layer on features as they are or standardised, trained by Adam for 10 to 1,000 epochs in batches of 32 with a learning rate of 3e-5 to 0.001."
        );
        assert_eq!(
            lab.trained(Language::Zh),
            "共训练 5 次，每次用 320 至 5,000 张图片，在 10,000 张测试图片上测量；70,000 张图片通过了 VGG16（其中 60,000 张在此前已通过）。每个分类头都是原样或标准化后的特征上的一个线性层，用 Adam 训练 10 至 1,000 轮，批大小 32，学习率 3e-5 至 0.001。"
        );
    }

    #[test]
    fn what_is_the_same_is_one_number() {
        let mut lab = lab();
        let text = lab.trained(Language::En);
        assert!(text.contains("VGG16, all of them before"), "{text}");
        lab.passes[0].cached = Cached::Miss;
        let text = lab.trained(Language::En);
        for part in [
            "2 trainings on 320 images each",
            "; 60,000 images passed through VGG16. Each head is one linear layer on features as they are, trained by Adam for 10 epochs in batches of 32 with a learning rate of 0.001.",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
