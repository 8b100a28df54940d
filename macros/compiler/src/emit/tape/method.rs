//! Method calls.

use super::name_of;
use super::rewrite::{Rewrite, refusal};
use syn::visit_mut;
use syn::{Expr, parse_quote};

/// What an iterator ends in; `map` of anything else may be an array's.
const OF_ITERATORS: &[&str] = &[
    "axis_iter",
    "chain",
    "chars",
    "chunks",
    "chunks_exact",
    "cloned",
    "columns",
    "copied",
    "cycle",
    "drain",
    "enumerate",
    "filter",
    "filter_map",
    "first",
    "flat_map",
    "get",
    "indexed_iter",
    "into_iter",
    "iter",
    "iter_mut",
    "last",
    "map",
    "max_by",
    "min_by",
    "next",
    "outer_iter",
    "position",
    "rev",
    "rows",
    "skip",
    "skip_while",
    "step_by",
    "take",
    "take_while",
    "windows",
    "zip",
];

/// Array operations: in the closure of a `mapv` they are another array's, so the closure must see
/// one element at a time.
const OF_ARRAYS: &[&str] = &[
    "mapv",
    "map",
    "mapv_into",
    "sum",
    "mean",
    "dot",
    "sum_axis",
    "mean_axis",
    "t",
    "var",
    "std",
    "slice",
    "row",
    "column",
    "norm_l1",
    "norm_l2",
];

/// What arrays have and variables of the tape do not.
const NOT_ON_TAPE: &[&str] = &["get", "get_mut", "first", "last", "to_shape"];

impl Rewrite<'_> {
    /// What a method call becomes.
    pub(super) fn method_call(&mut self, call: &mut syn::ExprMethodCall) -> Option<Expr> {
        let name = call.method.to_string();
        if NOT_ON_TAPE.contains(&name.as_str()) && self.is_array(&call.receiver) {
            return Some(refusal(
                &call.method,
                &format!(
                    "`{name}` of an array is not supported on the tape: leave the option `tape` out"
                ),
            ));
        }
        if let Some(of_zip) = self.method_of_zip(call) {
            return Some(of_zip);
        }
        if self.arrays && matches!(name.as_str(), "mapv" | "map" | "mapv_into" | "mapv_inplace") {
            self.map_of_array(&name, call);
        }
        let of_error = matches!(name.as_str(), "ok_or" | "ok_or_else" | "map_err");
        let before = self.in_error;
        self.in_error |= of_error;
        self.visit_method_call(call);
        self.in_error = before;
        if let Some(id) = self.method(call) {
            let method = name_of(self.callees, id);
            let (receiver, args) = (&call.receiver, call.args.iter());
            return Some(parse_quote!(#receiver.#method(__tape, #(#args),*)));
        }
        if let Some(receiver) = self.receiver_by_elements(&name, &call.receiver) {
            *call.receiver = receiver;
            return None;
        }
        let receiver = &call.receiver;
        match name.as_str() {
            "reversed_axes" if self.arrays => Some(parse_quote!(#receiver.t())),
            "into_owned" if self.arrays => Some(parse_quote!(#receiver.to_owned())),
            _ => None,
        }
    }

    /// Whether an expression is certainly an array of `ndarray`: a parameter, or a view of one.
    pub(super) fn is_array(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|name| self.names.arrays.contains(&name.to_string())),
            Expr::Paren(inner) => self.is_array(&inner.expr),
            Expr::Reference(inner) => self.is_array(&inner.expr),
            Expr::MethodCall(call) => {
                let of_views = [
                    "t",
                    "view",
                    "slice",
                    "row",
                    "column",
                    "index_axis",
                    "to_owned",
                    "clone",
                    "reversed_axes",
                ];
                of_views.contains(&call.method.to_string().as_str())
                    && self.is_array(&call.receiver)
            }
            _ => false,
        }
    }

    /// Receiver, type arguments and arguments.
    pub(super) fn visit_method_call(&mut self, call: &mut syn::ExprMethodCall) {
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    /// The closure of an array's `mapv` sees all elements at once, unless it branches.
    fn map_of_array(&mut self, name: &str, call: &mut syn::ExprMethodCall) {
        let of_iterator = match &*call.receiver {
            Expr::MethodCall(of) => OF_ITERATORS.contains(&of.method.to_string().as_str()),
            Expr::Paren(inner) => matches!(&*inner.expr, Expr::Range(_)),
            _ => false,
        };
        if of_iterator || call.args.len() != 1 {
            return;
        }
        let mut branches = false;
        let closure: Expr = match &call.args[0] {
            Expr::Path(path) => {
                branches = self.annotated(&path.path).is_some();
                parse_quote!(|__e| #path(__e))
            }
            closure => {
                let mut calls = Calls { rewrite: self, found: false };
                syn::visit::Visit::visit_expr(&mut calls, closure);
                branches |= calls.found;
                closure.clone()
            }
        };
        call.args[0] = closure;
        let of = if name == "mapv_into" { "mapv" } else { name };
        let suffix = if branches { "_each" } else { "" };
        call.method = proc_macro2::Ident::new(&format!("{of}{suffix}"), call.method.span());
    }

    /// Whether a call is one of an annotated method.
    pub(super) fn is_annotated(&self, call: &syn::ExprMethodCall) -> bool {
        self.method(call).is_some()
    }

    /// The annotated method that a call means, by its name and number of arguments.
    fn method(&self, call: &syn::ExprMethodCall) -> Option<usize> {
        self.methods.iter().copied().find(|&id| {
            self.callees.function(id).is_some_and(|f| {
                let receives = f.item.sig.receiver().is_some();
                receives && call.method == f.name() && f.params.len() == call.args.len() + 1
            })
        })
    }
}

/// Looks for calls of annotated functions and for array operations in a closure.
struct Calls<'r, 'c> {
    rewrite: &'r Rewrite<'c>,
    found: bool,
}

impl<'ast> syn::visit::Visit<'ast> for Calls<'_, '_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.found |= OF_ARRAYS.contains(&call.method.to_string().as_str());
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
        self.found = true;
        syn::visit::visit_expr_if(self, branch);
    }

    fn visit_expr_match(&mut self, branch: &'ast syn::ExprMatch) {
        self.found = true;
        syn::visit::visit_expr_match(self, branch);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(path) = &*call.func {
            self.found |= self.rewrite.annotated(&path.path).is_some();
        }
        syn::visit::visit_expr_call(self, call);
    }
}
