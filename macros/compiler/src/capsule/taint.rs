//! Which variables of a body may carry a derivative.
//!
//! Asked before any type is known, so the answer is by names: a variable is *tainted* if it is a
//! differentiated parameter or bound to, assigned or changed by an expression that mentions a
//! tainted variable, unless what is asked for cannot carry a derivative: a length, a shape, a
//! condition, an integer.

use crate::hash::HashSet;
use crate::parse::{Function, is_integer, names_of};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Pat};

/// Methods whose results carry no derivative.
const PASSIVE_METHODS: &[&str] = &[
    "all",
    "any",
    "cmp",
    "contains",
    "dim",
    "eq",
    "ge",
    "gt",
    "is_empty",
    "le",
    "len",
    "lt",
    "ncols",
    "ndim",
    "ne",
    "nrows",
    "partial_cmp",
    "position",
    "shape",
    "to_bits",
    "total_cmp",
];

/// Methods of iterators that hand elements of the receiver, as they are, to a closure.
const OF_ELEMENTS: &[&str] = &[
    "all",
    "any",
    "filter",
    "filter_map",
    "find",
    "find_map",
    "flat_map",
    "for_each",
    "inspect",
    "map",
    "map_while",
    "mapv",
    "max_by",
    "max_by_key",
    "min_by",
    "min_by_key",
    "position",
    "skip_while",
    "take_while",
];

/// Methods that lists and structs have, and numbers are not asked for.
const OF_MEMORIES: &[&str] = &[
    "as_slice",
    "chunks",
    "chunks_exact",
    "clone",
    "first",
    "get",
    "into_iter",
    "iter",
    "last",
    "split_at",
    "to_owned",
    "to_vec",
    "windows",
];

/// Methods that leave the receiver as it is, whatever their arguments are.
const UNCHANGING: &[&str] = &[
    "abs_sub", "add", "atan2", "chain", "clamp", "copysign", "div", "dot", "fold", "hypot", "log",
    "map", "max", "min", "mul", "mul_add", "powf", "powi", "rem", "sub", "zip",
];

/// The tainted variables of a body.
pub(super) struct Taint {
    names: HashSet<String>,
    /// Variables that something was put into: arrays, slices, `Vec`s.
    memories: HashSet<String>,
    /// Places that something is put into by another name or by a part: `s.list` of
    /// `s.list.push(x)`, `y` of `f(&mut y, x)`. They may be memories or numbers; what is borrowed or
    /// indexed counts as a memory.
    places: HashSet<String>,
    /// Names by which others are changed: `r` of `let r = &mut y`.
    references: Vec<(String, String)>,
}

impl Taint {
    /// Of the parameters alone.
    pub(super) fn of_parameters(function: &Function) -> Taint {
        let mut taint = Taint {
            names: HashSet::default(),
            memories: HashSet::default(),
            places: HashSet::default(),
            references: vec![],
        };
        for param in function.wrt() {
            taint.taint(&param.pat);
        }
        taint
    }

    /// How many names are tainted: what tells whether another look found more.
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// Taints what a pattern binds.
    pub(super) fn taint(&mut self, pat: &Pat) {
        let mut names = Vec::new();
        names_of(pat, &mut names);
        self.names.extend(names);
    }

    /// Taints the variable that a place is a part of.
    pub(super) fn taint_place(&mut self, place: &Expr) {
        match place {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    self.taint_name(name.to_string());
                }
            }
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|part| self.taint_place(part)),
            Expr::Field(field) => self.taint_place(&field.base),
            Expr::Index(index) => self.taint_memory(&index.expr),
            Expr::Paren(inner) => self.taint_place(&inner.expr),
            Expr::Group(inner) => self.taint_place(&inner.expr),
            Expr::Reference(inner) => self.taint_memory(&inner.expr),
            Expr::Unary(inner) => self.taint_place(&inner.expr),
            Expr::MethodCall(call) => self.taint_memory(&call.receiver),
            _ => {}
        }
    }

    fn taint_memory(&mut self, place: &Expr) {
        if let Expr::Path(path) = place
            && let Some(name) = path.path.get_ident()
        {
            self.memories.insert(name.to_string());
        }
        self.taint_behind(place);
    }

    /// Taints what is assigned to; a field that gets another list is a memory.
    pub(super) fn assign(&mut self, place: &Expr, value: &Expr) {
        match place {
            Expr::Field(_) if is_list(value) => self.taint_behind(place),
            _ => self.taint_place(place),
        }
    }

    /// Taints a place that is changed through a reference, or as the receiver of a method.
    fn taint_behind(&mut self, place: &Expr) {
        self.places.extend(place_text(place));
        self.taint_place(place);
    }

    /// Taints what something tainted is put into somewhere in the body, as another look at it found.
    pub(super) fn start_with(&mut self, other: Taint) {
        self.names.extend(other.memories);
        self.places.extend(other.places);
    }

    /// Taints a variable, and what is changed by its name.
    fn taint_name(&mut self, name: String) {
        self.names.insert(name.clone());
        let behind: Vec<String> = (self.references.iter())
            .filter(|(reference, _)| *reference == name)
            .map(|(_, behind)| behind.clone())
            .collect();
        for place in behind {
            let is_new = self.places.insert(place.clone());
            if is_new || !self.names.contains(root(&place)) {
                self.taint_name(root(&place).to_string());
            }
        }
    }

    /// Notes the variables that what a pattern binds may change: those behind a `&mut` or under a
    /// method like `iter_mut`.
    pub(super) fn refer(&mut self, pat: &Pat, value: &Expr) {
        struct Behind(Vec<String>);
        impl<'ast> Visit<'ast> for Behind {
            fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
                if reference.mutability.is_some() {
                    self.0.extend(place_text(&reference.expr));
                }
                visit::visit_expr_reference(self, reference);
            }
            fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
                if call.method.to_string().contains("_mut") {
                    self.0.extend(place_text(&call.receiver));
                }
                visit::visit_expr_method_call(self, call);
            }
        }
        let mut behind = Behind(vec![]);
        behind.visit_expr(value);
        let mut names = Vec::new();
        names_of(pat, &mut names);
        for name in names {
            for behind in &behind.0 {
                let link = (name.clone(), behind.clone());
                if !self.references.contains(&link) {
                    self.references.push(link);
                }
            }
        }
    }

    /// Whether a pattern binds a tainted name.
    pub(super) fn is_bound(&self, pat: &Pat) -> bool {
        let mut names = Vec::new();
        names_of(pat, &mut names);
        names.iter().any(|name| self.names.contains(name))
    }

    /// Whether the value of an expression may carry a derivative.
    pub(super) fn is_tainted(&self, expr: &Expr) -> bool {
        let mut mentions = Mentions { taint: self, strict: false, found: false };
        mentions.visit_expr(expr);
        mentions.found
    }

    /// Whether an expression mentions a tainted variable otherwise than by its length or shape.
    pub(super) fn is_mentioned(&self, expr: &Expr) -> bool {
        let mut mentions = Mentions { taint: self, strict: true, found: false };
        mentions.visit_expr(expr);
        mentions.found
    }

    /// Taints what a `let` or a `match` binds.
    pub(super) fn bind(&mut self, pat: &Pat, value: &Expr) {
        match (pat, value) {
            (Pat::Tuple(pats), Expr::Tuple(values)) if pats.elems.len() == values.elems.len() => {
                for (pat, value) in pats.elems.iter().zip(&values.elems) {
                    self.bind(pat, value);
                }
            }
            _ if self.is_tainted(value) => self.taint(pat),
            _ => {}
        }
    }

    /// Taints what a loop or a closure binds to the elements of an iterator.
    pub(super) fn bind_elements(&mut self, pat: &Pat, iterator: &Expr) {
        let call = match iterator {
            Expr::Paren(inner) => return self.bind_elements(pat, &inner.expr),
            Expr::Reference(inner) => return self.bind_elements(pat, &inner.expr),
            Expr::MethodCall(call) => Some((call, call.method.to_string())),
            _ => None,
        };
        let pair = match pat {
            Pat::Tuple(pats) if pats.elems.len() == 2 => Some((&pats.elems[0], &pats.elems[1])),
            _ => None,
        };
        match (pair, call) {
            (Some((_, element)), Some((call, method))) if method == "enumerate" => {
                self.bind_elements(element, &call.receiver);
            }
            (Some((left, right)), Some((call, method))) if method == "zip" => {
                self.bind_elements(left, &call.receiver);
                call.args.iter().for_each(|arg| self.bind_elements(right, arg));
            }
            (Some(_), Some((call, method)))
                if matches!(method.as_str(), "rev" | "skip" | "take" | "step_by") =>
            {
                self.bind_elements(pat, &call.receiver);
            }
            _ if self.is_tainted(iterator) => self.taint(pat),
            _ => {}
        }
    }

    /// Taints what the closures among a method's arguments bind.
    pub(super) fn bind_closures(&mut self, call: &syn::ExprMethodCall) {
        let method = call.method.to_string();
        for arg in &call.args {
            let Expr::Closure(closure) = arg else { continue };
            if OF_ELEMENTS.contains(&method.as_str()) {
                closure.inputs.iter().for_each(|pat| self.bind_elements(pat, &call.receiver));
            } else if method == "fold" && closure.inputs.len() == 2 {
                let starts = call.args.first().is_some_and(|start| self.is_tainted(start));
                if starts || self.is_tainted(&call.receiver) || self.is_tainted(&closure.body) {
                    self.taint(&closure.inputs[0]);
                }
                self.bind_elements(&closure.inputs[1], &call.receiver);
            } else {
                // What it is applied to is not known by names alone.
                closure.inputs.iter().for_each(|pat| self.taint(pat));
            }
        }
    }

    /// Taints what a method changes: `v.push(x)`.
    pub(super) fn change(&mut self, call: &syn::ExprMethodCall) {
        let method = call.method.to_string();
        let changes = !UNCHANGING.contains(&method.as_str()) && !call.args.is_empty();
        if changes && call.args.iter().any(|arg| self.is_tainted(arg)) {
            self.taint_behind(&call.receiver);
        }
    }

    /// Taints what a call changes through the `&mut` among its arguments.
    pub(super) fn change_arguments(&mut self, call: &syn::ExprCall) {
        if call.args.iter().any(|arg| self.is_tainted(arg)) {
            for arg in &call.args {
                if let Expr::Reference(inner) = arg
                    && inner.mutability.is_some()
                {
                    self.taint_behind(&inner.expr);
                }
            }
        }
    }
}

/// The place that an expression is, or that it is a part or a view of: `s.list` of
/// `s.list[k].iter_mut()`.
fn place_text(place: &Expr) -> Option<String> {
    match place {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Field(field) => {
            // Behind an index it is a part of what is indexed.
            let base = place_text(&field.base)?;
            let member = &field.member;
            Some(match is_place_of_fields(&field.base) {
                true => format!("{base}.{}", quote::quote!(#member)),
                false => base,
            })
        }
        Expr::Index(index) => place_text(&index.expr),
        Expr::Paren(inner) => place_text(&inner.expr),
        Expr::Group(inner) => place_text(&inner.expr),
        Expr::Unary(inner) => place_text(&inner.expr),
        Expr::Reference(inner) => place_text(&inner.expr),
        Expr::MethodCall(call) => place_text(&call.receiver),
        _ => None,
    }
}

/// Whether an expression is a variable or a field of one.
fn is_place_of_fields(place: &Expr) -> bool {
    match place {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place_of_fields(&field.base),
        Expr::Paren(inner) => is_place_of_fields(&inner.expr),
        Expr::Group(inner) => is_place_of_fields(&inner.expr),
        Expr::Unary(inner) => is_place_of_fields(&inner.expr),
        _ => false,
    }
}

/// Whether an expression is certainly a list.
fn is_list(value: &Expr) -> bool {
    match value {
        Expr::Array(_) | Expr::Repeat(_) => true,
        Expr::Macro(mac) => mac.mac.path.is_ident("vec"),
        Expr::MethodCall(call) => {
            ["clone", "collect", "to_owned", "to_vec"].iter().any(|name| call.method == name)
        }
        _ => false,
    }
}

/// The variable of a place.
fn root(place: &str) -> &str {
    place.split('.').next().unwrap_or(place)
}

/// Whether the first of two places is a part of the other.
fn is_part(place: &str, whole: &str) -> bool {
    place.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether an operator compares, so that its result carries no derivative.
fn is_comparison(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_) | BinOp::Ne(_)
    )
}

/// Whether an operator changes its left side.
pub(super) fn is_assigning(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
    )
}

struct Mentions<'s> {
    taint: &'s Taint,
    /// Whether conditions and integers count too.
    strict: bool,
    found: bool,
}

impl Mentions<'_> {
    /// Whether something is put into a part of this: it is a struct or a tuple, and no number.
    fn is_whole(&self, place: &Expr) -> bool {
        is_place_of_fields(place)
            && place_text(place)
                .is_some_and(|whole| self.taint.places.iter().any(|of| is_part(of, &whole)))
    }

    /// Whether something is put into this place, or into what it is a part of.
    fn is_memory(&self, place: &Expr) -> bool {
        let is_one =
            |place: String| self.taint.places.iter().any(|of| *of == place || is_part(&place, of));
        is_place_of_fields(place) && place_text(place).is_some_and(is_one)
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    self.found |= self.taint.names.contains(&name)
                        || self.taint.places.iter().any(|place| root(place) == name);
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let is_passive = match expr {
            Expr::MethodCall(call) => {
                let method = call.method.to_string();
                match self.strict {
                    true => matches!(
                        method.as_str(),
                        "len" | "dim" | "nrows" | "ncols" | "shape" | "is_empty"
                    ),
                    false => {
                        method.starts_with("is_") || PASSIVE_METHODS.contains(&method.as_str())
                    }
                }
            }
            Expr::Binary(binary) => !self.strict && is_comparison(&binary.op),
            Expr::Cast(cast) => !self.strict && is_integer_type(&cast.ty),
            Expr::Call(call) => !self.strict && is_stop(&call.func),
            _ => false,
        };
        if is_passive {
            return;
        }
        self.found |= match expr {
            Expr::Path(_) | Expr::Field(_) => self.is_whole(expr),
            Expr::Reference(inner) => self.is_memory(&inner.expr),
            Expr::Index(index) => self.is_memory(&index.expr),
            Expr::MethodCall(call) if OF_MEMORIES.iter().any(|name| call.method == name) => {
                self.is_memory(&call.receiver)
            }
            _ => false,
        };
        visit::visit_expr(self, expr);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let name = path.get_ident().map(ToString::to_string);
        self.found |= name.is_some_and(|name| self.taint.names.contains(&name));
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
    }
}

fn is_integer_type(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path)
        if path.path.get_ident().is_some_and(|name| is_integer(&name.to_string())))
}

fn is_stop(function: &Expr) -> bool {
    matches!(function, Expr::Path(path)
        if path.path.segments.last().is_some_and(|segment| segment.ident == "stop_gradient"))
}
