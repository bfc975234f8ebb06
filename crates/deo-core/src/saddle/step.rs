//! Partitioned rational-function steps within a trust radius (RS-P-RFO).
//!
//! In the eigenvectors of the model Hessian the step is one number a mode. The k modes that are followed go uphill,
//! the others downhill; each part maximises or minimises its rational function
//!
//! (½ sᵀΛs + gᵀs)/(1 + α sᵀs),  that is  sᵢ = −gᵢ/(λᵢ − αν),  ν = gᵀs,
//!
//! with ν below αν < min(0, λ_min) (above max(0, λ_max) for the followed part). Where ‖s‖ would exceed the trust
//! radius, α ≥ 1 is raised until it doesn't. Near a stationary point s is Newton's step up to third order.
//!
//! | formula | code |
//! |---|---|
//! | λᵢ, gᵢ, sᵢ in eigenvectors | `lambda`, `g`, `s` |
//! | α | `alpha`, by bisection |
//! | σ = αν | the lower end `low` of a bracket that bisection has closed |
//!
//! Banerjee, Adams, Simons & Shepard, J. Phys. Chem. 89, 52 (1985), eqs. 15–19; Besalú & Bofill, Theor. Chem. Acc.
//! 100, 265 (1998). Departure: ν comes from its scalar equation, not from an eigenproblem, since Λ is diagonal
//! already.

/// s for eigenvalues λ ascending, gradient coordinates g, k followed modes and a trust radius.
pub(super) fn step(lambda: &[f64], g: &[f64], index: usize, radius: f64, s: &mut [f64]) {
    let fill = |alpha: f64, s: &mut [f64]| -> f64 {
        rational(lambda, g, 0..index, -1.0, alpha, s);
        rational(lambda, g, index..lambda.len(), 1.0, alpha, s);
        s.iter().map(|s| s * s).sum::<f64>().sqrt()
    };
    if fill(1.0, s) <= radius {
        return;
    }
    let (mut low, mut high) = (1.0, 2.0);
    // ‖s‖ falls like 1/√α, so this ends; the bound is for steps that aren't finite.
    while fill(high, s) > radius && high < 1e200 {
        low = high;
        high *= 4.0;
    }
    // Bisection in the logarithm: α spans decades.
    for _ in 0..60 {
        let middle = f64::sqrt(low * high);
        if fill(middle, s) > radius {
            low = middle;
        } else {
            high = middle;
        }
        // A trust radius is a guess: six digits of it are plenty.
        if high / low < 1.0 + 1e-6 {
            break;
        }
    }
    fill(high, s);
}

/// The part `modes` of a step; `sign` is 1 to minimise and −1 to maximise.
fn rational(
    lambda: &[f64],
    g: &[f64],
    modes: std::ops::Range<usize>,
    sign: f64,
    alpha: f64,
    s: &mut [f64],
) {
    let norm: f64 = modes.clone().map(|i| g[i] * g[i]).sum::<f64>().sqrt();
    if norm == 0.0 {
        s[modes].fill(0.0);
        return;
    }
    let lowest = modes.clone().map(|i| sign * lambda[i]).fold(f64::INFINITY, f64::min);
    // σ = αν < min(0, λ_min) solves σ + α Σ g²/(λ − σ) = 0, whose left side rises from −∞ to +∞ there.
    let sum = |sigma: f64| {
        sigma + alpha * modes.clone().map(|i| g[i] * g[i] / (sign * lambda[i] - sigma)).sum::<f64>()
    };
    let top = lowest.min(0.0);
    let mut high = top;
    let mut low = top - f64::sqrt(alpha) * norm;
    while sum(low) > 0.0 {
        low = top - 2.0 * (top - low);
    }
    // To the last bit, for σ near an eigenvalue decides a long step: a bracket of f64s is halved 64 times or so, more
    // near 0.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if sum(middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    for i in modes {
        s[i] = -sign * g[i] / (sign * lambda[i] - low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm(s: &[f64]) -> f64 {
        s.iter().map(|s| s * s).sum::<f64>().sqrt()
    }

    #[test]
    fn a_small_gradient_gives_newtons_step() {
        let (lambda, g) = ([-2.0, 0.5, 3.0, 40.0], [1e-5, -2e-5, 1e-5, 3e-5]);
        let mut s = [0.0; 4];
        step(&lambda, &g, 1, 1.0, &mut s);
        for i in 0..4 {
            let newton = -g[i] / lambda[i];
            assert!((s[i] - newton).abs() < 1e-7 * newton.abs(), "{s:?}"); // third order: g²/λ²
        }
    }

    #[test]
    fn followed_modes_go_up_and_the_others_down() {
        for lambda in [[-3.0, -1.0, 2.0], [1.0, 2.0, 50.0], [-5.0, -4.0, -3.0]] {
            for radius in [1e-3, 0.1, 10.0] {
                for index in 0..=3 {
                    let (g, mut s) = ([0.3, -0.7, 2.0], [0.0; 3]);
                    step(&lambda, &g, index, radius, &mut s);
                    assert!(norm(&s) <= radius * (1.0 + 1e-12), "{s:?}");
                    for i in 0..3 {
                        let up = s[i] * g[i] > 0.0;
                        assert_eq!(up, i < index, "{lambda:?} {index} {radius}: {s:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_cut_step_is_as_long_as_the_radius() {
        let (lambda, g) = ([4.0, 5.0, 6.0], [1e-4, 3.0, -2.0]);
        let mut s = [0.0; 3];
        step(&lambda, &g, 1, 0.2, &mut s);
        assert!((norm(&s) - 0.2).abs() < 1e-6, "{s:?}");
        assert!(s[0] > 0.05, "the climb takes its share: {s:?}");
        step(&lambda, &[0.0; 3], 1, 0.2, &mut s);
        assert_eq!(s, [0.0; 3]);
    }
}
