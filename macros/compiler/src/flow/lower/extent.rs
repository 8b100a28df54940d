//! Which functions are inlined: those whose bodies mean the same at their callers' places, that end,
//! and that do not grow too large with all that they call.

use super::{Lowerer, scan};
use crate::parse::{Function, Param};
use syn::visit::Visit;

/// Functions are inlined this deep; for deeper ones the pullback is called.
pub(super) const MAX_DEPTH: usize = 48;

/// Functions are inlined up to this many expressions. A function that calls the next one twice, and
/// that the next, would otherwise double with every level.
const MAX_SIZE: usize = 5_000;

/// How much an inlined function is, all that it calls included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// In expressions.
    size: usize,
    /// In calls.
    depth: usize,
}

impl Extent {
    /// Whether it is inlined where it can be called as well.
    pub(super) fn is_small(self) -> bool {
        self.size <= MAX_SIZE && self.depth <= MAX_DEPTH
    }
}

/// What is known of a function's extent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// It is being looked at: whoever gets here again calls itself.
    Asked,
    /// `None` if it cannot be inlined.
    Is(Option<Extent>),
}

impl Lowerer<'_> {
    /// How much a function is, inlined; `None` if its body does not mean the same at its caller's
    /// place, or does not end.
    pub(super) fn extent(&mut self, callee: usize) -> Option<Extent> {
        match self.extents.get(&callee) {
            Some(Known::Asked) => return None,
            Some(Known::Is(extent)) => return *extent,
            None => {}
        }
        self.extents.insert(callee, Known::Asked);
        let callees = self.callees;
        let extent = callees.function(callee).and_then(|function| self.measured(callee, function));
        self.extents.insert(callee, Known::Is(extent));
        extent
    }

    fn measured(&mut self, callee: usize, function: &Function) -> Option<Extent> {
        // Its derivative is reached by its name only, and so are those of its callers.
        if function.is_called() {
            return None;
        }
        let method = function.owner.is_some();
        let mut body = Body {
            own: function.name(),
            known: crate::capsule::callee_paths(function),
            locals: vec![],
            recursive: false,
            foreign: false,
            method,
            size: 0,
            paths: vec![],
            methods: vec![],
        };
        function.params.iter().for_each(|param| body.visit_pat(&param.pat));
        body.visit_block(&function.item.block);
        let callees = self.callees;
        // A struct of arrays was taken apart where the root takes it.
        let unpacked =
            |param: &Param| crate::flow::unpack::holds_arrays(callees, callee, &param.ty);
        let private =
            !method && self.has_private_fields(function) && !function.params.iter().any(unpacked);
        if body.recursive || body.foreign || private {
            return None;
        }
        let mut inner: Vec<usize> =
            body.paths.iter().filter_map(|path| callees.callee(callee, path)).collect();
        // The type of a receiver is not known here: any method of that name may be meant.
        inner.extend(body.methods.iter().flat_map(|name| {
            callees.numbers().filter(move |number| {
                let function = callees.function(*number);
                function.is_some_and(|f| f.owner.is_some() && f.name() == *name)
            })
        }));
        let mut extent = Extent { size: body.size, depth: 1 };
        for inner in inner {
            let inner = self.extent(inner)?;
            extent.size = extent.size.saturating_add(inner.size);
            extent.depth = extent.depth.max(inner.depth + 1);
        }
        Some(extent)
    }
}

/// What a body mentions that does not mean the same at another place.
struct Body {
    own: String,
    /// The paths of annotated functions.
    known: Vec<syn::Path>,
    /// What patterns have bound so far.
    locals: Vec<String>,
    recursive: bool,
    foreign: bool,
    method: bool,
    /// How many expressions there are.
    size: usize,
    /// The paths that are called or passed on, each time.
    paths: Vec<syn::Path>,
    /// The names of methods, and of functions of types, likewise.
    methods: Vec<String>,
}

impl<'ast> Visit<'ast> for Body {
    fn visit_expr(&mut self, expr: &'ast syn::Expr) {
        self.size += 1;
        if let syn::Expr::Path(path) = expr
            && path.qself.is_none()
        {
            self.paths.push(path.path.clone());
            if path.path.segments.len() > 1 {
                self.methods.push(super::pattern::last_name(&path.path));
            }
        }
        syn::visit::visit_expr(self, expr);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        // `Array1::zeros(n)`, `Slice::from(1..)` are understood, wherever they stand.
        let of_arrays = |path: &syn::Path| {
            super::makes_array(path)
                || path.segments.iter().rev().nth(1).is_some_and(|ty| ty.ident == "Slice")
        };
        if let syn::Expr::Path(path) = &*call.func
            && !of_arrays(&path.path)
        {
            self.recursive |= path.path.is_ident(&self.own);
            // A function of the callee's place that takes more than numbers cannot be reached from
            // another.
            let lowercase = super::pattern::last_name(&path.path)
                .starts_with(|c: char| c.is_lowercase() || c == '_');
            let local = path
                .path
                .get_ident()
                .is_some_and(|name| self.locals.iter().any(|local| name == local));
            let annotated = local || self.known.contains(&path.path);
            let borrows = call.args.iter().any(|arg| matches!(arg, syn::Expr::Reference(_)));
            self.foreign |= lowercase && borrows && !annotated && !scan::is_absolute(&path.path);
            // `Line::new(..)`: a type of the callee's place.
            let names: Vec<String> =
                path.path.segments.iter().map(|s| s.ident.to_string()).collect();
            if let [.., ty, _] = &names[..]
                && ty.starts_with(char::is_uppercase)
                && !scan::is_absolute(&path.path)
                && ty.len() > 1
                && ty != "Float"
                && !(self.method && ty == "Self")
            {
                self.foreign = true;
            }
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_struct(&mut self, of: &'ast syn::ExprStruct) {
        self.foreign |= !(self.method && of.path.is_ident("Self"));
        syn::visit::visit_expr_struct(self, of);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.recursive |= self.method && call.method == self.own;
        self.methods.push(call.method.to_string());
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_pat(&mut self, pat: &'ast syn::Pat) {
        match pat {
            syn::Pat::TupleStruct(of) => {
                let name = super::pattern::last_name(&of.path);
                self.foreign |= !matches!(name.as_str(), "Some" | "Ok" | "Err");
            }
            syn::Pat::Struct(_) => self.foreign = true,
            syn::Pat::Path(path) => self.foreign |= !scan::is_absolute(&path.path),
            syn::Pat::Ident(name) => {
                let text = name.ident.to_string();
                self.locals.push(text.clone());
                self.foreign |= text.len() > 1
                    && text != "None"
                    && text
                        .chars()
                        .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
            }
            _ => {}
        }
        syn::visit::visit_pat(self, pat);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {
        self.foreign = true;
    }
}
