//! Calls and paths.

use super::rewrite::{Rewrite, as_closure, lifted};
use super::{Accessors, name_of};
use crate::emit::names::ident;
use crate::parse::{Passing, Type};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, parse_quote};

/// Types and modules of std whose functions take variables as they take floats.
const STD_TYPES: &[&str] = &[
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Cell",
    "Cow",
    "Default",
    "HashMap",
    "HashSet",
    "IntoIterator",
    "Iterator",
    "Option",
    "Ordering",
    "Rc",
    "RefCell",
    "Result",
    "Self",
    "String",
    "Vec",
    "VecDeque",
    "array",
    "char",
    "cmp",
    "iter",
    "mem",
    "slice",
    "str",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
];

/// Functions of std, and constructors, by their own names.
const STD_FUNCTIONS: &[&str] = &[
    "Err",
    "None",
    "Ok",
    "Reverse",
    "Some",
    "Wrapping",
    "black_box",
    "drop",
    "from_fn",
    "identity",
    "once",
    "repeat",
    "repeat_n",
    "replace",
    "successors",
    "swap",
    "take",
    "zip",
];

/// Constructors of arrays that take elements or a function of indices.
const OF_ELEMENTS: &[&str] =
    &["from_iter", "from_shape_fn", "from_shape_simple_fn", "from_shape_vec", "from_vec"];

/// Whether a path names something of std that the rewrite leaves alone.
pub(super) fn is_std(path: &syn::Path) -> bool {
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["std" | "core" | "alloc", ..] => true,
        [name] => STD_FUNCTIONS.contains(name),
        [.., of, _] => STD_TYPES.contains(of),
        [] => false,
    }
}

/// The type and name of `f64::max`, `T::zero`, `<f64>::max`, `<T as Float>::zero`.
fn associated(path: &syn::ExprPath) -> Option<(String, String)> {
    let name = path.path.segments.last()?.ident.to_string();
    if let Some(of) = &path.qself {
        return Some((of.ty.to_token_stream().to_string(), name));
    }
    let n = path.path.segments.len();
    (n >= 2).then(|| (path.path.segments[n - 2].ident.to_string(), name))
}

/// Whether a path is of an associated function of an owned array: `Array2::zeros`.
fn is_array_type(path: &syn::Path) -> bool {
    let of = path.segments.iter().rev().nth(1).map(|of| of.ident.to_string());
    of.is_some_and(|of| of.starts_with("Array") || of.starts_with("Tensor"))
}

/// Whether a function of a float type makes a number of none: `zero()`, `from_bits(..)`.
fn makes(name: &str, args: usize) -> bool {
    args == 0 || name.starts_with("from_")
}

impl Rewrite<'_> {
    /// Whether the tape is what the function is differentiated by, not a witness only.
    pub(super) fn is_by_tape(&self) -> bool {
        let root = self.callees.function(self.callees.root());
        root.is_some_and(|root| root.options.derivative.is_by_tape())
    }

    fn is_float(&self, ty: &str) -> bool {
        matches!(ty, "f32" | "f64") || self.floats.iter().any(|f| f == ty)
    }

    fn is_local(&self, path: &syn::Path) -> bool {
        path.get_ident().is_some_and(|name| self.names.locals.contains(&name.to_string()))
    }

    /// The number of an annotated function: one that is called, or this one itself.
    pub(super) fn annotated(&self, path: &syn::Path) -> Option<usize> {
        if self.is_local(path) {
            return None;
        }
        let itself = path.is_ident(&self.name).then_some(self.id);
        self.callees.callee(self.id, path).or(itself)
    }

    /// The same of a path that is called. A local of the same name that is no closure cannot be meant,
    /// as in `let energy = energy(x);`.
    fn annotated_call(&self, path: &syn::Path) -> Option<usize> {
        let is_value = path.get_ident().is_some_and(|name| {
            let name = name.to_string();
            self.names.rebound.contains(&name)
                && !self.names.closures.contains(&name)
                && !self.function.params.iter().any(|param| param.name == name)
        });
        match is_value {
            true => self.callees.callee(self.id, path),
            false => self.annotated(path),
        }
    }

    /// What a path becomes that is not called.
    pub(super) fn path(&mut self, path: &mut syn::ExprPath) -> Option<Expr> {
        if let Some(constant) = self.constant_struct(&path.path) {
            return Some(constant);
        }
        if self.is_local(&path.path) {
            return None;
        }
        if let Some(constant) = self.constant(path) {
            return Some(constant);
        }
        if let Some(id) = self.annotated(&path.path)
            && self.is_stitched(id)
            && let Some(callee) = self.callees.function(id)
        {
            let args: Vec<Expr> = (0..callee.params.len())
                .map(|k| {
                    let name = quote::format_ident!("__given_{k}");
                    parse_quote!(#name)
                })
                .collect();
            let call = Self::stitched(callee, &path.path, &args);
            return Some(parse_quote!(|#(#args),*| #call));
        }
        if let Some(id) = self.annotated(&path.path) {
            self.called.push(id);
            let arity = self.callees.function(id).map_or(1, |f| f.params.len());
            return Some(as_closure(&name_of(self.callees, id), arity));
        }
        if let Some(name) = path.path.get_ident() {
            if let Some(&arity) = self.names.functions.get(&name.to_string()) {
                return Some(as_closure(name, arity));
            }
            if self.names.generics.contains(&name.to_string()) {
                return None;
            }
        }
        if let Some((ty, name)) = associated(path) {
            let ty_name = named_type(&ty);
            if ty == "Float" && !name.starts_with(char::is_uppercase) {
                let method = ident(&name);
                return Some(parse_quote!(::chainrule::tape::Var::#method));
            }
            if let Some(ty_name) = ty_name.filter(|_| self.is_float(&ty)) {
                if name.starts_with(char::is_uppercase) {
                    // `f64::MAX`, and `T::PI`, which is a function.
                    return match matches!(ty.as_str(), "f32" | "f64") {
                        true => Some(parse_quote!(__tape.constant(#path))),
                        false => Some(parse_quote!(|| __tape.constant(#path()))),
                    };
                }
                let method = ident(&name);
                return Some(match name.as_str() {
                    "from" => parse_quote!(|__from| ::chainrule::rt::float::<#ty_name>(__from)),
                    "zero" | "one" | "nan" | "infinity" | "neg_infinity" | "epsilon" => {
                        parse_quote!(|| __tape.constant(#path()))
                    }
                    _ => parse_quote!(::chainrule::tape::Var::<'_, #ty_name>::#method),
                });
            }
        }
        let last = path.path.segments.last()?.ident.to_string();
        if last == "stop_gradient" {
            return Some(parse_quote!(::chainrule::rt::stopped));
        }
        if !last.starts_with(char::is_uppercase) || is_std_path(&path.path) {
            visit_mut::visit_expr_path_mut(self, path);
            return None;
        }
        Some(lifted(path))
    }

    /// What a call becomes.
    pub(super) fn call(&mut self, call: &mut syn::ExprCall) -> Option<Expr> {
        let source = call.clone();
        let Expr::Path(function) = &mut *call.func else {
            visit_mut::visit_expr_call_mut(self, call);
            return None;
        };
        let function = function.clone();
        let path = &function.path;
        if let Some(id) = self.annotated_call(path)
            && self.callees.function(id).is_some_and(|f| f.owner.is_none())
        {
            if self.is_stitched(id)
                && let Some(callee) = self.callees.function(id)
            {
                self.plain_arguments(call);
                let args: Vec<Expr> = call.args.iter().cloned().collect();
                return Some(Self::stitched(callee, path, &args));
            }
            return Some(self.call_annotated(id, call));
        }
        if let Some(of) = self.associated_function(path) {
            return Some(self.call_associated(of, call));
        }
        if let Some(constant) = self.constant(&source) {
            return Some(constant);
        }
        if self.structs.find(path).is_some() {
            // A tuple struct.
            if let Expr::Path(path) = &mut *call.func {
                self.own_name(&mut path.path);
            }
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            return None;
        }
        if self.is_local(path) {
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            return None;
        }
        if let Some(name) = path.get_ident().filter(|n| self.is_inner(n)) {
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            let args = call.args.iter();
            return Some(parse_quote!(#name(__tape, #(#args),*)));
        }
        let last = path.segments.last()?.ident.to_string();
        if last == "stop_gradient" {
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            let args = call.args.iter();
            return Some(parse_quote!(::chainrule::rt::stopped(#(#args),*)));
        }
        if let Some((ty, name)) = associated(&function)
            && let Some(replaced) = self.call_of_float(&ty, &name, call)
        {
            return Some(replaced);
        }
        if self.arrays && matches!(last.as_str(), "concatenate" | "stack") {
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            let (name, args) = (ident(&last), call.args.iter());
            return Some(parse_quote!(::chainrule::tape::#name(#(#args),*)));
        }
        if self.arrays && is_array_type(path) && matches!(last.as_str(), "zeros" | "ones") {
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            return Some(parse_quote!(__tape.constant(#call)));
        }
        if self.is_zip(path) {
            call.args.iter_mut().for_each(|arg| self.part_of_zip(arg));
            return None;
        }
        if self.arrays && is_array_type(path) && OF_ELEMENTS.contains(&last.as_str()) {
            // An array of variables becomes a variable.
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            let array = match last.as_str() {
                "from_shape_vec" => {
                    let whole = lifted(&quote::quote!(__array));
                    return Some(parse_quote!(#call.map(|__array| #whole)));
                }
                _ => &*call,
            };
            return Some(lifted(array));
        }
        if self.arrays && is_array_type(path) && last == "from_elem" && call.args.len() == 2 {
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            let (shape, value) = (&call.args[0], &call.args[1]);
            let mut zeros = function.clone();
            if let Some(name) = zeros.path.segments.last_mut() {
                name.ident = ident("zeros");
            }
            return Some(parse_quote!({
                let mut __filled = __tape.constant(#zeros(#shape));
                __filled.fill(#value);
                __filled
            }));
        }
        if last == "Err" && path.segments.len() == 1 {
            return self.call_in_error(call);
        }
        if is_std(path) {
            visit_mut::visit_path_mut(
                self,
                match &mut *call.func {
                    Expr::Path(path) => &mut path.path,
                    _ => return None,
                },
            );
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            return None;
        }
        let of_variables =
            self.is_by_tape() && path.segments.iter().any(|segment| !segment.arguments.is_none());
        if of_variables {
            // A generic function, which takes variables as it takes floats.
            if let Expr::Path(path) = &mut *call.func {
                visit_mut::visit_path_mut(self, &mut path.path);
            }
            self.plain_arguments(call);
            return None;
        }
        if last.starts_with(char::is_uppercase) && !self.in_error {
            call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            return None;
        }
        Some(self.passive(&Expr::Call(call.clone())))
    }

    /// The arguments of a function that is not rewritten: structs of constants are the user's own.
    fn plain_arguments(&mut self, call: &mut syn::ExprCall) {
        for arg in &mut call.args {
            if !self.is_struct_of_constants(arg) {
                self.visit_expr_mut(arg);
            }
        }
    }

    fn is_inner(&self, name: &proc_macro2::Ident) -> bool {
        self.names.functions.contains_key(&name.to_string())
    }

    /// `Type::name` of an annotated method or associated function.
    fn associated_function(&self, path: &syn::Path) -> Option<usize> {
        let n = path.segments.len().checked_sub(2)?;
        let (of, name) = (&path.segments[n].ident, &path.segments[n + 1].ident);
        self.methods.iter().copied().find(|&id| {
            self.callees.function(id).is_some_and(|f| {
                let owner = f.owner.as_ref().map(|owner| &owner.ty);
                let same = matches!(owner, Some(syn::Type::Path(ty))
                    if ty.path.segments.last().is_some_and(|s| s.ident == *of));
                *name == f.name() && (same || of == "Self")
            })
        })
    }

    fn call_associated(&mut self, id: usize, call: &mut syn::ExprCall) -> Expr {
        call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
        let name = name_of(self.callees, id);
        let function = self.callees.function(id);
        let receives = function.is_some_and(|f| f.item.sig.receiver().is_some());
        let args: Vec<&Expr> = call.args.iter().collect();
        let (first, rest) = args.split_at(usize::from(receives).min(args.len()));
        let of = match &*call.func {
            Expr::Path(path) => path.path.segments.iter().rev().nth(1).map(|s| &s.ident),
            _ => None,
        };
        parse_quote!(#of::#name(#(#first,)* __tape, #(#rest),*))
    }

    fn call_annotated(&mut self, id: usize, call: &mut syn::ExprCall) -> Expr {
        let may_be_foreign: Vec<bool> =
            call.args.iter().map(|arg| self.may_be_foreign(arg)).collect();
        call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
        self.called.push(id);
        let name = name_of(self.callees, id);
        let callee = self.callees.function(id);
        let args = call.args.iter().zip(may_be_foreign).enumerate().map(|(k, (arg, foreign))| {
            let param = callee.and_then(|callee| callee.params.get(k));
            let floats = callee.map_or(&[][..], |callee| &callee.floats);
            match param {
                Some(param)
                    if foreign
                        && param.passing != Passing::Exclusive
                        && self.structs.are_in(&param.written) =>
                {
                    self.on_variables(&param.written, arg, floats)
                }
                // Also a plain array is taken where one of variables is asked for.
                Some(param) if matches!(param.ty, Type::Array(..)) => {
                    let borrow = match crate::parse::strip(&param.written) {
                        syn::Type::Reference(_) => Some(<syn::Token![&]>::default()),
                        _ => None,
                    };
                    parse_quote!(#borrow ::chainrule::tape::lift(__tape, #arg))
                }
                _ => arg.clone(),
            }
        });
        let args: Vec<Expr> = args.collect();
        parse_quote!(#name(__tape, #(#args),*))
    }

    /// `f64::max(x, y)`, `T::zero()`, `Float::sqrt(x)`.
    fn call_of_float(&mut self, ty: &str, name: &str, call: &mut syn::ExprCall) -> Option<Expr> {
        let of_trait = ty == "Float";
        if !of_trait && !self.is_float(ty) {
            return None;
        }
        let method = ident(name);
        if !of_trait && makes(name, call.args.len()) {
            return Some(self.passive(&Expr::Call(call.clone())));
        }
        call.args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
        let args: Vec<&Expr> = call.args.iter().collect();
        let of = named_type(ty).filter(|_| !of_trait);
        Some(match (name, of) {
            ("from", Some(of)) if matches!(ty, "f32" | "f64") => match self.arrays {
                true => parse_quote!(::chainrule::rt::As::<#of>::converted(#(#args),*)),
                false => parse_quote!(::chainrule::rt::float::<#of>(#(#args),*)),
            },
            // num_traits' `NumCast::from`.
            ("from", Some(of)) => parse_quote!(::chainrule::rt::number::<#of>(#(#args),*)),
            (_, Some(of)) if !self.arrays => {
                parse_quote!(::chainrule::tape::Var::<'_, #of>::#method(#(#args),*))
            }
            _ => {
                let (receiver, rest) = args.split_first()?;
                parse_quote!((#receiver).#method(#(#rest),*))
            }
        })
    }

    /// `Err(..)`: what is in it is plain.
    fn call_in_error(&mut self, call: &mut syn::ExprCall) -> Option<Expr> {
        let floats = match &self.function.output {
            Type::Result(_, error) => error.contains("f64") || error.contains("f32"),
            _ => false,
        };
        let before = std::mem::replace(&mut self.in_error, true);
        for arg in &mut call.args {
            match floats {
                true => *arg = self.passive_unlifted(arg),
                false => self.visit_expr_mut(arg),
            }
        }
        self.in_error = before;
        None
    }

    /// The accessor of a constant expression that an inlined function wrote.
    pub(super) fn constant(&self, source: &impl ToTokens) -> Option<Expr> {
        let Accessors { list, owner } = self.accessors;
        let source = source.to_token_stream();
        let is_local = self.id == self.callees.root() && !source.to_string().contains("::");
        if list.is_empty() || is_local {
            return None;
        }
        let name = self.callees.accessor(self.id, &source);
        let (_, locals) = list.iter().find(|(accessor, _)| *accessor == name)?;
        let value: Expr =
            parse_quote!(#owner::#name(#(::chainrule::rt::OnTape::plain(&#locals)),*));
        Some(lifted(&value))
    }
}

fn named_type(ty: &str) -> Option<proc_macro2::Ident> {
    syn::parse_str(ty).ok()
}

fn is_std_path(path: &syn::Path) -> bool {
    let n = path.segments.len();
    let of = n.checked_sub(2).map(|k| path.segments[k].ident.to_string());
    let whole = |of: &String| {
        matches!(
            of.as_str(),
            "i8" | "i16"
                | "i32"
                | "i64"
                | "i128"
                | "isize"
                | "u8"
                | "u16"
                | "u32"
                | "u64"
                | "u128"
                | "usize"
                | "Ordering"
        )
    };
    let last = path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
    of.as_ref().is_some_and(whole)
        || matches!(last.as_str(), "None" | "Some" | "Ok" | "Err" | "Self")
}
