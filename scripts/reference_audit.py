"""Writes crates/report/src/audit/reference.csv: what `cleanlab` makes of labels that are partly wrong.

    pip install cleanlab numpy
    python3 scripts/reference_audit.py

Columns: the label, whether it is an issue (confident learning), its quality (self-confidence), four logits.
"""

from pathlib import Path

import cleanlab
import numpy as np

CLASSES, IMAGES = 4, 600
OUT = Path(__file__).parent.parent / "crates/report/src/audit/reference.csv"


def main():
    random = np.random.default_rng(7)
    truth = random.choice(CLASSES, IMAGES, p=[0.5, 0.3, 0.15, 0.05])
    logits = random.normal(0, 1.2, (IMAGES, CLASSES)).round(3)
    logits[np.arange(IMAGES), truth] += random.choice([0.5, 2.0, 5.0], IMAGES)
    logits[truth == 3, 2] += 1.5  # one class is often taken for another
    wrong = random.random(IMAGES) < 0.12
    labels = np.where(wrong, random.integers(0, CLASSES, IMAGES), truth)
    logits = logits.astype(np.float32).astype(np.float64)
    exp = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = exp / exp.sum(1, keepdims=True)
    issues = cleanlab.filter.find_label_issues(labels, probabilities, filter_by="confident_learning", n_jobs=1)
    quality = cleanlab.rank.get_label_quality_scores(labels, probabilities, method="self_confidence", adjust_pred_probs=False)
    with OUT.open("w") as file:
        print("label,issue,quality,logit_0,logit_1,logit_2,logit_3", file=file)
        for row in zip(labels, issues, quality, logits):
            cells = [str(row[0]), str(int(row[1])), f"{row[2]:.9f}", *(f"{np.float32(one)}" for one in row[3])]
            print(",".join(cells), file=file)
    print(f"{OUT.name}: {issues.sum()} issues of {IMAGES}, {wrong.sum()} labels drawn anew; cleanlab {cleanlab.__version__}")


if __name__ == "__main__":
    main()
