//! Rules called from all kinds of code: each program once with functions whose bodies are
//! differentiated, once with the same functions under rules, once by the tape.

#![forbid(unsafe_code)]

mod bodies {
    use chainrule::differentiate;

    #[differentiate]
    pub(super) fn wave(x: f64) -> f64 {
        x.sin() * 2.0
    }

    #[differentiate]
    pub(super) fn blend(x: f64, y: f64) -> f64 {
        x * y.exp()
    }

    #[differentiate]
    pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(x, y)| x * y).sum()
    }
}

mod rules {
    use chainrule::differentiate;

    fn wave_rule(x: f64) -> (f64, f64) {
        (x.sin() * 2.0, x.cos() * 2.0)
    }

    #[differentiate(partials = wave_rule)]
    pub(super) fn wave(x: f64) -> f64 {
        x.sin() * 2.0
    }

    fn blend_rule(x: f64, y: f64, ct: f64) -> (f64, (f64, f64)) {
        let e = y.exp();
        (x * e, (ct * e, ct * (x * e)))
    }

    #[differentiate(vjp = blend_rule)]
    pub(super) fn blend(x: f64, y: f64) -> f64 {
        x * y.exp()
    }

    fn dot_rule(x: &[f64], y: &[f64], ct: f64) -> (f64, (Vec<f64>, Vec<f64>)) {
        let scaled = |of: &[f64]| of.iter().map(|e| ct * e).collect();
        (dot(x, y), (scaled(y), scaled(x)))
    }

    #[differentiate(vjp = dot_rule)]
    pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(x, y)| x * y).sum()
    }
}

mod taped {
    use chainrule::differentiate;

    #[differentiate(via = tape)]
    pub(super) fn wave(x: f64) -> f64 {
        x.sin() * 2.0
    }

    #[differentiate(via = tape)]
    pub(super) fn blend(x: f64, y: f64) -> f64 {
        x * y.exp()
    }

    #[differentiate(via = tape)]
    pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(x, y)| x * y).sum()
    }
}

macro_rules! programs {
    ($($program:ident $(($option:ident))? $body:item)*) => {
        mod with_bodies {
            use super::bodies::{blend, dot, wave};
            programs!(@ $($body)*);
        }

        mod with_rules {
            use super::rules::{blend, dot, wave};
            programs!(@ $($body)*);
        }

        mod with_tapes {
            use super::taped::{blend, dot, wave};
            programs!(@ $($body)*);
        }

        $(#[test]
        fn $program() {
            let (x, k) = (vec![0.7, -0.4, 1.1, 0.2, -0.9], 0.6);
            let (value, (dx, dk)) = with_bodies::$program::value_and_grad(&x, k);
            for (of_value, (of_x, of_k)) in [
                with_rules::$program::value_and_grad(&x, k),
                with_tapes::$program::value_and_grad(&x, k),
            ] {
                assert_eq!(value, of_value);
                assert!(close(dk, of_k), "by k: {dk} and {of_k}");
                for (a, b) in dx.iter().zip(&of_x) {
                    assert!(close(*a, *b), "by x: {dx:?} and {of_x:?}");
                }
            }
        })*
    };
    (@ $($body:item)*) => {
        $(#[chainrule::differentiate] $body)*
    };
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

programs! {
    chains
    pub(super) fn chains(x: &[f64], k: f64) -> f64 {
        let squares: f64 = x.iter().map(|e| wave(*e).powi(2)).sum();
        x.iter().filter(|e| **e > 0.0).fold(squares, |s, e| blend(s, *e * k))
    }

    by_name
    pub(super) fn by_name(x: &[f64], k: f64) -> f64 {
        let waves: Vec<f64> = x.iter().copied().map(wave).collect();
        k * waves.iter().product::<f64>()
    }

    nested_loops
    pub(super) fn nested_loops(x: &[f64], k: f64) -> f64 {
        let mut s = k;
        for i in 0..x.len() {
            for j in 0..=i {
                s = s * 0.5 + wave(x[j] * s) * blend(k, x[i]);
            }
        }
        s
    }

    in_place
    pub(super) fn in_place(x: &[f64], k: f64) -> f64 {
        let mut y = x.to_vec();
        for _ in 0..3 {
            for i in 1..y.len() {
                y[i] = blend(y[i], y[i - 1] * k);
            }
            y[0] = wave(y[4]);
        }
        y.iter().sum()
    }

    until_small
    pub(super) fn until_small(x: &[f64], k: f64) -> f64 {
        let (mut s, mut i) = (2.0 + x[0] * x[1], 0);
        while wave(s) > 0.5 && i < 7 {
            s = s * k + x[i % 5] * 0.1;
            i += 1;
            if blend(s, k) < 0.2 {
                break;
            }
        }
        s * s
    }

    branches
    pub(super) fn branches(x: &[f64], k: f64) -> f64 {
        let mut s = 0.0;
        for (i, e) in x.iter().enumerate() {
            s += match i % 3 {
                0 => wave(*e),
                1 if *e < 0.0 => blend(*e, k),
                _ => return wave(s) * k,
            };
        }
        s
    }

    slices
    pub(super) fn slices(x: &[f64], k: f64) -> f64 {
        let mut y = vec![0.0; 5];
        for i in 0..3 {
            y[i] = dot(&x[i..i + 2], &x[1..3]) * k;
            y[i + 1] += dot(&y[..2], &x[..2]);
        }
        dot(&y, x)
    }

    windows
    pub(super) fn windows(x: &[f64], k: f64) -> f64 {
        let grid = [[k, 2.0], [x[0], x[1]]];
        x.windows(2).zip(&grid).map(|(pair, row)| dot(pair, row) + wave(pair[0])).sum()
    }

    checkpointed
    pub(super) fn checkpointed(x: &[f64], k: f64) -> f64 {
        let mut s = [k, x[0]];
        #[checkpoint]
        for i in 0..20 {
            s = [wave(s[0]) * 0.7 + s[1] * x[i % 5], blend(s[1], -s[0].abs())];
        }
        s[0] + s[1]
    }

    closures
    pub(super) fn closures(x: &[f64], k: f64) -> f64 {
        let step = |s: f64, e: f64| blend(s, e * k) + wave(s);
        let mut s = 0.5;
        for e in x {
            s = step(s, *e).tanh();
        }
        s
    }

    recursive
    pub(super) fn recursive(x: &[f64], k: f64) -> f64 {
        if x.is_empty() { k } else { wave(x[0]) * recursive(&x[1..], blend(k, x[0])) }
    }

    unused
    pub(super) fn unused(x: &[f64], k: f64) -> f64 {
        let _ = wave(x[0]);
        let list = [wave(k), wave(2.0), k];
        let passed = list[1] * x[2];
        if passed > 1e9 { blend(x[0], k) } else { passed * list[2] }
    }
}

#[chainrule::differentiate(pullback)]
fn with_a_pullback(x: &[f64], k: f64) -> f64 {
    let mut s = k;
    for e in x {
        s = rules::blend(s, *e) * taped::wave(*e * k);
    }
    s
}

#[test]
fn pullbacks_call_rules() {
    let x = [0.7, -0.4, 1.1];
    let (value, pullback) = with_a_pullback::pullback(&x, 0.6);
    let expected = with_a_pullback::vjp(&x, 0.6, 3.0);
    assert_eq!((value, pullback(3.0)), expected);
    chainrule::check::check_grad::<with_a_pullback>((), &(x.to_vec(), 0.6)).unwrap();
}
