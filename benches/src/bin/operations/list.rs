//! The list. Views are taken into arrays of their own: alone they take no time that could be
//! measured.

use crate::measure::{
    Operation, Value, classes, column, cube, difference, factors, image_kernels, images, kernels,
    matrix, measure, number, other, row, rows_to_select, signals, square, vector,
};
use chainrule::differentiate;
use chainrule::tensor::TensorExt;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, Array3, Array4, Axis, Zip, concatenate, s, stack};

macro_rules! operations {
    ($($name:ident: ($($x:ident: $ty:ty = $make:ident),*) $([$($c:ident: $of:ty = $made:ident),*])? -> $r:tt $body:block)*) => {
        /// Every operation.
        pub(crate) const OPERATIONS: &[Operation] = &[$({
            functions!($r $name [$($x: $ty),*] [$($($c: $of),*)?] $body);
            Operation {
                name: stringify!($name),
                measure: |shape, rounds| {
                    $(let mut $x = ($make(shape), $make(shape));)*
                    $($(let $c = $made(shape);)*)?
                    let weights = $name($($x.1.argument(),)* $($(&$c),*)?).weights();
                    measure(
                        rounds,
                        || $name($($x.1.argument(),)* $($(&$c),*)?),
                        || weighted::value_and_grad_into($($x.1.argument(),)* $($(&$c,)*)? weights.argument(), $(&mut $x.0),*),
                    )
                },
                difference: |shape| {
                    $(let $x = $make(shape);)*
                    $($(let $c = $made(shape);)*)?
                    let plain = $name($($x.argument(),)* $($(&$c),*)?);
                    let (value, _) = $name::vjp($($x.argument(),)* $($(&$c,)*)? plain.weights());
                    difference(&plain, &value)
                },
            }
        }),*];
    };
}

/// The operation, and the number that is differentiated: its result's product with weights.
macro_rules! functions {
    (number $name:ident [$($x:ident: $ty:ty),*] [$($c:ident: $of:ty),*] $body:block) => {
        #[differentiate(wrt($($x),*))]
        fn $name($($x: $ty,)* $($c: $of),*) -> f64 $body
        #[differentiate(wrt($($x),*))]
        fn weighted($($x: $ty,)* $($c: $of,)* weight: f64) -> f64 { $name($($x,)* $($c),*) * weight }
    };
    ($rank:ident $name:ident [$($x:ident: $ty:ty),*] [$($c:ident: $of:ty),*] $body:block) => {
        #[differentiate(wrt($($x),*))]
        fn $name($($x: $ty,)* $($c: $of),*) -> $rank<f64> $body
        #[differentiate(wrt($($x),*))]
        fn weighted($($x: $ty,)* $($c: $of,)* weights: &$rank<f64>) -> f64 {
            ($name($($x,)* $($c),*) * weights).sum()
        }
    };
}

/// What a parameter is passed: an array by reference, a float by value.
trait Argument {
    type As<'a>
    where
        Self: 'a;
    fn argument(&self) -> Self::As<'_>;
}

impl Argument for f64 {
    type As<'a> = f64;
    fn argument(&self) -> f64 {
        *self
    }
}

impl<D> Argument for ndarray::Array<f64, D> {
    type As<'a>
        = &'a Self
    where
        Self: 'a;
    fn argument(&self) -> &Self {
        self
    }
}

operations! {
    // Copies and views.
    clone: (x: &Array2<f64> = matrix) -> Array2 { x.clone() }
    view_to_owned: (x: &Array2<f64> = matrix) -> Array2 { x.view().to_owned() }
    t: (x: &Array2<f64> = matrix) -> Array2 { x.t().to_owned() }
    reversed_axes: (x: &Array2<f64> = matrix) -> Array2 { x.clone().reversed_axes() }
    permuted_axes: (x: &Array3<f64> = cube) -> Array3 { x.view().permuted_axes([2, 0, 1]).to_owned() }
    slice: (x: &Array2<f64> = matrix) -> Array2 { x.slice(s![1..-1, ..;-1]).to_owned() }
    slice_of_rows: (x: &Array2<f64> = matrix) -> Array2 { x.slice(s![1.., ..]).to_owned() }
    row_alone: (x: &Array2<f64> = matrix) -> Array1 { x.row(3).to_owned() }
    column_alone: (x: &Array2<f64> = matrix) -> Array1 { x.column(3).to_owned() }
    index_axis: (x: &Array3<f64> = cube) -> Array2 { x.index_axis(Axis(1), 2).to_owned() }
    insert_axis: (x: &Array2<f64> = matrix) -> Array3 { x.clone().insert_axis(Axis(1)) }
    broadcast: (v: &Array1<f64> = row, x: &Array2<f64> = matrix) -> Array2 { v.broadcast(x.raw_dim()).unwrap().to_owned() }
    diag: (x: &Array2<f64> = matrix) -> Array1 { x.diag().to_owned() }
    into_shape_with_order: (x: &Array2<f64> = matrix) -> Array1 { x.clone().into_shape_with_order(x.len()).unwrap() }

    // Arithmetic.
    add: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { x + y }
    sub: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { x - y }
    mul: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { x * y }
    div: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { x / y }
    neg: (x: &Array2<f64> = matrix) -> Array2 { -x }
    add_row: (x: &Array2<f64> = matrix, v: &Array1<f64> = row) -> Array2 { x + v }
    mul_column: (x: &Array2<f64> = matrix, v: &Array1<f64> = column) -> Array2 { x * &v.view().insert_axis(Axis(1)) }
    mul_number: (x: &Array2<f64> = matrix, k: f64 = number) -> Array2 { x * k }
    add_assign: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { let mut z = x.clone(); z += y; z }
    mul_assign: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { let mut z = x.clone(); z *= y; z }
    scaled_add: (x: &Array2<f64> = matrix, y: &Array2<f64> = other, k: f64 = number) -> Array2 { let mut z = x.clone(); z.scaled_add(k, y); z }
    assign: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { let mut z = x.clone(); z.assign(y); z }
    fill: (x: &Array2<f64> = matrix, k: f64 = number) -> Array2 { let mut z = x.clone(); z.fill(k); z }
    from_elem: (k: f64 = number) [x: &Array2<f64> = matrix] -> Array2 { Array2::from_elem(x.dim(), k) }
    mapv: (x: &Array2<f64> = matrix) -> Array2 { x.mapv(|e| e * e + 1.0) }
    map: (x: &Array2<f64> = matrix) -> Array2 { x.map(|&e| e * e + 1.0) }
    mapv_inplace: (x: &Array2<f64> = matrix) -> Array2 { let mut z = x.clone(); z.mapv_inplace(|e| e * e + 1.0); z }
    mapv_branches: (x: &Array2<f64> = matrix) -> Array2 { x.mapv(|e| if e > 0.5 { e * e } else { 0.1 * e }) }

    // Products.
    dot_1_1: (x: &Array1<f64> = vector, y: &Array1<f64> = vector) -> number { x.dot(y) }
    dot_1_2: (v: &Array1<f64> = column, x: &Array2<f64> = matrix) -> Array1 { v.dot(x) }
    dot_2_1: (x: &Array2<f64> = matrix, v: &Array1<f64> = row) -> Array1 { x.dot(v) }
    dot_2_2: (x: &Array2<f64> = matrix, y: &Array2<f64> = square) -> Array2 { x.dot(y) }
    dot_transposed: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { x.t().dot(y) }
    mat_mul: (x: &Array2<f64> = matrix, y: &Array2<f64> = square) -> Array2 {
        let mut z = Array2::zeros((x.nrows(), y.ncols()));
        general_mat_mul(1.0, x, y, 0.0, &mut z);
        z
    }

    // Reductions.
    sum: (x: &Array2<f64> = matrix) -> number { x.sum() }
    mean: (x: &Array2<f64> = matrix) -> number { x.mean().unwrap() }
    product: (x: &Array2<f64> = matrix) -> number { x.product() }
    var: (x: &Array2<f64> = matrix) -> number { x.var(1.0) }
    std: (x: &Array2<f64> = matrix) -> number { x.std(1.0) }
    sum_axis_0: (x: &Array2<f64> = matrix) -> Array1 { x.sum_axis(Axis(0)) }
    sum_axis_1: (x: &Array2<f64> = matrix) -> Array1 { x.sum_axis(Axis(1)) }
    mean_axis_0: (x: &Array2<f64> = matrix) -> Array1 { x.mean_axis(Axis(0)).unwrap() }
    mean_axis_1: (x: &Array2<f64> = matrix) -> Array1 { x.mean_axis(Axis(1)).unwrap() }
    var_axis_0: (x: &Array2<f64> = matrix) -> Array1 { x.var_axis(Axis(0), 1.0) }
    var_axis_1: (x: &Array2<f64> = matrix) -> Array1 { x.var_axis(Axis(1), 1.0) }
    std_axis_0: (x: &Array2<f64> = matrix) -> Array1 { x.std_axis(Axis(0), 1.0) }
    std_axis_1: (x: &Array2<f64> = matrix) -> Array1 { x.std_axis(Axis(1), 1.0) }
    fold: (x: &Array2<f64> = matrix) -> number { x.fold(0.0, |s, &e| s + e * e) }
    map_axis: (x: &Array2<f64> = matrix) -> Array1 { x.map_axis(Axis(1), |r| r.dot(&r)) }
    fold_axis: (x: &Array2<f64> = matrix) -> Array1 { x.fold_axis(Axis(1), 0.0, |&s, &e| s + e * e) }

    // Parts.
    select: (x: &Array2<f64> = matrix) [rows: &[usize] = rows_to_select] -> Array2 { x.select(Axis(0), rows) }
    concatenated: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { concatenate![Axis(0), *x, *y] }
    stacked: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array3 { stack![Axis(0), *x, *y] }
    slice_mut: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 {
        let mut z = x.clone();
        z.slice_mut(s![1.., ..]).assign(&y.slice(s![1.., ..]));
        z
    }
    row_mut: (x: &Array2<f64> = matrix, v: &Array1<f64> = row) -> Array2 { let mut z = x.clone(); z.row_mut(3).assign(v); z }
    column_mut: (x: &Array2<f64> = matrix, v: &Array1<f64> = column) -> Array2 { let mut z = x.clone(); z.column_mut(3).assign(v); z }
    index_write: (x: &Array2<f64> = matrix, k: f64 = number) -> Array2 { let mut z = x.clone(); z[[1, 2]] = k; z }
    index_read: (x: &Array2<f64> = matrix) -> number {
        let mut sum = 0.0;
        for i in 0..x.nrows() {
            for j in 0..x.ncols() {
                sum += x[[i, j]] * x[[i, j]];
            }
        }
        sum
    }
    rows: (x: &Array2<f64> = matrix, v: &Array1<f64> = row) -> number {
        let mut sum = 0.0;
        for r in x.rows() {
            sum += r.dot(v);
        }
        sum
    }
    columns: (x: &Array2<f64> = matrix, v: &Array1<f64> = column) -> number {
        let mut sum = 0.0;
        for c in x.columns() {
            sum += c.dot(v);
        }
        sum
    }
    outer_iter: (x: &Array2<f64> = matrix) -> number { x.outer_iter().map(|r| r.sum() * r[0]).sum() }
    axis_iter: (x: &Array2<f64> = matrix) -> number { x.axis_iter(Axis(1)).map(|c| c.sum() * c[0]).sum() }
    zip_for_each: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 {
        let mut z = Array2::zeros(x.raw_dim());
        Zip::from(&mut z).and(x).and(y).for_each(|z, &x, &y| *z = x * y + x);
        z
    }
    zip_map_collect: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { Zip::from(x).and(y).map_collect(|&x, &y| x * y + x) }
    zip_fold: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> number { Zip::from(x).and(y).fold(0.0, |s, &x, &y| s + x * y) }

    // Float methods.
    abs: (x: &Array2<f64> = matrix) -> Array2 { x.abs() }
    recip: (x: &Array2<f64> = matrix) -> Array2 { x.recip() }
    sqrt: (x: &Array2<f64> = matrix) -> Array2 { x.sqrt() }
    cbrt: (x: &Array2<f64> = matrix) -> Array2 { x.cbrt() }
    exp: (x: &Array2<f64> = matrix) -> Array2 { x.exp() }
    exp2: (x: &Array2<f64> = matrix) -> Array2 { x.exp2() }
    exp_m1: (x: &Array2<f64> = matrix) -> Array2 { x.exp_m1() }
    ln: (x: &Array2<f64> = matrix) -> Array2 { x.ln() }
    ln_1p: (x: &Array2<f64> = matrix) -> Array2 { x.ln_1p() }
    log2: (x: &Array2<f64> = matrix) -> Array2 { x.log2() }
    log10: (x: &Array2<f64> = matrix) -> Array2 { x.log10() }
    sin: (x: &Array2<f64> = matrix) -> Array2 { x.sin() }
    cos: (x: &Array2<f64> = matrix) -> Array2 { x.cos() }
    tan: (x: &Array2<f64> = matrix) -> Array2 { x.tan() }
    asin: (x: &Array2<f64> = matrix) -> Array2 { x.asin() }
    acos: (x: &Array2<f64> = matrix) -> Array2 { x.acos() }
    atan: (x: &Array2<f64> = matrix) -> Array2 { x.atan() }
    sinh: (x: &Array2<f64> = matrix) -> Array2 { x.sinh() }
    cosh: (x: &Array2<f64> = matrix) -> Array2 { x.cosh() }
    tanh: (x: &Array2<f64> = matrix) -> Array2 { x.tanh() }
    asinh: (x: &Array2<f64> = matrix) -> Array2 { x.mapv(f64::asinh) }
    acosh: (x: &Array2<f64> = matrix) -> Array2 { x.mapv(|e| (e + 1.0).acosh()) }
    atanh: (x: &Array2<f64> = matrix) -> Array2 { x.mapv(f64::atanh) }
    floor: (x: &Array2<f64> = matrix) -> Array2 { x.floor() }
    ceil: (x: &Array2<f64> = matrix) -> Array2 { x.ceil() }
    round: (x: &Array2<f64> = matrix) -> Array2 { x.round() }
    trunc: (x: &Array2<f64> = matrix) -> Array2 { x.trunc() }
    fract: (x: &Array2<f64> = matrix) -> Array2 { x.fract() }
    signum: (x: &Array2<f64> = matrix) -> Array2 { x.signum() }
    to_degrees: (x: &Array2<f64> = matrix) -> Array2 { x.to_degrees() }
    to_radians: (x: &Array2<f64> = matrix) -> Array2 { x.to_radians() }
    pow2: (x: &Array2<f64> = matrix) -> Array2 { x.pow2() }
    powi: (x: &Array2<f64> = matrix) -> Array2 { x.powi(3) }
    powf: (x: &Array2<f64> = matrix) -> Array2 { x.powf(1.7) }
    log: (x: &Array2<f64> = matrix) -> Array2 { x.log(3.0) }
    clamp: (x: &Array2<f64> = matrix) -> Array2 { x.clamp(0.2, 0.8) }
    hypot: (x: &Array2<f64> = matrix) -> Array2 { x.hypot(0.5) }

    // Model code.
    relu: (x: &Array2<f64> = matrix) -> Array2 { x.relu() }
    leaky_relu: (x: &Array2<f64> = matrix) -> Array2 { x.leaky_relu(0.1) }
    gelu: (x: &Array2<f64> = matrix) -> Array2 { x.gelu() }
    silu: (x: &Array2<f64> = matrix) -> Array2 { x.silu() }
    sigmoid: (x: &Array2<f64> = matrix) -> Array2 { x.sigmoid() }
    softplus: (x: &Array2<f64> = matrix) -> Array2 { x.softplus() }
    softmax: (x: &Array2<f64> = matrix) -> Array2 { x.softmax(Axis(1)) }
    log_softmax: (x: &Array2<f64> = matrix) -> Array2 { x.log_softmax(Axis(1)) }
    log_sum_exp: (x: &Array2<f64> = matrix) -> Array1 { x.log_sum_exp(Axis(1)) }
    norm_l1: (x: &Array2<f64> = matrix) -> number { x.norm_l1() }
    norm_l2: (x: &Array2<f64> = matrix) -> number { x.norm_l2() }
    cross_entropy: (x: &Array2<f64> = matrix) [t: &Array2<f64> = classes] -> number { x.cross_entropy(t) }
    max_axis: (x: &Array2<f64> = matrix) -> Array1 { x.max_axis(Axis(1)) }
    min_axis: (x: &Array2<f64> = matrix) -> Array1 { x.min_axis(Axis(0)) }
    where_select: (x: &Array2<f64> = matrix, y: &Array2<f64> = other) -> Array2 { x.where_select(&x.mapv(|e| e > 0.5), y) }
    layer_norm: (x: &Array2<f64> = matrix, a: &Array1<f64> = row, b: &Array1<f64> = row) -> Array2 { x.layer_norm(a, b, 1e-5) }
    matmul: (x: &Array3<f64> = cube, y: &Array3<f64> = factors) -> Array3 { x.matmul(y) }
    conv1d: (x: &Array3<f64> = signals, w: &Array3<f64> = kernels) -> Array3 { x.conv1d(w, 1, 1) }
    conv2d: (x: &Array4<f64> = images, w: &Array4<f64> = image_kernels) -> Array4 { x.conv2d(w, [1, 1], [1, 1]) }
    max_pool2d: (x: &Array4<f64> = images) -> Array4 { x.max_pool2d([2, 2], [2, 2]) }
}
