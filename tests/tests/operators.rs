//! Operators of structs, and methods of traits that structs implement.

#![forbid(unsafe_code)]
#![allow(
    clippy::assign_op_pattern,
    reason = "the forms that code is written in are what is tested"
)]

use chainrule::{Differentiable, differentiate};
use chainrule_tests::{assert_close, derivative};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A vector of space.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Vec3 {
    x: f64,
    y: f64,
    z: f64,
}

#[differentiate]
impl Vec3 {
    #[differentiate(jvp)]
    fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }

    #[differentiate(jvp)]
    fn turned(self, angle: f64) -> Vec3 {
        let (s, c) = angle.sin_cos();
        Vec3 { x: c * self.x - s * self.y, y: s * self.x + c * self.y, z: self.z }
    }

    fn norm(self) -> f64 {
        (self.x * self.x + self.y * self.y + self.z * self.z).sqrt()
    }
}

#[differentiate]
impl Add for Vec3 {
    type Output = Vec3;

    #[differentiate(jvp)]
    fn add(self, other: Vec3) -> Vec3 {
        Vec3::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

/// What the trait calls its own types is known.
#[differentiate]
impl Sub for Vec3 {
    type Output = Self;

    fn sub(self, other: Self) -> Self::Output {
        Vec3 { x: self.x - other.x, y: self.y - other.y, z: self.z - other.z }
    }
}

/// By references.
#[differentiate]
impl<'a> Sub<&'a Vec3> for &'a Vec3 {
    type Output = Vec3;

    fn sub(self, other: &'a Vec3) -> Vec3 {
        Vec3 { x: self.x - other.x, y: self.y - other.y, z: self.z - other.z }
    }
}

#[differentiate]
impl Mul<f64> for Vec3 {
    type Output = Vec3;

    fn mul(self, k: f64) -> Vec3 {
        Vec3 { x: self.x * k, y: self.y * k, z: self.z * k }
    }
}

/// The struct on the right.
#[differentiate]
impl Mul<Vec3> for f64 {
    type Output = Vec3;

    fn mul(self, v: Vec3) -> Vec3 {
        Vec3 { x: self * v.x, y: self * v.y, z: self * v.z }
    }
}

/// Another trait of the same name: the scalar product.
#[differentiate]
impl Mul<Vec3> for Vec3 {
    type Output = f64;

    fn mul(self, other: Vec3) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }
}

#[differentiate]
impl Div<f64> for Vec3 {
    type Output = Vec3;

    fn div(self, k: f64) -> Vec3 {
        Vec3 { x: self.x / k, y: self.y / k, z: self.z / k }
    }
}

#[differentiate]
impl Neg for Vec3 {
    type Output = Vec3;

    #[differentiate(jvp)]
    fn neg(self) -> Vec3 {
        Vec3 { x: -self.x, y: -self.y, z: -self.z }
    }
}

#[differentiate]
impl AddAssign for Vec3 {
    fn add_assign(&mut self, other: Vec3) {
        self.x += other.x;
        self.y += other.y;
        self.z += other.z;
    }
}

#[differentiate]
impl SubAssign<f64> for Vec3 {
    fn sub_assign(&mut self, k: f64) {
        self.x -= k;
        self.y -= k * k;
    }
}

/// A force between two.
pub trait Potential {
    /// Its unit.
    const UNIT: f64;
    /// The energy at a distance.
    fn energy(&self, distance: f64) -> f64;
    /// A method that the trait has by itself.
    fn doubled(&self, distance: f64) -> f64 {
        2.0 * self.energy(distance)
    }
}

/// The potential of Morse.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Morse {
    depth: f64,
    width: f64,
}

#[differentiate]
impl Potential for Morse {
    const UNIT: f64 = 2.0;

    fn energy(&self, distance: f64) -> f64 {
        let e = 1.0 - (-self.width * distance).exp();
        Self::UNIT * self.depth * e * e
    }
}

#[differentiate]
fn spring(a: Vec3, b: Vec3, k: f64) -> f64 {
    let d = a - b;
    let middle = (a + b) * 0.5;
    let stretch = d.norm() - 0.7;
    let product: f64 = a * b;
    0.5 * k * stretch * stretch + 9.81 * middle.z + (d * middle).sin() * product
}

#[differentiate]
fn orbit(r: Vec3, v: Vec3, mu: f64) -> f64 {
    let (mut r, mut v) = (r, v);
    for _ in 0..20 {
        let d = r.norm();
        let a = -r * (mu / (d * d * d));
        v += a * 0.01;
        r = r + 0.01 * v;
        r += v / 100.0;
        v -= mu * 0.001;
    }
    let square: f64 = v * v;
    0.5 * square - mu / r.norm()
}

/// Results of methods as operands: of which type they are, the other one tells.
#[differentiate]
fn walk(a: Vec3, b: Vec3, angle: f64) -> f64 {
    let mut at = a;
    for k in 0..4 {
        at = at + b.turned(angle * k as f64) * 0.5;
        at = a.turned(0.1 * angle) * 0.2 + at;
        at = at - -b.turned(angle);
    }
    (at - a.turned(angle)).norm()
}

/// Forward mode, which the methods have by the same option.
#[differentiate(jvp)]
fn forward(a: Vec3, b: Vec3, angle: f64) -> f64 {
    let c = -(a + b.turned(angle));
    c.x * c.y * angle
}

#[differentiate]
fn by_reference(a: &Vec3, b: &Vec3, k: f64) -> f64 {
    let d = a - b;
    let e = &d - a;
    (*a - *b).norm() * e.x + (*a * k).norm()
}

#[differentiate]
fn molecule(morse: &Morse, distances: &[f64]) -> f64 {
    distances.iter().map(|d| morse.energy(*d)).sum()
}

fn vec3(at: &[f64]) -> Vec3 {
    Vec3::new(at[0], at[1], at[2])
}

fn assert_gradient(what: &str, got: &[f64], f: impl Fn(&[f64]) -> f64, at: &[f64]) {
    let slope = |k: usize| {
        let moved = |x: f64| {
            let mut moved = at.to_vec();
            moved[k] = x;
            f(&moved)
        };
        derivative(moved, at[k])
    };
    let slopes: Vec<f64> = (0..at.len()).map(slope).collect();
    assert_close(what, &got.to_vec(), &slopes, 1e-9);
}

fn flat(a: Vec3, b: Vec3, k: f64) -> [f64; 7] {
    [a.x, a.y, a.z, b.x, b.y, b.z, k]
}

#[test]
fn operators_between_structs_and_floats() {
    let at = [0.1, 0.2, 0.3, 1.0, -0.5, 0.7, 1.3];
    let (a, b, k) = (vec3(&at), vec3(&at[3..]), at[6]);
    let (value, (by_a, by_b, by_k)) = spring::value_and_grad(a, b, k);
    assert_eq!(value, spring(a, b, k));
    let f = |at: &[f64]| spring(vec3(at), vec3(&at[3..]), at[6]);
    assert_gradient("spring", &flat(by_a, by_b, by_k), f, &at);
}

#[test]
fn operators_of_results() {
    let at = [0.1, 0.2, 0.3, 1.0, -0.5, 0.7, 1.3];
    let (a, b, angle) = (vec3(&at), vec3(&at[3..]), at[6]);
    let (value, (by_a, by_b, by_angle)) = walk::value_and_grad(a, b, angle);
    assert_eq!(value, walk(a, b, angle));
    let f = |at: &[f64]| walk(vec3(at), vec3(&at[3..]), at[6]);
    assert_gradient("walk", &flat(by_a, by_b, by_angle), f, &at);
}

#[test]
fn operators_in_forward_mode() {
    let at = [0.1, 0.2, 0.3, 1.0, -0.5, 0.7, 1.3];
    let (a, b, angle) = (vec3(&at), vec3(&at[3..]), at[6]);
    let (by_a, by_b, by_angle) = forward::grad(a, b, angle);
    let f = |at: &[f64]| forward(vec3(at), vec3(&at[3..]), at[6]);
    assert_gradient("forward", &flat(by_a, by_b, by_angle), f, &at);
    let along = [0.3, -0.7, 0.2, 1.1, 0.4, -0.6, 0.9];
    let (value, tangent) = forward::jvp(a, b, angle, vec3(&along), vec3(&along[3..]), along[6]);
    assert_eq!(value, forward(a, b, angle));
    let product = flat(by_a, by_b, by_angle).iter().zip(along).map(|(g, t)| g * t).sum::<f64>();
    assert_close("tangent", &tangent, &product, 1e-14);
}

#[test]
fn operators_that_assign() {
    let at = [1.0, -0.5, 0.7, 0.1, 0.2, 0.3, 1.3];
    let (r, v, mu) = (vec3(&at), vec3(&at[3..]), at[6]);
    let (value, (by_r, by_v, by_mu)) = orbit::value_and_grad(r, v, mu);
    assert_eq!(value, orbit(r, v, mu));
    let f = |at: &[f64]| orbit(vec3(at), vec3(&at[3..]), at[6]);
    assert_gradient("orbit", &flat(by_r, by_v, by_mu), f, &at);
}

#[test]
fn operators_of_references() {
    let at = [1.0, -0.5, 0.7, 0.1, 0.2, 0.3, 1.3];
    let (a, b, k) = (vec3(&at), vec3(&at[3..]), at[6]);
    let (value, (by_a, by_b, by_k)) = by_reference::value_and_grad(&a, &b, k);
    assert_eq!(value, by_reference(&a, &b, k));
    let f = |at: &[f64]| by_reference(&vec3(at), &vec3(&at[3..]), at[6]);
    assert_gradient("by reference", &flat(by_a, by_b, by_k), f, &at);
}

#[test]
fn methods_of_a_trait() {
    let at = [1.5, 0.7, 0.4, 1.1];
    let morse = |at: &[f64]| Morse { depth: at[0], width: at[1] };
    let (value, (by_morse, by_distances)) = molecule::value_and_grad(&morse(&at), &at[2..]);
    assert_eq!(value, molecule(&morse(&at), &at[2..]));
    let got = [by_morse.depth, by_morse.width, by_distances[0], by_distances[1]];
    assert_gradient("molecule", &got, |at| molecule(&morse(at), &at[2..]), &at);
    assert_eq!(morse(&at).doubled(1.1), 2.0 * morse(&at).energy(1.1));
}
