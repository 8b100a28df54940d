//! Random expressions of arrays of `ndarray`, of known extents.

use super::expressions::bracketed;
use super::program::{Kind, Writer};
use super::signature::Extent::{self, K, M, N, Two};
use super::signature::{Gives, Param, Passed, Takes};
use rand::RngExt;

/// A variable that is an array.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) extents: Vec<Extent>,
    /// Whether it is a reference already.
    pub(super) borrowed: bool,
    pub(super) mutable: bool,
}

/// How an extent is written.
pub(super) fn extent(of: Extent) -> &'static str {
    match of {
        N => "x.nrows()",
        M => "x.ncols()",
        K => "t.len_of(Axis(2))",
        Two => "2",
    }
}

/// How a shape is written.
pub(super) fn shape(extents: &[Extent]) -> String {
    match extents {
        [one] => extent(*one).to_owned(),
        _ => {
            let all: Vec<&str> = extents.iter().map(|e| extent(*e)).collect();
            format!("({})", all.join(", "))
        }
    }
}

impl Writer {
    /// The body of a program of arrays; its parameters.
    pub(super) fn array_code(&mut self) -> Vec<Param> {
        self.taped = self.kind == Kind::StraightArrays;
        let straight = self.kind == Kind::StraightArrays;
        let mut params = vec![Param::new("a", Takes::Float)];
        self.scopes[0].floats.push(("a".into(), false));
        let arrays = [("x", vec![N, M], 100), ("v", vec![N], 60), ("w", vec![M], 60)];
        let more = [("y", vec![N, M], 30), ("z", vec![M, N], 30), ("t", vec![N, M, K], 30)];
        let last = [("q", vec![M, Two], 20)];
        for (name, extents, percent) in arrays.into_iter().chain(more).chain(last) {
            if !self.chance(percent) {
                continue;
            }
            let passed = match self.rng.random_range(0..10) {
                0..=5 => Passed::ByReference,
                6 | 7 => Passed::AsView,
                _ => Passed::ByValue,
            };
            if name == "t" {
                self.note("array of rank 3");
            }
            self.scopes[0].arrays.push(Variable {
                name: name.into(),
                extents: extents.clone(),
                borrowed: passed == Passed::ByReference,
                mutable: false,
            });
            params.push(Param::new(name, Takes::Array(extents, passed)));
        }
        if self.chance(20) {
            self.note("wrt of some");
            let at = self.rng.random_range(0..params.len());
            params[at].fixed = true;
        }
        if !straight {
            params.push(Param::new("n", Takes::Count));
            self.scopes[0].ints.push("n".into());
        }
        let count = self.rng.random_range(1..3 + usize::from(!straight) * 4);
        self.budget = if straight { 4 } else { 10 };
        self.choose_array_results();
        for _ in 0..count {
            self.array_statement();
        }
        let result = self.array_result();
        self.line(&result);
        params
    }

    fn choose_array_results(&mut self) {
        let extents = self.extents_of_rank(1, 2);
        self.result = match self.rng.random_range(0..10) {
            0..=5 => vec![Gives::Float],
            6..=8 => vec![Gives::Array(extents)],
            _ if self.kind == Kind::StraightArrays => vec![Gives::Array(extents)],
            _ => vec![Gives::Float, Gives::Array(extents)],
        };
        match self.result.as_slice() {
            [Gives::Float] => {}
            [_] => {
                self.taped = false;
                self.note("array as result");
            }
            _ => {
                self.taped = false;
                self.note("array in a tuple as result");
            }
        }
    }

    fn array_result(&mut self) -> String {
        let parts = self.result.clone();
        let values: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Gives::Array(extents) => self.array_of(extents, 2),
                _ => {
                    let (one, other) = (self.of_arrays(2), self.number(1));
                    format!("{one} + {other}")
                }
            })
            .collect();
        match values.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", values.join(", ")),
        }
    }

    /// Extents that variables have.
    pub(super) fn extents_of_rank(&mut self, least: usize, most: usize) -> Vec<Extent> {
        let all = self.all(|scope| scope.arrays.clone());
        let mut fitting: Vec<Vec<Extent>> = all.into_iter().map(|v| v.extents).collect();
        fitting.retain(|extents| (least..=most).contains(&extents.len()));
        self.pick(&fitting).unwrap_or_else(|| if most == 1 { vec![M] } else { vec![N, M] })
    }

    fn any_extent(&mut self) -> Extent {
        let has_t = self.all(|scope| scope.arrays.clone()).iter().any(|v| v.name == "t");
        let all: &[Extent] = if has_t { &[N, M, K, Two] } else { &[N, M, M, Two] };
        self.pick(all).unwrap_or(M)
    }

    /// The variable that a name means is the innermost one.
    pub(super) fn array_variables(&self, extents: &[Extent], mutable: bool) -> Vec<Variable> {
        let all = self.all(|scope| scope.arrays.clone());
        all.into_iter().filter(|v| v.extents == extents && (v.mutable || !mutable)).collect()
    }

    /// A reference to an array of these extents.
    pub(super) fn array_operand(&mut self, extents: &[Extent], depth: usize) -> String {
        let variables = self.array_variables(extents, false);
        match self.pick(&variables) {
            Some(v) if depth == 0 || self.chance(40) => match v.borrowed {
                true => v.name,
                false => format!("&{}", v.name),
            },
            _ => format!("&{}", bracketed(&self.array_of(extents, depth))),
        }
    }

    /// An array of these extents that a method can be called on.
    pub(super) fn array_receiver(&mut self, extents: &[Extent], depth: usize) -> String {
        let variables = self.array_variables(extents, false);
        match self.pick(&variables) {
            Some(v) if depth == 0 || self.chance(50) => v.name,
            _ => bracketed(&self.array_of(extents, depth)),
        }
    }

    /// An owned array of these extents.
    pub(super) fn array_of(&mut self, extents: &[Extent], depth: usize) -> String {
        if depth == 0 {
            let variables = self.array_variables(extents, false);
            return match self.pick(&variables) {
                Some(v) => format!("{}.to_owned()", v.name),
                None => {
                    let value = self.number(0);
                    format!("Array{}::from_elem({}, {value})", extents.len(), shape(extents))
                }
            };
        }
        let d = depth - 1;
        match self.rng.random_range(0..26) {
            0..=4 => {
                let op = self.pick(&["+", "-", "*", "*"]).unwrap_or("+");
                format!(
                    "({} {op} {})",
                    self.array_operand(extents, d),
                    self.array_operand(extents, d)
                )
            }
            5 => {
                self.note("quotient of arrays");
                let below = self.array_receiver(extents, d);
                format!("({} / {below}.mapv(|e| e * e + 1.5))", self.array_operand(extents, d))
            }
            6 | 7 => {
                let op = self.pick(&["+", "-", "*"]).unwrap_or("*");
                format!("({} {op} {})", self.array_operand(extents, d), bracketed(&self.number(1)))
            }
            8 => format!("({} * {})", bracketed(&self.number(1)), self.array_operand(extents, d)),
            9 | 10 => self.mapped(extents, d),
            11 => {
                let method = self.pick(&["sin", "cos", "tanh"]).unwrap_or("sin");
                format!("{}.{method}()", self.array_receiver(extents, d))
            }
            12 => {
                self.note("model code");
                let axis = self.rng.random_range(0..extents.len());
                let call = match self.rng.random_range(0..5) {
                    0 => format!("softmax(Axis({axis}))"),
                    1 => format!("log_softmax(Axis({axis}))"),
                    2 => "sigmoid()".into(),
                    3 => "relu()".into(),
                    _ => "softplus()".into(),
                };
                format!("{}.{call}", self.array_receiver(extents, d))
            }
            13 | 14 => self.reduced(extents, d),
            15 => {
                self.note("elements by a function");
                self.by_function(extents)
            }
            16 | 17 => self.broadcast(extents, d),
            18..=20 => self.product(extents, d),
            21 | 22 => self.viewed(extents, d),
            23 => self.part(extents, d),
            24 if extents.first() == Some(&Two) => self.two(extents, d),
            _ => self.array_of(extents, d),
        }
    }

    fn mapped(&mut self, extents: &[Extent], d: usize) -> String {
        self.note("mapv");
        let of = self.array_receiver(extents, d);
        let s = self.number(0);
        match self.rng.random_range(0..5) {
            0 => format!("{of}.mapv(f64::sin)"),
            1 => format!("{of}.mapv(|e| if e > 0.2 {{ e * {s} }} else {{ e.cos() }})"),
            2 => format!("{of}.mapv(|e| (e * {s}).tanh())"),
            3 => format!("{of}.mapv(|e| e.max({s}) * 0.5)"),
            _ => format!("{of}.map(|e| e * e * 0.4)"),
        }
    }

    /// An array of one more axis, reduced along it.
    fn reduced(&mut self, extents: &[Extent], d: usize) -> String {
        if extents.len() > 2 {
            return self.array_of(extents, d);
        }
        self.note("sum along an axis");
        let axis = self.rng.random_range(0..=extents.len());
        let mut of = extents.to_vec();
        let new = self.any_extent();
        of.insert(axis, new);
        let of = self.array_receiver(&of, d);
        match self.rng.random_range(0..6) {
            0 | 1 => format!("{of}.sum_axis(Axis({axis}))"),
            2 => format!("{of}.mean_axis(Axis({axis})).unwrap()"),
            3 => format!("{of}.var_axis(Axis({axis}), 0.0)"),
            4 if self.kind == Kind::Arrays => {
                format!("{of}.map_axis(Axis({axis}), |lane| lane.sum().sin())")
            }
            5 if self.kind == Kind::Arrays => {
                format!("{of}.fold_axis(Axis({axis}), 0.3, |s, e| 0.5 * s + e.sin())")
            }
            _ => format!("{of}.mapv(|e| e * e).sum_axis(Axis({axis}))"),
        }
    }

    fn by_function(&mut self, extents: &[Extent]) -> String {
        // The tape does not see into what is called for each index.
        self.taped = false;
        let names: Vec<String> = extents.iter().map(|_| self.fresh("i")).collect();
        let pattern = match names.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", names.join(", ")),
        };
        let variables = self.array_variables(extents, false);
        let index = match names.as_slice() {
            [one] => one.clone(),
            _ => format!("[{}]", names.join(", ")),
        };
        let element = match self.pick(&variables) {
            Some(v) => format!("{}[{index}]", v.name),
            None => "0.4".into(),
        };
        let (value, first) = (self.number(0), &names[0]);
        format!(
            "Array{}::from_shape_fn({}, |{pattern}| ({element} * {value} + {first} as f64 * 0.1).sin())",
            extents.len(),
            shape(extents)
        )
    }

    /// An array and one of fewer or stretched axes.
    fn broadcast(&mut self, extents: &[Extent], d: usize) -> String {
        if extents.len() < 2 {
            return self.array_of(extents, d);
        }
        self.note("broadcast");
        let op = self.pick(&["+", "-", "*"]).unwrap_or("*");
        let large = self.array_operand(extents, d);
        match self.rng.random_range(0..4) {
            0 | 1 => {
                let small = self.array_operand(&extents[1..], d);
                format!("({large} {op} {small})")
            }
            2 => {
                let axis = self.rng.random_range(0..extents.len());
                let mut rest = extents.to_vec();
                rest.remove(axis);
                let small = self.array_of(&rest, d);
                format!("({large} {op} {}.insert_axis(Axis({axis})))", bracketed(&small))
            }
            _ => {
                let small = self.array_receiver(&extents[1..], d);
                format!("{small}.broadcast({}).unwrap().to_owned()", shape(extents))
            }
        }
    }

    fn product(&mut self, extents: &[Extent], d: usize) -> String {
        let inner = self.any_extent();
        match extents {
            [n] => {
                self.note("product of matrix and vector");
                match self.chance(60) {
                    true => {
                        let of = self.array_receiver(&[*n, inner], d);
                        format!("{of}.dot({})", self.array_operand(&[inner], d))
                    }
                    false => {
                        let of = self.array_receiver(&[inner], d);
                        format!("{of}.dot({})", self.array_operand(&[inner, *n], d))
                    }
                }
            }
            [n, m] => {
                self.note("product of matrices");
                match self.rng.random_range(0..4) {
                    0 => {
                        let column = self.array_of(&[*n], d);
                        let row = self.array_operand(&[*m], d);
                        format!("({}.insert_axis(Axis(1)) * {row})", bracketed(&column))
                    }
                    1 => {
                        let of = self.array_receiver(&[inner, *n], d);
                        format!("{of}.t().dot({})", self.array_operand(&[inner, *m], d))
                    }
                    _ => {
                        let of = self.array_receiver(&[*n, inner], d);
                        format!("{of}.dot({})", self.array_operand(&[inner, *m], d))
                    }
                }
            }
            _ => self.array_of(extents, d),
        }
    }

    /// The same elements in another order.
    fn viewed(&mut self, extents: &[Extent], d: usize) -> String {
        self.note("view");
        match extents {
            [_] => {
                let of = self.array_receiver(extents, d);
                format!("{of}.slice(s![..;-1]).to_owned()")
            }
            [n, m] => match self.rng.random_range(0..4) {
                0 => {
                    let of = self.array_receiver(&[*m, *n], d);
                    format!("{of}.t().to_owned()")
                }
                1 => {
                    let of = self.array_of(&[*m, *n], d);
                    format!("{}.reversed_axes()", bracketed(&of))
                }
                2 => {
                    let of = self.array_receiver(extents, d);
                    format!("{of}.slice(s![..;-1, ..]).to_owned()")
                }
                _ => {
                    let of = self.array_receiver(extents, d);
                    let other = self.array_operand(extents, d);
                    format!("(&{of}.slice(s![.., ..;-1]) * {other})")
                }
            },
            [n, m, k] => {
                let of = self.array_of(&[*k, *n, *m], d);
                format!("{}.permuted_axes([1, 2, 0])", bracketed(&of))
            }
            _ => self.array_of(extents, d),
        }
    }

    /// A part of an array of one more axis.
    fn part(&mut self, extents: &[Extent], d: usize) -> String {
        self.note("part of an array");
        let new = self.any_extent();
        let index = self.index_in(new);
        match extents.len() {
            1 if self.chance(50) => {
                let of = self.array_receiver(&[extents[0], new], d);
                format!("{of}.column({index}).to_owned()")
            }
            1 => {
                let of = self.array_receiver(&[new, extents[0]], d);
                format!("{of}.row({index}).to_owned()")
            }
            2 => {
                let of = self.array_receiver(&[new, extents[0], extents[1]], d);
                format!("{of}.index_axis(Axis(0), {index}).to_owned()")
            }
            _ => self.array_of(extents, d),
        }
    }

    /// Two of something along the first axis.
    fn two(&mut self, extents: &[Extent], d: usize) -> String {
        match extents.len() {
            1 => {
                let (a, b) = (self.number(1), self.number(1));
                self.note("array of elements");
                format!("array![{a}, {b}]")
            }
            _ if self.kind == Kind::Arrays && self.chance(50) => {
                self.note("select");
                let mut of = extents.to_vec();
                of[0] = N;
                let of = self.array_receiver(&of, d);
                format!("{of}.select(Axis(0), &[0, 0])")
            }
            _ if self.kind == Kind::Arrays => {
                self.note("stack");
                // `stack!` takes a view of what it is given, which for a reference is none.
                let mut part = || match self.array_receiver(&extents[1..], d) {
                    of if of.starts_with('(') => of,
                    name => format!("{name}.view()"),
                };
                let (one, other) = (part(), part());
                format!("stack![Axis(0), {one}, {other}]")
            }
            _ => self.array_of(extents, d),
        }
    }

    /// An index in bounds.
    pub(super) fn index_in(&mut self, of: Extent) -> String {
        if self.kind == Kind::StraightArrays {
            return "0".into();
        }
        match self.rng.random_range(0..4) {
            0 => "0".into(),
            1 => format!("{} - 1", extent(of)),
            _ => format!("{} % {}", self.int(), extent(of)),
        }
    }

    /// A number from whole arrays.
    pub(super) fn of_arrays(&mut self, depth: usize) -> String {
        let d = depth.saturating_sub(1);
        let extents = self.extents_of_rank(1, 3);
        let receiver = self.array_receiver(&extents, d);
        match self.rng.random_range(0..9) {
            0..=2 => format!("{receiver}.sum()"),
            3 => format!("{receiver}.mean().unwrap()"),
            4 | 5 => {
                self.note("product of vectors");
                let extents = self.extents_of_rank(1, 1);
                let of = self.array_receiver(&extents, d);
                format!("{of}.dot({})", self.array_operand(&extents, d))
            }
            6 => format!("({receiver}.mapv(|e| e * e).sum() + 1.0).sqrt()"),
            7 if self.kind == Kind::Arrays => {
                self.note("iterator of an array");
                match self.rng.random_range(0..3) {
                    0 => format!("{receiver}.iter().map(|e| e.sin()).sum::<f64>()"),
                    // ndarray's own order is that of memory.
                    1 => format!("{receiver}.fold(0.2, |s, e| s + e.cos())"),
                    _ => format!("{receiver}.iter().fold(0.1, |s: f64, &e| s.max(e))"),
                }
            }
            _ => {
                let operand = self.array_operand(&extents, d);
                format!("({operand} * {}).sum()", self.array_operand(&extents, d))
            }
        }
    }

    /// An element of an array.
    pub(super) fn array_element(&mut self) -> String {
        let all = self.all(|scope| scope.arrays.clone());
        let Some(v) = self.pick(&all) else { return "a".into() };
        let indices: Vec<String> = v.extents.iter().map(|e| self.index_in(*e)).collect();
        self.note("element of an array");
        match indices.as_slice() {
            [one] => format!("{}[{one}]", v.name),
            _ => format!("{}[[{}]]", v.name, indices.join(", ")),
        }
    }

    /// A number in code of arrays.
    pub(super) fn number(&mut self, depth: usize) -> String {
        match self.rng.random_range(0..8) {
            0 => self.literal(),
            1 | 2 => self.array_element(),
            3 if depth > 0 => format!("{}.sin()", bracketed(&self.of_arrays(depth))),
            4 if depth > 0 => {
                format!("({} * {})", self.number(depth - 1), self.number(depth - 1))
            }
            5 if depth > 0 => format!("{}.tanh()", bracketed(&self.number(depth - 1))),
            _ => {
                let floats = self.floats(false);
                self.pick(&floats).unwrap_or_else(|| "a".into())
            }
        }
    }

    /// An array whose elements are of moderate size.
    pub(super) fn bounded_array(&mut self, extents: &[Extent]) -> String {
        let of = self.array_receiver(extents, 2);
        match self.rng.random_range(0..3) {
            0 => format!("{of}.mapv(f64::tanh)"),
            1 => format!("{of}.sin()"),
            _ => format!("{of}.mapv(|e| e.cos() * 0.5)"),
        }
    }
}
