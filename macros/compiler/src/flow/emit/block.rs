//! Blocks, conditionals and loops.
//!
//! ```text
//! let (a_3, b_4): (f64, f64) = if c_2 { …; (x_5, y_6) } else { …; (x_7, y_8) };
//! let mut s_9: f64 = 0.0f64;
//! for i_10 in 0usize..n_1 { …; s_9 = t_11; }
//! let s_12: f64 = s_9;
//! ```

use super::arithmetic::{Terms, braced, punct, tuple};
use super::call::Itself;
use super::facts::Facts;
use super::groups::Schedule;
use super::memories::is_lent;
use super::names::{self, local};
use super::{innermost, windows};
use crate::emit::element::{elem_type, literal, zero};
use crate::flow::ir::{
    Block, Carried, Kind, Loop, MemId, Origin, Out, Over, Place, Program, Proj, RecId, Stmt, Ty, V,
};
use crate::flow::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// More statements than this in one block declare their variables together. Each `let` is a scope
/// inside the one before, and rustc's debug information does not survive tens of thousands of them.
const MANY: usize = 256;

/// A variable that a `let` declares.
pub(super) struct Declared {
    /// Its name.
    pub(super) name: Ident,
    /// Its type, `_` where only rustc knows.
    pub(super) ty: TokenStream,
    /// Whether it changes.
    pub(super) mutable: bool,
}

/// Variables that are declared together: their patterns and types.
#[derive(Default)]
pub(super) struct Together {
    pub(super) patterns: Vec<TokenTree>,
    pub(super) types: Vec<TokenTree>,
}

impl Together {
    fn push(&mut self, declared: Declared) {
        let Declared { name, ty, mutable } = declared;
        self.patterns.extend(mutable.then(|| quote!(mut)).into_iter().flatten());
        self.patterns.extend([name.into(), punct(',')]);
        self.types.extend(ty);
        self.types.push(punct(','));
    }
}

/// Emits the statements of a program.
pub(super) struct Body<'p> {
    pub(super) program: &'p Program,
    pub(super) facts: Facts,
    /// What stands for a place in the loop at hand: a window's element, a local.
    pub(super) windows: HashMap<(MemId, Vec<Proj>), TokenStream>,
    /// What a value is called in the loop at hand instead.
    pub(super) replaced: HashMap<V, TokenStream>,
    /// Where the loop at hand finds the entry of a record, value by value.
    pub(super) streams: HashMap<RecId, Vec<TokenStream>>,
    /// Memories that are in an `Option`, since nothing else could stand in before they are made.
    pub(super) lazy: HashMap<MemId, ()>,
    /// Memories whose type may have a name that means nothing here.
    pub(super) unnamed: HashSet<MemId>,
    /// Tokens that are there already, and what is written where it is used.
    pub(super) terms: Terms,
    /// Where we are.
    pub(super) path: Vec<usize>,
    /// In how many loops we are.
    pub(super) loops: usize,
    /// The variables of this block that are declared together.
    pub(super) together: Option<Together>,
    /// What is to be computed where it stands.
    pub(super) pinned: HashSet<V>,
    /// How many names were made.
    fresh: usize,
    /// Exclusive references, which are passed on as `&mut *rng`.
    pub(super) reborrowed: Vec<V>,
    /// Parameters of a type parameter's type, which are passed on as `&f`: a function is not cloned.
    pub(super) lent: Vec<V>,
    /// Checks of cotangents, before they are used for the first time.
    pub(super) checks: HashMap<MemId, TokenStream>,
    /// How a function with tangents that calls itself is called.
    pub(super) itself: Option<Itself>,
}

impl<'p> Body<'p> {
    /// For a program; what is used behind it besides its result is named.
    pub(super) fn new(program: &'p Program, used_behind: &[V]) -> Self {
        let facts = Facts::new(program, used_behind);
        let mut lazy: HashMap<MemId, ()> = (facts.homes.iter())
            .filter(|(mem, home)| {
                let of = program.at(**mem);
                home.ahead
                    && (of.origin == Origin::Shared || super::types::anything(&of.ty).is_none())
            })
            .map(|(mem, _)| (*mem, ()))
            .collect();
        let mut unnamed = HashSet::default();
        // What is perhaps not there when it is put on a record is not there when it is taken off.
        walk::all(&program.body, &mut |kind| {
            if let Kind::Recall(record, _, mems) = kind
                && let Some((_, kept)) = facts.records.get(record)
            {
                let absent = mems.iter().zip(kept).filter(|(_, kept)| lazy.contains_key(kept));
                let absent: Vec<_> = absent.map(|(mem, _)| (*mem, ())).collect();
                lazy.extend(absent);
                let lent = mems.iter().zip(kept).filter(|(_, kept)| is_lent(program, **kept));
                unnamed.extend(lent.map(|(mem, _)| *mem));
            }
        });
        Body {
            program,
            facts,
            windows: HashMap::default(),
            streams: HashMap::default(),
            replaced: HashMap::default(),
            lazy,
            unnamed,
            terms: Terms::new(program.values.len()),
            path: vec![],
            loops: 0,
            together: None,
            pinned: HashSet::default(),
            fresh: 0,
            reborrowed: vec![],
            lent: vec![],
            checks: HashMap::default(),
            itself: None,
        }
    }

    /// A name that nothing else has.
    pub(super) fn fresh(&mut self, name: &str) -> Ident {
        self.fresh += 1;
        local(&format!("{name}_w{}", self.fresh))
    }

    /// A value, where it is used.
    pub(super) fn value(&self, v: V) -> TokenStream {
        if let Some(known) = self.constant(v).or_else(|| self.nested(v)) {
            return known;
        }
        let name = self.name(v);
        if let Some(other) = self.replaced.get(&v) {
            other.clone()
        } else if self.facts.optional.contains(&v) {
            quote!(::chainrule::rt::kept(&#name))
        } else {
            quote!(#name)
        }
    }

    /// A value, where it is moved: what may not be `Copy` and is used again is cloned.
    pub(super) fn moved(&self, v: V) -> TokenStream {
        let of = self.program.of(v);
        if self.reborrowed.contains(&v) {
            let name = self.name(v);
            return quote!(&mut *#name);
        }
        let known = of.ty != Ty::Opaque || of.object || self.facts.optional.contains(&v);
        if known || self.constant(v).is_some() || !self.facts.shared.contains(&v) {
            return self.value(v);
        }
        let name = self.name(v);
        match self.lent.contains(&v) {
            true => quote!(&#name),
            false => quote!(::core::clone::Clone::clone(&#name)),
        }
    }

    /// The type of a value.
    pub(super) fn type_of(&self, v: V) -> TokenStream {
        let ty = match &self.program.of(v).ty {
            Ty::Float(elem) => elem_type(elem),
            Ty::Bool => quote!(bool),
            Ty::Int(Some(name)) => elem_type(&Elem::Int(name.clone())),
            Ty::Int(None) | Ty::Opaque => quote!(_),
        };
        match self.facts.optional.contains(&v) {
            true => quote!(::core::option::Option<#ty>),
            false => ty,
        }
    }

    /// The declaration of a value.
    pub(super) fn declared(&self, v: V) -> Declared {
        let mutable = self.program.of(v).object;
        Declared { name: self.name(v), ty: self.type_of(v), mutable }
    }

    /// `let declared = value;`
    pub(super) fn bind(&mut self, declared: Declared, value: &TokenStream) -> TokenStream {
        let Declared { name, ty, mutable } = &declared;
        match &mut self.together {
            Some(together) => {
                let assigned = quote!(#name = #value;);
                together.push(declared);
                assigned
            }
            None if *mutable => quote!(let mut #name: #ty = #value;),
            None => quote!(let #name: #ty = #value;),
        }
    }

    /// `let (a, b) = value;`, of one variable without the tuple.
    pub(super) fn bind_all(&mut self, declared: Vec<Declared>, value: &TokenStream) -> TokenStream {
        let names: Vec<&Ident> = declared.iter().map(|d| &d.name).collect();
        if let Some(together) = &mut self.together {
            let names = one_or_tuple(&names);
            let assigned = quote!(#names = #value;);
            declared.into_iter().for_each(|declared| together.push(declared));
            return assigned;
        }
        let types: Vec<&TokenStream> = declared.iter().map(|d| &d.ty).collect();
        let patterns: Vec<TokenStream> = declared.iter().map(pattern).collect();
        let (patterns, types) = (one_or_tuple(&patterns), one_or_tuple(&types));
        quote!(let #patterns: #types = #value;)
    }

    /// The statements of a block.
    pub(super) fn block(&mut self, block: &Block) -> TokenStream {
        self.part(block, 0..block.stmts.len())
    }

    /// The same, written.
    fn block_into(&mut self, block: &Block, out: &mut Vec<TokenTree>) {
        self.part_into(block, 0..block.stmts.len(), out);
    }

    /// Some statements of a block, by their numbers.
    pub(super) fn part(&mut self, block: &Block, range: std::ops::Range<usize>) -> TokenStream {
        let mut out = Vec::new();
        self.part_into(block, range, &mut out);
        out.into_iter().collect()
    }

    fn part_into(
        &mut self,
        block: &Block,
        range: std::ops::Range<usize>,
        out: &mut Vec<TokenTree>,
    ) {
        let around = self.together.take();
        let many = block.stmts.len() >= MANY;
        let (first, end) = (range.start, range.end);
        let mut groups = Schedule::new(self, block, &range);
        self.pinned.extend(groups.pinned.drain());
        self.find_nested(block, range.clone());
        let mut listed = 0;
        for (chunk, stmts) in block.stmts[range].chunks(MANY).enumerate() {
            self.together = many.then(Together::default);
            let mut tokens: Vec<TokenTree> = Vec::new();
            for (k, stmt) in stmts.iter().enumerate() {
                let at = first + chunk * MANY + k;
                groups.before(self, block, at, &mut tokens);
                self.declare_ahead(at, &mut tokens);
                self.path.push(at);
                self.seed_checks(stmt, &mut tokens);
                if at < listed {
                    // An entry that went on its list with the one before.
                } else if let Some((entries, count)) = self.entries(&stmts[k..]) {
                    tokens.extend(entries);
                    listed = at + count;
                } else if !groups.moves(at) && !self.arithmetic(stmt, &mut tokens) {
                    tokens.extend(self.statement(stmt));
                }
                self.path.pop();
                if at + 1 == end {
                    groups.before(self, block, end, &mut tokens);
                }
            }
            if let Some(Together { patterns, types }) = self.together.take() {
                let [patterns, types] = [patterns, types].map(tuple);
                out.extend(quote!(let #patterns: #types;));
            }
            out.extend(tokens);
        }
        self.together = around;
    }

    /// The lengths of cotangents are checked before they are used for the first time.
    fn seed_checks(&mut self, stmt: &Stmt, out: &mut Vec<TokenTree>) {
        if self.checks.is_empty() || self.path.len() != 1 {
            return;
        }
        let mut found = Vec::new();
        let mut visit = |kind: &Kind| {
            walk::places(kind, &mut |mem, _, _| found.push(mem));
        };
        visit(&stmt.kind);
        for block in walk::blocks(&stmt.kind) {
            walk::all(block, &mut |kind| visit(kind));
        }
        out.extend(found.into_iter().filter_map(|mem| self.checks.remove(&mem)).flatten());
    }

    /// Whether a memory's variable is a reference.
    pub(super) fn is_reference(&self, mem: MemId) -> bool {
        matches!(self.program.at(mem).origin, Origin::Shared | Origin::Exclusive)
    }

    /// A place, to be read.
    pub(super) fn place(&self, place: &Place) -> TokenStream {
        self.place_of(place.mem, &place.proj, false)
    }

    /// A place, to be changed.
    pub(super) fn place_mut(&self, place: &Place) -> TokenStream {
        self.place_of(place.mem, &place.proj, true)
    }

    /// A place from its steps.
    pub(super) fn place_of(&self, mem: MemId, proj: &[Proj], change: bool) -> TokenStream {
        let window = (0..=proj.len())
            .rev()
            .find_map(|n| Some((self.windows.get(&(mem, proj[..n].to_vec()))?.clone(), n)));
        let (mut out, done) = window.unwrap_or_else(|| {
            let name = names::mem(self.program, mem);
            let root = match (self.lazy.contains_key(&mem), change) {
                (true, true) => quote!((*::chainrule::rt::there_mut(&mut #name))),
                (true, false) if self.is_reference(mem) && proj.is_empty() => {
                    quote!((**::chainrule::rt::there(&#name)))
                }
                (true, false) => quote!((*::chainrule::rt::there(&#name))),
                _ if self.is_reference(mem) && proj.is_empty() => quote!((*#name)),
                _ => quote!(#name),
            };
            (root, 0)
        });
        for step in &proj[done..] {
            out = match step {
                Proj::Field(name) => super::types::field(&out, name),
                Proj::Index(at) => {
                    let at = self.index(*at);
                    quote!(#out[#at])
                }
                Proj::Range(from, to) => {
                    let (from, to) = (self.index(*from), to.map(|to| self.index(to)));
                    quote!(#out[#from..#to])
                }
            };
        }
        out
    }

    /// A value as an index: literals are of type `usize`.
    pub(super) fn index(&self, v: V) -> TokenStream {
        match (&self.program.of(v).ty, self.facts.consts.get(&v)) {
            (Ty::Int(None), Some(number)) => literal(number, &Elem::Int("usize".into())),
            _ => self.value(v),
        }
    }

    /// The type of a place, where it is known: fields of structs are not.
    pub(super) fn type_at(&self, place: &Place) -> Option<Type> {
        let slice = matches!(place.proj.last(), Some(Proj::Range(..)));
        self.known_type(place)
            .or_else(|| slice.then(|| Type::Slice(Box::new(Type::Float(Elem::F64)))))
    }

    fn known_type(&self, place: &Place) -> Option<Type> {
        let mut ty = self.program.at(place.mem).ty.clone();
        for step in &place.proj {
            ty = match (step, ty) {
                (Proj::Field(name), Type::Tuple(parts)) => {
                    parts.get(name.parse::<usize>().ok()?)?.clone()
                }
                (Proj::Index(_), Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of)) => *of,
                (Proj::Range(..), Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of)) => {
                    Type::Slice(of)
                }
                _ => return None,
            };
        }
        Some(ty)
    }

    /// A conditional.
    pub(super) fn conditional(
        &mut self,
        cond: V,
        (then, other): (&Block, &Block),
        outs: &[Out],
        out: &mut Vec<TokenTree>,
    ) {
        let cond = self.alone(cond);
        let is_slot = |this: &Self, of: &Out| this.facts.slots.get(&of.value).copied();
        let mut slots: Vec<(V, &Out)> = Vec::new();
        let mut handed: Vec<&Out> = Vec::new();
        for of in outs {
            match is_slot(self, of) {
                Some(slot) => slots.push((slot, of)),
                None => handed.push(of),
            }
        }
        for (slot, _) in slots.iter().filter(|(slot, of)| *slot == of.value) {
            let (declared, blank) = (self.declared(*slot), self.blank(*slot));
            out.extend(self.bind(Declared { mutable: true, ..declared }, &blank));
        }
        let branch = |this: &mut Self, number: usize, block: &Block| {
            let mut stmts = Vec::new();
            this.path.push(number);
            this.block_into(block, &mut stmts);
            this.path.pop();
            for (slot, of) in &slots {
                let value = if number == 0 { of.then } else { of.other };
                let value = value.filter(|v| this.facts.slots.get(v) != Some(slot));
                if let Some(value) = value {
                    let (name, value) = (this.name(*slot), this.moved(value));
                    stmts.extend(quote!(#name = #value;));
                }
            }
            let leaves = block
                .stmts
                .last()
                .is_some_and(|stmt| matches!(stmt.kind, Kind::Fail(_) | Kind::Diverge(_)));
            if handed.is_empty() || leaves {
                return stmts;
            }
            let mut values = Vec::new();
            for (k, of) in handed.iter().enumerate() {
                values.extend((k > 0).then(|| punct(',')));
                match if number == 0 { of.then } else { of.other } {
                    Some(v) if this.program.of(v).ty != Ty::Opaque => this.bare(v, &mut values),
                    value => values.extend(this.leaving(of.value, value)),
                }
            }
            match handed.len() {
                1 => stmts.extend(values),
                _ => stmts.push(tuple(values)),
            }
            stmts
        };
        let then = branch(self, 0, then);
        let other = branch(self, 1, other);
        let values: Vec<V> = handed.iter().map(|of| of.value).collect();
        if !values.is_empty() {
            self.bind_values(&values, out);
        }
        let word = |word: &str| Ident::new(word, Span::call_site());
        out.push(word("if").into());
        out.extend(cond);
        out.push(braced(then));
        if !other.is_empty() {
            out.extend([word("else").into(), braced(other)]);
        }
        out.extend((!values.is_empty()).then(|| punct(';')));
    }

    /// What a branch hands out as a value.
    fn leaving(&self, out: V, value: Option<V>) -> TokenStream {
        if self.facts.optional.contains(&out) {
            return self.option(value);
        }
        value.map_or_else(|| self.blank(out), |value| self.moved(value))
    }

    /// Something in place of a value that is not used.
    pub(super) fn blank(&self, v: V) -> TokenStream {
        match &self.program.of(v).ty {
            Ty::Float(elem) => zero(elem),
            Ty::Bool => quote!(false),
            Ty::Int(Some(name)) => literal(&Literal::Int(0), &Elem::Int(name.clone())),
            _ => quote!(0),
        }
    }

    /// A value as an `Option`.
    fn option(&self, value: Option<V>) -> TokenStream {
        match value {
            None => quote!(::core::option::Option::None),
            Some(v) if self.facts.optional.contains(&v) => {
                let name = self.name(v);
                quote!(::core::clone::Clone::clone(&#name))
            }
            Some(v) => {
                let value = self.moved(v);
                quote!(::core::option::Option::Some(#value))
            }
        }
    }

    /// A loop.
    pub(super) fn repeat(&mut self, lp: &Loop) -> TokenStream {
        let mut out = TokenStream::new();
        for c in &lp.carried {
            let init = self.handed(c.param, c.init);
            let declared = Declared { mutable: true, ..self.declared(c.param) };
            out.extend(self.bind(declared, &init));
        }
        if let Some(count) = lp.count {
            let declared = Declared { name: self.name(count), ty: quote!(usize), mutable: true };
            out.extend(self.bind(declared, &quote!(0)));
        }
        let windows = windows::plan(self, lp);
        self.path.push(0);
        self.loops += 1;
        let inner = match &windows {
            Some(plan) => innermost::within(self, plan, lp),
            None => {
                let body = self.iteration(lp);
                match &lp.over {
                    Over::Range { var, lo, hi, reversed } => {
                        let (var, lo, hi) = (self.name(*var), self.value(*lo), self.value(*hi));
                        let range = match reversed {
                            true => quote!((#lo..#hi).rev()),
                            false => quote!(#lo..#hi),
                        };
                        quote!(for #var in #range { #body })
                    }
                    Over::Forever => quote!(loop { #body }),
                }
            }
        };
        self.path.pop();
        self.loops -= 1;
        out.extend(inner);
        for c in &lp.carried {
            let (declared, last) = (self.declared(c.out), self.name(c.param));
            out.extend(self.bind(declared, &quote!(#last)));
        }
        out
    }

    /// The body of a loop, with what is handed on.
    pub(super) fn iteration(&mut self, lp: &Loop) -> TokenStream {
        let mut out = self.block(&lp.body);
        let params: Vec<V> = lp.carried.iter().map(|c| c.param).collect();
        let exit = lp.exit.map(|exit| {
            let value = self.value(exit);
            if !params.contains(&exit) {
                return value;
            }
            let name = local("exit");
            out.extend(quote!(let #name = #value;));
            quote!(#name)
        });
        let changed: Vec<&Carried> = lp.carried.iter().filter(|c| c.next != c.param).collect();
        let target = |c: &Carried| {
            let name = self.name(c.param);
            self.replaced.get(&c.param).cloned().unwrap_or_else(|| quote!(#name))
        };
        let (targets, values): (Vec<TokenStream>, Vec<TokenStream>) =
            changed.iter().map(|c| (target(c), self.handed(c.param, c.next))).unzip();
        let crossed = changed.len() > 1 && changed.iter().any(|c| params.contains(&c.next));
        if crossed {
            out.extend(quote!((#(#targets,)*) = (#(#values,)*);));
        } else {
            out.extend(quote!(#(#targets = #values;)*));
        }
        if let Some(count) = lp.count {
            let count = self.name(count);
            out.extend(quote!(#count += 1;));
        }
        if let Some(exit) = exit {
            out.extend(quote!(if #exit { break; }));
        }
        out
    }

    /// What a loop hands to a variable.
    fn handed(&self, param: V, value: V) -> TokenStream {
        match self.facts.optional.contains(&param) {
            true => self.option(Some(value)),
            false => self.moved(value),
        }
    }
}

fn pattern(declared: &Declared) -> TokenStream {
    let (name, mutable) = (&declared.name, declared.mutable.then(|| quote!(mut)));
    quote!(#mutable #name)
}

/// One: itself; others: the tuple of them.
pub(super) fn one_or_tuple<T: quote::ToTokens>(parts: &[T]) -> TokenStream {
    match parts {
        [one] => quote!(#one),
        several => quote!((#(#several),*)),
    }
}
