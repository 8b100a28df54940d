//! Structs that nothing is differentiated by, beside structs of the same type that are: by the
//! macro, by the tape, and against central differences.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use chainrule_tests::assert_close;

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Body {
    at: f64,
    speed: [f64; 2],
    trail: Vec<f64>,
}

impl Body {
    /// The macro does not see into it.
    fn height(&self, k: f64) -> f64 {
        self.at * k
    }
}

/// Nor into this.
fn looked_up(body: &Body) -> f64 {
    body.speed[0] * 3.0
}

#[differentiate]
fn energy(body: &Body, k: f64) -> f64 {
    let of_trail = body.trail.iter().map(|t| (t * body.at).sin()).sum::<f64>();
    (body.speed[0] * body.speed[1] - k * body.at).tanh() + of_trail * 0.3
}

#[differentiate]
fn between(one: &Body, other: &Body) -> f64 {
    one.at * other.speed[1] + (one.speed[0] - other.at).max(0.1) + one.trail[0] * other.trail[0]
}

#[differentiate]
fn drift(body: &mut Body, k: f64) {
    body.at *= k;
    body.trail[0] *= k;
}

#[differentiate]
fn stretched(list: &mut [f64], k: f64) {
    list[0] *= k;
}

#[differentiate]
fn product(list: &[f64]) -> f64 {
    list[0] * list[1]
}

fn body() -> Body {
    Body { at: 0.3, speed: [0.2, -0.4], trail: vec![0.7, 0.9] }
}

/// Value and derivative of the macro and of the tape against central differences.
#[track_caller]
fn agree(f: impl Fn(f64) -> f64, at: f64, by_macro: (f64, f64), by_tape: (f64, f64)) {
    let central = |h: f64| (f(at + h) - f(at - h)) / (2.0 * h);
    let expected = (4.0 * central(1e-3) - central(2e-3)) / 3.0;
    assert_eq!(by_macro.0.to_bits(), f(at).to_bits());
    assert_close("differences", &[by_macro.1], &[expected], 1e-8);
    assert_close("tape", &[by_tape.0, by_tape.1], &[by_macro.0, by_macro.1], 1e-13);
}

/// One line for each function of a number and a constant.
macro_rules! agree {
    ($constant:expr, $($function:ident)*) => {
        for x in [0.45, -0.7] {
            let constant = $constant;
            $(agree(
                |x| $function(x, &constant),
                x,
                $function::value_and_grad(x, &constant),
                $function::tape_value_and_grad(x, &constant),
            );)*
        }
    };
}

#[differentiate(wrt(x), tape)]
fn passed_on(x: f64, body: &Body) -> f64 {
    let other = Body { at: x, speed: [x, 0.5], trail: vec![(body.at - 0.45).tanh(); 2] };
    energy(body, x.sin()) + between(body, &other) * between(&other, body)
}

#[differentiate(wrt(x), tape)]
fn completing_another(x: f64, body: &Body) -> f64 {
    let mut other = Body { at: x.sin(), ..body.clone() };
    let before = other.clone();
    other.speed = [before.at, x.cos()];
    between(&before, &other).tanh()
}

#[differentiate(wrt(x), tape)]
fn chosen(x: f64, body: &Body) -> f64 {
    let mine = Body { at: x, speed: [x, 0.5], trail: vec![x] };
    let nearest = if x > 0.0 { body } else { &mine };
    let mut sum = 0.0;
    for t in &body.trail {
        sum += t * between(nearest, body);
    }
    sum * x
}

#[differentiate(wrt(x), tape)]
fn seen_by_plain_code(x: f64, body: &Body) -> f64 {
    let steep = body.height(0.7) * x;
    steep + looked_up(body) * x * x + energy(body, x) + body.trail.len() as f64
}

/// The name means a struct of variables later.
#[differentiate(wrt(x), tape)]
fn named_again(x: f64, body: &Body) -> f64 {
    let k = looked_up(body);
    let other = Body { at: x, ..body.clone() };
    let body = other.clone();
    between(&body, &other) * k
}

#[test]
fn a_constant_struct_meets_one_that_is_differentiated() {
    agree!(body(), passed_on completing_another chosen seen_by_plain_code named_again);
}

/// A struct that no differentiated function names.
#[derive(Clone, Debug, Differentiable)]
struct Fleet {
    first: Body,
    all: Vec<Body>,
}

fn made(k: f64) -> Body {
    Body { at: k, speed: [k, 0.1], trail: vec![k; 3] }
}

#[differentiate(wrt(x), tape)]
fn of_a_fleet(x: f64, fleet: &Fleet) -> f64 {
    let mut sum = energy(&fleet.first, x);
    for k in 0..fleet.all.len() {
        sum += energy(&fleet.all[k], sum);
    }
    let own = made(0.4);
    let other = Body { at: x, ..fleet.first.clone() };
    sum + energy(&own, x) + between(&other, &fleet.first)
}

#[test]
fn parts_of_a_constant_struct_are_passed_on() {
    agree!(Fleet { first: body(), all: vec![made(0.2), body()] }, of_a_fleet);
}

#[differentiate]
impl Body {
    #[differentiate(wrt(x), tape)]
    fn pull(&self, x: f64, other: &Self) -> f64 {
        let mine = Body { at: x, ..self.clone() };
        mine.at * self.speed[0] + other.trail[0] * x + other.height(0.3) * x
    }
}

#[test]
fn a_method_holds_its_receiver_constant() {
    let (one, other) = (body(), made(0.8));
    agree(
        |x| one.pull(x, &other),
        0.4,
        one.pull_value_and_grad(0.4, &other),
        one.pull_tape_value_and_grad(0.4, &other),
    );
}

/// Under `via = tape`, what is not rewritten takes the user's own struct.
fn scaled<T: std::ops::Mul<f64, Output = T>>(body: &Body, x: T) -> T {
    x * body.at
}

#[differentiate(wrt(x))]
fn squared(body: &Body, x: f64) -> f64 {
    x * x * body.speed[0]
}

#[differentiate(wrt(x), via = tape)]
fn by_the_tape_alone(x: f64, body: &Body) -> f64 {
    let other = Body { at: x, ..body.clone() };
    other.at * body.at + looked_up(body) + body.height(0.7) * x + scaled::<f64>(body, x)
        - squared(body, x)
}

#[test]
fn code_that_is_not_rewritten_takes_the_users_own() {
    let by_tape = by_the_tape_alone::value_and_grad(0.4, &body());
    agree(|x| by_the_tape_alone(x, &body()), 0.4, by_tape, by_tape);
}

// A struct is made of constants, and passed on before something is put into its lists: they carry a
// derivative then, whatever they held before.

#[differentiate(wrt(x), tape)]
fn then_an_element(x: f64, body: &Body) -> f64 {
    let mut other = Body { at: 0.5 * body.at, ..body.clone() };
    let before = other.clone();
    other.speed = [before.at, body.at.tanh()];
    let apart = between(&before, &other).tanh();
    other.trail[1] *= 0.5 * x;
    other.at * x + apart + other.trail[1]
}

#[differentiate(wrt(x), tape)]
fn then_a_push(x: f64, body: &Body) -> f64 {
    let mut other = Body { at: 0.5 * body.at, ..body.clone() };
    let apart = between(body, &other).tanh();
    other.trail.push(x);
    other.at * x + apart + other.trail[2]
}

#[differentiate(wrt(x), tape)]
fn then_other_lists(x: f64, body: &Body) -> f64 {
    let mut other = Body { at: 0.5 * body.at, ..body.clone() };
    let apart = between(body, &other).tanh();
    other.speed = [x, 0.3];
    other.trail = vec![x, 0.3];
    apart + other.trail[0] * other.speed[0]
}

#[differentiate(wrt(x), tape)]
fn then_a_call(x: f64, body: &Body) -> f64 {
    let mut other = Body { at: 0.5 * body.at, ..body.clone() };
    let apart = between(body, &other).tanh();
    drift(&mut other, x);
    stretched(&mut other.trail, x);
    other.at * x + apart + other.trail[0]
}

#[differentiate(wrt(x), tape)]
fn then_by_another_name(x: f64, body: &Body) -> f64 {
    let mut other = Body { at: 0.5 * body.at, ..body.clone() };
    let apart = between(body, &other).tanh();
    let trail = &mut other.trail;
    trail[0] = x;
    for t in other.trail.iter_mut() {
        *t *= x;
    }
    apart + other.trail[0] * other.trail[1]
}

#[test]
fn lists_in_a_struct_of_constants_get_a_derivative_later() {
    agree!(
        body(),
        then_an_element then_a_push then_other_lists then_a_call then_by_another_name
    );
}

#[differentiate(wrt(x), tape)]
fn list_then_a_call(x: f64, list: &[f64]) -> f64 {
    let mut own = list.to_vec();
    let before = product(&own).tanh();
    stretched(&mut own, x);
    before + own[0]
}

#[differentiate(wrt(x), tape)]
fn list_then_a_push(x: f64, list: &[f64]) -> f64 {
    let mut own = list.to_vec();
    let before = product(&own).tanh();
    own.push(x);
    before + own[2]
}

#[differentiate(wrt(x), tape)]
fn list_then_each(x: f64, list: &[f64]) -> f64 {
    let mut own = list.to_vec();
    let before = product(&own).tanh();
    for e in own.iter_mut() {
        *e *= x;
    }
    let last = &mut own[1];
    *last += x;
    before + own[0] * own[1]
}

#[test]
fn a_list_of_constants_gets_a_derivative_later() {
    agree!([0.4, 0.7], list_then_a_call list_then_a_push list_then_each);
}

/// A table of a number, which the macro does not see into.
fn tabulated(k: f64) -> f64 {
    f64::from(k.to_bits().count_ones())
}

#[differentiate]
fn grown(k: &mut f64, by: f64) {
    *k *= by;
}

/// A number that is changed later is a constant until then.
#[differentiate(wrt(x), tape)]
fn number_then_a_call(x: f64, body: &Body) -> f64 {
    let mut k = 0.5;
    let plain = tabulated(k) + looked_up(body) * k;
    grown(&mut k, x);
    let before = k;
    let by_name = &mut k;
    *by_name *= x;
    plain + before * k
}

#[test]
fn a_number_is_a_constant_until_it_is_changed() {
    agree!(body(), number_then_a_call);
}

/// A struct of nothing but constants, computed where it is made.
#[differentiate(tape)]
fn made_of_computed_constants(x: f64, n: usize) -> f64 {
    let mut s = x;
    for k in 1..=n {
        let half = 0.5 * (0.25_f64).cos();
        let made = Body {
            at: half - k as f64,
            speed: [(k as f64 * 0.1).cos(), half],
            trail: vec![(n as f64 * 0.1).sin(); 2],
        };
        s = s.sin() * made.speed[1] + made.trail[1] * made.at;
    }
    s
}

#[test]
fn structs_of_computed_constants() {
    let (value, slope) = made_of_computed_constants::value_and_grad(0.4, 3);
    assert_eq!(value.to_bits(), made_of_computed_constants(0.4, 3).to_bits());
    assert_eq!(made_of_computed_constants::tape_value_and_grad(0.4, 3), (value, slope));
    let expected = chainrule_tests::derivative(|x| made_of_computed_constants(x, 3), 0.4);
    assert_close("by differences", &slope, &expected, 1e-9);
}

/// Parts of the struct are results, of the type that the function returns.
#[test]
fn parts_returned() {
    #[differentiate(wrt(x), pullback, jvp)]
    fn f(x: f64, body: &Body) -> (f64, Vec<f64>, [f64; 2], Vec<f64>) {
        (x * body.at, body.speed.to_vec(), body.speed, body.trail.clone())
    }
    let expected = f(2.0, &body());
    let ct = (5.0, vec![1.0, 2.0], [3.0, 4.0], vec![6.0, 7.0]);
    assert_eq!(f::vjp(2.0, &body(), ct.clone()), (expected.clone(), 1.5));
    let held = body();
    let (value, back) = f::pullback(2.0, &held);
    assert_eq!((value, back(ct)), (expected.clone(), 1.5));
    let zeros = (0.3, vec![0.0; 2], [0.0; 2], vec![0.0; 2]);
    assert_eq!(f::jvp(2.0, &body(), 1.0), (expected, zeros));
}

/// A struct of constants, by the rest of the constant one.
#[test]
fn the_rest_of_a_constant_struct() {
    #[differentiate(wrt(a), pullback, jvp, hvp, hessian)]
    fn f(a: f64, n: usize, body: &Body) -> f64 {
        let v = a * a;
        if a > 0.1 {
            let other = Body { at: n as f64 * 0.1, ..body.clone() };
            let k = energy(body, 0.5) + between(body, &other);
            return v * k;
        }
        v * a
    }
    let k = energy(&body(), 0.5) + between(&body(), &Body { at: 0.2, ..body() });
    assert_eq!(f::value_and_grad(0.5, 2, &body()), (0.25 * k, k));
    assert_eq!(f::hessian(0.5, 2, &body()), 2.0 * k);
    assert_eq!(f::grad(-1.0, 2, &body()), 3.0);
}

/// A struct of constants that is changed, and looked at in a closure.
#[test]
fn a_struct_of_constants_changed() {
    #[differentiate(wrt(a), pullback, jvp, hvp, hessian)]
    fn f(a: f64, k: f64, body: &Body) -> f64 {
        let mut other = Body { at: 0.5, ..body.clone() };
        let copy = other.clone();
        other.speed = [copy.at, k * body.speed[1]];
        a * a * other.trail.iter().map(|e| e * other.at).sum::<f64>() * other.speed[0]
    }
    assert_close("value", &f(0.7, 2.0, &body()), &(0.49 * 0.8 * 0.5), 1e-15);
    assert_close("gradient", &f::grad(0.7, 2.0, &body()), &(1.4 * 0.8 * 0.5), 1e-15);
    assert_close("Hessian", &f::hessian(0.7, 2.0, &body()), &0.8, 1e-15);
}
