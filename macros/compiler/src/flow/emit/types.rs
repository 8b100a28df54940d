//! Types of memories as Rust writes them, and what is done to whole memories: zeros, copies, sums,
//! checks, type by type.
//!
//! Arrays, slices, vectors and tuples are taken apart here; structs are left to the runtime's
//! `Tangent`, which `#[derive(Differentiable)]` implements.

use super::names::local;
use crate::emit::element::{elem_type, zero};
use crate::ir::Elem;
use crate::parse::Type;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

/// The type of an owned value; slices are kept in vectors.
pub(crate) fn owned(ty: &Type) -> TokenStream {
    match ty {
        Type::Float(elem) => elem_type(elem),
        Type::Int(name) => elem_type(&Elem::Int(name.clone())),
        Type::Array(elem, rank) => {
            let array = Ident::new(&format!("Array{rank}"), Span::call_site());
            let elem = elem_type(elem);
            quote!(::chainrule::rt::#array<#elem>)
        }
        Type::Passive(of, rank) => {
            let array = Ident::new(&format!("Array{rank}"), Span::call_site());
            let of = owned(of);
            quote!(::chainrule::rt::#array<#of>)
        }
        Type::Tuple(parts) => {
            let parts = parts.iter().map(owned);
            quote!((#(#parts,)*))
        }
        Type::Fixed(of, len) => {
            let (of, len) = (owned(of), tokens(len));
            quote!([#of; #len])
        }
        Type::Slice(of) | Type::Vec(of) => {
            let of = owned(of);
            quote!(::std::vec::Vec<#of>)
        }
        Type::Struct(name) => tokens(name),
        Type::Option(of) => {
            let of = owned(of);
            quote!(::core::option::Option<#of>)
        }
        Type::Result(of, error) => {
            let (of, error) = (owned(of), tokens(error));
            quote!(::core::result::Result<#of, #error>)
        }
        Type::Unit => quote!(()),
        Type::Constant(name) => tokens(name),
    }
}

/// The type of a shared reference to what only rustc knows the type of. Structs in it may have names
/// that mean nothing here.
pub(super) fn reference(ty: &Type) -> TokenStream {
    match ty {
        Type::Slice(of) => {
            let of = unnamed(of);
            quote!(&[#of])
        }
        ty => {
            let ty = unnamed(ty);
            quote!(&#ty)
        }
    }
}

/// The type of an owned value with structs left to rustc.
pub(super) fn unnamed(ty: &Type) -> TokenStream {
    match ty {
        Type::Struct(_) => quote!(_),
        Type::Tuple(parts) => {
            let parts = parts.iter().map(unnamed);
            quote!((#(#parts,)*))
        }
        Type::Fixed(of, len) => {
            let (of, len) = (unnamed(of), tokens(len));
            quote!([#of; #len])
        }
        Type::Slice(of) | Type::Vec(of) => {
            let of = unnamed(of);
            quote!(::std::vec::Vec<#of>)
        }
        other => owned(other),
    }
}

/// Source text as tokens.
pub(super) fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_default()
}

/// A part of a struct or tuple: `place.name`.
pub(super) fn field(place: &TokenStream, name: &str) -> TokenStream {
    match name.parse::<usize>() {
        Ok(number) => {
            let number = Literal::usize_unsuffixed(number);
            quote!(#place.#number)
        }
        Err(_) => {
            let name = syn::parse_str::<Ident>(name)
                .unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()));
            quote!(#place.#name)
        }
    }
}

/// The elements of arrays, slices and vectors.
pub(super) fn element(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => Some(of),
        _ => None,
    }
}

/// Zero of a type whose shape the type tells.
pub(super) fn constant_zero(ty: &Type) -> Option<TokenStream> {
    match ty {
        Type::Float(elem) => Some(zero(elem)),
        Type::Fixed(of, len) => {
            let (of, len) = (constant_zero(of)?, tokens(len));
            Some(quote!([#of; #len]))
        }
        Type::Tuple(parts) => {
            let parts = parts.iter().map(constant_zero).collect::<Option<Vec<_>>>()?;
            Some(quote!((#(#parts,)*)))
        }
        _ => None,
    }
}

/// Something of a type, whatever its shape.
pub(super) fn anything(ty: &Type) -> Option<TokenStream> {
    match ty {
        Type::Slice(_) | Type::Vec(_) => Some(quote!(::std::vec::Vec::new())),
        Type::Tuple(parts) => {
            let parts = parts.iter().map(anything).collect::<Option<Vec<_>>>()?;
            Some(quote!((#(#parts,)*)))
        }
        Type::Fixed(of, _) => constant_zero(ty).or_else(|| {
            let of = anything(of)?;
            Some(quote!(::core::array::from_fn(|_| #of)))
        }),
        _ => constant_zero(ty),
    }
}

/// Zero in the shape of a place.
pub(super) fn zeros_like(ty: &Type, place: &TokenStream) -> TokenStream {
    if let Some(zero) = constant_zero(ty) {
        return zero;
    }
    match ty {
        Type::Slice(of) | Type::Vec(of) => match constant_zero(of) {
            Some(zero) => quote!(::std::vec![#zero; #place.len()]),
            None => {
                let part = local("part");
                let zero = zeros_like(of, &quote!((*#part)));
                let vec = owned(ty);
                quote!(#place.iter().map(|#part| #zero).collect::<#vec>())
            }
        },
        Type::Fixed(of, _) => {
            let part = local("part");
            let zero = zeros_like(of, &quote!((*#part)));
            quote!(#place.each_ref().map(|#part| #zero))
        }
        Type::Tuple(parts) => {
            let parts = parts.iter().enumerate().map(|(k, part)| {
                let part_of = field(place, &k.to_string());
                zeros_like(part, &part_of)
            });
            quote!((#(#parts,)*))
        }
        Type::Array(..) => quote!(::chainrule::rt::zeros_like(&#place)),
        _ => quote!(::chainrule::rt::Tangent::zeros_like(&#place)),
    }
}

/// A copy of a place as an owned value of a type.
pub(super) fn copy(ty: Option<&Type>, place: &TokenStream) -> TokenStream {
    match ty {
        Some(Type::Slice(of) | Type::Vec(of)) => match &**of {
            Type::Slice(_) => {
                let part = local("part");
                let part_copy = copy(Some(of), &quote!(#part));
                quote!(#place.iter().map(|#part| #part_copy).collect::<::std::vec::Vec<_>>())
            }
            _ => quote!(#place.to_vec()),
        },
        Some(Type::Float(_) | Type::Int(_)) => place.clone(),
        _ => quote!(::core::clone::Clone::clone(&#place)),
    }
}

/// `to += from`, as statements; both are places.
pub(super) fn add_all(ty: Option<&Type>, to: &TokenStream, from: &TokenStream) -> TokenStream {
    match ty {
        Some(Type::Float(_)) => quote!(#to = #to + #from;),
        Some(Type::Slice(of) | Type::Vec(of) | Type::Fixed(of, _)) => match &**of {
            Type::Float(_) => quote!(::chainrule::rt::add_assign(&mut #to[..], &#from[..]);),
            of => {
                let (a, b) = (local("to"), local("from"));
                let add = add_all(Some(of), &quote!((*#a)), &quote!((*#b)));
                quote! {
                    ::chainrule::rt::check_same(#to.len(), #from.len());
                    for (#a, #b) in #to.iter_mut().zip(#from.iter()) { #add }
                }
            }
        },
        Some(Type::Tuple(parts)) => (parts.iter().enumerate())
            .map(|(k, part)| {
                let k = k.to_string();
                add_all(Some(part), &field(to, &k), &field(from, &k))
            })
            .collect(),
        _ => quote!(::chainrule::rt::Tangent::add_assign(&mut #to, &#from);),
    }
}

/// Sets every float of a place to a value, as statements.
pub(super) fn fill(ty: Option<&Type>, place: &TokenStream, value: &TokenStream) -> TokenStream {
    match ty {
        Some(Type::Float(_)) => quote!(#place = #value;),
        Some(Type::Array(..)) => quote!(#place.fill(#value);),
        Some(Type::Slice(of) | Type::Vec(of) | Type::Fixed(of, _)) => match &**of {
            Type::Float(_) => quote!(#place.fill(#value);),
            of => {
                let part = local("part");
                let inner = fill(Some(of), &quote!((*#part)), value);
                quote!(for #part in #place.iter_mut() { #inner })
            }
        },
        Some(Type::Tuple(parts)) => (parts.iter().enumerate())
            .map(|(k, part)| fill(Some(part), &field(place, &k.to_string()), value))
            .collect(),
        _ => quote!(::chainrule::rt::fill_tangent(&mut #place, #value);),
    }
}

/// Multiplies every float of a place by a factor, as statements; by zero it is zero, whatever it is.
pub(super) fn scale(ty: &Type, place: &TokenStream, by: &TokenStream) -> TokenStream {
    match ty {
        Type::Float(_) => quote!(#place = ::chainrule::rt::scaled(#place, #by);),
        Type::Slice(of) | Type::Vec(of) | Type::Fixed(of, _) => {
            let part = local("part");
            let inner = scale(of, &quote!((*#part)), by);
            quote!(for #part in #place.iter_mut() { #inner })
        }
        Type::Array(..) => {
            let part = local("part");
            quote!(for #part in #place.iter_mut() { *#part = ::chainrule::rt::scaled(*#part, #by); })
        }
        Type::Tuple(parts) => (parts.iter().enumerate())
            .map(|(k, part)| scale(part, &field(place, &k.to_string()), by))
            .collect(),
        _ => quote!(::chainrule::rt::scale_tangent(&mut #place, #by);),
    }
}

/// Appends the floats of a place to a record, as statements.
pub(super) fn save(ty: Option<&Type>, place: &TokenStream, record: &TokenStream) -> TokenStream {
    match ty {
        Some(Type::Float(_)) => quote!(#record.push(#place);),
        Some(Type::Slice(of) | Type::Vec(of) | Type::Fixed(of, _)) => match &**of {
            Type::Float(_) => quote!(#record.extend_from_slice(&#place[..]);),
            of => {
                let part = local("part");
                let inner = save(Some(of), &quote!((*#part)), record);
                quote!(for #part in #place.iter() { #inner })
            }
        },
        Some(Type::Tuple(parts)) => (parts.iter().enumerate())
            .map(|(k, part)| save(Some(part), &field(place, &k.to_string()), record))
            .collect(),
        _ => quote!(::chainrule::rt::save_tangent(&#place, &mut #record);),
    }
}

/// Takes the floats of a place off a record again, the last first, as statements.
pub(super) fn restore(ty: Option<&Type>, place: &TokenStream, record: &TokenStream) -> TokenStream {
    match ty {
        Some(Type::Float(_)) => quote!(#place = ::chainrule::rt::recall(&mut #record);),
        Some(Type::Slice(of) | Type::Vec(of) | Type::Fixed(of, _)) => match &**of {
            Type::Float(_) => quote!(::chainrule::rt::restore(&mut #place[..], &mut #record);),
            of => {
                let part = local("part");
                let inner = restore(Some(of), &quote!((*#part)), record);
                quote!(for #part in #place.iter_mut().rev() { #inner })
            }
        },
        Some(Type::Tuple(parts)) => (parts.iter().enumerate().rev())
            .map(|(k, part)| restore(Some(part), &field(place, &k.to_string()), record))
            .collect(),
        _ => quote!(::chainrule::rt::restore_tangent(&mut #place, &mut #record);),
    }
}

/// The sum of all floats of a place.
pub(super) fn sum_all(ty: Option<&Type>, place: &TokenStream) -> TokenStream {
    match ty {
        Some(Type::Slice(of) | Type::Vec(of) | Type::Fixed(of, _)) => match &**of {
            Type::Float(_) => quote!(::chainrule::rt::sum_all(&#place[..])),
            of => {
                let (sum, part) = (local("sum"), local("part"));
                let inner = sum_all(Some(of), &quote!((*#part)));
                let zero = float(of).map(|elem| zero(&elem)).unwrap_or_default();
                quote!({
                    let mut #sum = #zero;
                    for #part in #place.iter() { #sum = #sum + #inner; }
                    #sum
                })
            }
        },
        Some(Type::Tuple(parts)) => {
            let parts = parts.iter().enumerate();
            let parts = parts.map(|(k, part)| sum_all(Some(part), &field(place, &k.to_string())));
            quote!((#(#parts)+*))
        }
        Some(Type::Float(_)) => place.clone(),
        _ => quote!(::chainrule::rt::sum_tangent(&#place)),
    }
}

/// The float a type is made of.
pub(super) fn float(ty: &Type) -> Option<Elem> {
    match ty {
        Type::Float(elem) | Type::Array(elem, _) => Some(elem.clone()),
        Type::Tuple(parts) => parts.iter().find_map(float),
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => float(of),
        Type::Option(of) | Type::Result(of, _) => float(of),
        _ => None,
    }
}

/// Checks that a tangent has the lengths of a value, as statements that panic with both.
pub(super) fn check(ty: &Type, function: &str, tangent: &Shown, value: &Shown) -> TokenStream {
    if constant_zero(ty).is_some() {
        return TokenStream::new();
    }
    let (what, of) = (&tangent.text, &value.text);
    let (a, b) = (&tangent.place, &value.place);
    match ty {
        Type::Slice(part) | Type::Vec(part) | Type::Fixed(part, _) => {
            let here = match ty {
                Type::Fixed(..) => TokenStream::new(),
                _ => {
                    quote!(::chainrule::rt::check_length(#function, #what, #a.len(), #of, #b.len());)
                }
            };
            let (x, y) = (local("x"), local("y"));
            let inner = |text: &str| format!("an element of {text}");
            let parts = check(
                part,
                function,
                &Shown { place: quote!((*#x)), text: inner(what) },
                &Shown { place: quote!((*#y)), text: inner(of) },
            );
            let parts = (!parts.is_empty())
                .then(|| quote!(for (#x, #y) in #a.iter().zip(#b.iter()) { #parts }));
            quote!(#here #parts)
        }
        Type::Array(..) => {
            quote!(::chainrule::rt::check_shape(#function, #what, #a.shape(), #of, #b.shape());)
        }
        Type::Tuple(parts) => {
            let parts = parts.iter().enumerate().map(|(k, part)| {
                let inner = |shown: &Shown| Shown {
                    place: field(&shown.place, &k.to_string()),
                    text: format!("part {k} of {}", shown.text),
                };
                check(part, function, &inner(tangent), &inner(value))
            });
            parts.collect()
        }
        _ => quote!(::chainrule::rt::check_tangent(#function, #what, &#a, #of, &#b);),
    }
}

/// A place, and what a message calls it.
pub(super) struct Shown {
    /// The place.
    pub(super) place: TokenStream,
    /// What a message calls it.
    pub(super) text: String,
}
