use chainrule::differentiate;

struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[differentiate(wrt(x))]
fn f(x: f64, n: usize, random: &mut Random) -> f64 {
    let mut y = x;
    #[checkpoint]
    for _ in 0..n {
        let noise: f64 = random.next();
        y = (y + noise).sin();
    }
    y
}

fn main() {}
