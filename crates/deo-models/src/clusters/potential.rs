//! Pair potentials as functions of the squared distance.

/// V as a function of s = r².
pub trait Pair {
    /// [V, dV/ds, d²V/ds²] at s.
    ///
    /// By s and not by r, so that an even power needs no square root.
    fn derivatives(&self, s: f64) -> [f64; 3];
}

/// V(r) = 4(r⁻¹² − r⁻⁶), in units of ε and σ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LennardJones;

impl Pair for LennardJones {
    fn derivatives(&self, s: f64) -> [f64; 3] {
        let inverse = 1.0 / s;
        let sixth = inverse * inverse * inverse; // r⁻⁶
        let twelfth = sixth * sixth;
        [
            4.0 * (twelfth - sixth),
            4.0 * inverse * (3.0 * sixth - 6.0 * twelfth),
            4.0 * inverse * inverse * (42.0 * twelfth - 12.0 * sixth),
        ]
    }
}

/// V(r) = u(u − 2), u = e^{ρ(1 − r)}, in units of the pair's depth and distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Morse {
    rho: f64,
}

impl Morse {
    /// The potential of range parameter ρ: 6 resembles Lennard-Jones, 3 is long- and 14 short-ranged.
    ///
    /// # Errors
    ///
    /// Unless ρ is finite and above zero.
    pub fn new(rho: f64) -> Result<Self, PairError> {
        if rho > 0.0 && rho.is_finite() { Ok(Morse { rho }) } else { Err(PairError::Range { rho }) }
    }

    /// ρ.
    pub const fn rho(&self) -> f64 {
        self.rho
    }
}

impl Pair for Morse {
    fn derivatives(&self, s: f64) -> [f64; 3] {
        let (r, rho) = (s.sqrt(), self.rho);
        let u = (rho * (1.0 - r)).exp();
        let first = -2.0 * rho * u * (u - 1.0); // V′(r)
        let second = 2.0 * rho * rho * u * (2.0 * u - 1.0); // V″(r)
        // d/ds = (1/2r) d/dr, twice.
        [u * (u - 2.0), first / (2.0 * r), (second - first / r) / (4.0 * s)]
    }
}

/// Why a potential was refused.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// The range parameter is out of range.
    #[error("the Morse parameter ρ is {rho}; it must be finite and above 0")]
    Range {
        /// The parameter given.
        rho: f64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(potential: &impl Pair, closed: impl Fn(f64) -> f64) {
        for s in [0.8, 1.0, 1.3, 2.0, 5.0] {
            let [value, slope, curvature] = potential.derivatives(s);
            assert!((value - closed(f64::sqrt(s))).abs() <= 1e-14 * value.abs().max(1.0));
            let h = 1e-5; // central differences: h² of truncation, ε/h of rounding
            let [above, below] = [s + h, s - h].map(|s| potential.derivatives(s));
            let secant = |i: usize| (above[i] - below[i]) / (2.0 * h);
            assert!((secant(0) - slope).abs() <= 1e-7 * slope.abs().max(1.0), "{s}");
            assert!((secant(1) - curvature).abs() <= 1e-7 * curvature.abs().max(1.0), "{s}");
        }
    }

    #[test]
    fn derivatives_are_those_of_the_formula() {
        check(&LennardJones, |r| 4.0 * (r.powi(-12) - r.powi(-6)));
        for rho in [3.0, 6.0, 14.0] {
            check(&Morse::new(rho).unwrap(), |r| {
                let u = (rho * (1.0 - r)).exp();
                u * (u - 2.0)
            });
        }
    }

    #[test]
    fn a_senseless_range_is_refused() {
        for rho in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Morse::new(rho).is_err());
        }
        let message = Morse::new(-2.0).unwrap_err().to_string();
        assert!(message.contains("-2") && message.contains("above 0"), "{message}");
    }
}
