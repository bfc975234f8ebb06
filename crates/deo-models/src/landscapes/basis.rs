//! A seeded random orthogonal basis of ℝᴺ that is never formed.
//!
//! Problem: a spectrum must stand in a basis that no method can guess from the coordinates, at N = 10 000 as
//! well, where a dense orthogonal matrix would take 800 MB. Q = P₁P₂…P_k with Householder reflections
//! P_j = I − 2u_j u_jᵀ takes O(N k), in place. One reflection of random u leaves every axis almost where it was
//! (⟨e₁, Pe₁⟩ = 1 − O(1/N)), so each is *aimed* instead (Stewart 1980):
//!
//! 1. z_j is Gaussian in the coordinates j … N, v_j = z_j/‖z_j‖;
//! 2. P_j reflects e_j into ±v_j: u_j ∝ v_j + sign(v_jj) e_j, whose terms cannot cancel;
//! 3. P_{j+1}, … leave e_j alone, so column j of Q is P₁…P_j e_j, a uniformly random unit vector orthogonal to
//!    the columns before it.
//!
//! The first k columns are thus, up to their signs, uniformly distributed orthonormal vectors; the others
//! complete the basis and lie within O(√(k/N)) of coordinate axes. k = N − 1 is a uniformly random basis.
//!
//! G. W. Stewart, The efficient generation of random orthogonal matrices with an application to condition
//! estimators, SIAM J. Numer. Anal. 17, 403 (1980).

use deo_core::space::{Host, Space};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::StandardNormal;

const SPACE: Host<f64> = Host::new();

/// Without a stream of its own, a start axis drawn as a Gaussian vector from the same seed would *be* the first
/// column, and an eigensolver would look perfect.
const STREAM: u64 = u64::from_le_bytes(*b"basis   ");

/// An orthogonal N × N matrix Q as a product of reflections; its columns are the basis.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    dimension: usize,
    /// u_j on its support j … N, for each reflection.
    reflectors: Vec<Vec<f64>>,
}

impl Basis {
    /// The coordinate axes, Q = I.
    pub fn axes(dimension: usize) -> Self {
        Basis { dimension, reflectors: Vec::new() }
    }

    /// A basis whose first `columns` vectors are uniformly random; at most N − 1 are free, so more are the same.
    ///
    /// Takes N × `columns` numbers of memory and as many multiplications, twice, in each application.
    pub fn random(dimension: usize, columns: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(STREAM);
        let columns = columns.min(dimension.saturating_sub(1));
        let reflectors = (0..columns).map(|j| reflector(&mut rng, dimension - j)).collect();
        Basis { dimension, reflectors }
    }

    /// N.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// y ← Q y: from coordinates in the basis to coordinates in space.
    ///
    /// # Panics
    ///
    /// If y does not have N components.
    pub fn apply(&self, y: &mut [f64]) {
        self.check(y);
        for (j, u) in self.reflectors.iter().enumerate().rev() {
            reflect(u, &mut y[j..]);
        }
    }

    /// x ← Qᵀ x: from coordinates in space to coordinates in the basis.
    ///
    /// # Panics
    ///
    /// If x does not have N components.
    pub fn apply_transposed(&self, x: &mut [f64]) {
        self.check(x);
        for (j, u) in self.reflectors.iter().enumerate() {
            reflect(u, &mut x[j..]);
        }
    }

    /// Column i of Q, the basis vector number i.
    ///
    /// # Panics
    ///
    /// If i is not below N.
    pub fn column(&self, i: usize) -> Vec<f64> {
        let n = self.dimension;
        assert!(i < n, "column {i} of a basis of {n} vectors");
        let mut column = vec![0.0; n];
        column[i] = 1.0;
        self.apply(&mut column);
        column
    }

    #[track_caller]
    fn check(&self, x: &[f64]) {
        assert_eq!(x.len(), self.dimension, "length of the vector and of the basis");
    }
}

/// The unit normal of the reflection that takes e₁ of ℝˡ to plus or minus a uniformly random direction.
fn reflector(rng: &mut ChaCha8Rng, length: usize) -> Vec<f64> {
    let mut u: Vec<f64> = (0..length).map(|_| rng.sample(StandardNormal)).collect();
    u[0] += SPACE.norm(&u).copysign(u[0]);
    let norm = SPACE.norm(&u);
    for u in &mut u {
        *u /= norm; // a Gaussian vector is zero with probability zero
    }
    u
}

/// x ← x − 2⟨u, x⟩u.
fn reflect(u: &[f64], x: &mut [f64]) {
    let along = SPACE.dot(u, x);
    SPACE.axpby(-2.0 * along, u, 1.0, x);
}
