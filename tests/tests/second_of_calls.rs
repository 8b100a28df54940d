//! Second derivatives through functions that are called by their derivatives: `vjp_jvp`, the
//! gradient by a cotangent and its tangent. Recursive functions and methods are in the list of
//! functions; here are the ways to pass arguments.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use chainrule_tests::{assert_close, derivative};

/// `Σ xᵢ³ k`, by halves.
#[differentiate(jvp, hvp)]
fn cubes(x: &[f64], k: f64) -> f64 {
    match x.len() {
        0 => 0.0,
        1 => x[0] * x[0] * x[0] * k,
        n => cubes(&x[..n / 2], k) + cubes(&x[n / 2..], k),
    }
}

/// The first element times all others, in place.
#[differentiate(jvp, vjp_jvp)]
fn spread(x: &mut [f64]) {
    if x.len() > 1 {
        let last = x.len() - 1;
        x[last] *= x[0];
        spread(&mut x[..last]);
    }
}

/// Value and changes at once.
#[differentiate(jvp, vjp_jvp)]
fn drained(x: &mut [f64], k: f64) -> f64 {
    if x.is_empty() {
        return 0.0;
    }
    let first = x[0];
    x[0] = first * k;
    first * first + drained(&mut x[1..], k)
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Well {
    depth: f64,
    width: f64,
}

#[differentiate]
impl Well {
    #[differentiate(jvp, vjp_jvp)]
    fn energy(&self, x: f64) -> f64 {
        self.depth * (x * self.width).cos()
    }

    #[differentiate(jvp, vjp_jvp)]
    fn forces(&self, xs: &[f64]) -> Vec<f64> {
        xs.iter().map(|x| self.depth * (x * self.width).sin()).collect()
    }

    #[differentiate(jvp, vjp_jvp)]
    fn deepen(&mut self, by: f64) {
        self.depth *= by;
        self.width += by * self.depth;
    }
}

/// `jvp` against the gradient, `hvp` along a direction against differences of the gradient, and the
/// Hessian by the direction.
macro_rules! second {
    ($($name:ident($x:ident: [f64; $n:literal]) $body:block at $at:expr;)*) => {$(
        #[test]
        fn $name() {
            #[differentiate(jvp, hvp, hessian)]
            fn f($x: [f64; $n]) -> f64 $body

            let at: [f64; $n] = $at;
            let along: [f64; $n] = std::array::from_fn(|k| 0.4 - 0.3 * k as f64);
            let moved = |step: f64| std::array::from_fn(|k| at[k] + step * along[k]);
            let (value, slope) = f::jvp(at, along);
            let (again, gradient) = f::value_and_grad(at);
            assert_eq!(value, again);
            let directional: f64 = gradient.iter().zip(along).map(|(g, v)| g * v).sum();
            assert_close("the directional derivative", &slope, &directional, 1e-13);
            let (by_hvp, product) = f::hvp(at, along);
            assert_close("the gradient", &by_hvp, &gradient, 1e-13);
            let differences: [f64; $n] = std::array::from_fn(|k| {
                derivative(|step| f::grad(moved(step))[k], 0.0)
            });
            assert_close("the product", &product, &differences, 1e-8);
            let hessian = f::hessian(at);
            let by_hessian: [f64; $n] = std::array::from_fn(|i| {
                (0..$n).map(|j| hessian[i][j] * along[j]).sum()
            });
            assert_close("the Hessian by the direction", &by_hessian, &product, 1e-12);
        }
    )*};
}
second! {
    an_array_as_a_slice(x: [f64; 3]) {
        let two = [x[0] * x[1], x[2]];
        cubes(&two, x[1]).sin() + cubes(&x[1..], 0.5)
    } at [0.7, 1.3, -0.2];
    a_list(x: [f64; 3]) {
        let list: Vec<f64> = x.iter().map(|e| e * e).collect();
        cubes(&list, x[0]) * x[1]
    } at [0.7, 1.3, -0.2];
    a_part_of_an_array_changed(x: [f64; 3]) {
        let mut y = [x[0], x[1] * x[2], x[2], x[0] * x[1]];
        spread(&mut y[1..]);
        y[1] * y[2] + y[3] * y[3] * y[0]
    } at [0.7, 1.3, -0.2];
    a_list_changed(x: [f64; 3]) {
        let mut y = x.to_vec();
        let sum = drained(&mut y, x[1]);
        spread(&mut y);
        sum * y[0] + y[1] * y[2]
    } at [0.7, 1.3, -0.2];
    changed_in_a_loop(x: [f64; 3]) {
        let mut y = vec![x[0], x[1], x[2]];
        let mut sum = 0.0;
        for k in x {
            sum += drained(&mut y, k) * y[0];
            spread(&mut y);
        }
        sum + y[2]
    } at [0.7, 1.3, -0.2];
    under_a_condition(x: [f64; 3]) {
        if x[0] > 0.0 { cubes(&x, x[1]) } else { x[0] }
    } at [0.7, 1.3, -0.2];
    methods(x: [f64; 3]) {
        let mut well = Well { depth: x[0], width: x[1] * x[2] };
        let shallow = well.energy(x[2]);
        well.deepen(x[1]);
        let deep = well.energy(0.4);
        let mut sum = shallow * deep;
        for (k, force) in well.forces(&[x[0], shallow]).iter().enumerate() {
            sum += force * force * (k as f64 + 0.5);
        }
        sum + well.energy(x[0])
    } at [0.7, 1.3, -0.2];
}

/// `vjp_jvp` itself: the gradient by `vjp`, and its derivative along all tangents.
#[test]
fn the_function_itself() {
    let (mut x, t_x) = (vec![0.7, 1.3, -0.2], vec![0.3, -0.5, 0.2]);
    let (ct, t_ct) = (vec![0.4, -0.8, 1.1], vec![-0.3, 0.6, 0.9]);
    let (gradient, tangent) = drained::vjp_jvp(
        &mut x.clone(),
        1.5,
        0.25,
        ct.clone(),
        t_x.clone(),
        0.35,
        -0.45,
        t_ct.clone(),
    );
    let along = |step: f64| {
        let moved = |of: &[f64], by: &[f64]| -> Vec<f64> {
            of.iter().zip(by).map(|(of, by)| of + step * by).collect()
        };
        let mut x = moved(&[0.7, 1.3, -0.2], &t_x);
        drained::vjp(&mut x, 1.5 + 0.35 * step, 0.25 - 0.45 * step, moved(&ct, &t_ct)).1
    };
    assert_eq!(gradient, along(0.0));
    for k in 0..3 {
        let expected = derivative(|step| along(step).0[k], 0.0);
        assert_close("by an element", &tangent.0[k], &expected, 1e-9);
    }
    assert_close("by `k`", &tangent.1, &derivative(|step| along(step).1, 0.0), 1e-9);
    // The arguments are what the function leaves.
    let _ = drained::vjp_jvp(&mut x, 1.5, 0.25, ct, t_x, 0.35, -0.45, t_ct);
    let mut expected = vec![0.7, 1.3, -0.2];
    drained(&mut expected, 1.5);
    assert_eq!(x, expected);
}

#[test]
#[should_panic(expected = "`drained`: the cotangent of `x` has length 2, but `x` has length 3")]
fn a_cotangent_of_another_length() {
    let zeros = || vec![0.0; 3];
    let _ = drained::vjp_jvp(
        &mut [0.7, 1.3, -0.2],
        1.5,
        0.25,
        vec![0.1; 2],
        zeros(),
        0.0,
        0.0,
        vec![0.1; 2],
    );
}

#[test]
#[should_panic(
    expected = "`drained`: the tangent of the cotangent of `x` has length 2, but the cotangent of `x` has length 3"
)]
fn a_tangent_of_another_length() {
    let zeros = || vec![0.0; 3];
    let _ = drained::vjp_jvp(
        &mut [0.7, 1.3, -0.2],
        1.5,
        0.25,
        zeros(),
        zeros(),
        0.0,
        0.0,
        vec![0.1; 2],
    );
}
