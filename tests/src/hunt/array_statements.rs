//! Random statements of programs of arrays.

use super::arrays::{Variable, extent, shape};
use super::expressions::bracketed;
use super::program::{Kind, Scope, Writer};
use rand::RngExt;

impl Writer {
    pub(super) fn array_statement(&mut self) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        if self.kind == Kind::StraightArrays {
            return match self.rng.random_range(0..8) {
                0..=4 => self.declare_array(false),
                5 => self.declare_number(),
                _ => self.change_array(),
            };
        }
        match self.rng.random_range(0..22) {
            0..=3 => {
                let mutable = self.chance(70);
                self.declare_array(mutable);
            }
            4 | 5 => self.declare_number(),
            6..=8 => self.change_array(),
            9..=11 => self.change_part(),
            12..=14 => self.loop_of_arrays(),
            15 | 16 => self.over_rows(),
            17 => self.over_elements(),
            18 => self.zip(),
            19 | 20 => self.conditional_of_arrays(),
            _ => self.assign_number(),
        }
    }

    fn array_block(&mut self, count: usize, variables: Scope) {
        self.scopes.push(variables);
        self.indent += 1;
        for _ in 0..count {
            self.array_statement();
        }
        self.indent -= 1;
        self.scopes.pop();
        self.line("}");
    }

    fn declare_array(&mut self, mutable: bool) {
        self.note("let of an array");
        let extents = self.extents_of_rank(1, 3);
        let value = match self.rng.random_range(0..6) {
            0 if mutable => format!("Array{}::<f64>::zeros({})", extents.len(), shape(&extents)),
            _ => self.bounded_array(&extents),
        };
        let name = self.fresh("r");
        let keyword = if mutable { "let mut" } else { "let" };
        self.line(&format!("{keyword} {name} = {value};"));
        self.scope().arrays.push(Variable { name, extents, borrowed: false, mutable });
    }

    fn declare_number(&mut self) {
        let value = bracketed(&self.of_arrays(2));
        let name = self.fresh("s");
        let mutable = self.kind == Kind::Arrays && self.chance(60);
        let keyword = if mutable { "let mut" } else { "let" };
        self.line(&format!("{keyword} {name} = {value}.sin();"));
        self.scope().floats.push((name, mutable));
    }

    fn assign_number(&mut self) {
        let names = self.floats(true);
        let Some(name) = self.pick(&names) else { return self.declare_number() };
        let value = bracketed(&self.number(2));
        match self.chance(50) {
            true => self.line(&format!("{name} = (0.5 * {name} + {value}).sin();")),
            false => self.line(&format!("{name} *= {value}.cos();")),
        }
    }

    /// A variable that may be changed, made if there is none.
    fn changeable(&mut self) -> Option<Variable> {
        let mut all = self.all(|scope| scope.arrays.clone());
        all.retain(|v| v.mutable);
        if all.is_empty() {
            self.declare_array(true);
            all = self.scope().arrays.last().cloned().into_iter().collect();
        }
        self.pick(&all)
    }

    /// An operand of a change of an array, computed ahead where it reads that array.
    fn apart(&mut self, of: &str, operand: String) -> String {
        let words = operand.split(|c: char| !c.is_alphanumeric() && c != '_');
        if !words.into_iter().any(|word| word == of) {
            return operand;
        }
        let name = self.fresh("o");
        match operand.strip_prefix('&') {
            Some(array) => {
                self.line(&format!("let {name} = {}.to_owned();", bracketed(array)));
                format!("&{name}")
            }
            None => {
                self.line(&format!("let {name} = {operand};"));
                name
            }
        }
    }

    fn change_array(&mut self) {
        let Some(v) = self.changeable() else { return };
        self.note("array changed");
        let name = &v.name;
        let whole = bracketed(&self.bounded_array(&v.extents));
        let whole = self.apart(name, format!("&{whole}"));
        let lower = self.array_operand(&v.extents[v.extents.len() - 1..], 1);
        let lower = self.apart(name, lower);
        let number = self.number(1);
        let number = bracketed(&self.apart(name, number));
        let line = match self.rng.random_range(0..11) {
            0 | 1 => format!("{name} += {whole};"),
            2 => format!("{name} *= {whole};"),
            3 => format!("{name} -= {lower};"),
            4 => format!("{name} *= {number}.cos();"),
            5 => format!("{name}.assign({whole});"),
            6 => format!("{name}.scaled_add({number}, {whole});"),
            7 => format!("{name}.mapv_inplace(|e| (e * {number}).sin());"),
            8 => format!("{name}.fill({number});"),
            9 => format!("{name} = {};", self.bounded_array(&v.extents)),
            _ => format!("{name}.assign({lower});"),
        };
        self.line(&line);
    }

    fn change_part(&mut self) {
        let Some(v) = self.changeable() else { return };
        self.note("part of an array changed");
        let name = &v.name;
        let indices: Vec<String> = v.extents.iter().map(|e| self.index_in(*e)).collect();
        let element = match indices.as_slice() {
            [one] => format!("{name}[{one}]"),
            _ => format!("{name}[[{}]]", indices.join(", ")),
        };
        let value = self.number(2);
        let value = bracketed(&self.apart(name, value));
        let line = match (v.extents.len(), self.rng.random_range(0..6)) {
            (2, 0) => {
                let row = self.array_operand(&v.extents[1..], 1);
                let row = self.apart(name, row);
                format!("{name}.row_mut({}).assign({row});", indices[0])
            }
            (2, 1) => {
                let column = self.array_operand(&v.extents[..1], 1);
                let column = self.apart(name, column);
                format!("{{ let mut c = {name}.column_mut({}); c += {column}; }}", indices[1])
            }
            (2, 2) => {
                let other = self.array_operand(&v.extents, 1);
                let other = self.apart(name, other);
                format!("{name}.slice_mut(s![..;-1, ..]).assign({other});")
            }
            (3, 0 | 1) => {
                let other = self.array_operand(&v.extents[1..], 1);
                let other = self.apart(name, other);
                format!("{name}.index_axis_mut(Axis(0), {}).assign({other});", indices[0])
            }
            (1, 0) => {
                let other = self.index_in(v.extents[0]);
                format!("{name}.swap({}, {other});", indices[0])
            }
            (1, 1) => format!("{name}.slice_mut(s![1..]).mapv_inplace(|e| e * 0.7 + {value});"),
            _ => match self.rng.random_range(0..3) {
                0 => format!("{element} = {value}.sin();"),
                1 => format!("{element} += {value}.cos();"),
                _ => format!("{element} *= {value}.tanh();"),
            },
        };
        self.line(&line);
    }

    fn loop_of_arrays(&mut self) {
        if self.loops.len() >= 2 {
            return self.assign_number();
        }
        self.note("loop around arrays");
        let i = self.fresh("i");
        let of = self.extents_of_rank(1, 3);
        let range = match self.rng.random_range(0..4) {
            0 => "0..n".into(),
            1 => format!("0..{}", self.rng.random_range(1..4)),
            2 => format!("(0..{}).rev()", extent(of[0])),
            _ => format!("0..{}", extent(of[0])),
        };
        self.line(&format!("for {i} in {range} {{"));
        self.loops.push(None);
        let count = self.rng.random_range(1..3);
        self.array_block(count, Scope { ints: vec![i], ..Scope::default() });
        self.loops.pop();
    }

    fn over_rows(&mut self) {
        if self.loops.len() >= 2 {
            return self.assign_number();
        }
        self.note("loop over rows");
        let of = self.extents_of_rank(2, 3);
        let mut receiver = self.array_receiver(&of, 0);
        // It may be changed meanwhile.
        if self.array_variables(&of, true).iter().any(|v| v.name == receiver) {
            receiver.push_str(".clone()");
        }
        let (i, row) = (self.fresh("i"), self.fresh("w"));
        let iterator = match (of.len(), self.rng.random_range(0..3)) {
            (2, 0) => "rows()",
            (_, 1) => "axis_iter(Axis(0))",
            _ => "outer_iter()",
        };
        self.line(&format!("for ({i}, {row}) in {receiver}.{iterator}.into_iter().enumerate() {{"));
        self.loops.push(None);
        let count = self.rng.random_range(1..3);
        let row =
            Variable { name: row, extents: of[1..].to_vec(), borrowed: false, mutable: false };
        self.array_block(count, Scope { ints: vec![i], arrays: vec![row], ..Scope::default() });
        self.loops.pop();
    }

    fn over_elements(&mut self) {
        let Some(v) = self.changeable() else { return };
        self.note("loop over elements of an array");
        let (name, value) = (&v.name, self.number(0));
        let line = match v.extents.len() {
            2 => {
                let names = [self.fresh("i"), self.fresh("i")];
                format!(
                    "for (({}, {}), e) in {name}.indexed_iter_mut() {{ *e = (*e * {}).sin() + {} as f64 * 0.1; }}",
                    names[0],
                    names[1],
                    bracketed("0.7"),
                    names[0]
                )
            }
            _ => format!("for e in {name}.iter_mut() {{ *e = (*e + 0.3).sin() * 0.8; }}"),
        };
        self.line(&line);
        let _ = value;
    }

    fn zip(&mut self) {
        let Some(v) = self.changeable() else { return };
        let name = v.name.clone();
        let mut others = self.array_variables(&v.extents, false);
        others.retain(|other| other.name != name);
        let Some(other) = self.pick(&others) else { return self.change_array() };
        self.note("Zip");
        let other = if other.borrowed { other.name } else { format!("&{}", other.name) };
        let floats = self.floats(false);
        let value = self.pick(&floats).unwrap_or_else(|| "a".into());
        self.line(&format!(
            "Zip::from(&mut {name}).and({other}).for_each(|e, &o| *e = (*e * {value} + o).sin());"
        ));
    }

    fn conditional_of_arrays(&mut self) {
        self.note("branch around arrays");
        let (value, to) = (bracketed(&self.number(1)), self.literal());
        let cond = match self.chance(60) {
            true => format!("{value} > {to}"),
            false => format!("{} % 2 == 0", self.int()),
        };
        self.line(&format!("if {cond} {{"));
        let count = self.rng.random_range(1..3);
        self.array_block(count, Scope::default());
    }
}
