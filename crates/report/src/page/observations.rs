//! What a run's own record shows, in sentences whose wording follows from the figures.

use super::run::Run;
use super::weakest::weakest;
use crate::count::ratio;
use crate::record::{Cached, Part as Fate};
use crate::{Evaluation, number};

/// A loss that changes by no more than this share of itself in an epoch has converged.
const CONVERGED: f64 = 0.01;

pub(super) fn list(run: &Run) -> Vec<String> {
    let mut list = Vec::new();
    // Where blocks are trained, the images pass these in every epoch.
    if !run.trains_blocks() {
        list.extend([cache(run), share_trained(run)]);
    }
    list.extend(convergence(run));
    if let Some(test) = run.tested() {
        let (train, validation) = (run.train.as_ref(), run.validation.as_ref());
        list.extend(train.map(|train| generalisation(run, train, test)));
        list.extend(validation.map(|validation| predicted(run, validation, test)));
        list.extend(weakest(run, test));
    }
    list
}

/// What keeping features saved.
fn cache(run: &Run) -> String {
    let manifest = &run.record.manifest;
    let stages = manifest.stages;
    let (features, head) = (run.seconds(stages.features), run.seconds(stages.head));
    let epochs = number::count(run.record.epochs.len());
    match manifest.cache.result {
        Cached::Miss => run.pick(
            format!("Caching the features pays off: one pass of all images through the frozen blocks took {features}, and {epochs} epochs on the cached features took {head}. Without the cache, every epoch would need its own pass."),
            format!("缓存特征很划算：所有图片通过冻结的各块一次用时 {features}，而在缓存的特征上训练 {epochs} 轮只用 {head}。若不缓存，每一轮都要重新通过一次。"),
        ),
        Cached::Hit => run.pick(
            format!("Caching the features pays off: reading and verifying them took {features} and {epochs} epochs took {head}; no image had to pass through the frozen blocks again."),
            format!("缓存特征很划算：读取并校验特征用时 {features}，训练 {epochs} 轮用时 {head}，没有一张图片需要再次通过冻结的各块。"),
        ),
    }
}

/// How little was trained.
fn share_trained(run: &Run) -> String {
    let (trained, frozen) = (run.parameters(Fate::Grafted), run.parameters(Fate::Frozen));
    let share = ratio(trained, trained + frozen).unwrap_or_default();
    let [trained, frozen] = [trained, frozen].map(number::count);
    let share = run.percent(share);
    run.pick(
        format!("Few parameters are trained: {trained} were trained and {frozen} stayed frozen; {share} of the network is new."),
        format!("需要学习的很少：训练了 {trained} 个参数，直接沿用了 {frozen} 个，新参数只占整个网络的 {share}。"),
    )
}

/// Whether more epochs might have helped.
fn convergence(run: &Run) -> Option<String> {
    let [.., before, last] = run.record.epochs.as_slice() else {
        return None;
    };
    let (a, b) = (before.validation?.loss, last.validation?.loss);
    let (from, to) = (number::loss(a), number::loss(b));
    Some(if b < a * (1.0 - CONVERGED) {
        run.pick(
            format!("Training had not converged: in the last epoch the validation loss still fell, from {from} to {to}."),
            format!("训练尚未收敛：最后一轮的验证损失仍从 {from} 降到 {to}。"),
        )
    } else if b > a * (1.0 + CONVERGED) {
        run.pick(
            format!("In the last epoch the validation loss rose, from {from} to {to}. One epoch says little: whether more epochs would help has to be measured, by a run with a larger `training.epochs`."),
            format!("最后一轮的验证损失从 {from} 升到 {to}。单独一轮说明不了什么：继续训练是否有帮助，需要用更大的 `training.epochs` 实测。"),
        )
    } else {
        run.pick(
            format!("In the last epoch the validation loss hardly changed, from {from} to {to}."),
            format!("最后一轮的验证损失几乎不变（{from} 到 {to}）。"),
        )
    })
}

/// Training images against test images.
fn generalisation(run: &Run, train: &Evaluation, test: &Evaluation) -> String {
    let (on_train, on_test) = (run.percent(train.accuracy), run.percent(test.accuracy));
    let (difference, (low, high)) = difference(train, test);
    let more = number::difference(difference, (low, high), run.language);
    if low > 0.0 {
        run.pick(
            format!("The head overfits: its accuracy is {on_train} on the training images and {on_test} on the test images, a difference of {more}."),
            format!("存在过拟合：训练集准确率为 {on_train}，测试集为 {on_test}，相差 {more}。"),
        )
    } else if high < 0.0 {
        run.pick(
            format!("The test images are easier than the training images: the accuracy is {on_test} on the test images and {on_train} on the training images, a difference of {more}."),
            format!("测试图片比训练图片容易：测试集准确率为 {on_test}，训练集为 {on_train}，相差 {more}。"),
        )
    } else {
        run.pick(
            format!("No overfitting was observed: the accuracy is {on_train} on the training images and {on_test} on the test images; the difference of {more} may be zero."),
            format!("没有观察到过拟合：保留的分类头在训练集上的准确率为 {on_train}，在测试集上为 {on_test}，相差 {more}，与零没有显著差别。"),
        )
    }
}

/// Whether validation predicted the test result.
fn predicted(run: &Run, validation: &Evaluation, test: &Evaluation) -> String {
    let (before, after) = (run.percent(validation.accuracy), run.percent(test.accuracy));
    let (difference, (low, high)) = difference(test, validation);
    let more = number::difference(difference, (low, high), run.language);
    if low <= 0.0 && 0.0 <= high {
        run.pick(
            format!("Validation predicted the test result: {before} on the held-out images, {after} on the test images; the difference of {more} may be zero."),
            format!("验证集预测了测试结果：验证准确率 {before}，测试准确率 {after}，相差 {more}，与零没有显著差别。"),
        )
    } else {
        run.pick(
            format!("Validation and test differ: {before} on the held-out images, {after} on the test images, a difference of {more}."),
            format!("验证与测试结果不一致：验证准确率 {before}，测试准确率 {after}，相差 {more}。"),
        )
    }
}

/// The first accuracy minus the second, on different images, with its 95 % interval: Newcombe's
/// hybrid of Wilson's (method 10 of "Interval estimation for the difference between independent
/// proportions", Statistics in Medicine 17, 1998).
fn difference(first: &Evaluation, second: &Evaluation) -> (f64, (f64, f64)) {
    let difference = first.accuracy - second.accuracy;
    let (a, b) = (first.interval, second.interval);
    let below = (first.accuracy - a.low).hypot(b.high - second.accuracy);
    let above = (a.high - first.accuracy).hypot(second.accuracy - b.low);
    (difference, (difference - below, difference + above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_interval() {
        // Newcombe's first example: 56 of 70 against 48 of 80 gives 0.0524 to 0.3339.
        let share = |right: u8, n: u8| {
            let labels = vec![0; usize::from(n)];
            let logits: Vec<f32> = (0..n)
                .flat_map(|at| if at < right { [1.0, 0.0] } else { [0.0, 1.0] })
                .collect();
            Evaluation::new(&labels, &logits, 2).unwrap()
        };
        let (found, (low, high)) = difference(&share(56, 70), &share(48, 80));
        assert!((found - 0.2).abs() < 1e-12);
        assert!(
            (low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5,
            "{low} {high}"
        );
    }
}
