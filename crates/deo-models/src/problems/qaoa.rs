//! The quantum approximate optimisation algorithm for MaxCut, by an exact state vector: saddles of index 1 in plain sight.
//!
//! With the edges E of a graph of n vertices, C = Σ_{uv∈E} (1 − Z_uZ_v)/2 counts the cut, B = Σ X_v mixes, and
//!
//! ```text
//! f(γ, β) = −⟨ψ|C|ψ⟩,   ψ = e^{−iβ_pB} e^{−iγ_pC} ⋯ e^{−iβ₁B} e^{−iγ₁C} |+⟩
//! ```
//!
//! x = (γ₁ … γ_p, β₁ … β_p), N = 2p. The gradient is a reverse sweep: with λ = −Cψ, ∂f/∂β_k = 2 Im⟨λ|Bψ⟩ after layer k, both states
//! then lose that layer, and likewise for γ_k: two states and twice the work of f, whatever p.
//!
//! *Transition states.* A layer with γ = β = 0 is no layer. From a minimum at depth p a zero inserted among the γ and one among the
//! β, in the same place or one place earlier, give 2p + 1 points at depth p + 1 with the same state and zero gradient; at
//! each exactly one eigenvalue of the Hessian is negative. They are what trainers start from, and where they stay.
//!
//! S. H. Sack, R. A. Medina, R. Kueng, M. Serbyn, Recursive greedy initialization of the QAOA with guaranteed improvement, Phys. Rev. A
//! 107, 062404 (2023), arXiv 2209.01159.
//!
//! The problem `qaoa`: 3-regular graph of eight vertices, from a minimum at depth 3 to depth 4, N = 8.
//!
//! | | |
//! |---|---|
//! | saddles | the seven transition states, index 1 |
//! | start | one of them, drawn |
//! | measure | (f − f_TS)/Δ + ½, Δ the least fall that a descent from one of them has |
//! | target | 0.005: half of that fall |
//! | budget | 2 000 gradients |

use super::on_loss::OnLoss;
use super::{Start, newton, start};
use deo_core::Objective;
use deo_core::optim::Groups;
use rand::RngExt;

/// re + i im.
type Complex = [f64; 2];

/// f(γ, β) of a graph.
#[derive(Debug, Clone)]
pub struct Qaoa {
    vertices: usize,
    /// The cut of each bit string.
    cut: Vec<f64>,
    psi: Vec<Complex>,
    lambda: Vec<Complex>,
    mixed: Vec<Complex>,
}

impl Qaoa {
    /// The graph with these edges on `vertices` vertices, at most 20 of them.
    ///
    /// # Panics
    ///
    /// If an edge has a vertex that isn't there, or the state vector would have more than 2²⁰ components.
    pub fn new(vertices: usize, edges: &[(usize, usize)]) -> Self {
        assert!((1..=20).contains(&vertices), "{vertices} vertices; there must be 1 to 20");
        assert!(
            edges.iter().all(|&(u, v)| u < vertices && v < vertices),
            "{edges:?} of {vertices}"
        );
        let states = 1usize << vertices;
        let cut =
            |z: usize| edges.iter().filter(|(u, v)| (z >> u ^ z >> v) & 1 == 1).count() as f64;
        let zeros = vec![[0.0; 2]; states];
        let cut = (0..states).map(cut).collect();
        Qaoa { vertices, cut, psi: zeros.clone(), lambda: zeros.clone(), mixed: zeros }
    }

    /// A 3-regular graph without loops and double edges, drawn: vertices paired at random until it is one.
    ///
    /// # Panics
    ///
    /// If the number of vertices is odd or below four: there is no such graph.
    pub fn three_regular(vertices: usize, seed: u64) -> Self {
        assert!(vertices >= 4 && vertices.is_multiple_of(2), "no 3-regular graph of {vertices}");
        let mut rng = start::generator(seed);
        loop {
            let mut stubs: Vec<usize> = (0..3 * vertices).map(|i| i / 3).collect();
            for i in (1..stubs.len()).rev() {
                stubs.swap(i, rng.random_range(0..=i));
            }
            let mut edges: Vec<(usize, usize)> =
                stubs.chunks(2).map(|e| (e[0].min(e[1]), e[0].max(e[1]))).collect();
            edges.sort_unstable();
            edges.dedup();
            if edges.len() == 3 * vertices / 2 && edges.iter().all(|(u, v)| u != v) {
                return Qaoa::new(vertices, &edges);
            }
        }
    }

    /// The largest cut.
    pub fn largest_cut(&self) -> f64 {
        self.cut.iter().copied().fold(0.0, f64::max)
    }

    /// The 2p + 1 transition states at depth p + 1 that belong to the minimum `x` at depth p.
    pub fn transition_states(x: &[f64]) -> Vec<Vec<f64>> {
        let p = x.len() / 2;
        let (gamma, beta) = x.split_at(p);
        let with = |list: &[f64], place: usize| {
            let mut list = list.to_vec();
            list.insert(place, 0.0);
            list
        };
        let places = (0..=p).map(|i| (i, i)).chain((1..=p).map(|i| (i, i - 1)));
        places.map(|(i, j)| [with(gamma, i), with(beta, j)].concat()).collect()
    }

    /// A minimum at depth p, by descents through the transition states from depth 1 on: the lowest that each depth's descents
    /// find.
    pub fn minimum(&mut self, p: usize) -> Vec<f64> {
        let mut x = newton::minimum(self, vec![0.5, 0.4]);
        for _ in 1..p {
            let minima = Self::transition_states(&x).into_iter().flat_map(|ts| self.descents(&ts));
            let minima: Vec<Vec<f64>> = minima.collect();
            let by_value = |a: &&Vec<f64>, b: &&Vec<f64>| self.value(a).total_cmp(&self.value(b));
            x = minima.iter().min_by(by_value).expect("two for each").clone();
        }
        x
    }

    /// The minima on both sides of a transition state.
    pub fn descents(&mut self, transition_state: &[f64]) -> [Vec<f64>; 2] {
        let h = newton::hessian(self, transition_state).symmetric_eigen();
        let (lowest, _) = h.eigenvalues.argmin();
        let axis = h.eigenvectors.column(lowest);
        [0.05, -0.05].map(|a| {
            let beside = transition_state.iter().zip(&axis).map(|(x, n)| x + a * n).collect();
            newton::minimum(self, beside)
        })
    }

    fn evolve(&mut self, x: &[f64]) {
        let (gamma, beta) = x.split_at(x.len() / 2);
        self.psi.fill([(self.cut.len() as f64).sqrt().recip(), 0.0]);
        for (gamma, beta) in gamma.iter().zip(beta) {
            phase(&mut self.psi, &self.cut, *gamma);
            mix(&mut self.psi, self.vertices, *beta);
        }
    }

    fn energy(&self) -> f64 {
        -self.psi.iter().zip(&self.cut).map(|([re, im], c)| c * (re * re + im * im)).sum::<f64>()
    }
}

/// ψ ← e^{−iγC} ψ.
fn phase(psi: &mut [Complex], cut: &[f64], gamma: f64) {
    for (z, c) in psi.iter_mut().zip(cut) {
        let (sin, cos) = (gamma * c).sin_cos();
        *z = [z[0] * cos + z[1] * sin, z[1] * cos - z[0] * sin];
    }
}

/// ψ ← e^{−iβB} ψ, qubit by qubit: cos β − i sin β X.
fn mix(psi: &mut [Complex], vertices: usize, beta: f64) {
    let (sin, cos) = beta.sin_cos();
    for bit in (0..vertices).map(|v| 1 << v) {
        for i in (0..psi.len()).filter(|i| i & bit == 0) {
            let (a, b) = (psi[i], psi[i | bit]);
            psi[i] = [cos * a[0] + sin * b[1], cos * a[1] - sin * b[0]];
            psi[i | bit] = [cos * b[0] + sin * a[1], cos * b[1] - sin * a[0]];
        }
    }
}

/// Im⟨λ|ψ⟩.
fn imaginary(lambda: &[Complex], psi: &[Complex]) -> f64 {
    lambda.iter().zip(psi).map(|(l, p)| l[0] * p[1] - l[1] * p[0]).sum()
}

impl Objective<[f64]> for Qaoa {
    /// # Panics
    ///
    /// If x has an odd number of angles.
    fn value(&mut self, x: &[f64]) -> f64 {
        assert!(x.len().is_multiple_of(2), "{} angles; there are as many γ as β", x.len());
        self.evolve(x);
        self.energy()
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let value = self.value(x);
        let p = x.len() / 2;
        let Qaoa { vertices, cut, psi, lambda, mixed } = self;
        for ((l, z), c) in lambda.iter_mut().zip(&*psi).zip(&*cut) {
            *l = z.map(|part| -c * part);
        }
        for k in (0..p).rev() {
            mixed.fill([0.0; 2]);
            for bit in (0..*vertices).map(|v| 1 << v) {
                for (i, mixed) in mixed.iter_mut().enumerate() {
                    let from = psi[i ^ bit];
                    *mixed = [mixed[0] + from[0], mixed[1] + from[1]];
                }
            }
            gradient[p + k] = 2.0 * imaginary(lambda, mixed);
            mix(psi, *vertices, -x[p + k]);
            mix(lambda, *vertices, -x[p + k]);
            for ((m, z), c) in mixed.iter_mut().zip(&*psi).zip(&*cut) {
                *m = z.map(|part| c * part);
            }
            gradient[k] = 2.0 * imaginary(lambda, mixed);
            phase(psi, cut, -x[k]);
            phase(lambda, cut, -x[k]);
        }
        value
    }
}

/// f/Δ − f_TS/Δ + ½ of a graph.
struct Scaled {
    qaoa: Qaoa,
    saddle: f64,
    fall: f64,
}

impl Objective<[f64]> for Scaled {
    fn value(&mut self, x: &[f64]) -> f64 {
        (self.qaoa.value(x) - self.saddle) / self.fall
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let value = self.qaoa.value_grad(x, gradient);
        gradient.iter_mut().for_each(|g| *g /= self.fall);
        (value - self.saddle) / self.fall
    }
}

const VERTICES: usize = 8;
const DEPTH: usize = 3;

pub(super) fn qaoa(name: &'static str) -> OnLoss<impl Objective<[f64]> + Send + use<>> {
    let mut qaoa = Qaoa::three_regular(VERTICES, 1);
    let minimum = qaoa.minimum(DEPTH);
    let saddle = qaoa.value(&minimum);
    let states = Qaoa::transition_states(&minimum);
    let ends = states.iter().flat_map(|ts| qaoa.descents(ts)).collect::<Vec<_>>();
    let fall = ends.iter().map(|x| saddle - qaoa.value(x)).fold(f64::INFINITY, f64::min);
    let groups = Groups::whole(states[0].len());
    let start = Start::drawn(move |seed, x| {
        let chosen = start::generator(seed).random_range(0..states.len());
        x.copy_from_slice(&states[chosen]);
    });
    OnLoss::new(name, Scaled { qaoa, saddle, fall }, start, groups, [-0.5, 5e-3], 2_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn one_edge_at_depth_one_has_the_closed_form() {
        // Two vertices: f = −½(1 + sin γ sin 4β).
        let mut edge = Qaoa::new(2, &[(0, 1)]);
        for (gamma, beta) in [(0.3, 0.2), (PI / 2.0, PI / 8.0), (-1.0, 0.7)] {
            let exact = -0.5 * (1.0 + f64::sin(gamma) * f64::sin(4.0 * beta));
            let mut g = [0.0; 2];
            assert!((edge.value_grad(&[gamma, beta], &mut g) - exact).abs() < 1e-14);
            let slope =
                [-0.5 * gamma.cos() * (4.0 * beta).sin(), -2.0 * gamma.sin() * (4.0 * beta).cos()];
            assert!((g[0] - slope[0]).abs() < 1e-14 && (g[1] - slope[1]).abs() < 1e-14, "{g:?}");
        }
    }

    #[test]
    fn transition_states_are_saddles_of_index_one_between_two_minima() {
        for (seed, p) in [(1, 1), (2, 2), (5, 3)] {
            let mut qaoa = Qaoa::three_regular(6, seed);
            let minimum = qaoa.minimum(p);
            let value = qaoa.value(&minimum);
            assert!(value > -qaoa.largest_cut() && value < -0.5 * 9.0, "better than a random cut");
            let states = Qaoa::transition_states(&minimum);
            assert_eq!(states.len(), 2 * p + 1);
            for ts in states {
                let mut g = vec![0.0; ts.len()];
                assert!((qaoa.value_grad(&ts, &mut g) - value).abs() < 1e-12);
                assert!(g.iter().all(|g| g.abs() < 1e-11), "{g:?}");
                let spectrum = newton::hessian(&mut qaoa, &ts).symmetric_eigenvalues();
                let negative = spectrum.iter().filter(|l| **l < -1e-6).count();
                assert_eq!(negative, 1, "seed {seed}, depth {p}: {spectrum}");
                for end in qaoa.descents(&ts) {
                    assert!(qaoa.value(&end) < value - 1e-6, "seed {seed}, depth {p}");
                }
            }
        }
    }
}
