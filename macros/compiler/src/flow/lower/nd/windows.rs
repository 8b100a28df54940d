//! Products of many matrices, and windows over signals and images, in Rust as a user would write it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};

/// `matmul`; nothing of arrays without matrices.
pub(super) fn matmul(rank: usize, span: Span) -> Option<TokenStream> {
    let batch = rank.checked_sub(2)?;
    let indices: Vec<_> = (0..batch).map(|axis| format_ident!("i{axis}", span = span)).collect();
    let part = quote_spanned!(span=> #(.index_axis(::ndarray::Axis(0), #indices))*);
    let part_mut = quote_spanned!(span=> #(.index_axis_mut(::ndarray::Axis(0), #indices))*);
    let product = quote_spanned!(span=> y #part_mut.assign(&x #part.dot(&w #part)););
    let products = (0..batch).rev().fold(product, |body, axis| {
        let index = &indices[axis];
        quote_spanned!(span=> for #index in 0..x.len_of(::ndarray::Axis(#axis)) { #body })
    });
    let checks = (0..batch).map(|axis| {
        quote_spanned!(span=> assert!(
            x.len_of(::ndarray::Axis(#axis)) == w.len_of(::ndarray::Axis(#axis)),
            "`matmul` of different numbers of matrices"
        );)
    });
    let extents =
        (0..batch + 1).map(|axis| quote_spanned!(span=> x.len_of(::ndarray::Axis(#axis))));
    let last = rank - 1;
    Some(quote_spanned!(span=> |x, w| {
        #(#checks)*
        let mut y = ::ndarray::Array::zeros((#(#extents,)* w.len_of(::ndarray::Axis(#last))));
        #products
        y
    }))
}

/// How many windows there are, `count`, of a size over a length.
fn count(method: &str, span: Span) -> TokenStream {
    let stride = format!("`{method}` with a stride of 0");
    let size = format!("`{method}` with a window that is empty or larger than what it is over");
    quote_spanned!(span=> |length, size, stride, padding| {
        assert!(stride > 0, #stride);
        assert!(size > 0 && size <= length + 2 * padding, #size);
        (length + 2 * padding - size) / stride + 1
    })
}

/// The first and the end of the windows `i` of which the element `k` is inside, between the paddings.
fn inside(span: Span) -> TokenStream {
    quote_spanned!(span=> |k, length, windows, stride, padding| {
        let first = (if padding > k { padding - k } else { 0 } + stride - 1) / stride;
        let end = if length + padding > k { (length + padding - k - 1) / stride + 1 } else { 0 };
        (first, if end < windows { end } else { windows })
    })
}

/// `conv1d`
pub(super) fn conv1d(span: Span) -> TokenStream {
    let (count, inside) = (count("conv1d", span), inside(span));
    quote_spanned!(span=> |x, w, stride, padding| {
        let (batch, channels, length) = x.dim();
        let (out, of, size) = w.dim();
        assert!(channels == of, "`conv1d` of a signal and a kernel of different channels");
        let count = #count;
        let inside = #inside;
        let windows = count(length, size, stride, padding);
        let mut y = ::ndarray::Array::zeros((batch, out, windows));
        for b in 0..batch {
            for o in 0..out {
                for c in 0..channels {
                    for k in 0..size {
                        let weight = w[[o, c, k]];
                        let (first, end) = inside(k, length, windows, stride, padding);
                        for i in first..end {
                            y[[b, o, i]] += x[[b, c, i * stride + k - padding]] * weight;
                        }
                    }
                }
            }
        }
        y
    })
}

/// `conv2d`
pub(super) fn conv2d(span: Span) -> TokenStream {
    let (count, inside) = (count("conv2d", span), inside(span));
    quote_spanned!(span=> |x, w, stride, padding| {
        let (batch, channels, height, width) = x.dim();
        let (out, of, p, q) = w.dim();
        assert!(channels == of, "`conv2d` of an image and a kernel of different channels");
        let (down, right) = (stride[0], stride[1]);
        let (above, left) = (padding[0], padding[1]);
        let count = #count;
        let inside = #inside;
        let rows = count(height, p, down, above);
        let columns = count(width, q, right, left);
        let mut y = ::ndarray::Array::zeros((batch, out, rows, columns));
        for b in 0..batch {
            for o in 0..out {
                for c in 0..channels {
                    for k in 0..p {
                        let (top, bottom) = inside(k, height, rows, down, above);
                        for l in 0..q {
                            let weight = w[[o, c, k, l]];
                            let (first, end) = inside(l, width, columns, right, left);
                            for i in top..bottom {
                                for j in first..end {
                                    y[[b, o, i, j]] +=
                                        x[[b, c, i * down + k - above, j * right + l - left]] * weight;
                                }
                            }
                        }
                    }
                }
            }
        }
        y
    })
}

/// `max_pool2d`
pub(super) fn max_pool2d(span: Span) -> TokenStream {
    let count = count("max_pool2d", span);
    quote_spanned!(span=> |x, size, stride| {
        let (batch, channels, height, width) = x.dim();
        let (p, q) = (size[0], size[1]);
        let (down, right) = (stride[0], stride[1]);
        let count = #count;
        let rows = count(height, p, down, 0);
        let columns = count(width, q, right, 0);
        let mut y = ::ndarray::Array::zeros((batch, channels, rows, columns));
        for b in 0..batch {
            for c in 0..channels {
                for i in 0..rows {
                    for j in 0..columns {
                        let mut best = ::chainrule::stop_gradient(x[[b, c, i * down, j * right]]);
                        let mut r = i * down;
                        let mut s = j * right;
                        for k in 0..p {
                            for l in 0..q {
                                let v = ::chainrule::stop_gradient(x[[b, c, i * down + k, j * right + l]]);
                                if v > best || (v.is_nan() && !best.is_nan()) {
                                    best = v;
                                    r = i * down + k;
                                    s = j * right + l;
                                }
                            }
                        }
                        y[[b, c, i, j]] = x[[b, c, r, s]];
                    }
                }
            }
        }
        y
    })
}
