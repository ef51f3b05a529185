//! What ranges, seeds and places make of images.

use super::*;

/// 7 rows of 9 pixels in so many channels, no two alike next to each other.
fn image(channels: usize) -> Vec<u8> {
    (0..=u8::MAX)
        .cycle()
        .step_by(37)
        .take(63 * channels)
        .collect()
}

fn set(count: usize) -> ImageSet {
    let labels = (0..count).map(|label| u8::try_from(label % 2).unwrap());
    ImageSet::new(7, 9, image(1).repeat(count), labels.collect(), 2).unwrap()
}

/// What a view does with one range alone, to an image of so many channels.
fn applied(channels: usize, set: impl Fn(&mut Augmentation)) -> Vec<u8> {
    let mut augmentation = Augmentation::default();
    set(&mut augmentation);
    let change = augmentation.change(1, 0);
    change.apply(&image(channels), [7, 9, channels])
}

#[test]
fn without_ranges_a_view_is_its_image() {
    for channels in [1, 3] {
        assert_eq!(applied(channels, |_| ()), image(channels));
    }
}

#[test]
fn each_range_changes_the_image_by_itself() {
    let ranges: [fn(&mut Augmentation); 8] = [
        |a| a.rotate = 15.0,
        |a| a.scale = 0.2,
        |a| a.shear = 0.2,
        |a| a.shift = 0.2,
        |a| a.elastic = 0.1,
        |a| a.cutout = 0.3,
        |a| a.brightness = 0.2,
        |a| a.contrast = 0.4,
    ];
    let mut seen = Vec::new();
    for range in ranges {
        for channels in [1, 3] {
            let view = applied(channels, range);
            assert_ne!(view, image(channels));
            assert_eq!(view.len(), 63 * channels);
            assert!(!seen.contains(&view));
            seen.push(view);
        }
    }
}

#[test]
fn known_moves() {
    let moved = |angle, stretch, shear, shift, flips| {
        let affine = Affine::new(angle, stretch, shear, shift, flips);
        warp::warp(&[1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3, 1], &affine, None)
    };
    let (none, third) = ([1.0; 2], 1.0 / 3.0);
    for (found, expected) in [
        (
            moved(0.0, none, 0.0, [0.0; 2], true),
            [3, 2, 1, 6, 5, 4, 9, 8, 7],
        ),
        // A pixel to the left, and the edge is repeated.
        (
            moved(0.0, none, 0.0, [third, 0.0], false),
            [2, 3, 3, 5, 6, 6, 8, 9, 9],
        ),
        (
            moved(0.0, none, 0.0, [0.0, third], false),
            [4, 5, 6, 7, 8, 9, 7, 8, 9],
        ),
        (
            moved(90.0_f64.to_radians(), none, 0.0, [0.0; 2], false),
            [3, 6, 9, 2, 5, 8, 1, 4, 7],
        ),
        // Each row a pixel further than the one below.
        (
            moved(0.0, none, 1.0, [0.0; 2], false),
            [1, 1, 2, 4, 5, 6, 8, 9, 9],
        ),
        (
            moved(0.0, [2.0, 1.0], 0.0, [0.0; 2], false),
            [2, 2, 3, 5, 5, 6, 8, 8, 9],
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_field_that_is_moved_as_a_whole_is_a_shift() {
    // The weights of a B-spline have the sum 1.
    let (still, ninth) = (
        Affine::new(0.0, [1.0; 2], 0.0, [0.0; 2], false),
        1.0 / 9.0 + 1e-12,
    );
    let mut count = 0;
    let field = Field::new(|| {
        count += 1;
        if count <= 49 { ninth } else { 0.0 }
    });
    let view = warp::warp(&image(3), [7, 9, 3], &still, Some(&field));
    let shifted = Affine::new(0.0, [1.0; 2], 0.0, [ninth, 0.0], false);
    assert_eq!(view, warp::warp(&image(3), [7, 9, 3], &shifted, None));
    assert_ne!(view, image(3));
}

#[test]
fn light_and_contrast() {
    let toned = |tone| {
        let change = Change {
            affine: Affine::new(0.0, [1.0; 2], 0.0, [0.0; 2], false),
            field: None,
            tone,
            hole: ([0.5; 2], 0.0),
        };
        change.apply(&[100, 200, 0, 100], [2, 2, 1])
    };
    assert_eq!(toned([1.0, 100.0]), [200, 255, 100, 200]);
    assert_eq!(toned([0.5, 0.0]), [100, 150, 50, 100]);
}

#[test]
fn a_square_is_cut_as_far_as_it_lies_within() {
    let cut = |centre, side| {
        let mut view = vec![1; 32];
        let hole = (centre, side);
        Change {
            hole,
            ..Augmentation::default().change(1, 0)
        }
        .cut(&mut view, [4, 4, 2]);
        view.into_iter()
            .map(|value| usize::from(value == 0))
            .sum::<usize>()
    };
    assert_eq!(cut([0.5, 0.5], 0.5), 4 * 2);
    assert_eq!(cut([0.0, 0.0], 0.5), 2);
    assert_eq!(cut([1.0, 0.5], 1.0), 8 * 2);
    assert_eq!(cut([0.5, 0.5], 0.0), 0);
}

#[test]
fn seed_number_and_place_decide_a_view() {
    let augmentation = Augmentation {
        rotate: 15.0,
        elastic: 0.05,
        ..Augmentation::default()
    };
    let set = set(4);
    let view = |augmentation: Augmentation, number| {
        let view = augmentation
            .view(&set, &[0, 2, 3], &[0, 1, 2], number)
            .unwrap();
        assert_eq!(view.labels(), [0, 0, 1]);
        view.images().map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let first = view(augmentation, 1);
    assert_eq!(first, view(augmentation, 1));
    assert_ne!(first[0], first[1], "the same image at another place");
    assert_ne!(first, view(augmentation, 2));
    let seed = 1;
    let other = Augmentation {
        seed,
        ..augmentation
    };
    assert_ne!(first, view(other, 1));
    let plain = view(augmentation, 0);
    assert_eq!(plain, [image(1), image(1), image(1)]);
    // Part by part it is the same.
    let part = augmentation.view(&set, &[0, 2, 3], &[1, 2], 1).unwrap();
    assert_eq!(part.image(0), first[1]);
    assert!(augmentation.view(&set, &[0], &[], 1).is_err());
}

#[test]
fn a_test_image_has_the_same_views_wherever_it_stands() {
    let augmentation = Augmentation {
        rotate: 15.0,
        elastic: 0.05,
        ..Augmentation::default()
    };
    let size = [7, 9, 1];
    let view = |number| augmentation.test_view(&image(1), size, number);
    assert_eq!(view(0), image(1));
    assert_ne!(view(1), image(1));
    assert_ne!(view(1), view(2));
    let views = augmentation.test_views(&set(4), &[3, 0], 2).unwrap();
    assert_eq!(views.labels(), [1, 0]);
    assert_eq!([views.image(0), views.image(1)], [&view(2)[..]; 2]);
    // By hand: python3 -c "hashlib.sha256(bytes(i * 37 % 256 for i in range(63))).hexdigest()[:16]".
    let place = 0xb728_e1a9_44ec_f6d4;
    assert_eq!(
        view(3),
        augmentation.change(3, place).apply(&image(1), size)
    );
}

#[test]
fn ranges_are_told_from_none() {
    let none = Augmentation {
        views: 5,
        seed: 7,
        ..Augmentation::default()
    };
    assert!(!none.has_ranges());
    assert!(Augmentation { shift: 0.1, ..none }.has_ranges());
    assert!(Augmentation { flip: true, ..none }.has_ranges());
}

#[test]
fn another_range_changes_nothing_else() {
    let change = |set: fn(&mut Augmentation)| {
        let mut augmentation = Augmentation {
            rotate: 15.0,
            shift: 0.1,
            ..Augmentation::default()
        };
        set(&mut augmentation);
        augmentation.change(3, 5).apply(&image(1)[..], [7, 9, 1])
    };
    assert_eq!(change(|_| ()), change(|a| a.views = 9));
    let [cut, plain] = [change(|a| a.cutout = 0.4), change(|_| ())];
    let differing = cut.iter().zip(&plain).filter(|(a, b)| a != b);
    assert!(differing.clone().count() > 0);
    assert!(differing.into_iter().all(|(cut, _)| *cut == 0));
}
