//! What the names in a function's source mean.

use super::call::is_std;
use super::closures::takes_floats;
use super::constants::is_known;
use super::entry::owned_type;
use super::structs::Structs;
use super::types::mentions_floats;
use crate::capsule::Callees;
use crate::parse::{Function, Param, Type, names_of};
use std::collections::{BTreeMap, HashMap, HashSet};
use syn::Expr;
use syn::visit::{self, Visit};

/// The names of one function. Scopes are not told apart: a name means one kind of thing throughout.
#[derive(Default)]
pub(super) struct Names {
    /// Everything a pattern binds.
    pub(super) locals: HashSet<String>,
    /// Locals that are closures.
    pub(super) closures: HashSet<String>,
    /// Parameters without a float in their type: values of the user's own types. Floats that come
    /// out of them are plain. Locals too that begin as structs of constants, and other names for
    /// such values or for places in them (`foreign.rs`).
    pub(super) foreign: HashSet<String>,
    /// Parameters that are structs of constants.
    pub(super) constants: BTreeMap<String, Constant>,
    /// Locals that come out of functions which are not annotated: perhaps the same.
    pub(super) perhaps_foreign: HashSet<String>,
    /// Locals that a pattern takes out of such a value.
    pub(super) parts: HashSet<String>,
    /// Functions inside the body and the number of their parameters.
    pub(super) functions: HashMap<String, usize>,
    /// Parameters that are arrays of `ndarray`.
    pub(super) arrays: HashSet<String>,
    /// Locals known to be slices, fixed arrays or `Vec`s.
    pub(super) slices: HashSet<String>,
    /// Parameters and locals that are exclusive references.
    pub(super) exclusive: HashSet<String>,
    /// Type and const parameters.
    pub(super) generics: HashSet<String>,
    /// Names that the body binds again.
    pub(super) rebound: HashSet<String>,
    /// Locals that begin as integer literals without a type, which only their uses tell.
    pub(super) counters: HashSet<String>,
    /// How often a name is bound.
    bound: HashMap<String, usize>,
    /// How often as a counter.
    counted: HashMap<String, usize>,
    /// Whether the pattern at hand always fits.
    fits: bool,
    /// The structs that stand for themselves with variables in them.
    structs: HashSet<String>,
    /// Whether the derivative is by the macro, too.
    beside_the_macro: bool,
}

/// A parameter that is a struct of constants.
pub(super) struct Constant {
    /// Its type as it is written.
    pub(super) ty: syn::Type,
    /// Whether what stands for it has another name, so that code that is not rewritten sees the
    /// user's own. There is one name only where the body may change it, or binds the name again.
    pub(super) is_renamed: bool,
    /// Whether the body may change it.
    pub(super) is_mutable: bool,
}

impl Names {
    pub(super) fn of(
        function: &Function,
        id: usize,
        callees: &Callees,
        definitions: Structs<'_>,
    ) -> Names {
        let structs = definitions.0.iter().map(|def| def.ident.to_string()).collect();
        let root = callees.function(callees.root());
        let beside_the_macro = root.is_some_and(|root| !root.options.derivative.is_by_tape());
        let mut names = Names { structs, beside_the_macro, ..Names::default() };
        names.generics(&function.item.sig.generics);
        for param in &function.params {
            names.binding(&param.pat);
            let is_constant_struct = matches!(param.ty, Type::Struct(_))
                && !mentions_floats(&param.written, &function.floats, definitions);
            let (is_root, name) = (id == callees.root(), param.name.to_string());
            match &param.pat {
                syn::Pat::Ident(pat)
                    if is_root && is_known(param, function, id, callees, definitions) =>
                {
                    let (ty, is_mutable) = (owned_type(param, function), pat.mutability.is_some());
                    let constant = Constant { ty, is_renamed: !is_mutable, is_mutable };
                    names.constants.insert(name, constant);
                }
                _ => {
                    let is_foreign = is_foreign(param, function)
                        && (is_root || !definitions.are_in(&param.written));
                    if name != "self" && (is_constant_struct || is_foreign) {
                        names.foreign.insert(name);
                    }
                }
            }
            if let syn::Type::Reference(reference) = crate::parse::strip(&param.written)
                && reference.mutability.is_some()
            {
                names.exclusive.insert(param.name.to_string());
            }
            match param.ty {
                Type::Array(..) => names.arrays.insert(param.name.to_string()),
                _ => is_slice(&param.written) && names.slices.insert(param.name.to_string()),
            };
        }
        let params = std::mem::take(&mut names.locals);
        names.visit_block(&function.item.block);
        names.changed(&function.item.block);
        names.rebound = names.locals.clone();
        for (name, constant) in &mut names.constants {
            constant.is_renamed &= !names.rebound.contains(name);
        }
        names.locals.extend(params);
        names.counters();
        names
    }

    /// The names of a function inside a body.
    pub(super) fn inside(&self, item: &syn::ItemFn) -> Names {
        let (functions, structs) = (self.functions.clone(), self.structs.clone());
        let mut names = Names { functions, structs, ..Names::default() };
        names.generics(&item.sig.generics);
        names.fits = true;
        item.sig.inputs.iter().for_each(|input| names.visit_fn_arg(input));
        names.fits = false;
        names.visit_block(&item.block);
        names.counters();
        names
    }

    /// A name is a counter if it never is anything else.
    fn counters(&mut self) {
        let counted =
            self.counted.iter().filter(|(name, times)| self.bound.get(*name) == Some(*times));
        self.counters = counted.map(|(name, _)| name.clone()).collect();
    }

    /// Notes a name that is bound to an integer of no type.
    fn counter(&mut self, pat: &syn::Pat) {
        if let syn::Pat::Ident(pat) = pat {
            *self.counted.entry(pat.ident.to_string()).or_default() += 1;
        }
    }

    fn generics(&mut self, generics: &syn::Generics) {
        for param in &generics.params {
            match param {
                syn::GenericParam::Type(param) => self.generics.insert(param.ident.to_string()),
                syn::GenericParam::Const(param) => self.generics.insert(param.ident.to_string()),
                _ => false,
            };
        }
    }

    /// The names of a pattern that always fits.
    fn binding(&mut self, pat: &syn::Pat) {
        self.fits = true;
        self.visit_pat(pat);
        self.fits = false;
    }

    /// Patterns on a value of the user's own types: what they bind comes out of it.
    fn taken_apart<'p>(&mut self, value: &Expr, pats: impl Iterator<Item = &'p syn::Pat>) {
        let constants = self.constants.keys().cloned().collect();
        if [&self.foreign, &self.parts, &constants].iter().any(|of| Names::hangs_on(value, of)) {
            let mut bound = Vec::new();
            pats.for_each(|pat| names_of(pat, &mut bound));
            self.parts.extend(bound);
        }
    }

    /// Whether a struct is made of constants alone, and is none that has variables in it. Beside the
    /// macro, whose look at the body found no derivative in a struct that is not known, all such are;
    /// the tape makes sure while it runs.
    pub(super) fn is_constant_struct(&self, of: &syn::ExprStruct) -> bool {
        let known = of.path.get_ident().is_none_or(|name| self.structs.contains(&name.to_string()));
        let is_constant = |(name, _): &(String, bool)| {
            let is_local = self.locals.contains(name) || self.closures.contains(name);
            !is_local || self.foreign.contains(name) || self.constants.contains_key(name)
        };
        !known
            && (self.beside_the_macro
                || mentioned(&Expr::Struct(of.clone())).iter().all(is_constant))
    }

    /// Whether an expression is a place or value that hangs on one of these names.
    pub(super) fn hangs_on(expr: &Expr, names: &HashSet<String>) -> bool {
        match expr {
            Expr::Path(path) => {
                path.path.get_ident().is_some_and(|name| names.contains(&name.to_string()))
            }
            Expr::Field(field) => Names::hangs_on(&field.base, names),
            Expr::Index(index) => Names::hangs_on(&index.expr, names),
            Expr::MethodCall(call) => Names::hangs_on(&call.receiver, names),
            Expr::Paren(inner) => Names::hangs_on(&inner.expr, names),
            Expr::Reference(inner) => Names::hangs_on(&inner.expr, names),
            Expr::Unary(inner) => Names::hangs_on(&inner.expr, names),
            _ => false,
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        let name = pat.ident.to_string();
        *self.bound.entry(name.clone()).or_default() += 1;
        // A constant or variant looks like a binding where it is asked for.
        if self.fits || !name.starts_with(char::is_uppercase) {
            self.locals.insert(name);
        }
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr_match(&mut self, matched: &'ast syn::ExprMatch) {
        let pats = matched.arms.iter().map(|arm| &arm.pat);
        pats.clone().for_each(|pat| self.another_name(pat, &matched.expr));
        self.taken_apart(&matched.expr, pats);
        visit::visit_expr_match(self, matched);
    }

    fn visit_expr_let(&mut self, of: &'ast syn::ExprLet) {
        self.another_name(&of.pat, &of.expr);
        self.taken_apart(&of.expr, std::iter::once(&*of.pat));
        visit::visit_expr_let(self, of);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        closure.inputs.iter().for_each(|input| self.binding(input));
        self.visit_expr(&closure.body);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "for_each"
            && let Some(Expr::Closure(closure)) = call.args.first()
            && let Some(pat) = closure.inputs.first()
        {
            self.each(pat, &call.receiver);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_for_loop(&mut self, looped: &'ast syn::ExprForLoop) {
        self.binding(&looped.pat);
        self.each(&looped.pat, &looped.expr);
        if is_range_of_literals(&looped.expr) {
            self.counter(&looped.pat);
        }
        self.visit_expr(&looped.expr);
        self.visit_block(&looped.body);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        match &local.init {
            Some(init) if init.diverge.is_some() => visit::visit_local(self, local),
            init => {
                self.binding(&local.pat);
                init.iter().for_each(|init| self.visit_expr(&init.expr));
            }
        }
        let (pat, is_slice) = match &local.pat {
            syn::Pat::Type(typed) => (&*typed.pat, is_slice(&typed.ty)),
            pat => (pat, false),
        };
        if let Some(init) = &local.init {
            self.another_name(pat, &init.expr);
        }
        let (syn::Pat::Ident(pat), Some(init)) = (pat, &local.init) else { return };
        if is_untyped(&init.expr) && matches!(local.pat, syn::Pat::Ident(_)) {
            self.counter(&local.pat);
        }
        let name = pat.ident.to_string();
        match bare(&init.expr) {
            Expr::Closure(_) => {
                self.closures.insert(name);
            }
            Expr::Call(call) => {
                if let Expr::Path(path) = &*call.func
                    && !is_std(&path.path)
                {
                    self.perhaps_foreign.insert(name);
                }
            }
            Expr::Struct(of) if self.is_constant_struct(of) => {
                self.foreign.insert(name);
            }
            init if self.is_whole(init) => {
                self.foreign.insert(name);
            }
            Expr::Array(_) | Expr::Repeat(_) => {
                self.slices.insert(name);
            }
            Expr::Reference(reference) if reference.mutability.is_some() => {
                self.exclusive.insert(name);
            }
            Expr::Macro(mac) if mac.mac.path.is_ident("vec") => {
                self.slices.insert(name);
            }
            _ if is_slice => {
                self.slices.insert(name);
            }
            _ => {}
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.functions.insert(item.sig.ident.to_string(), item.sig.inputs.len());
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        if let syn::Item::Fn(item) = item {
            self.visit_item_fn(item);
        }
    }
}

/// Whether a parameter is a value of a type that the macro does not know, and no closure.
pub(super) fn is_foreign(param: &Param, function: &Function) -> bool {
    matches!(param.ty, Type::Constant(_) | Type::Passive(..))
        && !takes_floats(&param.written, function)
}

/// An expression without the parentheses around it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        expr => expr,
    }
}

/// An integer literal without a type.
fn is_untyped(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.suffix().is_empty(),
        Expr::Paren(inner) => is_untyped(&inner.expr),
        _ => false,
    }
}

/// `0..3`, `(0..=3).rev()`: nothing in it says of which type the numbers are.
fn is_range_of_literals(expr: &Expr) -> bool {
    let ends_untyped = |end: &Option<Box<Expr>>| end.as_ref().is_none_or(|end| is_untyped(end));
    match expr {
        Expr::Paren(inner) => is_range_of_literals(&inner.expr),
        Expr::MethodCall(call) if call.method == "rev" || call.method == "step_by" => {
            is_range_of_literals(&call.receiver)
        }
        Expr::Range(range) => ends_untyped(&range.start) && ends_untyped(&range.end),
        _ => false,
    }
}

fn is_slice(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Reference(reference) => is_slice(&reference.elem),
        syn::Type::Array(_) | syn::Type::Slice(_) => true,
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|s| s.ident == "Vec"),
        _ => false,
    }
}

/// The one float that a function names, if it names one only: its literals are of that type.
pub(super) fn only_float(function: &Function) -> Option<&'static str> {
    #[derive(Default)]
    struct Floats {
        single: bool,
        double: bool,
        other: bool,
    }
    impl<'ast> Visit<'ast> for Floats {
        fn visit_ident(&mut self, ident: &'ast proc_macro2::Ident) {
            self.single |= ident == "f32";
            self.double |= ident == "f64";
        }

        fn visit_lit_float(&mut self, lit: &'ast syn::LitFloat) {
            self.single |= lit.suffix() == "f32";
            self.double |= lit.suffix() == "f64";
        }

        fn visit_macro(&mut self, mac: &'ast syn::Macro) {
            let text = mac.tokens.to_string();
            self.single |= text.contains("f32");
            self.double |= text.contains("f64");
        }
    }
    let mut floats = Floats { other: !function.floats.is_empty(), ..Floats::default() };
    floats.visit_item_fn(&function.item);
    match (floats.single, floats.double, floats.other) {
        (true, false, false) => Some("f32"),
        (false, true, false) => Some("f64"),
        _ => None,
    }
}

/// What is asked for by these does not depend on the elements.
const OF_SHAPES: &[&str] = &["len", "is_empty", "dim", "shape", "nrows", "ncols", "capacity"];

/// The names that an expression mentions from outside it, and whether for more than their length.
pub(super) fn mentioned(expr: &Expr) -> Vec<(String, bool)> {
    #[derive(Default)]
    struct Mentions {
        free: Vec<String>,
        values: HashSet<String>,
        bound: HashSet<String>,
        exclusive: HashSet<String>,
    }
    impl<'ast> Visit<'ast> for Mentions {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.bound.insert(pat.ident.to_string());
        }

        fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
            if let Some(name) = path.path.get_ident().map(ToString::to_string) {
                self.values.insert(name.clone());
                if !self.free.contains(&name) {
                    self.free.push(name);
                }
            }
        }

        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            if OF_SHAPES.contains(&call.method.to_string().as_str())
                && let Expr::Path(path) = &*call.receiver
            {
                self.free.extend(path.path.get_ident().map(ToString::to_string));
                return;
            }
            visit::visit_expr_method_call(self, call);
        }

        fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
            if let (Some(_), Expr::Path(path)) = (reference.mutability, &*reference.expr) {
                self.exclusive.extend(path.path.get_ident().map(ToString::to_string));
            }
            visit::visit_expr_reference(self, reference);
        }
    }
    let mut mentions = Mentions::default();
    mentions.visit_expr(expr);
    let Mentions { mut free, values, bound, exclusive } = mentions;
    let mut seen = HashSet::new();
    free.retain(|name| {
        !bound.contains(name) && !exclusive.contains(name) && seen.insert(name.clone())
    });
    free.into_iter().map(|name| (name.clone(), values.contains(&name))).collect()
}
