//! Names: those that generated code might use itself, raw ones, and those of std that a module may
//! shadow.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use chainrule_tests::agree;
use ndarray::{Array1, arr1};

/// Raw identifiers in every place where one can stand.
#[allow(non_camel_case_types, non_upper_case_globals, reason = "keywords are written so")]
mod raw {
    use super::*;

    impl r#struct {
        fn r#yield(&self) -> usize {
            self.r#in.len()
        }
    }

    /// Not annotated.
    fn r#fn(n: usize) -> f64 {
        n as f64 + 0.5
    }

    fn r#impl(x: f64) -> f64 {
        x + 1.0
    }

    const r#const: f64 = 1.5;

    #[derive(Clone, Differentiable)]
    struct r#struct {
        r#type: f64,
        r#in: [f64; 2],
    }

    #[differentiate]
    fn floats<r#dyn: num_traits::Float>(r#type: r#dyn, r#in: &[r#dyn]) -> r#dyn {
        let mut r#loop = r#type;
        'r#for: for &r#let in r#in {
            if r#let > r#dyn::one() {
                break 'r#for;
            }
            r#loop = r#loop * r#let + r#dyn::one();
        }
        r#loop
    }

    #[differentiate(tape)]
    fn passive(r#type: f64, r#use: usize) -> f64 {
        let r#while = r#use + 1;
        let r#let: f64 = r#fn(r#while);
        #[constant]
        let r#mod = r#impl(r#type);
        let r#ref = |r#box: f64| r#box * r#let * r#const;
        r#ref(r#type) * r#mod
    }

    #[differentiate(tape)]
    fn outer(r#type: f64, r#use: usize) -> f64 {
        passive(r#type, r#use) + floats(r#type, &[r#type, 0.5])
    }

    #[differentiate]
    fn in_place(r#type: &mut [f64], r#in: f64) -> f64 {
        for r#let in r#type.iter_mut() {
            *r#let *= r#in;
        }
        r#type[0]
    }

    #[differentiate]
    impl r#struct {
        #[differentiate(tape)]
        fn r#match(&self, r#type: f64) -> f64 {
            self.r#type * r#type + self.r#in[1]
        }

        fn passive(&self, r#type: f64) -> f64 {
            #[constant]
            let r#while = r#fn(self.r#yield());
            #[constant]
            let r#mod = r#impl(self.r#type);
            r#type * r#while * r#mod
        }

        fn calls(&self, r#type: f64) -> f64 {
            self.r#match(r#type) * 2.0
        }

        fn r#loop(&self, r#type: f64, r#use: usize) -> f64 {
            if r#use == 0 { self.r#type } else { r#type * self.r#loop(r#type, r#use - 1) }
        }
    }

    #[differentiate]
    fn of_struct(r#where: &r#struct, r#type: f64) -> f64 {
        let r#struct { r#type: r#let, r#in } = r#where;
        r#where.calls(r#type) + r#let * r#in[0] + r#where.r#loop(r#type, 2)
    }

    #[differentiate]
    fn scaled(r#type: &Array1<f64>, r#use: usize) -> Array1<f64> {
        let r#ref = r#type * (r#use as f64 * r#const);
        r#ref.mapv(|r#in| r#in * r#in)
    }

    #[differentiate(tape)]
    fn of_arrays(r#type: &Array1<f64>, r#use: usize, r#box: f64) -> f64 {
        let r#mod = r#fn(r#use);
        (scaled(r#type, r#use) * r#mod).sum() * r#box
    }

    #[test]
    fn arrays() {
        let (value, (by_type, by_box)) = of_arrays::value_and_grad(&arr1(&[1.0, 2.0]), 2, 3.0);
        assert_eq!((value, by_type, by_box), (337.5, arr1(&[135.0, 270.0]), 112.5));
        let (taped, (by_type, by_box)) = of_arrays::tape_value_and_grad(&arr1(&[1.0, 2.0]), 2, 3.0);
        assert_eq!((taped, by_type, by_box), (337.5, arr1(&[135.0, 270.0]), 112.5));
    }

    #[test]
    fn parameters_locals_and_type_parameters() {
        let (value, gradient) = floats::value_and_grad(2.0, &[0.5, 0.25, 3.0]);
        assert_eq!((value, gradient), (1.5, (0.125, vec![0.5, 2.0, 0.0])));
        // 2.5 * 1.5, of which the decreed constant is 3.
        assert_eq!(passive::value_and_grad(2.0, 1), (2.0 * 3.75 * 3.0, 3.75 * 3.0));
        assert_eq!(passive::tape_value_and_grad(2.0, 1), passive::value_and_grad(2.0, 1));
        let (value, slope) = outer::value_and_grad(0.5, 1);
        assert_eq!(value, outer(0.5, 1));
        assert_eq!(outer::tape_value_and_grad(0.5, 1), (value, slope));
    }

    #[test]
    fn what_is_changed_in_place() {
        let (value, (by_type, by_in)) = in_place::vjp(&mut [1.0, 2.0], 3.0, 1.0, vec![0.0, 10.0]);
        assert_eq!((value, by_type, by_in), (3.0, vec![3.0, 30.0], 21.0));
    }

    #[test]
    fn methods_and_fields() {
        let line = r#struct { r#type: 2.0, r#in: [3.0, 5.0] };
        let (value, (by_line, by_x)) = line.match_value_and_grad(7.0);
        assert_eq!((value, by_line.r#type, by_line.r#in, by_x), (19.0, 7.0, [0.0, 1.0], 2.0));
        let (taped, (_, by_x)) = line.match_tape_value_and_grad(7.0);
        assert_eq!((taped, by_x), (19.0, 2.0));
        let (value, (by_line, by_x)) = line.passive_value_and_grad(7.0);
        assert_eq!((value, by_line.r#type, by_x), (7.0 * 2.5 * 3.0, 0.0, 7.5));
        let (value, (by_line, by_x)) = of_struct::value_and_grad(&line, 7.0);
        assert_eq!(value, 2.0 * 19.0 + 6.0 + 98.0);
        assert_eq!((by_line.r#type, by_line.r#in), (14.0 + 3.0 + 49.0, [2.0, 2.0]));
        assert_eq!(by_x, 4.0 + 28.0);
    }
}

/// The names that further parameters take would meet each other.
#[test]
fn further_parameters_give_way_to_each_other() {
    #[differentiate]
    fn f(x: f64, x_: f64, d_x: f64, cotangent: f64, r#cotangent_: f64, d_x__: f64) -> f64 {
        x * x_ + d_x * cotangent + r#cotangent_ * d_x__
    }
    let mut d = [f64::NAN; 6];
    let [a, b, c, e, g, h] = &mut d;
    assert_eq!(f::value_and_grad_into(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, a, b, c, e, g, h), 44.0);
    assert_eq!(d, [2.0, 1.0, 4.0, 3.0, 6.0, 5.0]);
    assert_eq!(f::vjp(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 2.0).1, (4.0, 2.0, 8.0, 6.0, 12.0, 10.0));
}

/// Names that generated code might use itself.
#[test]
fn hygiene() {
    #[differentiate(tape)]
    #[allow(non_snake_case, clippy::too_many_arguments, clippy::let_and_return)]
    fn f(
        x: f64,
        d_x: f64,
        cotangent: f64,
        n: f64,
        i: f64,
        ADD: f64,
        value: f64,
        r#type: f64,
    ) -> f64 {
        let tape = x * d_x;
        let __adj = tape + cotangent.sin();
        let d_d_x = __adj * n;
        let gradient = d_d_x + i * ADD;
        let μ = gradient * value;
        let ct_x = μ + r#type * x;
        let r#fn = ct_x;
        let __tape = r#fn * 1.5;
        let self_ = __tape;
        let lanes = self_;
        let rt = lanes;
        rt
    }
    agree!(f(
        x = 0.3,
        d_x = 0.4,
        cotangent = 0.5,
        n = 0.6,
        i = 0.7,
        adding = 0.8,
        value = 0.9,
        kind = 1.1
    ));
    let (mut a, mut b, mut c, mut d) = (0.0, 0.0, 0.0, 0.0);
    let (mut e, mut g, mut h, mut k) = (0.0, 0.0, 0.0, 0.0);
    let value = f::value_and_grad_into(
        0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, &mut a, &mut b, &mut c, &mut d, &mut e, &mut g,
        &mut h, &mut k,
    );
    assert_eq!(
        (value, (a, b, c, d, e, g, h, k)),
        f::value_and_grad(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1)
    );
}

/// Names of std and of the runtime that a user's module may shadow.
mod shadowed {
    use super::*;

    #[allow(dead_code)]
    type Option = ();
    #[allow(dead_code)]
    struct Array1;
    #[allow(dead_code)]
    fn drop() {}
    mod core {}
    mod std {}

    #[differentiate]
    fn f(x: f64) -> f64 {
        x * x
    }

    #[test]
    fn names_of_std() {
        assert_eq!(f::value_and_grad(3.0), (9.0, 6.0));
    }
}

/// A function whose name is a raw identifier, and one that is called like a parameter.
#[test]
fn names_of_functions() {
    #[differentiate]
    fn r#match(x: f64) -> f64 {
        x * x
    }
    #[differentiate(tape)]
    fn x(x: f64) -> f64 {
        r#match(x) * 2.0
    }
    assert_eq!(r#match::value_and_grad(3.0), (9.0, 6.0));
    assert_eq!(x::value_and_grad(3.0), (18.0, 12.0));
    assert_eq!(x::tape_value_and_grad(3.0), (18.0, 12.0));
}

/// A local that is called like the function it comes from, and one that is a closure.
#[test]
fn a_local_like_a_function() {
    #[differentiate]
    fn energy(x: f64, k: f64) -> f64 {
        x * x * k
    }
    #[differentiate(tape)]
    fn total(x: f64) -> f64 {
        let mut energy = energy(x, 2.0);
        energy += x;
        energy * 0.5
    }
    #[differentiate(tape)]
    fn closure(x: f64) -> f64 {
        let energy = |y: f64| y * x;
        energy(3.0)
    }
    assert_eq!(total::value_and_grad(3.0), (10.5, 6.5));
    assert_eq!(total::tape_value_and_grad(3.0), (10.5, 6.5));
    assert_eq!(closure::value_and_grad(2.0), (6.0, 3.0));
    assert_eq!(closure::tape_value_and_grad(2.0), (6.0, 3.0));
}
