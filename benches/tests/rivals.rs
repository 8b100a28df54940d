//! Every rival computes what the macro computes.

#![forbid(unsafe_code)]

use chainrule_benches::{Case, RIVALS, SIZES, Size, hand, training};
use pulp::Arch;

fn assert_close(found: f32, expected: f32, scale: f32, what: &str) {
    let error = (found - expected).abs() / scale;
    assert!(error < 1e-4, "{what}: {found} instead of {expected}");
}

fn check(size: Size) {
    let mut expected = Case::new(size);
    let value = (RIVALS[0].step)(&mut expected);
    let scale = expected.dw.fold(expected.db.abs(), |max, g| max.max(g.abs()));
    for rival in &RIVALS[1..] {
        let mut case = Case::new(size);
        let what = format!("{} at {size}", rival.name);
        assert_close((rival.step)(&mut case), value, value, &what);
        assert_close(case.db, expected.db, scale, &what);
        for (&found, &expected) in case.dw.iter().zip(&expected.dw) {
            assert_close(found, expected, scale, &what);
        }
        assert!((&case.w - &expected.w).iter().all(|e| e.abs() < 1e-6), "{what}");
        assert!((case.b - expected.b).abs() < 1e-6, "{what}");
    }
}

#[test]
fn rivals_agree_with_the_macro_at_the_measured_sizes() {
    SIZES.into_iter().for_each(check);
}

#[test]
fn rivals_agree_with_the_macro_where_blocks_and_lanes_do_not_fit() {
    for rows in [1, 2, 3, 4, 5, 7, 9] {
        for columns in [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 40] {
            check(Size(rows, columns));
        }
    }
    // By twos, with a row left over.
    check(Size(10_001, 107));
}

#[test]
fn the_bits_of_the_hand_written_gradient_do_not_depend_on_the_vector_width() {
    for size in [Size(16, 5), Size(67, 37), Size(10_001, 107)] {
        let Case { x, y, w, b, .. } = Case::new(size);
        let (x, y, w) = (x.as_slice().unwrap(), y.as_slice().unwrap(), w.as_slice().unwrap());
        let (mut narrow, mut wide) = ((vec![0.0; w.len()], 0.0), (vec![0.0; w.len()], 0.0));
        let values = (
            hand::portable(x, y, w, b, &mut narrow.0, &mut narrow.1),
            hand::wide(Arch::new(), x, y, w, b, &mut wide.0, &mut wide.1),
        );
        assert_eq!(values.0, values.1, "{size}");
        assert_eq!(narrow, wide, "{size}");
    }
}

#[test]
fn both_trainings_come_to_the_same_parameters() {
    let (w, b, loss) = training::by_trainer(&mut training::loader().unwrap()).unwrap();
    let hand = training::by_hand(Arch::new(), &mut training::loader().unwrap());
    assert!((&w - &hand.0).iter().all(|e| e.abs() < 1e-2), "{w} and {}", hand.0);
    assert!((b - hand.1).abs() < 1e-2, "{b} and {}", hand.1);
    assert!((loss - hand.2).abs() < 1e-3, "{loss} and {}", hand.2);
    assert!((1.0..1.02).contains(&loss), "{loss}");
}
