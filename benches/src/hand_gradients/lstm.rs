//! Long short-term memory: gates and memories of every step are stored, and the adjoint goes back
//! through them. The exponentials are the work, and none is taken twice.

/// A gradient by the main and by the extra parameters.
type Gradient = (Vec<f64>, Vec<f64>);

/// What the adjoint of one cell at one step reads.
#[derive(Clone, Copy, Default)]
struct Cell {
    forget: f64,
    ingate: f64,
    outgate: f64,
    change: f64,
    memory: f64,
    tanh_memory: f64,
}

impl Cell {
    #[inline]
    fn hidden(self) -> f64 {
        self.outgate * self.tanh_memory
    }
}

/// The value and the gradient; sizes as in the objective.
pub fn value_and_grad(
    main: &[f64],
    extra: &[f64],
    state: &[f64],
    sequence: &[f64],
    l: usize,
    b: usize,
    c: usize,
) -> (f64, Gradient) {
    let (mut d_main, mut d_extra) = (vec![0.0; 8 * l * b], vec![0.0; 3 * b]);
    let value =
        value_and_grad_into((main, extra, state, sequence), (l, b, c), &mut d_main, &mut d_extra);
    (value, (d_main, d_extra))
}

/// The value, with the arguments and the sizes bundled; overwrites the gradients.
pub fn value_and_grad_into(
    (main, extra, state, sequence): (&[f64], &[f64], &[f64], &[f64]),
    (l, b, c): (usize, usize, usize),
    d_main: &mut [f64],
    d_extra: &mut [f64],
) -> f64 {
    let (in_weight, out_weight, out_bias) = (&extra[..b], &extra[b..2 * b], &extra[2 * b..3 * b]);
    let main = &main[..8 * l * b];
    // The state before the first step stands as a step of its own.
    let mut cells = Vec::with_capacity(c * l * b);
    for layer in state.chunks_exact(2 * b).take(l) {
        let (hidden, memory) = layer.split_at(b);
        cells.extend(hidden.iter().zip(memory).map(|(&hidden, &memory)| Cell {
            outgate: hidden,
            memory,
            tanh_memory: 1.0,
            ..Cell::default()
        }));
    }
    // What the output's cotangent is, before the loss is divided by its size.
    let mut ct_outputs = Vec::with_capacity((c - 1) * b);
    let mut passed = vec![0.0; b];
    let mut exps = vec![0.0; b];
    let mut total = 0.0;
    for t in 0..c - 1 {
        let now = &sequence[t * b..(t + 1) * b];
        let next = &sequence[(t + 1) * b..(t + 2) * b];
        for ((passed, &x), &weight) in passed.iter_mut().zip(now).zip(in_weight) {
            *passed = x * weight;
        }
        for (layer, parameters) in main.chunks_exact(8 * b).enumerate() {
            let rows = Rows::of(parameters, b);
            let before = (t * l + layer) * b;
            for (j, passed) in passed.iter_mut().enumerate() {
                let cell = rows.step(j, *passed, cells[before + j]);
                *passed = cell.hidden();
                cells.push(cell);
            }
        }
        let mut sum = 0.0;
        for (((y, exp), &weight), &bias) in
            passed.iter_mut().zip(&mut exps).zip(out_weight).zip(out_bias)
        {
            *y = *y * weight + bias;
            *exp = y.exp();
            sum += *exp;
        }
        let normalisation = (sum + 2.0).ln();
        let mut wanted_sum = 0.0;
        for (&wanted, &y) in next.iter().zip(&passed) {
            total += wanted * (y - normalisation);
            wanted_sum += wanted;
        }
        let share = wanted_sum / (sum + 2.0);
        ct_outputs.extend(next.iter().zip(&exps).map(|(&wanted, &exp)| wanted - share * exp));
    }

    d_main.fill(0.0);
    d_extra.fill(0.0);
    let (d_in_weight, d_out) = d_extra.split_at_mut(b);
    let (d_out_weight, d_out_bias) = d_out.split_at_mut(b);
    let scale = -1.0 / ((c - 1) * b) as f64;
    // The cotangents of each layer's hidden state and memory, from the step after.
    let (mut ct_hidden, mut ct_memory) = (vec![0.0; l * b], vec![0.0; l * b]);
    let mut ct_passed = vec![0.0; b];
    for t in (0..c - 1).rev() {
        let (before, after) = cells[t * l * b..(t + 2) * l * b].split_at(l * b);
        let now = &sequence[t * b..(t + 1) * b];
        let output = &after[(l - 1) * b..];
        for (j, &ct_output) in ct_outputs[t * b..(t + 1) * b].iter().enumerate() {
            let ct = scale * ct_output;
            d_out_bias[j] += ct;
            d_out_weight[j] += ct * output[j].hidden();
            ct_passed[j] = ct * out_weight[j];
        }
        for layer in (0..l).rev() {
            let (from, to) = (layer * b, (layer + 1) * b);
            let rows = Rows::of(&main[8 * from..8 * to], b);
            let mut d_rows = RowsMut::of(&mut d_main[8 * from..8 * to], b);
            let below = from.checked_sub(b).map(|start| &after[start..from]);
            for j in 0..b {
                let (cell, cell_before) = (after[from + j], before[from + j]);
                let input = match below {
                    Some(below) => below[j].hidden(),
                    None => now[j] * in_weight[j],
                };
                let cotangents = (ct_passed[j] + ct_hidden[from + j], ct_memory[from + j]);
                let pulled = rows.pull_back(j, cell, cell_before.memory, cotangents);
                d_rows.add(j, &pulled.gates, input, cell_before.hidden());
                (ct_passed[j], ct_hidden[from + j], ct_memory[from + j]) =
                    (pulled.input, pulled.hidden, pulled.memory);
            }
        }
        for ((slot, &ct), &x) in d_in_weight.iter_mut().zip(&ct_passed).zip(now) {
            *slot += ct * x;
        }
    }
    -total / ((c - 1) * b) as f64
}

/// A layer's parameters by row: weights, then biases, of forget, input and output gate and change.
struct Rows<'a>([&'a [f64]; 8]);

/// Likewise, of its gradient.
struct RowsMut<'a>([&'a mut [f64]; 8]);

/// The cotangents of a cell's arguments.
struct Pulled {
    /// Of what enters each gate's nonlinearity.
    gates: [f64; 4],
    input: f64,
    hidden: f64,
    memory: f64,
}

impl<'a> Rows<'a> {
    #[inline]
    fn of(parameters: &'a [f64], b: usize) -> Self {
        Rows(std::array::from_fn(|row| &parameters[row * b..(row + 1) * b]))
    }

    #[inline]
    fn step(&self, j: usize, input: f64, before: Cell) -> Cell {
        let Rows([wf, wi, wo, wg, bf, bi, bo, bg]) = self;
        let hidden = before.hidden();
        let forget = sigmoid(input * wf[j] + bf[j]);
        let ingate = sigmoid(hidden * wi[j] + bi[j]);
        let outgate = sigmoid(input * wo[j] + bo[j]);
        let change = (hidden * wg[j] + bg[j]).tanh();
        let memory = before.memory * forget + ingate * change;
        Cell { forget, ingate, outgate, change, memory, tanh_memory: memory.tanh() }
    }

    #[inline]
    fn pull_back(&self, j: usize, cell: Cell, memory_before: f64, ct: (f64, f64)) -> Pulled {
        let Rows([wf, wi, wo, wg, ..]) = self;
        let Cell { forget, ingate, outgate, change, tanh_memory, .. } = cell;
        let (ct_hidden, ct_memory) = ct;
        let ct_memory = ct_memory + ct_hidden * outgate * (1.0 - tanh_memory * tanh_memory);
        let gates = [
            ct_memory * memory_before * forget * (1.0 - forget),
            ct_memory * change * ingate * (1.0 - ingate),
            ct_hidden * tanh_memory * outgate * (1.0 - outgate),
            ct_memory * ingate * (1.0 - change * change),
        ];
        Pulled {
            input: gates[0] * wf[j] + gates[2] * wo[j],
            hidden: gates[1] * wi[j] + gates[3] * wg[j],
            memory: ct_memory * forget,
            gates,
        }
    }
}

impl<'a> RowsMut<'a> {
    #[inline]
    fn of(parameters: &'a mut [f64], b: usize) -> Self {
        let mut rest = parameters;
        RowsMut(std::array::from_fn(|_| {
            let (row, tail) = std::mem::take(&mut rest).split_at_mut(b);
            rest = tail;
            row
        }))
    }
}

impl RowsMut<'_> {
    #[inline]
    fn add(&mut self, j: usize, gates: &[f64; 4], input: f64, hidden: f64) {
        let entering = [input, hidden, input, hidden];
        let (weights, biases) = self.0.split_at_mut(4);
        for (k, (weights, biases)) in weights.iter_mut().zip(biases).enumerate() {
            weights[j] += gates[k] * entering[k];
            biases[j] += gates[k];
        }
    }
}

#[inline]
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
