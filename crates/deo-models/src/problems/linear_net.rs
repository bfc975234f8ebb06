//! [`LinearNet`] from a small start: f(W) = ½ ‖W_L ⋯ W_1 − M‖²_F.
//!
//! | | `linear-net` | `deep-linear-net` |
//! |---|---|---|
//! | L, n | 2, 10 | 3, 5 |
//! | M | σ = 1, 0.8, 0.6, 0.4, 0.2 on random vectors | σ = 1, ½ |
//! | minima | f = 0 | f = 0 |
//! | saddles | λ_min = −σ_{k+1} after k triples; −σ_max(M) at 0 | λ_min = 0 at all of them; H = 0 at 0 |
//! | start | entries normal(0, 1e-6) | entries normal(0, 1e-3) |
//! | measure | f | f |
//! | target | 1e-4; f = 1.1 at the start | 1e-4; f = 0.625 at the start |
//! | budget | 4 000 gradients | 20 000 gradients |
//!
//! The saddles of the deep net are no strict ones. Between them there is some negative curvature, of the order of the
//! weights.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::LinearNet;
use deo_core::optim::{Group, Groups};

pub(super) fn linear_net(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, LinearNet::two_layers(), Start::normal(1e-6), 1e-4, 4_000)?
        .with_groups(matrices(2, 10))
}

pub(super) fn deep_linear_net(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, LinearNet::three_layers(), Start::normal(1e-3), 1e-4, 20_000)?
        .with_groups(matrices(3, 5))
}

/// Square matrices of n rows, one after the other.
fn matrices(count: usize, n: usize) -> Groups {
    let groups = (0..count).map(|i| Group::new(i * n * n..(i + 1) * n * n).matrix(n, n));
    Groups::new(count * n * n, groups.collect()).expect("they lie end to end")
}
