//! The evaluator: runs a program as it is written, to test passes against one another.

use super::{Dim, DimId, Elem, Index, Kind, Literal, Op, Operand, Program, ValueId};

/// An array in row-major order; a scalar has the empty shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The extent of each axis.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: Vec<f64>,
}

impl Array {
    /// A scalar.
    pub fn scalar(value: f64) -> Array {
        Array { shape: vec![], data: vec![value] }
    }

    /// A one-dimensional array.
    pub fn vector(data: &[f64]) -> Array {
        Array { shape: vec![data.len()], data: data.to_vec() }
    }

    /// A two-dimensional array with rows of the given length.
    pub fn matrix(columns: usize, data: &[f64]) -> Array {
        Array { shape: vec![data.len() / columns, columns], data: data.to_vec() }
    }
}

/// Evaluates the program; the user's constant expressions have the values of `foreign`.
///
/// Returns the outputs in the order of [`Program::outputs`].
pub fn eval(program: &Program, params: &[Array], foreign: &[f64]) -> Vec<Array> {
    let mut values: Vec<Option<Array>> = vec![None; program.values.len()];
    for (&id, array) in program.params.iter().zip(params) {
        values[id.0 as usize] = Some(array.clone());
    }
    for stmt in &program.body {
        let dst = program.value(stmt.dst);
        let shape: Vec<usize> = dst.shape.iter().map(|&d| extent(program, &values, d)).collect();
        let mut data = vec![0.0; shape.iter().product()];
        let round = |x: f64| {
            if dst.elem == Elem::F32 { f64::from(x as f32) } else { x }
        };
        match &stmt.kind {
            Kind::Map { op, args } => for_each(&shape, |index| {
                let args: Vec<f64> =
                    args.iter().map(|arg| get(program, &values, arg, index)).collect();
                data[offset(&shape, index)] = round(match op {
                    Op::Prim(row) => (row.eval)(&args),
                    Op::Const(Literal::Float(value, _)) => *value,
                    Op::Const(Literal::Int(value)) => *value as f64,
                    Op::Copy => args[0],
                    Op::Cast if dst.elem.is_float() => args[0],
                    Op::Cast => args[0].trunc(),
                    Op::Size(dim) => extent(program, &values, *dim) as f64,
                    Op::Foreign(k) => foreign[*k],
                });
            }),
            Kind::Sum { .. } | Kind::Max { .. } => {
                let is_max = matches!(stmt.kind, Kind::Max { .. });
                if is_max {
                    data.fill(f64::NEG_INFINITY);
                }
                for term in stmt.terms() {
                    let space: Vec<usize> =
                        term.space.iter().map(|&d| extent(program, &values, d)).collect();
                    for_each(&space, |index| {
                        let at = resolve(program, &values, &term.at, index);
                        let slot = &mut data[offset(&shape, &at)];
                        let element = get(program, &values, &term.arg, index);
                        *slot = if is_max { slot.max(element) } else { round(*slot + element) };
                    });
                }
            }
        }
        values[stmt.dst.0 as usize] = Some(Array { shape, data });
    }
    program.outputs().map(|id| array(&values, id).clone()).collect()
}

fn array(values: &[Option<Array>], id: ValueId) -> &Array {
    values[id.0 as usize].as_ref().expect("the verifier has seen a definition before every use")
}

fn extent(program: &Program, values: &[Option<Array>], dim: DimId) -> usize {
    match program.dims[dim.0 as usize] {
        Dim::Of { value, axis } => array(values, value).shape[axis],
        Dim::Broadcast(a, b) => match extent(program, values, a) {
            1 => extent(program, values, b),
            a => a,
        },
        Dim::Const(k) => k,
        Dim::Given(value) => array(values, value).data[0] as usize,
        Dim::Slice(of, slice) => slice.count(extent(program, values, of)),
    }
}

fn resolve(
    program: &Program,
    values: &[Option<Array>],
    at: &[Index],
    index: &[usize],
) -> Vec<usize> {
    at.iter()
        .map(|&component| match component {
            Index::Axis(axis) => index[axis as usize],
            Index::At(k) => k,
            Index::Stretch(_, dim) if extent(program, values, dim) == 1 => 0,
            Index::Stretch(axis, _) => index[axis as usize],
            Index::Affine(axis, of) => {
                let extents = of
                    .extent
                    .map_or(0, |(scale, dim)| scale * extent(program, values, dim) as isize);
                let along = if of.step == 0 { 0 } else { index[axis as usize] as isize };
                (of.constant + extents + of.step * along) as usize
            }
        })
        .collect()
}

fn get(program: &Program, values: &[Option<Array>], operand: &Operand, index: &[usize]) -> f64 {
    let array = array(values, operand.value);
    array.data[offset(&array.shape, &resolve(program, values, &operand.at, index))]
}

fn offset(shape: &[usize], index: &[usize]) -> usize {
    shape.iter().zip(index).fold(0, |offset, (n, i)| offset * n + i)
}

fn for_each(shape: &[usize], mut visit: impl FnMut(&[usize])) {
    let mut index = vec![0; shape.len()];
    if shape.contains(&0) {
        return;
    }
    loop {
        visit(&index);
        let mut axis = shape.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}
