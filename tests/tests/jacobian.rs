//! `jacobian`: its types, by columns and by rows, against differences and `vjp`.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::Scalars;
use chainrule_tests::forward::rows;

/// Whether a Jacobian is that by differences.
#[track_caller]
fn check(at: &[f64], f: impl Fn(&[f64]) -> Vec<f64>, jacobian: &[Vec<f64>]) {
    assert_eq!(jacobian.len(), f(at).len());
    for (j, x) in at.iter().enumerate() {
        let h = 1e-4 * x.abs().max(1.0);
        let moved = |by: f64| {
            let mut at = at.to_vec();
            at[j] += by * h;
            f(&at)
        };
        let (a, b, c, d) = (moved(-2.0), moved(-1.0), moved(1.0), moved(2.0));
        for (i, row) in jacobian.iter().enumerate() {
            assert_eq!(row.len(), at.len());
            let slope = (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h);
            let off = (row[j] - slope).abs();
            assert!(off <= 1e-8 * slope.abs().max(1.0), "entry {i}, {j}: {} {slope}", row[j]);
        }
    }
}

/// Few inputs: all columns in one pass, what an input does not reach is zero.
#[test]
fn polar_coordinates() {
    #[differentiate(jacobian)]
    fn f(r: f64, phi: f64) -> [f64; 3] {
        [r * phi.cos(), r * phi.sin(), r]
    }
    let (r, phi) = (2.0_f64, 0.7_f64);
    let (by_r, by_phi) = f::jacobian(r, phi);
    assert_eq!(by_r, [phi.cos(), phi.sin(), 1.0]);
    assert_eq!(by_phi, [-(r * phi.sin()), r * phi.cos(), 0.0]);
}

/// A zero column is zero also where another one is infinite.
#[test]
fn what_is_not_reached_is_zero() {
    #[differentiate(jacobian)]
    fn f(x: [f64; 2]) -> (f64, f64) {
        (x[0].sqrt(), x[1] / x[0])
    }
    assert_eq!(f::jacobian([0.0, 1.0]), ([f64::INFINITY, 0.0], [f64::NEG_INFINITY, f64::INFINITY]));
}

#[test]
fn an_array_of_an_array() {
    #[differentiate(jacobian)]
    fn f(x: &[f64; 3], m: [[f64; 2]; 2]) -> [f64; 4] {
        [x[0] * x[1], x[2].sin() * m[0][1], m[1][0] * m[1][1] * x[0], m[0][0].exp()]
    }
    let parts = |at: &[f64]| ([at[0], at[1], at[2]], [[at[3], at[4]], [at[5], at[6]]]);
    let at = [0.3, 0.9, -0.4, 1.2, 0.7, 1.1, 0.6];
    let (x, m) = parts(&at);
    let j = f::jacobian(&x, m);
    let _: ([[f64; 3]; 4], [[[f64; 2]; 2]; 4]) = j;
    let plain = |at: &[f64]| {
        let (x, m) = parts(at);
        f(&x, m).to_vec()
    };
    check(&at, plain, &rows(&j.flat(), &[4], &[3, 4]).unwrap());
}

/// The number of inputs is not known: some columns at once.
#[test]
fn slices_to_vectors() {
    #[differentiate(jacobian)]
    fn f(x: &[f64], k: f64) -> Vec<f64> {
        let mut s = 0.0;
        let mut all = Vec::new();
        for e in x {
            s += e * k;
            all.push(s.sin() * e);
        }
        all.push(k);
        all
    }
    for n in 0..7 {
        let at: Vec<f64> = (0..=n).map(|i| 0.3 + f64::from(i) * 0.2).collect();
        let n = at.len() - 1;
        let (by_x, by_k) = f::jacobian(&at[..n], at[n]);
        let _: (&Vec<Vec<f64>>, &Vec<f64>) = (&by_x, &by_k);
        let j: Vec<Vec<f64>> =
            by_x.into_iter().zip(by_k).map(|(row, k)| [row, vec![k]].concat()).collect();
        check(&at, |at| f(&at[..n], at[n]), &j);
    }
}

/// Few outputs, many inputs: by rows.
#[test]
fn moments() {
    #[differentiate(jacobian)]
    fn f(x: &[f64], weights: Vec<f64>) -> (f64, [f64; 2]) {
        let (mut sum, mut square) = (0.0, 0.0);
        for (e, w) in x.iter().zip(&weights) {
            sum += e * w;
            square += e * e * w;
        }
        (sum, [square, (square + sum * sum).sqrt()])
    }
    let at = [0.3, 0.9, -0.4, 1.2, 0.7, 1.1, 0.6, 1.3];
    let j = f::jacobian(&at[..4], at[4..].to_vec());
    let ((_, _), (below, _)) = &j;
    let _: &[Vec<f64>; 2] = below;
    let j = rows(&j.flat(), &[1, 2], &[4, 4]).unwrap();
    check(&at, |at| f(&at[..4], at[4..].to_vec()).flat(), &j);
    // Row by row.
    let (_, (x, w)) = f::vjp(&at[..4], at[4..].to_vec(), (1.0, [0.0, 0.0]));
    assert_eq!(j[0], [x, w].concat());
}

/// More inputs than directions at once, their number known; more outputs than inputs.
#[test]
fn many_by_many() {
    #[differentiate(jacobian)]
    fn f(x: [f64; 13]) -> [[f64; 5]; 4] {
        let mut out = [[0.0; 5]; 4];
        for i in 0..4 {
            for j in 0..5 {
                out[i][j] = (x[i] * x[j + 4]).sin() + x[9 + i];
            }
        }
        out
    }
    let at: Vec<f64> = (0..13).map(|i| 0.3 + f64::from(i) * 0.1).collect();
    let array = |x: &[f64]| -> [f64; 13] { x.try_into().unwrap() };
    let j: [[[f64; 13]; 5]; 4] = f::jacobian(array(&at));
    check(&at, |x| f(array(x)).flat(), &rows(&j.flat(), &[20], &[13]).unwrap());
}

/// Indices that are known while the program runs only.
#[test]
fn gathered() {
    #[differentiate(jacobian)]
    fn f(x: [f64; 4], at: &[usize]) -> [f64; 2] {
        let mut s = 0.0;
        for k in at {
            s += x[*k] * x[0];
        }
        [s, x[at[0]].exp()]
    }
    let at = [0.3, 0.9, -0.4, 1.2];
    let array = |x: &[f64]| -> [f64; 4] { x.try_into().unwrap() };
    let j = f::jacobian(at, &[2, 0, 2]);
    check(&at, |x| f(array(x), &[2, 0, 2]).to_vec(), &j.map(|row| row.to_vec()));
}

#[test]
fn failures_are_handed_on() {
    #[differentiate(wrt(x), jacobian)]
    fn f(x: &[f64], k: usize) -> Result<Vec<f64>, String> {
        if k > x.len() {
            return Err(format!("{k} is too many"));
        }
        Ok(x[..k].iter().map(|e| e * e * x[0]).collect())
    }
    #[differentiate(jacobian)]
    fn by_rows(x: &[f64]) -> Option<(f64, f64)> {
        Some((*x.first()?, x[0] * x.get(1)?))
    }
    #[differentiate(jacobian)]
    fn few(x: f64, y: f64) -> Option<(f64, f64)> {
        (x > 0.0).then(|| (x * y, y.sin()))
    }
    assert_eq!(f::jacobian(&[1.0], 2), Err("2 is too many".to_string()));
    assert_eq!(f::jacobian(&[2.0, 3.0], 2), Ok(vec![vec![12.0, 0.0], vec![9.0, 12.0]]));
    assert_eq!(by_rows::jacobian(&[1.0]), None);
    assert_eq!(by_rows::jacobian(&[2.0, 3.0]), Some((vec![1.0, 0.0], vec![3.0, 2.0])));
    assert_eq!(few::jacobian(-1.0, 2.0), None);
    assert_eq!(few::jacobian(1.0, 2.0), Some(((2.0, 1.0), (0.0, 2.0_f64.cos()))));
}

#[test]
fn floats_of_any_kind() {
    #[differentiate(jacobian)]
    fn f<T: num_traits::Float>(x: T, y: T) -> (T, T) {
        (x * x * y, y)
    }
    #[differentiate(jacobian)]
    fn any_length<const N: usize>(x: [f32; N]) -> [f32; N] {
        let mut y = x;
        for i in 1..N {
            y[i] *= x[i - 1];
        }
        y
    }
    assert_eq!(f::jacobian(3.0_f32, 5.0), ((30.0_f32, 9.0), (0.0, 1.0)));
    assert_eq!(any_length::jacobian([2.0, 3.0]), [[1.0, 0.0], [3.0, 2.0]]);
}

struct Scale {
    by: f64,
}

#[differentiate]
impl Scale {
    #[differentiate(wrt(x), jacobian)]
    fn pair(by: f64, x: f64) -> (f64, f64) {
        (by * x * x, x)
    }
}

#[test]
fn associated_functions_have_siblings() {
    assert_eq!(Scale::pair_jacobian(Scale { by: 3.0 }.by, 2.0), (12.0, 1.0));
}
