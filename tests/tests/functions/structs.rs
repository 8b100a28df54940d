//! Structs of parameters: literals, fields, methods, nested and generic ones.

use chainrule::{Differentiable, differentiate};
use chainrule_tests::{cases, scalars};

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Line {
    /// By how much it rises.
    pub slope: f64,
    /// Where it starts.
    pub offset: f64,
}

/// A layer with memory of two kinds.
#[derive(Clone, Debug, PartialEq, Differentiable)]
pub struct Layer {
    /// One row for each output.
    pub weights: Vec<[f64; 2]>,
    /// One for each output.
    pub biases: Vec<f64>,
    /// The scale of the result.
    pub scale: f64,
}

/// Structs in a struct.
#[derive(Clone, Debug, PartialEq, Differentiable)]
pub struct Network {
    /// The first layer.
    pub first: Layer,
    /// What comes after it.
    pub last: Line,
}

/// Two of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Pair<T> {
    /// The one.
    pub left: T,
    /// The other.
    pub right: T,
}

/// A body that moves.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Body {
    /// Where it is.
    pub at: [f64; 2],
    /// How it moves.
    pub speed: [f64; 2],
}

/// A tuple struct.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Angle(
    /// In radians.
    pub f64,
);

scalars! {
    Line { slope: f64, offset: f64 }
    Layer { weights: Vec<[f64; 2]>, biases: Vec<f64>, scale: f64 }
    Network { first: Layer, last: Line }
    <T> Pair<T> { left: T, right: T }
    Body { at: [f64; 2], speed: [f64; 2] }
    Angle { 0: f64 }
}

#[differentiate]
impl Line {
    /// The value at a place.
    #[differentiate(jvp, vjp_jvp)]
    pub fn at(&self, x: f64) -> f64 {
        self.slope * x + self.offset
    }

    /// Where the line is zero.
    #[differentiate(jvp, vjp_jvp)]
    pub fn root(&self) -> f64 {
        -self.offset / self.slope
    }

    /// A method that calls another.
    #[differentiate(jvp, vjp_jvp)]
    pub fn squared_residual(&self, x: f64, y: f64) -> f64 {
        let r = self.at(x) - y;
        r * r
    }
}

#[differentiate]
impl Body {
    /// One step of time, in place.
    #[differentiate(jvp, vjp_jvp)]
    pub fn advance(&mut self, dt: f64) {
        for k in 0..2 {
            self.at[k] += dt * self.speed[k];
            self.speed[k] -= dt * self.at[k];
        }
    }

    /// Kinetic and potential.
    #[differentiate(jvp, vjp_jvp)]
    pub fn energy(&self) -> f64 {
        let mut e = 0.0;
        for k in 0..2 {
            e += 0.5 * (self.speed[k] * self.speed[k] + self.at[k] * self.at[k]);
        }
        e
    }

    /// An associated function.
    #[differentiate(jvp, vjp_jvp)]
    pub fn at_rest(x: f64, y: f64) -> Body {
        Body { at: [x, y], speed: [0.0; 2] }
    }
}

#[differentiate(jvp, hvp)]
fn line_by_reference(line: &Line, x: f64) -> f64 {
    (line.slope * x + line.offset).sin()
}

#[differentiate(jvp, hvp)]
fn line_by_value(line: Line, xs: &[f64]) -> f64 {
    let Line { slope, offset } = line;
    xs.iter().map(|x| (slope * x + offset).powi(2)).sum()
}

#[differentiate(jvp, hvp)]
fn fit(line: &Line, xs: &[f64], ys: &[f64]) -> f64 {
    let mut s = 0.0;
    for (x, y) in xs.iter().zip(ys) {
        s += line.squared_residual(*x, *y);
    }
    s / xs.len() as f64
}

#[differentiate(jvp, hvp)]
fn methods_called(line: &Line, x: f64) -> f64 {
    line.at(line.at(x)) * line.root()
}

/// A struct made, used and taken apart within: no struct in the signature.
#[differentiate(tape, jvp, hvp, hessian)]
fn struct_within(x: f64, y: f64) -> f64 {
    let line = Line { slope: x * y, offset: y.sin() };
    let steeper = Line { slope: line.slope * 2.0, ..line };
    line.slope * steeper.offset + steeper.slope
}

#[differentiate(jvp, hvp, hessian)]
fn shorthand_and_update(x: f64, y: f64) -> f64 {
    let slope = x.exp();
    let offset = y;
    let mut line = Line { slope, offset };
    line.offset += line.slope;
    line.slope = line.offset * x;
    line.at(2.0)
}

#[differentiate(jvp, hvp)]
fn layer(layer: &Layer, x: [f64; 2]) -> f64 {
    let mut s = 0.0;
    for (row, bias) in layer.weights.iter().zip(&layer.biases) {
        s += (row[0] * x[0] + row[1] * x[1] + bias).tanh();
    }
    s * layer.scale
}

#[differentiate(jvp, hvp)]
fn network(net: &Network, x: [f64; 2]) -> f64 {
    net.last.at(layer(&net.first, x))
}

#[differentiate(jvp, hvp)]
fn nested_fields_changed(net: Network) -> f64 {
    let mut net = net;
    net.first.scale *= net.last.slope;
    net.first.weights[0][1] += net.first.scale;
    net.last.offset = net.first.weights[0][1] * net.first.biases[0];
    net.last.offset + net.last.slope
}

#[differentiate(jvp, hvp)]
fn generic_struct(p: &Pair<f64>) -> f64 {
    p.left * p.right.sin()
}

#[differentiate(jvp, hvp)]
fn struct_of_structs(p: Pair<Line>, x: f64) -> f64 {
    p.left.at(x) * p.right.at(x)
}

#[differentiate(jvp, hvp)]
fn list_of_structs(lines: &[Line], x: f64) -> f64 {
    let mut y = x;
    for line in lines {
        y = line.slope * y.sin() + line.offset;
    }
    y
}

#[differentiate(jvp, hvp, hessian)]
fn array_of_structs_changed(x: f64, n: usize) -> f64 {
    let mut bodies = [Body { at: [x, 1.0], speed: [0.0, 0.5] }; 2];
    for _ in 0..n {
        for body in bodies.iter_mut() {
            body.advance(0.1);
        }
        bodies[1].speed[0] += bodies[0].at[0];
    }
    bodies[0].energy() * bodies[1].energy()
}

#[differentiate(jvp, hvp, hessian)]
fn associated_function(x: f64, y: f64) -> f64 {
    let mut body = Body::at_rest(x, y);
    body.advance(0.5);
    body.energy()
}

#[differentiate(jvp, hvp)]
fn tuple_struct(angle: Angle, r: f64) -> f64 {
    let Angle(phi) = angle;
    r * phi.cos() + angle.0
}

#[differentiate(jvp)]
fn struct_returned(x: f64, y: f64) -> Line {
    Line { slope: x * y, offset: x / y }
}

#[differentiate(jvp)]
fn body_after(body: Body, dt: f64, steps: usize) -> Body {
    let mut body = body;
    for _ in 0..steps {
        body.advance(dt);
    }
    body
}

#[differentiate(jvp)]
fn tilt(line: &mut Line, k: f64) {
    line.slope += k;
    line.offset *= line.slope;
}

const LINE: Line = Line { slope: 0.7, offset: -0.2 };
const BODY: Body = Body { at: [0.7, 1.3], speed: [-0.2, 0.4] };

fn net() -> Network {
    let weights = vec![[0.7, 1.3], [-0.2, 0.4]];
    let first = Layer { weights, biases: vec![0.1, -0.3], scale: 1.5 };
    Network { first, last: LINE }
}

cases! {
    taped {
        struct_within(x, y): (0.7, 1.3);
    }
    of_structs {
        line_by_reference(&line, x): (LINE, 0.5);
        line_by_value(line, &xs): (LINE, vec![]), (LINE, vec![0.5, 1.5]);
        layer(&l, x): (net().first, [0.5, -0.6]);
        nested_fields_changed(net): (net());
        generic_struct(&p): (Pair { left: 0.7, right: 1.3 });
        list_of_structs(&lines, x): (vec![], 0.5), (vec![LINE, LINE], 0.5);
        tuple_struct(angle, r): (Angle(0.7), 1.3);
    }
    of_structs {
        fit(&line, &xs, &ys): (LINE, vec![0.5, 1.5], vec![1.0, 2.0]);
        methods_called(&line, x): (LINE, 0.5);
        network(&net, x): (net(), [0.5, -0.6]);
        struct_of_structs(p, x): (Pair { left: LINE, right: Line { slope: 2.0, offset: 0.1 } }, 0.5);
    }
    untaped {
        shorthand_and_update(x, y): (0.7, 1.3);
        array_of_structs_changed(x, #n): (0.7, 0), (0.7, 2);
        associated_function(x, y): (0.7, 1.3);
    }
    vjp_of_structs {
        struct_returned(x, y): (0.7, 1.3);
        body_after(body, dt, #steps): (BODY, 0.1, 0), (BODY, 0.1, 3);
    }
    in_out {
        tilt(*line: ct, k): (LINE, 0.4);
    }
}
