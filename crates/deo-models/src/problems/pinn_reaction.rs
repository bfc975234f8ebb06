//! A physics-informed net for the reaction equation, and the trap u ≈ 0: N = 697.
//!
//! u: [0, 2π] × [0, 1] → ℝ with u_t = ρ u (1 − u), ρ = 5, u(x, 0) = h(x) = exp(−8(x − π)²/π²), periodic in x. With u a net of sizes
//! 2, 24, 24, 1 with tanh,
//!
//! ```text
//! f = mean (u_t − ρu(1 − u))² + mean (u(·, 0) − h)² + mean (u(0, ·) − u(2π, ·))²
//! ```
//!
//! over a grid of 16 × 16 points, 32 points at t = 0 and 16 at the ends. The exact solution is he^{ρt}/(he^{ρt} + 1 − h). u = 0
//! solves the equation everywhere but at t = 0: training falls into its neighbourhood and stays. The derivative by t is a tangent, carried
//! through the net beside the values, and the gradient the reverse sweep of both.
//!
//! | | |
//! |---|---|
//! | layout | W₁ (24 × 2), b₁, W₂ (24 × 24), b₂, W₃ (1 × 24), b₃ |
//! | start | weights normal(0, 1/√inputs), biases 0 |
//! | minima, saddles | not known in closed form; in the trap f is about 0.2, its second part |
//! | measure | f |
//! | target | 2e-3 |
//! | budget | 4 000 gradients |
//!
//! A. Krishnapriyan, A. Gholami, S. Zhe, R. Kirby, M. Mahoney, Characterizing possible failure modes in physics-informed neural
//! networks, arXiv 2109.01050.

use super::on_loss::OnLoss;
use super::{Start, start};
use deo_core::Objective;
use deo_core::optim::{Group, Groups};
use std::f64::consts::TAU;

const RHO: f64 = 5.0;
const WIDTH: usize = 24;
/// Where each tensor begins: W₁, b₁, W₂, b₂, W₃, b₃, and the end.
const PLACES: [usize; 7] = {
    let w = WIDTH;
    [0, 2 * w, 3 * w, 3 * w + w * w, 4 * w + w * w, 5 * w + w * w, 5 * w + w * w + 1]
};

/// f.
#[derive(Debug, Clone)]
struct Reaction {
    layers: [Layer; 2],
}

/// Values and tangents of a hidden layer at one point: a = tanh z, ȧ = (1 − a²) ż.
#[derive(Debug, Clone)]
struct Layer {
    a: [f64; WIDTH],
    tangent: [f64; WIDTH],
    /// ż.
    speed: [f64; WIDTH],
}

const EMPTY: Layer = Layer { a: [0.0; WIDTH], tangent: [0.0; WIDTH], speed: [0.0; WIDTH] };

fn initial(x: f64) -> f64 {
    let scaled = (x - TAU / 2.0) / (TAU / 2.0);
    (-8.0 * scaled * scaled).exp()
}

/// n points from 0 to `end`, both included.
fn grid(n: u32, end: f64) -> impl Iterator<Item = f64> + Clone {
    (0..n).map(move |i| end * f64::from(i) / f64::from(n - 1))
}

impl Layer {
    /// From W, b, and the layer before.
    fn fill(&mut self, w: &[f64], b: &[f64], a: &[f64], tangent: &[f64]) {
        for (j, (row, b)) in w.chunks_exact(a.len()).zip(b).enumerate() {
            let z = row.iter().zip(a).map(|(w, a)| w * a).sum::<f64>() + b;
            let speed = row.iter().zip(tangent).map(|(w, t)| w * t).sum::<f64>();
            let value = z.tanh();
            (self.a[j], self.speed[j]) = (value, speed);
            self.tangent[j] = (1.0 - value * value) * speed;
        }
    }

    /// (∂z, ∂ż) of (∂a, ∂ȧ), in place.
    fn back(&self, a: &mut [f64; WIDTH], tangent: &mut [f64; WIDTH]) {
        for j in 0..WIDTH {
            let slope = 1.0 - self.a[j] * self.a[j];
            let of_value = a[j] - 2.0 * self.a[j] * self.speed[j] * tangent[j];
            (a[j], tangent[j]) = (slope * of_value, slope * tangent[j]);
        }
    }
}

impl Reaction {
    /// (u, u_t) at a point.
    fn at(&mut self, params: &[f64], point: [f64; 2]) -> [f64; 2] {
        let part = |i: usize| &params[PLACES[i]..PLACES[i + 1]];
        let [first, second] = &mut self.layers;
        first.fill(part(0), part(1), &point, &[0.0, 1.0]);
        second.fill(part(2), part(3), &first.a, &first.tangent);
        let along = |of: &[f64]| part(4).iter().zip(of).map(|(w, a)| w * a).sum::<f64>();
        [along(&second.a) + params[PLACES[5]], along(&second.tangent)]
    }

    /// g += ∂(value · u + tangent · u_t) at the point that was evaluated last.
    fn add(&self, params: &[f64], g: &mut [f64], point: [f64; 2], [value, tangent]: [f64; 2]) {
        let [first, second] = &self.layers;
        let (mut a, mut t) = ([0.0; WIDTH], [0.0; WIDTH]);
        for j in 0..WIDTH {
            g[PLACES[4] + j] += value * second.a[j] + tangent * second.tangent[j];
            let w = params[PLACES[4] + j];
            (a[j], t[j]) = (value * w, tangent * w);
        }
        g[PLACES[5]] += value;
        second.back(&mut a, &mut t);
        let (mut before, mut before_t) = ([0.0; WIDTH], [0.0; WIDTH]);
        for j in 0..WIDTH {
            for i in 0..WIDTH {
                let place = PLACES[2] + j * WIDTH + i;
                g[place] += a[j] * first.a[i] + t[j] * first.tangent[i];
                before[i] += params[place] * a[j];
                before_t[i] += params[place] * t[j];
            }
            g[PLACES[3] + j] += a[j];
        }
        first.back(&mut before, &mut before_t);
        for j in 0..WIDTH {
            for (i, (x, tangent)) in point.into_iter().zip([0.0, 1.0]).enumerate() {
                g[2 * j + i] += before[j] * x + before_t[j] * tangent;
            }
            g[PLACES[1] + j] += before[j];
        }
    }

    fn evaluate(&mut self, x: &[f64], mut gradient: Option<&mut [f64]>) -> f64 {
        assert_eq!(x.len(), PLACES[6], "parameters of pinn-reaction");
        if let Some(g) = gradient.as_deref_mut() {
            g.fill(0.0);
        }
        let mut loss = 0.0;
        let interior = grid(16, TAU).flat_map(|x| grid(16, 1.0).map(move |t| [x, t]));
        for point in interior {
            let [u, u_t] = self.at(x, point);
            let r = u_t - RHO * u * (1.0 - u);
            loss += r * r / 256.0;
            if let Some(g) = gradient.as_deref_mut() {
                let outer = 2.0 * r / 256.0;
                self.add(x, g, point, [-outer * RHO * (1.0 - 2.0 * u), outer]);
            }
        }
        for place in grid(32, TAU) {
            let point = [place, 0.0];
            let r = self.at(x, point)[0] - initial(place);
            loss += r * r / 32.0;
            if let Some(g) = gradient.as_deref_mut() {
                self.add(x, g, point, [2.0 * r / 32.0, 0.0]);
            }
        }
        for t in grid(16, 1.0) {
            let r = self.at(x, [0.0, t])[0] - self.at(x, [TAU, t])[0];
            loss += r * r / 16.0;
            if let Some(g) = gradient.as_deref_mut() {
                self.add(x, g, [TAU, t], [-2.0 * r / 16.0, 0.0]);
                self.at(x, [0.0, t]);
                self.add(x, g, [0.0, t], [2.0 * r / 16.0, 0.0]);
            }
        }
        loss
    }
}

impl Objective<[f64]> for Reaction {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.evaluate(x, None)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.evaluate(x, Some(gradient))
    }
}

pub(super) fn pinn_reaction(name: &'static str) -> OnLoss<impl Objective<[f64]> + Send + use<>> {
    let start = Start::drawn(|seed, x| {
        let mut rng = start::generator(seed);
        for (tensor, inputs) in [(0, 2), (2, WIDTH), (4, WIDTH)] {
            let deviation = (inputs as f64).sqrt().recip();
            start::normal(&mut rng, &mut x[PLACES[tensor]..PLACES[tensor + 1]], deviation);
        }
    });
    let group = |i: usize| Group::new(PLACES[i]..PLACES[i + 1]);
    let mut groups: Vec<Group> = (0..6).map(group).collect();
    groups[0].matrix = Some([WIDTH, 2]);
    groups[2].matrix = Some([WIDTH, WIDTH]);
    let groups = Groups::new(PLACES[6], groups).expect("they lie end to end");
    let loss = Reaction { layers: [EMPTY; 2] };
    OnLoss::new(name, loss, start, groups, [0.0, 2e-3], 4_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::Problem;

    #[test]
    fn the_tangent_is_the_derivative_and_the_trap_has_the_loss_of_its_initial_values() {
        let mut f = Reaction { layers: [EMPTY; 2] };
        let (x, h) = (pinn_reaction("").start(3), 1e-4);
        for point in [[0.3, 0.2], [5.0, 0.9]] {
            let at = |f: &mut Reaction, t: f64| f.at(&x, [point[0], t])[0];
            let difference = (at(&mut f, point[1] + h) - at(&mut f, point[1] - h)) / (2.0 * h);
            let tangent = f.at(&x, point)[1];
            assert!((tangent - difference).abs() < 1e-7, "{tangent} {difference}");
        }
        // u = 0 solves the equation and the boundary; what is left is the mean square of h, √π/8 on a fine grid.
        let trap = f.value(&vec![0.0; PLACES[6]]);
        let mean = grid(32, TAU).map(|x| initial(x) * initial(x)).sum::<f64>() / 32.0;
        assert!((trap - mean).abs() < 1e-15 && (0.18..0.24).contains(&trap), "{trap}");
    }
}
