//! Every tape that is measured gives the same value and the same gradient.

#![forbid(unsafe_code)]

use chainrule_benches::tapes::{NAMES, functions};

#[test]
fn the_tapes_agree() {
    for function in functions() {
        let at = &function.start;
        let (value, gradient) = (function.tapes[0])(at);
        // The tape computes what plain floats do.
        assert_eq!(value, (function.plain)(at), "{}", function.name);
        let scale = gradient.iter().fold(1.0_f64, |max, g| max.max(g.abs()));
        for (name, tape) in NAMES.iter().zip(function.tapes) {
            let (rival, rivals) = tape(at);
            assert!((rival - value).abs() <= 1e-12 * value.abs(), "{} by {name}", function.name);
            assert_eq!(rivals.len(), gradient.len());
            for (k, (rival, ours)) in rivals.iter().zip(&gradient).enumerate() {
                let what = format!("{} by {name}, entry {k}", function.name);
                assert!((rival - ours).abs() <= 1e-12 * scale, "{what}: {rival} and {ours}");
            }
        }
    }
}
