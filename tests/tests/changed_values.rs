//! Values of the user's own types that carry no derivative and are changed in the function: by the
//! macro, by the tape, and against central differences.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use chainrule_tests::{assert_close, derivative};

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Body {
    at: f64,
    speed: [f64; 2],
    trail: Vec<f64>,
}

/// A type that chainrule never hears of.
#[derive(Clone, Debug, PartialEq)]
struct Config {
    rate: f64,
    count: usize,
    name: String,
    steps: Vec<f64>,
    first: Body,
    pair: (f64, f64),
}

impl Body {
    fn height(&self, k: f64) -> f64 {
        self.at * k
    }
}

impl Config {
    fn tick(&mut self, k: f64) -> f64 {
        self.rate += k;
        self.rate * 2.0
    }
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

fn body() -> Body {
    Body { at: 0.3, speed: [0.2, -0.4], trail: vec![0.7, 0.9] }
}

/// The macro does not see into it.
fn made(k: f64) -> Body {
    Body { at: k, speed: [k, 0.1], trail: vec![k, 0.2, 0.3] }
}

fn config() -> Config {
    let (steps, first) = (vec![0.4, 0.5, 0.6], body());
    Config { rate: 0.1, count: 2, name: "c".into(), steps, first, pair: (0.3, 0.6) }
}

#[track_caller]
fn agree(f: impl Fn(f64) -> f64, x: f64, by_macro: (f64, f64), by_tape: (f64, f64)) {
    assert_eq!(by_macro.0.to_bits(), f(x).to_bits());
    assert_close("differences", &by_macro.1, &derivative(f, x), 1e-9);
    assert_close("tape", &by_tape, &by_macro, 1e-13);
}

/// Functions of a number, a constant and a count, each with its test.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($x:ident, $b:ident, $c:ident, $n:ident) $made:ident = $value:expr => $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[differentiate(wrt($x), tape)]
            #[allow(unused_variables)]
            fn f($x: f64, $b: &Body, $c: Config, $n: usize) -> f64 {
                let mut $made = $value;
                $body
            }
            for x in [0.7, -0.4] {
                agree(
                    |x| f(x, &body(), config(), 2),
                    x,
                    f::value_and_grad(x, &body(), config(), 2),
                    f::tape_value_and_grad(x, &body(), config(), 2),
                );
            }
        }
    )*};
}

functions! {
    /// The copy is what it was.
    fields_assigned(x, b, c, n) s = Body { at: 0.5, ..b.clone() } => {
        let copy = s.clone();
        s.speed = [copy.at, 0.5 * (n as f64 * 0.1 + b.speed[1 % b.speed.len()]).cos()];
        s.at *= copy.speed[0] + 2.0;
        s.trail[n - 1] += 1.0;
        between(&copy, &s) * x * s.at * s.speed[0] * s.trail[1] + copy.trail[0]
    }
    methods(x, b, c, n) s = Body { at: 0.5, ..b.clone() } => {
        s.trail.push(b.at);
        s.speed.swap(0, 1);
        s.trail.reverse();
        x * s.at * s.speed[0] * s.trail[0] * n as f64
    }
    loops_over_elements(x, b, c, n) s = Body { at: 0.5, ..b.clone() } => {
        for t in s.trail.iter_mut() {
            *t *= 0.5 * b.at;
        }
        for (k, t) in s.trail.iter_mut().enumerate().skip(1) {
            *t += k as f64 + n as f64;
        }
        for (t, by) in s.trail.iter_mut().zip(&b.speed) {
            *t *= by;
        }
        for t in &mut s.speed {
            *t = *t * *t;
        }
        s.trail.iter_mut().for_each(|t| *t *= 0.5 * b.at);
        x * s.at * s.speed[0] * s.trail[0] * s.trail[1]
    }
    calls(x, b, c, n) s = Body { at: 0.5, ..b.clone() } => {
        drift(&mut s, 0.4);
        stretched(&mut s.trail, 0.3);
        x * s.at * s.trail[0] * n as f64
    }
    a_parameter(x, b, c, n) c = c => {
        c.rate = 0.3 * c.steps[0];
        c.count += 1;
        c.name += "d";
        c.steps[c.count - 1] *= c.rate;
        c.first.at = c.steps[2];
        c.first.trail[n - 1] += 0.5;
        c.pair.0 = 3.0;
        let ticked = c.tick(0.3);
        for t in c.steps.iter_mut() {
            *t *= 2.0;
        }
        let of_count = c.count as f64 + c.name.len() as f64;
        x * c.rate * c.steps[2] * c.first.at * c.first.trail[1] * c.pair.0 * ticked * of_count
    }
    what_a_function_returned(x, b, c, n) s = made(0.4) => {
        s.speed[0] = 7.0;
        s.speed[1] *= c.rate;
        s.trail.swap(0, 1);
        s.at = s.trail[n - 1];
        s.trail.push(0.9);
        for t in s.trail.iter_mut() {
            *t *= 2.0;
        }
        let all = s.trail.iter().map(|t| t * x).sum::<f64>();
        x * s.speed[0] * s.speed[1] * s.trail[1] * s.trail[3] * s.at + all
    }
    branches_in_a_loop(x, b, c, n) s = made(0.4) => {
        let mut total = 0.0;
        for k in 0..n {
            if x > 0.1 * k as f64 {
                s.at += 0.25;
            } else {
                s.at = 0.1;
            }
            total += s.at * x;
            if let Some(t) = s.trail.last_mut() {
                *t *= 2.0;
            }
            match s.trail.first_mut() {
                Some(t) if *t > 0.3 => *t -= 0.05,
                Some(t) => *t += 0.1,
                None => {}
            }
            total += s.trail[2] * x * s.trail[0];
        }
        total
    }
}

/// An iterator over a list in a value of the user's own is kept for later.
#[test]
fn held_for_later() {
    #[differentiate(wrt(x), tape)]
    #[allow(clippy::while_let_on_iterator, reason = "that is what is tested")]
    fn f(x: f64, c: &Config, k: usize) -> f64 {
        let mut steps = c.steps.iter();
        let mut sum = 0.0;
        while let Some(step) = steps.next() {
            sum += step * x;
        }
        let speeds = c.first.speed.iter().enumerate();
        let height = c.first.height(0.7);
        sum * height + speeds.map(|(k, s)| s * x * k as f64).sum::<f64>() + x * k as f64
    }
    agree(
        |x| f(x, &config(), 2),
        0.7,
        f::value_and_grad(0.7, &config(), 2),
        f::tape_value_and_grad(0.7, &config(), 2),
    );
}

/// A reference to a part, which the macro refuses.
#[test]
fn by_another_name_on_the_tape() {
    #[differentiate(wrt(x), via = tape)]
    fn f(x: f64, b: &Body) -> f64 {
        let mut s = Body { at: 0.5, ..b.clone() };
        let trail = &mut s.trail;
        trail[0] = 3.0;
        trail[1] *= b.at;
        let sum = trail[0] + trail[1];
        let whole = &mut s;
        whole.at += 1.0;
        x * s.at * s.trail[0] * sum
    }
    let by_tape = f::value_and_grad(0.7, &body());
    agree(|x| f(x, &body()), 0.7, by_tape, by_tape);
}

/// The caller's own value is changed as the function changes it.
#[test]
fn behind_a_reference() {
    #[differentiate(wrt(x), tape)]
    fn f(x: f64, c: &mut Config) -> f64 {
        c.rate *= 0.5;
        c.steps[0] = 4.0;
        c.first.trail.push(c.rate);
        x * c.rate * c.steps[0] * c.first.trail[2]
    }
    let (mut plain, mut by_macro, mut by_tape) = (config(), config(), config());
    let value = f(0.7, &mut plain);
    assert_eq!(f::value_and_grad(0.7, &mut by_macro).0, value);
    assert_eq!(f::tape_value_and_grad(0.7, &mut by_tape).0, value);
    assert_eq!((&by_macro, &by_tape), (&plain, &plain));
    agree(
        |x| f(x, &mut config()),
        0.7,
        f::value_and_grad(0.7, &mut config()),
        f::tape_value_and_grad(0.7, &mut config()),
    );
}

/// On the tape, which knows no types beforehand, the derivative that would be lost is seen late.
#[test]
#[should_panic(expected = "`s.rate = x` depends on a differentiated value")]
fn a_derivative_put_into_one() {
    #[differentiate(wrt(x), via = tape)]
    fn f(x: f64, c: &Config) -> f64 {
        let mut s = c.clone();
        s.rate = x;
        x * s.rate
    }
    let _ = f::value_and_grad(0.7, &config());
}
