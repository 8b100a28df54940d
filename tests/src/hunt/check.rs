//! One program at one point: what every engine gives against what dual numbers give.

use crate::Scalars;
use crate::dual::{Floats, Lift, Second};
use crate::forward::{direction, rows};
use chainrule::ndarray::{Array, IntoDimension};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What first derivatives may be off by, relative to the largest of them.
const FIRST: f64 = 1e-11;
/// The same of second derivatives.
const SECOND: f64 = 1e-9;
/// What values may be off by where sums may be added up in another order.
const REASSOCIATED: f64 = 1e-12;

/// A program at a point, and what is wrong with it.
pub struct Check<P> {
    name: String,
    point: usize,
    at: P,
    value: Vec<f64>,
    /// Whether the value is the function's bit for bit.
    exact: bool,
    /// The Jacobian by dual numbers, by rows.
    jacobian: Vec<Vec<f64>>,
    /// The Hessian by dual numbers, of a function with one result.
    hessian: Vec<Vec<f64>>,
    complaints: Vec<String>,
}

/// An array of these elements in row-major order, laid out in one of four ways.
pub fn laid_out<S: IntoDimension>(
    shape: S,
    elements: Vec<f64>,
    layout: usize,
) -> Array<f64, S::Dim> {
    use crate::arrays::Layouts;
    let array = Array::from_shape_vec(shape.into_dimension(), elements);
    let array = array.expect("the generator counts elements");
    if layout == 0 { array } else { array.layout(layout - 1) }
}

impl<P: Scalars + Clone> Check<P> {
    /// The function itself, and in dual numbers.
    pub fn new<R, L, G>(
        name: &str,
        point: usize,
        at: P,
        exact: bool,
        plain: impl Fn(P) -> R,
        dual: impl Fn(P::Lifted) -> L,
    ) -> Check<P>
    where
        P: Lift<f64, Second, Lifted = G>,
        R: Scalars + Clone,
        L: Floats<Second>,
    {
        let mut check = Check {
            name: name.to_owned(),
            point,
            at,
            value: vec![],
            exact,
            jacobian: vec![],
            hessian: vec![],
            complaints: vec![],
        };
        let run = |one: &[f64], other: &[f64]| {
            let (mut one, mut other) = (one.iter(), other.iter());
            let mut variable = |x| {
                let along = |of: &mut std::slice::Iter<'_, f64>| of.next().copied().unwrap_or(0.0);
                Second::along(x, along(&mut one), along(&mut other))
            };
            let fixed = |x| Second::along(x, 0.0, 0.0);
            let mut list = Vec::new();
            dual(check.at.lift(&mut variable, &fixed)).list(&mut list);
            list
        };
        let witnessed = catch_unwind(AssertUnwindSafe(|| {
            let value = plain(check.at.clone()).flat();
            let n = check.at.flat().len();
            let unit = |k: usize| (0..n).map(|j| f64::from(u8::from(j == k))).collect::<Vec<f64>>();
            let mut jacobian = vec![vec![0.0; n]; value.len()];
            let mut hessian = Vec::new();
            let mut bits = Vec::new();
            for k in 0..n {
                let column = run(&unit(k), &unit(k));
                bits = column.iter().map(|y| y.at.at).collect();
                for (row, y) in jacobian.iter_mut().zip(&column) {
                    row[k] = y.at.by;
                }
                if value.len() == 1 {
                    let entry = |j| {
                        let both = run(&unit(k), &unit(j));
                        both.first().map_or(f64::NAN, |y| y.by.by)
                    };
                    hessian.push((0..n).map(entry).collect());
                }
            }
            (value, jacobian, hessian, bits)
        }));
        match witnessed {
            Ok((value, jacobian, hessian, bits)) => {
                if !close(&bits, &value, REASSOCIATED) {
                    check.complain(format!("dual numbers have the value {bits:?}, not {value:?}"));
                }
                (check.value, check.jacobian, check.hessian) = (value, jacobian, hessian);
            }
            Err(_) => check.complain("the program itself panicked".into()),
        }
        check
    }

    fn complain(&mut self, what: String) {
        self.complaints.push(what);
    }

    /// What is wrong.
    #[must_use]
    pub fn complaints(self) -> Vec<String> {
        let Check { name, point, complaints, .. } = self;
        complaints.into_iter().map(|what| format!("{name} at point {point}: {what}")).collect()
    }

    /// Runs an engine, unless the program itself failed.
    fn engine<T>(&mut self, what: &str, run: impl Fn(&P) -> T) -> Option<T> {
        if self.value.is_empty() {
            return None;
        }
        let result = catch_unwind(AssertUnwindSafe(|| run(&self.at)));
        if result.is_err() {
            self.complain(format!("`{what}` panicked"));
        }
        result.ok()
    }

    fn compare(&mut self, what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
        if !close(got, expected, tolerance) {
            self.complain(format!("`{what}` {got:?}\n    dual numbers {expected:?}"));
        }
    }

    fn same_value(&mut self, what: &str, got: &[f64]) {
        let tolerance = if self.exact { 0.0 } else { REASSOCIATED };
        if !close(got, &self.value, tolerance) {
            let complaint = format!("the value by `{what}` is {got:?}, not {:?}", self.value);
            self.complain(complaint);
        }
    }

    /// `Jᵀ ct`
    fn transposed(&self, ct: &[f64]) -> Vec<f64> {
        let n = self.at.flat().len();
        let column = |k: usize| self.jacobian.iter().zip(ct).map(|(row, ct)| row[k] * ct).sum();
        (0..n).map(column).collect()
    }

    /// A matrix by a direction.
    fn times(matrix: &[Vec<f64>], along: &[f64]) -> Vec<f64> {
        matrix.iter().map(|row| row.iter().zip(along).map(|(m, v)| m * v).sum()).collect()
    }

    /// `value_and_grad`, `tape_value_and_grad`; the value of the tape may be off by roundings.
    pub fn gradient<R, G>(&mut self, what: &str, run: impl Fn(P) -> (R, G)) -> &mut Self
    where
        R: Scalars + Clone,
        G: Scalars + Clone,
    {
        let Some((value, gradient)) = self.engine(what, |at| run(at.clone())) else { return self };
        let Some((again, twice)) = self.engine(what, |at| run(at.clone())) else { return self };
        self.same_value(what, &value.flat());
        self.compare(what, &gradient.flat(), &self.transposed(&[1.0]), FIRST);
        let same = close(&value.flat(), &again.flat(), 0.0);
        if !same || !close(&gradient.flat(), &twice.flat(), 0.0) {
            self.complain(format!("`{what}` gives other bits when it is called again"));
        }
        self
    }

    /// `vjp`: by two cotangents, of which one is a multiple of the other.
    pub fn vjp<R, G>(&mut self, like: impl Fn(P) -> R, run: impl Fn(P, R) -> (R, G)) -> &mut Self
    where
        R: Scalars + Clone,
        G: Scalars + Clone,
    {
        for factor in [1.0, -2.5] {
            let Some(mut ct) = self.engine("vjp", |at| crate::case::cotangent(&like(at.clone())))
            else {
                return self;
            };
            ct.visit(&mut |x| *x *= factor);
            let done = self.engine("vjp", |at| run(at.clone(), ct.clone()));
            let Some((value, gradient)) = done else { return self };
            self.same_value("vjp", &value.flat());
            self.compare("vjp", &gradient.flat(), &self.transposed(&ct.flat()), FIRST);
        }
        self
    }

    /// `pullback`: one after the other.
    pub fn pullback<R, G>(
        &mut self,
        like: impl Fn(P) -> R,
        run: impl Fn(P, Vec<R>) -> (R, Vec<G>),
    ) -> &mut Self
    where
        R: Scalars + Clone,
        G: Scalars + Clone,
    {
        let made = self.engine("pullback", |at| {
            let ct = crate::case::cotangent(&like(at.clone()));
            let mut other = ct.clone();
            other.visit(&mut |x| *x = 0.7 - *x * 1.3);
            vec![ct.clone(), other, ct]
        });
        let Some(cts) = made else { return self };
        let done = self.engine("pullback", |at| run(at.clone(), cts.clone()));
        let Some((value, gradients)) = done else { return self };
        self.same_value("pullback", &value.flat());
        for (ct, gradient) in cts.iter().zip(&gradients) {
            self.compare("pullback", &gradient.flat(), &self.transposed(&ct.flat()), FIRST);
        }
        self
    }

    /// `jvp`.
    pub fn jvp<R, T>(&mut self, run: impl Fn(P, P) -> (R, T)) -> &mut Self
    where
        R: Scalars + Clone,
        T: Scalars + Clone,
    {
        for phase in [0.0, 0.7] {
            let along = direction(&self.at, phase);
            let done = self.engine("jvp", |at| run(at.clone(), along.clone()));
            let Some((value, tangent)) = done else { return self };
            self.same_value("jvp", &value.flat());
            let expected = Self::times(&self.jacobian, &along.flat());
            self.compare("jvp", &tangent.flat(), &expected, FIRST);
        }
        self
    }

    /// `hvp`.
    pub fn hvp<G: Scalars + Clone>(&mut self, run: impl Fn(P, P) -> (G, G)) -> &mut Self {
        let along = direction(&self.at, 0.0);
        let done = self.engine("hvp", |at| run(at.clone(), along.clone()));
        let Some((gradient, product)) = done else { return self };
        self.compare("hvp (gradient)", &gradient.flat(), &self.transposed(&[1.0]), FIRST);
        let expected = Self::times(&self.hessian, &along.flat());
        self.compare("hvp", &product.flat(), &expected, SECOND);
        self
    }

    /// `hessian`, in blocks of such widths.
    pub fn hessian<H: Scalars + Clone>(
        &mut self,
        widths: impl Fn(&P) -> Vec<usize>,
        run: impl Fn(P) -> H,
    ) -> &mut Self {
        let Some(hessian) = self.engine("hessian", |at| run(at.clone()).flat()) else {
            return self;
        };
        let widths = widths(&self.at);
        let Some(rows) = rows(&hessian, &widths, &widths) else {
            self.complain(format!("hessian {hessian:?} for {widths:?}"));
            return self;
        };
        self.compare("hessian", &rows.concat(), &self.hessian.concat(), SECOND);
        let n = rows.len();
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        if (0..n).any(|i| (0..i).any(|j| !same(rows[i][j], rows[j][i]))) {
            self.complain(format!("the hessian {rows:?} is not symmetric"));
        }
        self
    }

    /// `jacobian`, in blocks of such heights and widths.
    pub fn jacobian<J: Scalars + Clone>(
        &mut self,
        heights: impl Fn(P) -> Vec<usize>,
        widths: impl Fn(&P) -> Vec<usize>,
        run: impl Fn(P) -> J,
    ) -> &mut Self {
        let done = self.engine("jacobian", |at| (heights(at.clone()), run(at.clone()).flat()));
        let Some((heights, jacobian)) = done else { return self };
        let widths = widths(&self.at);
        let Some(rows) = rows(&jacobian, &heights, &widths) else {
            self.complain(format!("jacobian {jacobian:?} for {heights:?} and {widths:?}"));
            return self;
        };
        self.compare("jacobian", &rows.concat(), &self.jacobian.concat(), FIRST);
        self
    }

    /// Buffers, overwritten and added to.
    pub fn into_buffers(
        &mut self,
        run: impl Fn(P, &mut P) -> f64,
        add: impl Fn(P, &mut P) -> f64,
    ) -> &mut Self {
        let filled = |at: &P| {
            let mut buffers = at.clone();
            buffers.visit(&mut |x| *x = 7.0);
            buffers
        };
        let expected = self.transposed(&[1.0]);
        let done = self.engine("value_and_grad_into", |at| {
            let mut buffers = filled(at);
            (run(at.clone(), &mut buffers), buffers)
        });
        if let Some((value, buffers)) = done {
            self.same_value("value_and_grad_into", &[value]);
            self.compare("value_and_grad_into", &buffers.flat(), &expected, FIRST);
        }
        let done = self.engine("value_and_grad_add_into", |at| {
            let mut buffers = filled(at);
            (add(at.clone(), &mut buffers), buffers)
        });
        if let Some((value, buffers)) = done {
            self.same_value("value_and_grad_add_into", &[value]);
            let added: Vec<f64> = expected.iter().map(|x| x + 7.0).collect();
            self.compare("value_and_grad_add_into", &buffers.flat(), &added, FIRST);
        }
        self
    }
}

/// Whether two lists agree, up to a tolerance relative to the largest number; 0 asks for the bits.
fn close(got: &[f64], expected: &[f64], tolerance: f64) -> bool {
    let finite = expected.iter().filter(|x| x.is_finite());
    let scale = finite.fold(1.0_f64, |scale, x| scale.max(x.abs()));
    got.len() == expected.len()
        && got.iter().zip(expected).all(|(a, b)| {
            let same = if tolerance == 0.0 { a.to_bits() == b.to_bits() } else { a == b };
            same || (a.is_nan() && b.is_nan())
                || (a - b).abs() <= tolerance * scale && tolerance > 0.0
        })
}
