//! Loops.
//!
//! Every variable that may change holds a parameter of the loop while its body is lowered; those
//! that did not change get their old value back afterwards, and the parameter disappears.

use super::region::{Arm, Live};
use super::ring::{Renaming, Ring, grows, renamed};
use super::spans::Spanned;
use super::val::{Val, VarId};
use super::wanted::Wanted;
use super::{Lowerer, Slot, TargetKind};
use crate::flow::ir::{Block, Carried, Kind, Loop, Over, Stmt, V};
use crate::flow::visit::{Rename, rename_block};
use crate::hash::HashMap;
use proc_macro2::Span;
use syn::Pat;

/// What a loop runs over, before its variable is made.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// From the first index up to the second; from the end if the flag is set.
    Range(V, V, bool),
    /// Until it is left.
    Forever,
}

/// What is known of a loop from its source.
#[derive(Clone, Default)]
pub(super) struct Header {
    /// Its label.
    pub(super) label: Option<String>,
    /// `#[checkpoint]`.
    pub(super) checkpoint: Option<Option<V>>,
    /// Whether the body is the user's, which may leave the loop.
    pub(super) users: bool,
}

impl Lowerer<'_> {
    /// A loop. The body gets the loop's variable.
    pub(super) fn looped(
        &mut self,
        run: Run,
        header: &Header,
        span: Span,
        body: &mut dyn FnMut(&mut Self, Option<V>),
    ) -> Val {
        if self.is_gone() {
            return Val::Never;
        }
        let (errors, vars) = (self.errors.count(), self.vars.len());
        match self.loop_once(run, header, span, body, &HashMap::default(), vars) {
            Ok(val) => val,
            Err(grown) => {
                // An option that was empty at first is not at the end of an iteration: now it is
                // known what is in it.
                self.errors.forget_after(errors);
                self.loop_once(run, header, span, body, &grown, vars).unwrap_or(Val::Error)
            }
        }
    }

    /// One try of lowering a loop; `Err` with what variables must hold at the start.
    fn loop_once(
        &mut self,
        run: Run,
        header: &Header,
        span: Span,
        body: &mut dyn FnMut(&mut Self, Option<V>),
        grown: &HashMap<VarId, Val>,
        vars: usize,
    ) -> Result<Val, HashMap<VarId, Val>> {
        let mark = self.marks();
        let target = self.new_target(TargetKind::Loop, header.label.clone());
        let (left, crossed, value) = (target.left, target.crossed, target.value);
        // What variables hold at the start of an iteration.
        let mut params: Vec<(V, V)> = Vec::new();
        let mut starts: HashMap<VarId, (Val, Val)> = HashMap::default();
        let held: Vec<(VarId, Val)> = (0..vars)
            .filter(|id| {
                let var = &self.vars[*id];
                // What jumps set is not read in here, but may have been set before.
                var.mutable && !(var.jump && matches!(var.val, Val::Bool(_) | Val::Undef))
            })
            .map(|id| (id, self.vars[id].val.clone()))
            .collect();
        for (id, val) in held {
            let like = grown.get(&id).cloned();
            let name = self.vars[id].name.clone();
            let (init, param) = self.parameter(val, like, &name, &mut params, span);
            starts.insert(id, (init, param));
        }
        let var = match run {
            Run::Range(lo, hi, _) => {
                self.unify(lo, hi);
                let class = self.class(lo);
                Some(self.of_class("i", class, span))
            }
            Run::Forever => None,
        };
        if let (Some(var), Run::Range(_, hi, _)) = (var, run) {
            self.below.insert(var, hi);
        }
        self.targets.push(target);
        let olds: Vec<(VarId, Val)> = starts
            .iter()
            .map(|(id, (_, param))| {
                let old = std::mem::replace(&mut self.vars[*id].val, param.clone());
                (*id, old)
            })
            .collect();
        let (arm, _) = self.region(|this| {
            this.set(left, Val::Bool(false));
            this.set(crossed, Val::Bool(false));
            body(this, var);
            Val::Unit
        });
        self.targets.pop();
        for (id, old) in olds {
            self.vars[id].val = old;
        }
        if grown.is_empty() {
            let mut more: HashMap<VarId, Val> = (arm.changed.iter())
                .filter(|(id, end)| starts.get(id).is_some_and(|(_, start)| grows(start, end)))
                .map(|(id, end)| (*id, end.clone()))
                .collect();
            if more.values().any(|val| matches!(val, Val::Array(_))) {
                // The extents of one may become those of another.
                for (id, (_, start)) in &starts {
                    if matches!(start, Val::Array(_)) {
                        more.entry(*id).or_insert_with(|| start.clone());
                    }
                }
            }
            if !more.is_empty() {
                return Err(more);
            }
        }
        Ok(self.close_loop(
            run,
            header,
            span,
            arm,
            Ends {
                var,
                params,
                starts,
                left,
                crossed,
                value,
                vars,
                mark: (mark.values, mark.mems),
            },
        ))
    }

    fn close_loop(
        &mut self,
        run: Run,
        header: &Header,
        span: Span,
        mut arm: Arm,
        ends: Ends,
    ) -> Val {
        let Ends { var, params, starts, left, crossed, value, vars, mark } = ends;
        let mut carried = Vec::new();
        let mut outs: Vec<(VarId, Val)> = Vec::new();
        let mut ahead = Vec::new();
        let ids: Vec<VarId> = arm.changed.keys().copied().collect();
        for id in ids {
            let inside = id >= vars && ![left, crossed, value].contains(&id);
            if inside || id == left {
                continue;
            }
            let Some(end) = arm.changed.get(&id).cloned() else { continue };
            let (init, param) = match starts.get(&id) {
                Some((init, param)) => (init.clone(), param.clone()),
                None => (self.vars[id].val.clone(), self.vars[id].val.clone()),
            };
            let name = self.vars[id].name.clone();
            let mut join =
                Ring { arm: &mut arm, carried: &mut carried, ahead: &mut ahead, mark, span };
            let out = self.ring(&mut join, (init, param, end), &name);
            outs.push((id, out));
        }
        // A parameter that is not carried is what it was before.
        let still: HashMap<V, V> = params
            .into_iter()
            .filter(|(param, _)| !carried.iter().any(|c: &Carried| c.param == *param))
            .collect();
        let mut body = Block { stmts: std::mem::take(&mut arm.stmts) };
        let mut renaming = Renaming(&still);
        rename_block(&mut body, &mut renaming);
        for c in &mut carried {
            renaming.value(&mut c.next);
        }
        let exit = match arm.changed.get(&left) {
            Some(Val::Scalar(v)) => Some(still.get(v).copied().unwrap_or(*v)),
            Some(Val::Bool(true)) => {
                let v = self.fresh("left", Slot::Bool, span);
                let path = quote::quote!(true);
                let kind = Kind::Pass(v, crate::flow::ir::Pass::Path(path), vec![]);
                body.stmts.push(Stmt { kind, span });
                Some(v)
            }
            _ => None,
        };
        self.put(ahead);
        let over = match (run, var) {
            (Run::Range(lo, hi, reversed), Some(var)) => Over::Range { var, lo, hi, reversed },
            _ => Over::Forever,
        };
        let endless = matches!(over, Over::Forever) && exit.is_none();
        let checkpoint = header.checkpoint;
        let lp = Loop { over, carried, body, exit, checkpoint, count: None };
        self.emit(Kind::Loop(Box::new(lp)), span);
        for (id, mut val) in outs {
            renamed(&mut val, &still);
            self.set(id, val);
        }
        if endless {
            return self.leave(Live::Dead);
        }
        self.after_target(crossed, span);
        match self.vars[value].val.clone() {
            Val::Undef => Val::Unit,
            val => val,
        }
    }

    pub(super) fn while_loop(&mut self, of: &syn::ExprWhile) -> Val {
        let span = of.while_token.span;
        let Some(header) = self.header(&of.attrs, of.label.as_ref()) else { return Val::Error };
        self.looped(Run::Forever, &header, span, &mut |this, _| {
            // `while c { .. }` is `loop { if c { .. } else { break } }`.
            let conditional = syn::ExprIf {
                attrs: vec![],
                if_token: syn::Token![if](span),
                cond: of.cond.clone(),
                then_branch: of.body.clone(),
                else_branch: Some((
                    syn::Token![else](span),
                    Box::new(syn::parse_quote_spanned!(span=> { break })),
                )),
            };
            this.if_expr(&conditional);
        })
    }

    pub(super) fn endless_loop(&mut self, of: &syn::ExprLoop) -> Val {
        let Some(header) = self.header(&of.attrs, of.label.as_ref()) else { return Val::Error };
        self.looped(Run::Forever, &header, of.loop_token.span, &mut |this, _| {
            this.block(&of.body);
        })
    }

    pub(super) fn for_loop(&mut self, of: &syn::ExprForLoop) -> Val {
        let span = of.for_token.span;
        let Some(header) = self.header(&of.attrs, of.label.as_ref()) else { return Val::Error };
        self.want(&of.expr, Wanted::List);
        let over = self.expr_or_table(&of.expr);
        let it = match over {
            Val::Scalar(v) if self.is_made_by_steps(v) => self.taken_apart(v, &of.expr, span),
            over => self.iterator(over, of.expr.span()),
        };
        let Some(it) = it else { return Val::Error };
        let name = match &*of.pat {
            Pat::Ident(name) => Some(name.ident.to_string()),
            _ => None,
        };
        self.for_each(&it, &header, span, &mut |this, item| {
            if let Some(name) = &name {
                this.name_val(&item, name);
            }
            this.scoped(|this| {
                this.bind(&of.pat, item);
                this.block(&of.body);
            });
        })
    }

    /// Label and attributes of a loop.
    fn header(&mut self, attrs: &[syn::Attribute], label: Option<&syn::Label>) -> Option<Header> {
        let label = label.map(|label| label.name.ident.to_string());
        let mut header = Header { label, checkpoint: None, users: true };
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("checkpoint")) {
            header.checkpoint = Some(match &attr.meta {
                syn::Meta::Path(_) => None,
                syn::Meta::List(list) => {
                    let every: syn::Result<syn::MetaNameValue> = list.parse_args();
                    match every {
                        Ok(every) if every.path.is_ident("every") => {
                            if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(k), .. }) =
                                &every.value
                                && matches!(k.base10_parse::<u64>(), Ok(0))
                            {
                                self.error(k, "at least one iteration lies between two states: `every = 1` keeps them all");
                                return None;
                            }
                            let val = self.expr(&every.value);
                            let v = self.scalar(val, every.value.span())?;
                            self.as_index(v);
                            Some(v)
                        }
                        _ => {
                            self.error(list, "`#[checkpoint]` takes `every = k`, how many iterations lie between two states that are kept, or nothing");
                            return None;
                        }
                    }
                }
                other => {
                    self.error(other, "`#[checkpoint]` takes `every = k`, or nothing");
                    return None;
                }
            });
        }
        Some(header)
    }
}

/// What closing a loop needs.
struct Ends {
    var: Option<V>,
    params: Vec<(V, V)>,
    starts: HashMap<VarId, (Val, Val)>,
    left: VarId,
    crossed: VarId,
    value: VarId,
    vars: usize,
    mark: (u32, u32),
}
