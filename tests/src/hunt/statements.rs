//! Random statements.

use super::program::{Kind, Scope, Writer};
use rand::RngExt;

impl Writer {
    pub(super) fn statement(&mut self) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        let which = match self.kind {
            // What no record is needed for.
            Kind::Term => self.pick(&[0, 4, 7, 12, 16, 20, 21, 23, 31]).unwrap_or(0),
            _ => self.rng.random_range(0..34),
        };
        match which {
            0..=3 => self.declare(),
            4..=6 => self.assign(),
            7 | 8 => self.array(),
            9..=11 => self.change_element(),
            12 | 13 => self.conditional(),
            14..=16 => self.for_range(),
            17 => self.for_elements(),
            18 => self.while_loop(),
            19 => self.swap(),
            20 => self.closure(),
            21 => self.matching(),
            22 => self.exit(),
            23 => self.pair(),
            24 => self.growing(),
            25 => self.table(),
            26 => self.option(),
            27 | 28 => self.in_out(),
            29 => self.mutating_closure(),
            30 => self.checkpointed(),
            32 | 33 => self.body(),
            _ => self.whole_array(),
        }
    }

    pub(super) fn block(&mut self, count: usize) {
        self.scopes.push(Scope::default());
        self.indent += 1;
        let closures = self.closures.len();
        for _ in 0..count {
            self.statement();
        }
        self.closures.truncate(closures);
        self.indent -= 1;
        self.scopes.pop();
    }

    pub(super) fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    pub(super) fn declare(&mut self) {
        let value = self.bounded(2);
        let mutable = self.chance(60);
        let shadows = self.chance(15);
        let mut existing = self.floats(false);
        existing.retain(|name| !name.contains('.'));
        let name = match (shadows, self.pick(&existing)) {
            (true, Some(name)) => {
                self.note("shadowing");
                name
            }
            _ => self.fresh("v"),
        };
        let keyword = if mutable { "let mut" } else { "let" };
        self.line(&format!("{keyword} {name} = {value};"));
        self.note("let");
        self.scope().floats.retain(|(old, _)| *old != name);
        self.scope().floats.push((name, mutable));
    }

    /// Whether the innermost variable of this name may be changed: another may hide it.
    pub(super) fn is_visible(&self, name: &str) -> bool {
        self.scopes
            .iter()
            .rev()
            .flat_map(|scope| scope.floats.iter())
            .find(|(other, _)| other == name)
            .is_some_and(|(_, mutable)| *mutable)
    }

    pub(super) fn assign(&mut self) {
        let names: Vec<String> =
            self.floats(true).into_iter().filter(|name| self.is_visible(name)).collect();
        let Some(name) = self.pick(&names) else { return self.declare() };
        self.note("assignment");
        match self.rng.random_range(0..4) {
            0 => {
                let value = self.bounded(2);
                self.line(&format!("{name} = {value};"));
            }
            1 => {
                let value = self.bounded(2);
                self.line(&format!("{name} = 0.5 * {name} + {value};"));
            }
            2 => {
                let (op, value) = (if self.chance(50) { "+=" } else { "-=" }, self.bounded(1));
                self.line(&format!("{name} {op} 0.3 * {value};"));
            }
            _ => {
                let value = self.bounded(1);
                self.line(&format!("{name} *= {value};"));
            }
        }
    }

    pub(super) fn array(&mut self) {
        self.note("array");
        let name = self.fresh("r");
        let value = match self.rng.random_range(0..4) {
            0 => format!("[{}, {}, {}]", self.bounded(1), self.bounded(1), self.float(0)),
            1 => format!("[{}; 4]", self.bounded(1)),
            2 => format!("vec![{}; 3]", self.bounded(1)),
            _ => {
                let floats = self.floats(false);
                let other = self.pick(&floats).unwrap_or_else(|| "b".into());
                format!("x.iter().map(|e| e * {other}).collect::<Vec<f64>>()")
            }
        };
        self.line(&format!("let mut {name} = {value};"));
        self.scope().slices.push((name, true));
    }

    pub(super) fn change_element(&mut self) {
        let slices = self.slices(true);
        let Some(slice) = self.pick(&slices) else { return self.array() };
        self.note("element changed");
        let (index, value) = (self.int(), self.bounded(2));
        let element = format!("{slice}[at]");
        let change = match self.rng.random_range(0..4) {
            0 => format!("{element} = {value};"),
            1 => format!("{element} += 0.2 * {value};"),
            2 => format!("{element} *= {value};"),
            _ => format!("{element} = 0.6 * {element} - {value};"),
        };
        self.line(&format!("let at = {index} % {slice}.len();"));
        self.line(&change);
    }

    pub(super) fn conditional(&mut self) {
        self.note("if");
        let cond = self.condition();
        self.line(&format!("if {cond} {{"));
        let count = self.rng.random_range(1..3);
        self.block(count);
        if self.chance(50) {
            self.line("} else {");
            let count = self.rng.random_range(1..3);
            self.block(count);
        }
        self.line("}");
    }

    pub(super) fn label(&mut self) -> (String, Option<String>) {
        if self.chance(30) {
            let label = self.fresh("'l");
            return (format!("{label}: "), Some(label));
        }
        (String::new(), None)
    }

    /// The body of a loop with this label and these variables, and its end.
    fn loop_body(&mut self, label: Option<String>, variables: Scope) {
        self.loops.push(label);
        self.scopes.push(variables);
        let count = self.rng.random_range(1..4);
        self.block(count);
        self.scopes.pop();
        self.loops.pop();
        self.line("}");
    }

    pub(super) fn for_range(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        self.note("for over a range");
        let (prefix, label) = self.label();
        let var = self.fresh("i");
        let (lo, span) = (self.rng.random_range(0..2), self.rng.random_range(0..4));
        let range = match self.rng.random_range(0..5) {
            0 => format!("{lo}..n"),
            1 => format!("({lo}..{}).rev()", lo + span),
            2 => format!("{lo}..={}", lo + span),
            3 => format!("(0..{}).step_by(2)", span + 2),
            _ => format!("{lo}..{}", lo + span),
        };
        self.line(&format!("{prefix}for {var} in {range} {{"));
        self.loop_body(label, Scope { ints: vec![var], ..Scope::default() });
    }

    pub(super) fn for_elements(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        let (prefix, label) = self.label();
        let var = self.fresh("e");
        let targets = self.slices(true);
        if self.chance(40)
            && let Some(slice) = self.pick(&targets)
        {
            self.note("for over iter_mut");
            let value = self.floats(false);
            let value = self.pick(&value).unwrap_or_else(|| "a".into());
            self.line(&format!("for {var} in {slice}.iter_mut() {{"));
            self.line(&format!("    *{var} = (*{var} * {value}).sin() + 0.1 * *{var};"));
            self.line("}");
            return;
        }
        self.note("for over elements");
        self.line(&format!("{prefix}for &{var} in x {{"));
        self.loop_body(label, Scope { floats: vec![(var, false)], ..Scope::default() });
    }

    pub(super) fn while_loop(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        self.note("while");
        let (prefix, label) = self.label();
        let counter = self.fresh("k");
        self.line(&format!("let mut {counter} = 0;"));
        let most = self.rng.random_range(1..5);
        if self.chance(50) {
            let cond = self.float(1);
            self.line(&format!("{prefix}while {counter} < {most} && {cond} < 0.9 {{"));
        } else {
            self.line(&format!("{prefix}loop {{"));
            self.line(&format!("    if {counter} >= {most} {{ break; }}"));
        }
        self.line(&format!("    {counter} += 1;"));
        self.loop_body(label, Scope { ints: vec![counter], ..Scope::default() });
    }

    pub(super) fn swap(&mut self) {
        let slices = self.slices(true);
        let Some(slice) = self.pick(&slices) else { return self.declare() };
        self.note("swap");
        let (i, j) = (self.int(), self.int());
        self.line(&format!(
            "{{ let at = ({i} % {slice}.len(), {j} % {slice}.len()); {slice}.swap(at.0, at.1); }}"
        ));
    }

    pub(super) fn closure(&mut self) {
        if !self.loops.is_empty() {
            return self.declare();
        }
        let name = self.fresh("f");
        let captured = self.floats(false);
        let frozen: Vec<String> =
            captured.into_iter().filter(|name| !self.is_visible(name)).collect();
        let capture = self.pick(&frozen).unwrap_or_else(|| "a".into());
        if self.chance(50) {
            self.line(&format!("let {name} = |s: f64| (s * {capture}).sin() + 0.2 * s;"));
            self.closures.push((name, 1));
        } else {
            self.line(&format!(
                "let {name} = |s: f64, t: f64| if s > t {{ s * {capture} }} else {{ t.cos() }};"
            ));
            self.closures.push((name, 2));
        }
    }

    pub(super) fn matching(&mut self) {
        self.note("match");
        let (name, on) = (self.fresh("m"), self.int());
        let (a, b, c) = (self.float(1), self.float(1), self.bounded(1));
        self.line(&format!("let {name} = match {on} % 4 {{"));
        self.line(&format!("    0 => {a},"));
        self.line(&format!("    k if k > 2 => {b} * 0.5,"));
        self.line(&format!("    _ => {c},"));
        self.line("};");
        self.scope().floats.push((name, false));
    }

    pub(super) fn exit(&mut self) {
        let cond = self.condition();
        let loops = self.loops.clone();
        match (loops.last(), self.rng.random_range(0..4)) {
            (Some(_), 0) => {
                self.note("break");
                self.line(&format!("if {cond} {{ break; }}"));
            }
            (Some(_), 1) => {
                self.note("continue");
                self.line(&format!("if {cond} {{ continue; }}"));
            }
            (Some(_), 2) => match loops.iter().flatten().next() {
                Some(label) => {
                    self.note("labelled jump");
                    let jump = if self.chance(50) { "break" } else { "continue" };
                    self.line(&format!("if {cond} {{ {jump} {label}; }}"));
                }
                None => self.assign(),
            },
            _ => {
                self.note("early return");
                let value = self.result_value(1);
                self.line(&format!("if {cond} && a > 0.6 {{ return {value}; }}"));
            }
        }
    }

    pub(super) fn pair(&mut self) {
        self.note("tuple");
        let name = self.fresh("t");
        let (a, b) = (self.bounded(1), self.bounded(1));
        self.line(&format!("let mut {name} = ({a}, {b});"));
        let value = self.float(1);
        self.line(&format!("{name} = ({name}.1, 0.4 * {name}.0 + 0.1 * {value});"));
        self.line(&format!("{name}.0 *= 0.9;"));
        self.scope().pairs.push(name);
    }

    pub(super) fn growing(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        self.note("push and pop");
        let (name, var) = (self.fresh("g"), self.fresh("i"));
        let count = self.rng.random_range(1..4);
        let (first, value) = (self.bounded(1), self.bounded(1));
        self.line(&format!("let mut {name} = vec![{first}];"));
        self.line(&format!("for {var} in 0..{count} {{"));
        self.line(&format!("    let last = {name}[{name}.len() - 1];"));
        self.line(&format!("    {name}.push((last * {value}).sin() + {var} as f64 * 0.1);"));
        self.line("}");
        if self.chance(40) {
            self.line(&format!("let _ = {name}.pop();"));
        }
        self.scope().slices.push((name, true));
    }

    pub(super) fn whole_array(&mut self) {
        self.note("array assigned as a whole");
        let (name, old) = (self.fresh("w"), self.fresh("w"));
        let (a, b, c) = (self.bounded(1), self.bounded(1), self.float(0));
        self.line(&format!("let mut {name} = [{a}, {b}];"));
        self.line(&format!("let {old} = {name};"));
        self.line(&format!("{name} = [{old}[1] * {c}, {name}[0] + {old}[0]];"));
        self.scope().slices.push((name, true));
        self.scope().slices.push((old, false));
    }

    /// A table of rows that change places.
    pub(super) fn table(&mut self) {
        self.note("table");
        let (name, var) = (self.fresh("q"), self.fresh("i"));
        let (a, b, c) = (self.bounded(1), self.bounded(1), self.bounded(0));
        self.line(&format!("let mut {name} = vec![vec![{a}, {b}], vec![{c}; 3], x.to_vec()];"));
        let (swap, value) = (self.rng.random_range(0..3), self.float(1));
        let count = self.rng.random_range(0..4);
        self.line(&format!("for {var} in 0..{count} {{"));
        self.line(&format!("    {name}.swap({var} % 3, {swap});"));
        self.line(&format!("    let last = {name}[2].len() - 1;"));
        match self.rng.random_range(0..3) {
            0 => self.line(&format!("    {name}[2][last] = ({name}[0][0] * {value}).sin();")),
            1 => self.line(&format!(
                "    {name}[1] = {name}[0].iter().map(|e| e * 0.7 + {var} as f64 * 0.1).collect();"
            )),
            _ => self.line(&format!(
                "    let row = std::mem::replace(&mut {name}[0], vec![{var} as f64 * 0.2, 0.3]); {name}[0][1] = row[0].cos();"
            )),
        }
        self.line("}");
        let sum = self.fresh("v");
        self.line(&format!(
            "let {sum} = {name}.iter().map(|row| row.iter().sum::<f64>() * row[0]).sum::<f64>().tanh();"
        ));
        self.scope().floats.push((sum, false));
    }

    /// The best of a loop, which there may not be.
    pub(super) fn option(&mut self) {
        self.note("option");
        let (best, var, out) = (self.fresh("o"), self.fresh("i"), self.fresh("v"));
        let (value, cond, other) = (self.bounded(1), self.condition(), self.float(0));
        self.line(&format!("let mut {best} = None;"));
        self.line(&format!("for {var} in 0..x.len() {{"));
        self.line(&format!("    let t = x[{var}] * {value};"));
        match self.rng.random_range(0..3) {
            0 => self.line(&format!("    if {cond} {{ {best} = Some(t); }}")),
            1 => self.line(&format!(
                "    if {best}.is_none_or(|b: f64| t > b) {{ {best} = Some(t * 0.9); }}"
            )),
            _ => self.line(&format!(
                "    {best} = match {best} {{ Some(b) if {var} % 2 == 0 => Some(b * t), _ => Some(t) }};"
            )),
        }
        self.line("}");
        self.line(&format!("let {out} = {best}.map_or({other}, |b| b * b);"));
        self.scope().floats.push((out, false));
    }

    /// A function that changes its argument.
    pub(super) fn in_out(&mut self) {
        let slices = self.slices(true);
        let Some(slice) = self.pick(&slices) else { return self.array() };
        self.note("in and out");
        let (out, value) = (self.fresh("v"), self.bounded(1));
        let from = self.rng.random_range(0..2);
        self.line(&format!(
            "let {out} = {{ let (at, k) = ({from} % {slice}.len(), {value} + 0.01 * a); stir(&mut {slice}[at..], k).sin() }};"
        ));
        self.scope().floats.push((out, false));
    }

    /// A closure that changes what it captures.
    pub(super) fn mutating_closure(&mut self) {
        if !self.loops.is_empty() {
            return self.assign();
        }
        self.note("closure that changes");
        let (total, add) = (self.fresh("v"), self.fresh("f"));
        let (start, value) = (self.bounded(1), self.float(1));
        self.line(&format!("let mut {total} = {start};"));
        self.line(&format!(
            "let mut {add} = |t: f64| {{ {total} = 0.5 * {total} + (t * {value}).sin(); {total} }};"
        ));
        let var = self.fresh("i");
        self.line(&format!(
            "for {var} in 0..n {{ if {add}({var} as f64 * 0.3 + a) > 0.8 {{ break; }} }}"
        ));
        let after = self.fresh("v");
        self.line(&format!("let {after} = {add}(b);"));
        self.scope().floats.push((total, false));
        self.scope().floats.push((after, false));
    }

    /// A loop with checkpoints.
    pub(super) fn checkpointed(&mut self) {
        if !self.loops.is_empty() {
            return self.assign();
        }
        self.note("checkpointed loop");
        let (name, var) = (self.fresh("v"), self.fresh("i"));
        let calls = self.calls.len();
        let (start, mut value) = (self.bounded(1), self.float(1));
        let every = ["", "(every = 2)"][self.rng.random_range(0..2)];
        if self.calls.len() > calls {
            // A call with constants may do anything, for all that the macro knows: it is refused where
            // it would run again.
            let ahead = self.fresh("k");
            self.line(&format!("let {ahead} = {value};"));
            value = ahead;
        }
        self.line(&format!("let mut {name} = {start};"));
        self.line(&format!("let mut c{name} = [{name}, 0.4];"));
        self.line(&format!("#[checkpoint{every}]"));
        self.line(&format!("for {var} in 0..n + 2 {{"));
        self.line(&format!("    c{name}[{var} % 2] = ({name} + c{name}[1]).sin();"));
        self.line(&format!("    if c{name}[0] > 0.2 {{ {name} *= c{name}[1]; }}"));
        self.line(&format!("    {name} = ({name} * {value}).cos() + c{name}[0] * 0.3;"));
        self.line("}");
        self.scope().floats.push((name, true));
    }

    /// A struct, of which every field is a variable.
    fn body(&mut self) {
        self.note("struct");
        let name = self.fresh("s");
        let (at, one, other) = (self.bounded(1), self.bounded(1), self.float(0));
        let trail = self.bounded(1);
        match self.has_body && self.chance(50) {
            true => self.line(&format!("let mut {name} = Body {{ at: {at}, ..body.clone() }};")),
            false => self.line(&format!(
                "let mut {name} = Body {{ at: {at}, speed: [{one}, {other}], trail: vec![{trail}; 2] }};"
            )),
        }
        let (value, out) = (self.bounded(1), self.fresh("v"));
        match self.rng.random_range(0..6) {
            0 if self.has_body => {
                self.line(&format!("let {out} = energy(body, {value}) + between(body, &{name});"));
            }
            0 => self.line(&format!("let {out} = energy(&{name}, {value});")),
            1 => self.line(&format!("let {out} = drift(&mut {name}, {value}).sin();")),
            2 => {
                self.line(&format!("{name} = Body {{ at: {value}, ..{name} }};"));
                self.line(&format!("let Body {{ at: {out}, .. }} = {name};"));
            }
            3 => {
                let old = self.fresh("s");
                self.line(&format!("let {old} = {name}.clone();"));
                self.line(&format!("{name}.speed = [{old}.at, {value}];"));
                self.line(&format!("let {out} = between(&{old}, &{name}).tanh();"));
            }
            4 => {
                let var = self.fresh("i");
                let count = self.rng.random_range(1..4);
                self.line(&format!("let mut {out} = 0.2;"));
                self.line(&format!("for {var} in 0..{count} {{"));
                self.line(&format!("    {name}.at = ({name}.at * {value}).cos();"));
                self.line(&format!("    {name}.trail[{var} % 2] += {name}.at;"));
                self.line(&format!(
                    "    {out} += energy(&{name}, {value}) * {name}.speed[{var} % 2];"
                ));
                self.line("}");
            }
            _ => self.line(&format!("let {out} = {name}.at * {value};")),
        }
        let scope = self.scope();
        scope.floats.push((out, false));
        scope.floats.push((format!("{name}.at"), true));
        scope.slices.push((format!("{name}.speed"), true));
        scope.slices.push((format!("{name}.trail"), true));
    }
}
