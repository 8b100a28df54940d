//! `hessian`: its types, and functions whose second derivatives are easily put in the wrong place.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::Scalars;

/// Whether a Hessian is symmetric bit for bit and equal to differences of the gradient.
#[track_caller]
fn check(
    at: &[f64],
    gradient: impl Fn(&[f64]) -> Vec<f64>,
    hessian: impl Fn(&[f64]) -> Vec<Vec<f64>>,
) {
    let found = hessian(at);
    assert_eq!(found.len(), at.len());
    for (j, x) in at.iter().enumerate() {
        let h = 1e-4 * x.abs().max(1.0);
        let moved = |by: f64| {
            let mut at = at.to_vec();
            at[j] += by * h;
            gradient(&at)
        };
        let (a, b, c, d) = (moved(-2.0), moved(-1.0), moved(1.0), moved(2.0));
        for (i, row) in found.iter().enumerate() {
            assert_eq!(row[j].to_bits(), found[j][i].to_bits(), "entries {i}, {j}");
            let slope = (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h);
            let off = (row[j] - slope).abs();
            assert!(off <= 1e-8 * slope.abs().max(1.0), "entry {i}, {j}: {} {slope}", row[j]);
        }
    }
}

/// Functions of a slice.
macro_rules! of_slices {
    ($($(#[$doc:meta])* $name:ident($x:ident) $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[differentiate(hessian)]
            fn f($x: &[f64]) -> f64 $body
            for n in [3, 4, 5, 9] {
                let at: Vec<f64> = (0..n).map(|k| (k as f64 * 1.3 + 0.4).sin() + 0.2).collect();
                check(&at, f::grad, f::hessian);
            }
        }
    )*};
}
of_slices! {
    neighbours(x) {
        let mut s = 0.0;
        for i in 0..x.len() - 1 {
            s += (x[i + 1] - x[i] * x[i]).powi(2) + x[i].sin();
        }
        s
    }
    one_element_is_in_all_terms(x) {
        let mut s = 0.0;
        for i in 0..x.len() {
            s += (x[0] * x[i]).sin();
        }
        s
    }
    /// The pairs of different iterations count.
    a_function_of_a_sum(x) {
        let mut s = 0.0;
        for e in x {
            s += e * e;
        }
        s.sqrt()
    }
    a_sum_times_an_element(x) {
        let mut s = 0.0;
        for e in x {
            s += e.sin();
        }
        s * x[0] + x[1] * x[2]
    }
    an_element_times_a_sum(x) {
        let first = x[0];
        let mut s = 0.0;
        for e in x {
            s += e.sin() * first;
        }
        s
    }
    the_same_element_by_another_index(x) {
        let mut s = 0.0;
        for i in 0..x.len() {
            let j = i / 2 * 2;
            s += x[i] * x[j].exp();
        }
        s
    }
    /// An index that is the same by another computation.
    the_same_element_read_twice(x) {
        let mut s = 0.0;
        for i in 0..x.len() {
            let a = x[i];
            let j = (i * 2 + 2) / 2 - 1;
            s += a * a * x[j].sin();
        }
        s
    }
    all_pairs(x) {
        let mut s = 0.0;
        for i in 0..x.len() {
            for j in 0..i {
                s += (x[i] - x[j] * 0.5).sin() * x[j];
            }
        }
        s
    }
    two_loops(x) {
        let mut s = 0.0;
        for e in x {
            s += e.powi(3);
        }
        for i in 1..x.len() {
            s += x[i - 1] * x[i] * x[0];
        }
        s
    }
    the_second_loop_needs_the_first(x) {
        let mut s = 0.0;
        for e in x {
            s += e * e;
        }
        let mut t = 0.0;
        for e in x {
            t += (e * s).sin();
        }
        t
    }
    a_running_product(x) {
        let mut p = 1.0;
        for e in x {
            p *= e + 0.3;
        }
        p
    }
    a_running_state(x) {
        let (mut s, mut state) = (0.0, 0.5);
        for e in x {
            state = (state * e).sin() + e;
            s += state * state;
        }
        s
    }
    conditions(x) {
        let mut s = 0.0;
        for i in 0..x.len() - 1 {
            if x[i] > 0.1 {
                s += x[i] * x[i] * x[i + 1];
            } else {
                s += (x[i + 1] * x[i]).cos();
            }
        }
        s
    }
    skipped(x) {
        let mut s = 0.0;
        for (i, e) in x.iter().enumerate() {
            if i == 1 {
                continue;
            }
            if i == 4 {
                break;
            }
            s += e.exp() * x[2];
        }
        s
    }
    workspaces(x) {
        let mut w = vec![0.0; x.len()];
        for i in 0..x.len() {
            w[i] = x[i] * x[0];
        }
        let mut s = 0.0;
        for e in &w {
            s += e.sin();
        }
        s
    }
    chains_of_iterators(x) {
        let s: f64 = x.windows(2).map(|w| (w[0] * w[1]).sin()).sum();
        s + x.iter().zip(x.iter().skip(1)).map(|(a, b)| a * a * b).sum::<f64>()
    }
    straight_lines(x) {
        (x[0] * x[1]).exp() + x[1] / (x[2] * x[2] + 1.0)
    }
    a_mean(x) {
        let s: f64 = x.iter().map(|e| (e * e).ln_1p() * e).sum();
        s / x.len() as f64
    }
    linear(x) {
        x.iter().enumerate().map(|(i, e)| e * i as f64).sum()
    }
    nothing_but_a_constant_beside(x) {
        let n = x.len() as f64;
        x[0] * n + n
    }
}

/// A Hessian of a function of scalars, an array and a slice is made of blocks (PITFALLS 40).
#[test]
fn blocks() {
    #[differentiate(hessian)]
    fn f(a: f64, x: &[f64], b: f64, p: [f64; 2]) -> f64 {
        let mut s = a * b * p[0] * p[1];
        for e in x {
            s += (a * e + p[1]).sin() * e * b;
        }
        s
    }
    let all = |at: &[f64]| {
        let x = &at[1..4];
        let (a, dx, b, p) = f::grad(at[0], x, at[4], [at[5], at[6]]);
        [vec![a], dx, vec![b], p.to_vec()].concat()
    };
    let hessian = |at: &[f64]| {
        let h = f::hessian(at[0], &at[1..4], at[4], [at[5], at[6]]);
        let ((_, ax, ab, ap), (xa, xx, xb, xp), (ba, bx, _, _), (_, px, pb, pp)) = h.clone();
        let _: (Vec<f64>, f64, [f64; 2]) = (ax, ab, ap);
        let _: (Vec<f64>, Vec<Vec<f64>>) = (xa, xx);
        let _: (Vec<f64>, Vec<[f64; 2]>) = (xb, xp);
        let _: (f64, Vec<f64>, [Vec<f64>; 2]) = (ba, bx, px);
        let _: ([f64; 2], [[f64; 2]; 2]) = (pb, pp);
        chainrule_tests::forward::rows(&h.flat(), &[1, 3, 1, 2], &[1, 3, 1, 2]).unwrap()
    };
    check(&[0.3, 0.9, -0.4, 1.2, 0.7, 1.1, 0.6], all, hessian);
}

/// The same where the sites are too many, or not to be followed.
#[test]
fn blocks_by_columns() {
    #[differentiate(hessian)]
    fn f(a: f64, x: &[[f64; 2]], v: Vec<f64>, t: (f64, f64)) -> f64 {
        let mut p = a;
        for (pair, e) in x.iter().zip(&v) {
            p = p * pair[0].sin() + pair[1] * e * t.0;
        }
        p * t.1 * v[0]
    }
    let parts = |at: &[f64]| {
        let x: Vec<[f64; 2]> = vec![[at[1], at[2]], [at[3], at[4]]];
        (at[0], x, vec![at[5], at[6]], (at[7], at[8]))
    };
    let all = |at: &[f64]| {
        let (a, x, v, t) = parts(at);
        f::grad(a, &x, v, t).flat()
    };
    let hessian = |at: &[f64]| {
        let (a, x, v, t) = parts(at);
        let h = f::hessian(a, &x, v, t);
        let _: &Vec<[Vec<[f64; 2]>; 2]> = &h.1.1;
        let _: &(Vec<f64>, Vec<f64>) = &h.3.2;
        chainrule_tests::forward::rows(&h.flat(), &[1, 4, 2, 2], &[1, 4, 2, 2]).unwrap()
    };
    check(&[0.3, 0.9, -0.4, 1.2, 0.7, 1.1, 0.6, 0.8, -0.2], all, hessian);
}

/// More variables than directions at once, their number known.
#[test]
fn many_elements_of_an_array() {
    #[differentiate(hessian)]
    fn f(x: &[f64; 21]) -> f64 {
        let mut p = 1.0;
        for e in x {
            p = (p * e).sin() + e * e;
        }
        p
    }
    let at: Vec<f64> = (0..21).map(|k| 0.4 + f64::from(k) * 0.03).collect();
    let array = |x: &[f64]| -> [f64; 21] { x.try_into().unwrap() };
    check(
        &at,
        |x| f::grad(&array(x)).to_vec(),
        |x| f::hessian(&array(x)).iter().map(|row| row.to_vec()).collect(),
    );
}

#[test]
fn a_matrix() {
    #[differentiate(hessian)]
    fn f(m: &[[f64; 3]; 2], x: [f64; 3]) -> f64 {
        let mut s = 0.0;
        for row in m {
            let mut d = 0.0;
            for k in 0..3 {
                d += row[k] * x[k];
            }
            s += d.sin();
        }
        s
    }
    let parts = |at: &[f64]| {
        let m = [[at[0], at[1], at[2]], [at[3], at[4], at[5]]];
        (m, [at[6], at[7], at[8]])
    };
    let all = |at: &[f64]| {
        let (m, x) = parts(at);
        f::grad(&m, x).flat()
    };
    let hessian = |at: &[f64]| {
        let (m, x) = parts(at);
        let h = f::hessian(&m, x);
        let _: [[[[f64; 3]; 2]; 3]; 2] = h.0.0;
        let _: [[[f64; 3]; 3]; 2] = h.0.1;
        chainrule_tests::forward::rows(&h.flat(), &[6, 3], &[6, 3]).unwrap()
    };
    check(&[0.3, 0.9, -0.4, 1.2, 0.7, 1.1, 0.6, 0.8, -0.2], all, hessian);
}

#[test]
fn a_part_of_the_parameters() {
    #[differentiate(wrt(w), hessian)]
    fn f(x: &[f64], w: [f64; 2], n: usize) -> f64 {
        let mut s = 0.0;
        for e in &x[..n] {
            s += (e * w[0] + w[1]).powi(2) * w[1];
        }
        s
    }
    let x = [0.5, 1.5, -0.3];
    let h = f::hessian(&x, [0.7, 0.2], 2);
    check(
        &[0.7, 0.2],
        |w| f::grad(&x, [w[0], w[1]], 2).to_vec(),
        |w| f::hessian(&x, [w[0], w[1]], 2).iter().map(|row| row.to_vec()).collect(),
    );
    assert_eq!(h[0][1], h[1][0]);
}

#[test]
fn failures_are_handed_on() {
    #[differentiate(hessian)]
    fn all_positive(x: &[f64]) -> Result<f64, String> {
        let mut p = 1.0;
        for e in x {
            if *e <= 0.0 {
                return Err(format!("{e} is not positive"));
            }
            p *= e.ln();
        }
        Ok(p)
    }
    #[differentiate(hessian)]
    fn root(x: f64, y: f64) -> Option<f64> {
        (x > 0.0).then(|| x.sqrt() * y)
    }
    assert_eq!(all_positive::hessian(&[1.0, -1.0]), Err("-1 is not positive".to_string()));
    assert!(all_positive::hessian(&[]).unwrap().is_empty());
    let h = all_positive::hessian(&[2.0, 3.0]).unwrap();
    assert!((h[0][1] - 1.0 / 6.0).abs() < 1e-15 && h[0][1] == h[1][0], "{h:?}");
    assert_eq!(root::hessian(-1.0, 2.0), None);
    assert_eq!(root::hessian(4.0, 2.0), Some(((-0.0625, 0.25), (0.25, 0.0))));
}

#[test]
fn nothing_there() {
    #[differentiate(hessian)]
    fn f(x: &[f64]) -> f64 {
        x.iter().map(|e| e * e).sum()
    }
    assert!(f::hessian(&[]).is_empty());
    assert_eq!(f::hessian(&[3.0]), [[2.0]]);
}

#[test]
fn floats_of_any_kind() {
    #[differentiate(hessian)]
    fn f<T: num_traits::Float>(x: T, y: T) -> T {
        x * x * y
    }
    #[differentiate(hessian)]
    fn in_f32<const N: usize>(x: &[f32; N]) -> f32 {
        let mut p = 1.0;
        for e in x {
            p *= e;
        }
        p
    }
    assert_eq!(f::hessian(3.0_f32, 5.0), ((10.0_f32, 6.0), (6.0, 0.0)));
    assert_eq!(f::hessian(3.0_f64, 5.0), ((10.0_f64, 6.0), (6.0, 0.0)));
    assert_eq!(
        in_f32::hessian(&[2.0, 3.0, 5.0]),
        [[0.0, 5.0, 3.0], [5.0, 0.0, 2.0], [3.0, 2.0, 0.0]]
    );
}

#[derive(Clone, Debug, chainrule::Differentiable)]
struct Scale {
    by: f64,
}

#[differentiate]
impl Scale {
    #[differentiate(wrt(x), hessian)]
    fn squared(&self, x: f64) -> f64 {
        self.by * x * x
    }
}

#[test]
fn methods_have_siblings() {
    assert_eq!(Scale { by: 3.0 }.squared_hessian(2.0), 6.0);
}

/// Second derivatives at special points: `hvp`'s (PITFALLS 21).
#[test]
fn special_points() {
    #[differentiate(hvp, hessian)]
    fn f(x: f64, y: f64) -> f64 {
        x * y.sqrt() + (x * x).abs() + y.powf(2.0) + x.powi(2) * (x * x + y * y).sqrt()
    }
    for (x, y) in [(0.0, 0.0), (0.0, 0.7), (-0.0, 4.0), (1e-300, 2.0)] {
        let h = f::hessian(x, y);
        assert_eq!(h.0.1.to_bits(), h.1.0.to_bits());
        let ((_, a), (_, b)) = (f::hvp(x, y, 1.0, 0.0), f::hvp(x, y, 0.0, 1.0));
        let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-15;
        assert!(same(h.0.0, a.0) && same(h.0.1, b.0) && same(h.1.1, b.1), "{h:?} {a:?} {b:?}");
    }
}
