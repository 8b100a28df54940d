//! What programs take and return.

use std::fmt::Write;

/// One extent of an array: what it is called in the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The rows of `x`.
    N,
    /// The columns of `x`.
    M,
    /// The last extent of arrays of rank 3.
    K,
    /// Two.
    Two,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `f64`
    Float,
    /// `&[f64]`
    Slice,
    /// `usize`
    Count,
    /// `[f64; 3]`
    Three,
    /// `&[f64; 2]`
    Two,
    /// `Vec<f64>`
    Vector,
    /// `(f64, f64)`
    Pair,
    /// `&[[f64; 2]]`
    Rows,
    /// `&Body`: a struct, which all programs have in common
    Body,
    /// `&mut [f64]`: input and output
    InOut,
    /// An array of `ndarray` of these extents.
    Array(Vec<Extent>, Passed),
}

/// How an array is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// `&Array2<f64>`
    ByReference,
    /// `Array2<f64>`
    ByValue,
    /// `ArrayView2<'_, f64>`
    AsView,
    /// `&mut Array2<f64>`: input and output
    InOut,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub takes: Takes,
    /// Whether it is left out of `wrt(..)`.
    pub fixed: bool,
}

/// A part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gives {
    /// `f64`
    Float,
    /// `[f64; N]`
    Fixed(usize),
    /// `Vec<f64>`
    Vector,
    /// An array of `ndarray`.
    Array(Vec<Extent>),
}

impl Param {
    /// A parameter that is differentiated.
    #[must_use]
    pub fn new(name: &str, takes: Takes) -> Param {
        Param { name: name.to_owned(), takes, fixed: false }
    }

    /// Whether a derivative is taken by it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.fixed && self.takes != Takes::Count
    }

    /// Whether it is input and output.
    #[must_use]
    pub fn is_in_out(&self) -> bool {
        matches!(self.takes, Takes::InOut | Takes::Array(_, Passed::InOut))
    }

    /// The type as the function has it.
    #[must_use]
    pub fn ty(&self) -> String {
        match &self.takes {
            Takes::Float => "f64".into(),
            Takes::Slice => "&[f64]".into(),
            Takes::Count => "usize".into(),
            Takes::Three => "[f64; 3]".into(),
            Takes::Two => "&[f64; 2]".into(),
            Takes::Vector => "Vec<f64>".into(),
            Takes::Pair => "(f64, f64)".into(),
            Takes::Rows => "&[[f64; 2]]".into(),
            Takes::Body => "&Body".into(),
            Takes::InOut => "&mut [f64]".into(),
            Takes::Array(extents, passed) => {
                let rank = extents.len();
                match passed {
                    Passed::ByReference => format!("&Array{rank}<f64>"),
                    Passed::ByValue => format!("Array{rank}<f64>"),
                    Passed::AsView => format!("ArrayView{rank}<'_, f64>"),
                    Passed::InOut => format!("&mut Array{rank}<f64>"),
                }
            }
        }
    }

    /// The type of what owns it.
    #[must_use]
    pub fn owned_ty(&self) -> String {
        match &self.takes {
            Takes::Slice | Takes::InOut => "Vec<f64>".into(),
            Takes::Two => "[f64; 2]".into(),
            Takes::Rows => "Vec<[f64; 2]>".into(),
            Takes::Body => "Body".into(),
            Takes::Array(extents, _) => format!("Array{}<f64>", extents.len()),
            _ => self.ty(),
        }
    }

    /// The argument, of an owned value of this name.
    #[must_use]
    pub fn argument(&self) -> String {
        let name = &self.name;
        match &self.takes {
            Takes::Float | Takes::Count | Takes::Three | Takes::Vector | Takes::Pair => {
                name.clone()
            }
            Takes::Slice | Takes::Two | Takes::Rows | Takes::Body => format!("&{name}"),
            Takes::InOut => format!("&mut {name}"),
            Takes::Array(_, passed) => match passed {
                Passed::ByReference => format!("&{name}"),
                Passed::ByValue => name.clone(),
                Passed::AsView => format!("{name}.view()"),
                Passed::InOut => format!("&mut {name}"),
            },
        }
    }

    /// The owned value of a borrowed parameter.
    #[must_use]
    pub fn owned(&self) -> String {
        let name = &self.name;
        match &self.takes {
            Takes::Slice | Takes::Rows | Takes::InOut => format!("{name}.to_vec()"),
            Takes::Two => format!("*{name}"),
            Takes::Body => format!("{name}.clone()"),
            Takes::Array(_, Passed::ByValue) => name.clone(),
            Takes::Array(..) => format!("{name}.to_owned()"),
            _ => name.clone(),
        }
    }

    /// The pattern that takes an owned value out of a point.
    #[must_use]
    pub fn pattern(&self) -> String {
        let mutable = if self.is_in_out() { "mut " } else { "" };
        match self.fixed {
            true => format!("Fixed({mutable}{})", self.name),
            false => format!("{mutable}{}", self.name),
        }
    }

    /// The owned value at a point; `seed` tells the parameters apart.
    #[must_use]
    pub fn value(&self, point: &Point, seed: usize) -> String {
        let mut next = seed * 7;
        let mut number = || {
            next += 1;
            point.number(next)
        };
        let mut list = |count: usize| {
            let items: Vec<String> = (0..count).map(|_| number()).collect();
            items.join(", ")
        };
        let value = match &self.takes {
            Takes::Float => list(1),
            Takes::Count => format!("{}usize", point.count),
            Takes::Slice | Takes::InOut => format!("vec![{}]", list(point.length)),
            Takes::Vector => format!("vec![{}]", list(point.length + 1)),
            Takes::Three => format!("[{}]", list(3)),
            Takes::Two => format!("[{}]", list(2)),
            Takes::Pair => format!("({})", list(2)),
            Takes::Rows => {
                let rows: Vec<String> = (0..3).map(|_| format!("[{}]", list(2))).collect();
                format!("vec![{}]", rows.join(", "))
            }
            Takes::Body => {
                let (at, speed, trail) = (list(1), list(2), list(2));
                format!("Body {{ at: {at}, speed: [{speed}], trail: vec![{trail}] }}")
            }
            Takes::Array(extents, _) => {
                let shape: Vec<usize> =
                    extents.iter().map(|extent| point.extent(*extent)).collect();
                let mut all = String::new();
                for extent in &shape {
                    let _ = write!(all, "{extent}, ");
                }
                format!(
                    "laid_out(({all}), vec![{}], {})",
                    list(shape.iter().product()),
                    (seed + point.layout) % 4
                )
            }
        };
        match self.fixed {
            true => format!("Fixed({value})"),
            false => value,
        }
    }
}

impl Gives {
    /// The type.
    #[must_use]
    pub fn ty(&self) -> String {
        match self {
            Gives::Float => "f64".into(),
            Gives::Fixed(n) => format!("[f64; {n}]"),
            Gives::Vector => "Vec<f64>".into(),
            Gives::Array(extents) => format!("Array{}<f64>", extents.len()),
        }
    }
}

/// The type of a result of such parts.
#[must_use]
pub fn result_type(parts: &[Gives]) -> String {
    let types: Vec<String> = parts.iter().map(Gives::ty).collect();
    match types.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", types.join(", ")),
    }
}

/// Where a program is run.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    numbers: Numbers,
    length: usize,
    count: usize,
    extents: [usize; 3],
    layout: usize,
}

#[derive(Clone, Copy, Debug)]
enum Numbers {
    Ordinary(usize),
    Zeros,
    Ties,
    Huge,
    Subnormal,
}

/// The points at which each program is run: ordinary ones, all zeros, all the same, huge and
/// subnormal ones.
pub const POINTS: &[Point] = &[
    Point { numbers: Numbers::Ordinary(0), length: 3, count: 3, extents: [3, 2, 2], layout: 0 },
    Point { numbers: Numbers::Ordinary(40), length: 2, count: 0, extents: [1, 3, 2], layout: 1 },
    Point { numbers: Numbers::Ordinary(90), length: 4, count: 5, extents: [2, 2, 1], layout: 2 },
    Point { numbers: Numbers::Zeros, length: 2, count: 1, extents: [2, 1, 2], layout: 3 },
    Point { numbers: Numbers::Ties, length: 3, count: 2, extents: [3, 3, 3], layout: 0 },
    Point { numbers: Numbers::Huge, length: 3, count: 2, extents: [2, 3, 1], layout: 1 },
    Point { numbers: Numbers::Subnormal, length: 2, count: 3, extents: [2, 2, 2], layout: 2 },
];

impl Point {
    /// The number at a place.
    fn number(&self, at: usize) -> String {
        match self.numbers {
            Numbers::Ordinary(from) => {
                let fraction = ((from + at) as f64 * 0.618_033_988_749_895).fract();
                format!("{:.3}", fraction * 2.6 - 1.2)
            }
            // Small integers times 2¹⁰⁰: their sums are exact in any order.
            Numbers::Huge => format!("{:.1}", ((at % 5) as f64 * 2.0 - 3.0) * 2.0_f64.powi(100)),
            Numbers::Subnormal => format!("{:.1}e-310", (at % 5) as f64 - 1.7),
            Numbers::Zeros => "0.0".into(),
            Numbers::Ties => "0.5".into(),
        }
    }

    /// Whether what is computed there may overflow on one way and not on another.
    #[must_use]
    pub fn is_extreme(&self) -> bool {
        matches!(self.numbers, Numbers::Huge)
    }

    fn extent(&self, extent: Extent) -> usize {
        match extent {
            Extent::N => self.extents[0],
            Extent::M => self.extents[1],
            Extent::K => self.extents[2],
            Extent::Two => 2,
        }
    }
}
