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
//! **Where g is rounding.** A part with λ_min < 0 and a gradient of ‖g‖ ≪ |λ_min| has αν within ‖g‖²/|λ_min| of λ_min,
//! less than a rounding of it. So the unknown is the distance τ = min(0, λ_min) − αν > 0, which has all its digits, and
//! sᵢ = −gᵢ/(dᵢ + τ), dᵢ = λᵢ − min(0, λ_min) ≥ 0: a long step along the lowest mode, to the side that the gradient
//! says, which the trust radius cuts.
//!
//! | formula | code |
//! |---|---|
//! | λᵢ, gᵢ, sᵢ in eigenvectors | `lambda`, `g`, `s` |
//! | α | `alpha`, by bisection |
//! | τ/(√α unit), dᵢ/(√α unit) | `t`, `d`, in units in which nothing under- or overflows |
//! | −t + min(0, λ_min)/(√α unit) + Σ uᵢ²/(dᵢ + t) = 0, uᵢ = gᵢ/max\|g\| | `sum`, falling in t |
//!
//! Banerjee, Adams, Simons & Shepard, J. Phys. Chem. 89, 52 (1985), eqs. 15–19; Besalú & Bofill, Theor. Chem. Acc.
//! 100, 265 (1998). Departure: ν comes from its scalar equation, not from an eigenproblem, since Λ is diagonal
//! already. Every loop is capped.

/// Raises of α by four: it ends at a trust radius 1e-120 of what a part would take, far beyond what `NOTHING` leaves.
const RAISES: usize = 400;
/// Halvings of α's bracket, of a factor of four: twenty give the six digits.
const HALVINGS: usize = 60;
/// Halvings of τ's bracket: some ten to its binary exponent and 53 to its last bit.
const BITS: usize = 100;
/// Relative: a gradient so far below its part's curvature, or a component so far below the largest, only says which way.
const NOTHING: f64 = 1e-60;

#[cfg(test)]
use super::learned::norm;

/// s for eigenvalues λ ascending, gradient coordinates g, k followed modes and a trust radius.
#[cfg(test)]
pub(super) fn step(lambda: &[f64], g: &[f64], index: usize, radius: f64, s: &mut [f64]) {
    step_within(lambda, g, index, radius, &norm, s);
}

/// The same for another size of a step than its norm.
pub(super) fn step_within(
    lambda: &[f64],
    g: &[f64],
    index: usize,
    radius: f64,
    size: &dyn Fn(&[f64]) -> f64,
    s: &mut [f64],
) {
    let fill = |alpha: f64, s: &mut [f64]| -> f64 {
        rational(lambda, g, 0..index, -1.0, alpha, s);
        rational(lambda, g, index..lambda.len(), 1.0, alpha, s);
        size(s)
    };
    if fill(1.0, s) <= radius {
        return;
    }
    let (mut low, mut high) = (1.0, 2.0);
    // ‖s‖ falls like 1/√α.
    for _ in 0..RAISES {
        if fill(high, s) <= radius {
            break;
        }
        low = high;
        high *= 4.0;
    }
    // Bisection in the logarithm: α spans decades.
    for _ in 0..HALVINGS {
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
    let largest = modes.clone().map(|i| g[i].abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        s[modes].fill(0.0);
        return;
    }
    let top = modes.clone().map(|i| sign * lambda[i]).fold(0.0, f64::min);
    let unit = alpha.sqrt() * largest.max(NOTHING * -top);
    let u = |i: usize| Some(g[i] / largest).filter(|u| u.abs() > NOTHING).unwrap_or(0.0);
    let d = |i: usize| (sign * lambda[i] - top) / unit;
    // The sum is taken a hundred times.
    let terms: Vec<(f64, f64)> = modes.clone().map(|i| (u(i) * u(i), d(i))).collect();
    let (shift, mut all, mut lowest) = (-top / unit, 0.0, 0.0);
    for (square, d) in &terms {
        all += square;
        lowest += if *d == 0.0 { *square } else { 0.0 };
    }
    // The root if all dᵢ were zero, and if those that aren't were infinite: bounds of the true one.
    let root = |weight: f64| match weight {
        0.0 => 0.0,
        weight => 2.0 * weight / (shift + f64::sqrt(shift * shift + 4.0 * weight)),
    };
    let (mut low, mut high) = (root(lowest), root(all));
    let sum = |t: f64| terms.iter().map(|(square, d)| square / (d + t)).sum::<f64>() - shift - t;
    for _ in 0..BITS {
        // Geometrically, until both ends have the same exponent.
        let apart = low > 0.0 && high > 2.0 * low;
        let middle = if apart { low.sqrt() * high.sqrt() } else { 0.5 * (low + high) };
        if middle <= low || middle >= high {
            break;
        }
        if sum(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    for i in modes {
        s[i] = -sign * u(i) / (alpha.sqrt() * (d(i) + high));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eigen::symmetric_eigen;

    /// The lowest eigenvector (s, 1) of the bordered matrix ((Λ, g), (gᵀ, 0)): the step of α = 1 of one part, by a dense
    /// solver.
    fn bordered(lambda: &[f64], g: &[f64]) -> Vec<f64> {
        let (n, m) = (lambda.len(), lambda.len() + 1);
        let (mut a, mut vectors, mut values) = (vec![0.0; m * m], vec![0.0; m * m], vec![0.0; m]);
        for i in 0..n {
            a[i * m + i] = lambda[i];
            (a[i * m + n], a[n * m + i]) = (g[i], g[i]);
        }
        symmetric_eigen(&mut a, &mut vectors, &mut values);
        (0..n).map(|i| vectors[i] / vectors[n]).collect()
    }

    #[test]
    fn it_is_the_eigenvector_of_the_bordered_matrix() {
        for lambda in [[-3.0, -1.0, 2.0], [0.5, 2.0, 50.0], [-5.0, -5.0, -3.0], [0.0, 0.0, 1.0]] {
            for g in [[0.3, -0.7, 2.0], [1e-3, 5.0, 0.1], [2e-2, -1e-2, 3e-2]] {
                let (exact, mut s) = (bordered(&lambda, &g), [0.0; 3]);
                step(&lambda, &g, 0, 1e9, &mut s);
                for (s, exact) in s.iter().zip(&exact) {
                    // Jacobi's eigenvector is good to 1e-15 of its largest component, here at most 1e6 times the last.
                    assert!(
                        (s - exact).abs() < 1e-9 * exact.abs(),
                        "{lambda:?} {g:?}: {s} {exact}"
                    );
                }
            }
        }
    }

    /// Along a ridge the gradient is rounding: the step leaves it, as long as the radius allows, to the side of −g.
    #[test]
    fn a_gradient_of_rounding_only_says_which_way() {
        for tiny in [1e-12, 1e-17, -1e-17, 1e-100, -1e-300, 5e-324] {
            for lambda in [[-8.0, -3.0], [-1e8, -3.0], [2.0, -1e-3]] {
                for radius in [1e-4, 0.15, 10.0] {
                    let mut s = [0.0; 2];
                    // Mode 0 is followed uphill, and has no gradient; mode 1 has rounding.
                    step(&lambda, &[0.0, tiny], 1, radius, &mut s);
                    assert_eq!(s[0], 0.0);
                    assert!((s[1].abs() / radius - 1.0).abs() < 1e-5, "{tiny:e} {lambda:?}: {s:?}");
                    assert_eq!(s[1].signum(), -tiny.signum());
                }
            }
        }
    }

    #[test]
    fn everything_that_a_model_may_hold_gives_a_finite_step_within_the_radius() {
        let numbers = [0.0, 1e-320, 1e-300, 1e-160, 1e-17, 1e-8, 1.0, 1e8, 1e160, 1e300];
        for a in numbers {
            for b in numbers {
                for c in numbers {
                    for signs in 0..8 {
                        let sign = |bit: i32| if signs >> bit & 1 == 1 { -1.0 } else { 1.0 };
                        let mut lambda = [sign(0) * a, sign(1) * b, 1.0];
                        lambda.sort_by(f64::total_cmp);
                        for index in 0..3 {
                            let mut s = [0.0; 3];
                            step(&lambda, &[c, sign(2) * a, b], index, 0.15, &mut s);
                            assert!(
                                norm(&s) <= 0.15 * (1.0 + 1e-5),
                                "{lambda:?} {a} {b} {c}: {s:?}"
                            );
                        }
                    }
                }
            }
        }
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
