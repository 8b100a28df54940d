//! Type aliases under `#[differentiate]`: in fields, in signatures, in bodies and in each other.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};

#[differentiate]
type Point = [f64; 3];
#[differentiate]
type Pair<T> = (T, T);
/// One alias in another, with a length of its own.
#[differentiate]
type Track<const N: usize> = [Point; N];
#[differentiate]
type List = Vec<Point>;

/// A module whose aliases are used from outside.
mod units {
    use chainrule::differentiate;

    #[differentiate]
    pub(crate) type Seconds = f64;
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Body {
    at: Point,
    speed: Point,
    range: Pair<f64>,
    track: Track<2>,
    list: List,
    age: units::Seconds,
}

fn body() -> Body {
    Body {
        at: [0.3, -0.2, 0.9],
        speed: [1.0, 0.5, -0.4],
        range: (0.1, 0.7),
        track: [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
        list: vec![[0.7, 0.8, 0.9]],
        age: 1.3,
    }
}

/// Compares a derivative with a central difference.
#[track_caller]
fn agree(f: impl Fn(f64) -> f64, x: f64, derivative: f64) {
    let h = 1e-5;
    let difference = (f(x + h) - f(x - h)) / (2.0 * h);
    let error = (derivative - difference).abs();
    assert!(error <= 1e-8 * (1.0 + difference.abs()), "{derivative} and {difference} at {x}");
}

#[differentiate]
fn norm(v: &Point) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[differentiate]
fn moved(body: &Body, t: units::Seconds) -> Point {
    let mut at: Point = body.at;
    for (at, speed) in at.iter_mut().zip(&body.speed) {
        *at += t * speed * body.age;
    }
    at
}

#[differentiate]
fn energy(body: &Body, t: units::Seconds) -> f64 {
    let far = norm(&moved(body, t));
    let (low, high) = body.range;
    let mut s = low * far + high * far * far;
    for point in &body.track {
        s += point[0] * point[2] * t;
    }
    s + body.list[0][1] * norm(&body.list[0])
}

#[test]
fn aliases_in_the_fields_of_a_struct() {
    let body = body();
    let (value, (by_body, by_t)) = energy::value_and_grad(&body, 0.4);
    assert_eq!(value, energy(&body, 0.4));
    agree(|t| energy(&body, t), 0.4, by_t);
    let by = |part: fn(&mut Body) -> &mut f64, derivative: f64| {
        let at = |x: f64| {
            let mut changed = body.clone();
            *part(&mut changed) = x;
            energy(&changed, 0.4)
        };
        agree(at, *part(&mut body.clone()), derivative);
    };
    by(|body| &mut body.at[1], by_body.at[1]);
    by(|body| &mut body.speed[2], by_body.speed[2]);
    by(|body| &mut body.range.1, by_body.range.1);
    by(|body| &mut body.track[1][0], by_body.track[1][0]);
    by(|body| &mut body.list[0][1], by_body.list[0][1]);
    by(|body| &mut body.age, by_body.age);
}

#[differentiate]
impl Body {
    #[differentiate(wrt(self, direction))]
    fn along(&self, direction: &Point) -> f64 {
        let scaled: Point = [direction[0] * self.age, direction[1], direction[2]];
        self.at.iter().zip(&scaled).map(|(a, b)| a * b).sum()
    }
}

#[test]
fn aliases_in_methods() {
    let (body, direction) = (body(), [0.2, 0.5, 0.7]);
    let (by_body, by_direction) = body.along_grad(&direction);
    assert_eq!(by_direction, [0.3 * 1.3, -0.2, 0.9]);
    assert_eq!(by_body.at, [0.2 * 1.3, 0.5, 0.7]);
    assert_eq!(by_body.age, 0.3 * 0.2);
}

#[test]
fn aliases_in_a_function_body() {
    #[differentiate]
    type Local = [f64; 2];

    #[differentiate]
    fn product(v: Local) -> f64 {
        v[0] * v[1]
    }

    assert_eq!(product::grad([2.0, 3.0]), [3.0, 2.0]);
}
