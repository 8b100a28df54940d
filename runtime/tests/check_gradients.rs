//! `check_grad` passes right gradients and catches wrong ones, in both floats.
#![forbid(unsafe_code)]

use std::marker::PhantomData;

use chainrule::check::{CheckGrad, GradMismatch, GradReport, Verdict, check_grad};
use chainrule::tape::{ByTape, HasTape, Real, Tape, Var};
use chainrule::{Differentiable, Objective};
use ndarray::{Array1, Array2};

/// How a gradient goes wrong.
trait Fault: Default {
    fn spoil<F: Real>(grad: &mut (Array1<F>, F));
}

macro_rules! faults {
    ($($name:ident |$grad:ident| $spoil:expr;)+) => {$(
        #[derive(Default)]
        struct $name;
        impl Fault for $name {
            fn spoil<F: Real>($grad: &mut (Array1<F>, F)) {
                $spoil
            }
        }
    )+};
}

faults! {
    Right |_grad| {};
    Sign |grad| grad.1 = -grad.1;
    DroppedTerm |grad| grad.0[1] = F::zero();
    NotANumber |grad| grad.0[2] = F::nan();
    SlightlyOff |grad| grad.0[0] *= F::from_wide(1.01);
}

/// The mean squared error of a linear regression with a hand-written gradient.
#[derive(Default)]
struct Loss<F, Wrong>(PhantomData<(F, Wrong)>);

type Params<F> = (Array1<F>, F);

fn residual<F: Real>(x: &Array2<F>, y: &Array1<F>, (w, b): &Params<F>) -> Array1<F> {
    x.dot(w) + *b - y
}

impl<F: Real, Wrong: Fault> Objective for Loss<F, Wrong>
where
    Params<F>: Differentiable<Scalar = F>,
{
    type Inputs<'a> = (&'a Array2<F>, &'a Array1<F>);
    type Params = Params<F>;

    fn value(&self, (x, y): Self::Inputs<'_>, params: &Params<F>) -> F {
        residual(x, y, params).mapv(|e| e * e).mean().unwrap()
    }

    fn value_and_grad_into(
        &self,
        (x, y): Self::Inputs<'_>,
        params: &Params<F>,
        grad: &mut Params<F>,
    ) -> F {
        let r = residual(x, y, params);
        let factor = F::from_wide(2.0 / r.len() as f64);
        grad.0.assign(&(x.t().dot(&r) * factor));
        grad.1 = r.sum() * factor;
        Wrong::spoil(grad);
        r.mapv(|e| e * e).mean().unwrap()
    }

    fn tape_value_and_grad(
        &self,
        (x, y): Self::Inputs<'_>,
        (w, b): &Params<F>,
    ) -> Option<(F, Params<F>)> {
        let tape = Tape::new();
        let (w, b) = (tape.var(w.clone()), tape.var(*b));
        let r = tape.constant(x.clone()).dot(w) + b - y;
        let loss: Var<'_, F> = (r * r).mean()?;
        loss.backward();
        Some((loss.value(), (w.grad(), b.grad())))
    }
}

impl<F: Real, Wrong: Fault> HasTape for Loss<F, Wrong> where Params<F>: Differentiable<Scalar = F> {}

fn run<F: Real + Default, Wrong: Fault>() -> Result<GradReport, GradMismatch>
where
    Params<F>: Differentiable<Scalar = F>,
{
    let x =
        Array2::from_shape_fn((7, 3), |(i, j)| F::from_wide(((i * 5 + j * 3) % 7) as f64 / 4.0));
    let y = Array1::from_shape_fn(7, |i| F::from_wide(i as f64 / 3.0));
    let params = (Array1::from_shape_fn(3, |j| F::from_wide(0.5 - j as f64)), F::from_wide(0.25));
    check_grad::<Loss<F, Wrong>>((&x, &y), &params)
}

#[test]
fn a_right_gradient_passes() {
    for report in [run::<f32, Right>().unwrap(), run::<f64, Right>().unwrap()] {
        assert_eq!(report.count(Verdict::Agrees), 4, "{report}");
        let text = report.to_string();
        assert!(text.contains("4 partial derivatives, 4 agree, 0 differ, 0 unchecked"), "{text}");
        assert!(report.rows().iter().all(|row| row.tape.is_some() && row.difference.is_some()));
    }
}

#[test]
fn wrong_gradients_are_caught() {
    fn caught<Wrong: Fault>(leaf: usize, index: usize) {
        for result in [run::<f32, Wrong>(), run::<f64, Wrong>()] {
            let mismatch = result.unwrap_err();
            let worst = mismatch.report().worst().unwrap();
            assert_eq!((worst.leaf, worst.index), (leaf, index), "{mismatch}");
            assert_eq!(mismatch.report().count(Verdict::Differs), 1, "{mismatch}");
            assert!(mismatch.to_string().contains("DIFFERS"), "{mismatch}");
        }
    }
    caught::<Sign>(1, 0);
    caught::<DroppedTerm>(0, 1);
    caught::<NotANumber>(0, 2);
    caught::<SlightlyOff>(0, 0);
}

#[test]
fn by_tape_takes_the_tapes_gradient() {
    let x = Array2::from_shape_fn((4, 3), |(i, j)| (i + 2 * j) as f64 / 4.0);
    let y = Array1::ones(4);
    let params = (Array1::from_elem(3, 0.5), 0.25);
    // The spoiled gradient is not used; the tape's is right.
    check_grad::<ByTape<Loss<f64, Sign>>>((&x, &y), &params).unwrap();
    let objective = ByTape::<Loss<f64, Sign>>::default();
    let mut grad = params.zeros_like();
    let value = objective.value_and_grad_into((&x, &y), &params, &mut grad);
    assert_eq!(objective.tape_value_and_grad((&x, &y), &params), Some((value, grad)));
}

/// A scalar objective without a tape, given by two functions.
struct Scalar<F>(fn(F) -> F, fn(F) -> F);

impl<F: Differentiable<Scalar = F> + Copy> Objective for Scalar<F> {
    type Inputs<'a> = ();
    type Params = F;

    fn value(&self, (): (), x: &F) -> F {
        (self.0)(*x)
    }

    fn value_and_grad_into(&self, (): (), x: &F, grad: &mut F) -> F {
        *grad = (self.1)(*x);
        (self.0)(*x)
    }
}

#[test]
fn differences_alone_judge() {
    let cases: [(Scalar<f64>, f64, bool); 8] = [
        (Scalar(f64::sin, f64::cos), 0.7, true),
        (Scalar(f64::sin, |x| x.cos() * 1.000_01), 0.7, false),
        (Scalar(f64::ln, f64::recip), 1e-3, true),
        (Scalar(f64::ln, |x| -x.recip()), 1e-3, false),
        (Scalar(f64::exp, f64::exp), 20.0, true),
        (Scalar(|_| 4.0, |_| 0.0), 1.0, true),
        (Scalar(|_| 4.0, |_| 1.0), 1.0, false),
        (Scalar(|x| x, |_| f64::NAN), 1.0, false),
    ];
    for (case, (objective, at, right)) in cases.into_iter().enumerate() {
        let result = CheckGrad::of(objective).run((), &at);
        assert_eq!(result.is_ok(), right, "case {case}: {result:?}");
    }
    let cases: [(Scalar<f32>, f32, bool); 5] = [
        (Scalar(f32::sin, f32::cos), 0.7, true),
        (Scalar(f32::sin, |x| x.cos() * 1.02), 0.7, false),
        (Scalar(f32::ln, f32::recip), 1e-2, true),
        (Scalar(f32::exp, f32::exp), 5.0, true),
        (Scalar(|x| x * x, |x| x), 3.0, false),
    ];
    for (case, (objective, at, right)) in cases.into_iter().enumerate() {
        let result = CheckGrad::of(objective).run((), &at);
        assert_eq!(result.is_ok(), right, "case {case}: {result:?}");
    }
}

#[test]
fn what_cannot_be_checked_is_said() {
    // At a kink differences say nothing: nothing was checked, which is no success.
    let kink = CheckGrad::of(Scalar(f64::abs, |_| 0.0)).run((), &0.0).unwrap_err();
    assert_eq!(kink.report().count(Verdict::Unchecked), 1, "{kink}");
    // Beside it they do.
    assert!(CheckGrad::of(Scalar(f64::abs, f64::signum)).run((), &0.01).is_ok());
    // Outside the domain there is no difference at all.
    let outside = CheckGrad::of(Scalar(f64::sqrt, |_| f64::NAN)).run((), &-1.0).unwrap_err();
    assert_eq!(outside.report().rows()[0].difference, None, "{outside}");
}

#[test]
fn tolerances_can_be_set() {
    let off = || CheckGrad::of(Scalar::<f64>(f64::sin, |x| x.cos() * 1.001));
    assert!(off().run((), &0.7).is_err());
    assert!(off().tolerance(0.01).run((), &0.7).is_ok());
}

/// A value that is not the function's value is a mismatch too.
#[test]
fn the_value_is_checked() {
    #[derive(Default)]
    struct Shifted;
    impl Objective for Shifted {
        type Inputs<'a> = ();
        type Params = f64;
        fn value(&self, (): (), x: &f64) -> f64 {
            x * x
        }
        fn value_and_grad_into(&self, (): (), x: &f64, grad: &mut f64) -> f64 {
            *grad = 2.0 * x;
            x * x + 1.0
        }
    }
    let mismatch = check_grad::<Shifted>((), &3.0).unwrap_err();
    assert!(mismatch.to_string().contains("the values DIFFER"), "{mismatch}");
}

/// A buffer that is added to, or not written, shows, because it comes filled with NaN.
#[test]
fn the_gradient_must_be_overwritten() {
    #[derive(Default)]
    struct Adds;
    impl Objective for Adds {
        type Inputs<'a> = ();
        type Params = f64;
        fn value(&self, (): (), x: &f64) -> f64 {
            x * x
        }
        fn value_and_grad_into(&self, (): (), x: &f64, grad: &mut f64) -> f64 {
            *grad += 2.0 * x;
            x * x
        }
    }
    assert!(check_grad::<Adds>((), &3.0).is_err());
}

#[test]
fn long_reports_show_the_worst() {
    #[derive(Default)]
    struct Wide;
    impl Objective for Wide {
        type Inputs<'a> = ();
        type Params = Array1<f64>;
        fn value(&self, (): (), x: &Array1<f64>) -> f64 {
            x.dot(x)
        }
        fn value_and_grad_into(&self, (): (), x: &Array1<f64>, grad: &mut Array1<f64>) -> f64 {
            grad.assign(&(x * 2.0));
            grad[57] = 0.0;
            x.dot(x)
        }
    }
    let mismatch = check_grad::<Wide>((), &Array1::from_elem(80, 1.5)).unwrap_err();
    let text = mismatch.to_string();
    assert!(text.lines().nth(3).unwrap().contains(" 57 "), "{text}");
    assert!(text.ends_with("the worst 20 of 80 rows\n"), "{text}");
    assert_eq!(text.lines().count(), 24, "{text}");
}
