//! Hessians by the macro against those by hand, and against differences of the gradient.

#![forbid(unsafe_code)]

use chainrule_benches::second;

#[test]
fn by_macro_by_hand_and_by_differences() {
    for case in second::measured() {
        let (a, b) = ((case.by_macro)(&case.at), (case.by_hand)(&case.at));
        assert_eq!((a.len(), a[0].len()), (b.len(), b[0].len()), "{}", case.name);
        let scale = b.iter().flatten().fold(1.0_f64, |max, h| max.max(h.abs()));
        for (j, column) in b.iter().enumerate() {
            let gradient = |step: f64| {
                let mut at = case.at.clone();
                at[j] += step;
                (case.gradient)(&at)
            };
            let (above, below) = (gradient(1e-5), gradient(-1e-5));
            for (i, expected) in column.iter().enumerate() {
                assert!((a[i][j] - expected).abs() <= 1e-12 * scale, "{} {i} {j}", case.name);
                let slope = (above[i] - below[i]) / 2e-5;
                assert!((slope - expected).abs() <= 1e-7 * scale, "{} {i} {j}", case.name);
            }
        }
    }
}
