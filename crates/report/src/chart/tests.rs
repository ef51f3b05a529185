//! Extreme charts are drawn too, as well-formed XML without places that are no numbers.

use super::*;
use crate::audit::{FeatureMap, MapPoint};
use crate::record::{Layer, LayerKind, Part};
use crate::{Confusion, bins};

/// Place, height, interval.
type Row = (f64, f64, Option<(f64, f64)>);

fn chart(x: Axis, joined: bool, series: &[&[Row]]) -> Chart {
    let points = |points: &[Row]| {
        points
            .iter()
            .map(|(x, y, interval)| Point {
                x: *x,
                y: *y,
                interval: *interval,
            })
            .collect()
    };
    let series = series.iter().enumerate().map(|(number, list)| Series {
        name: format!("series <{number}> & \"more\""),
        joined,
        points: points(list),
    });
    Chart {
        title: "a </svg><script> title".into(),
        x_label: "rate".into(),
        y_label: "accuracy".into(),
        x,
        percent: true,
        series: series.collect(),
    }
}

/// Every number of the drawing, once it is seen to be XML.
fn check(svg: &str) {
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    for node in document.descendants() {
        for attribute in node.attributes() {
            let value = attribute.value();
            assert!(
                !value.contains("NaN") && !value.contains("inf"),
                "{value} in {svg}"
            );
        }
    }
    assert!(
        document
            .descendants()
            .any(|node| node.has_tag_name("title"))
    );
}

/// Names that are foreign text, and longer than there is room for.
fn names(count: usize) -> Vec<String> {
    (0..count)
        .map(|class| format!("<{class}> & a long name"))
        .collect()
}

#[test]
fn extreme_charts_are_drawn() {
    let names = || {
        Axis::Names(vec![
            "one".into(),
            "a name that is much longer than others are".into(),
        ])
    };
    let nan = f64::NAN;
    let charts = [
        chart(Axis::Linear, true, &[]),
        chart(Axis::Linear, true, &[&[]]),
        chart(Axis::Linear, true, &[&[(1.0, 0.5, None)]]),
        chart(Axis::Linear, true, &[&[(1.0, 0.5, None), (2.0, 0.5, None)]]),
        chart(
            Axis::Linear,
            false,
            &[&[(0.0, 0.0, Some((0.0, 0.0)))], &[(0.0, 0.0, None)]],
        ),
        chart(
            Axis::Linear,
            true,
            &[&[
                (nan, 0.5, None),
                (1.0, nan, None),
                (1.0, 1.0, Some((nan, 1.0))),
            ]],
        ),
        chart(
            Axis::Logarithmic,
            true,
            &[&[
                (0.0, 0.5, None),
                (-1.0, 0.5, None),
                (1e-4, 0.5, None),
                (1e4, 1.0, None),
            ]],
        ),
        chart(
            Axis::Logarithmic,
            true,
            &[&[(3.0, 0.5, None)], &[(f64::INFINITY, 0.5, None)]],
        ),
        chart(
            names(),
            false,
            &[
                &[(0.0, 0.9, Some((0.8, 1.0))), (1.0, 0.9, None)],
                &[(1.0, 1e12, None)],
            ],
        ),
        chart(names(), true, &[&[(0.0, 1.0, None), (1.0, 1.0, None)]]),
        chart(Axis::Names(vec![]), false, &[&[]]),
    ];
    for chart in charts {
        for language in Language::ALL {
            check(&svg(&chart, language));
        }
    }
}

#[test]
fn names_whiskers_and_values_are_there() {
    let names = Axis::Names(vec!["unit".into(), "caffe".into()]);
    let points = [(0.0, 0.9578, Some((0.95, 0.96))), (1.0, 0.919, None)];
    let plot = svg(&chart(names, false, &[&points]), Language::En);
    for part in ["unit", "caffe", "95.78\u{a0}%", "whisker"] {
        assert!(plot.contains(part), "{part} is missing in {plot}");
    }
    let rates = [(1.0, 0.5, None), (5.0, 0.6, None), (500.0, 0.9, None)];
    let plot = svg(
        &chart(Axis::Logarithmic, true, &[&rates, &rates]),
        Language::Zh,
    );
    for part in [">500<", ">5<", "stroke-dasharray=\"7 3\"", "90%"] {
        assert!(plot.contains(part), "{part} is missing in {plot}");
    }
}

#[test]
fn of_many_names_only_some_are_written() {
    let names: Vec<String> = (0..62).map(|class| format!("class{class}")).collect();
    let rows: Vec<Row> = (0..62).map(|class| (f64::from(class), 0.5, None)).collect();
    let svg = svg(&chart(Axis::Names(names), false, &[&rows]), Language::En);
    check(&svg);
    for (class, is_written) in [(0, true), (1, false), (2, false), (3, true), (60, true)] {
        let written = svg.contains(&format!(">class{class}<"));
        assert_eq!(written, is_written, "{class}: {svg}");
    }
    assert!(svg.contains("class61: 50.00"), "{svg}");
}

#[test]
fn other_pictures_are_well_formed() {
    let mut confusion = Confusion::new(3);
    for (truth, predicted) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
        confusion.add(truth, predicted);
    }
    let layer = |block: &str, part, original, output| Layer {
        block: block.into(),
        name: "<x>".into(),
        kind: LayerKind::Dense,
        part,
        parameters: 1,
        original,
        output,
    };
    let layers = [
        layer(
            "block1",
            Part::Frozen,
            Some(vec![64, 112, 112]),
            Some(vec![64, 16, 16]),
        ),
        layer("top", Part::Removed, Some(vec![1000]), None),
        layer("head", Part::Grafted, None, Some(vec![10])),
    ];
    for language in Language::ALL {
        check(&confusion_svg(&confusion, &names(2), |_| None, language));
        check(&confusion_svg(&Confusion::new(0), &[], |_| None, language));
        let link = |cell| (cell == (0, 1)).then(|| "cell-0-1".into());
        check(&confusion_svg(&confusion, &names(2), link, language));
        let point = |index, place| MapPoint {
            index,
            label: index % 2,
            place,
        };
        let map = FeatureMap {
            explained: [0.5, 0.25],
            points: vec![point(0, [0.0, -3.0]), point(1, [0.0, 4.0])],
        };
        for map in [&map, &FeatureMap::default()] {
            check(&scatter_svg(map, &names(2), |index| index == 0, language));
        }
        check(&confusion_svg(
            &Confusion::new(40),
            &names(40),
            |_| None,
            language,
        ));
        check(&calibration_svg(
            &bins(&[(0.5, true), (1.0, false)]),
            language,
        ));
        check(&calibration_svg(&[], language));
        check(&graft_svg(&layers, language));
        check(&graft_svg(&[], language));
    }
    check(&shares_svg(
        "time",
        &[("a".into(), 0.0), ("b & c".into(), 3.0)],
    ));
    check(&shares_svg("time", &[]));
    let drawn = confusion_svg(&confusion, &names(2), |_| None, Language::En);
    assert!(
        drawn.contains("cell right") && drawn.contains("cell wrong"),
        "{drawn}"
    );
}
