//! Student's t: how many standard errors a few samples need for the confidence that many need z for.
//!
//! Problem: a mean of B normal samples, divided by its standard error, isn't normal but has Student's distribution with
//! ν = B − 1 degrees of freedom, since the standard error is itself a guess. Two standard errors hold the truth in 95 %
//! of cases for B → ∞, in 86 % for four samples and in 70 % for two.
//!
//! | formula | here |
//! |---|---|
//! | P(T_ν > t) = P(Z > z), solved for t | [`student_t`] |
//! | ln P(Z > z), series of ½ − φ(z) Σ z²ᵏ⁺¹/(2k + 1)‼ below z = 2, continued fraction above | `normal_tail` |
//! | P(T_ν > t) = ½ I_y(ν/2, ½), y = ν/(ν + t²) | `student_tail` |
//! | B(½, ½) = π, B(1, ½) = 2, B(a + 1, ½) = B(a, ½) a/(a + ½) | `ln_beta` |
//! | I_y(a, b), continued fraction (DLMF 8.17.22) | `fraction` |
//! | t = z + (z³ + z)/4ν + …, three terms, where z² ≤ ν/100 (Abramowitz & Stegun 26.7.5) | `expansion` |
//!
//! All in logarithms, so that z = 40, with a tail of 1e-350, has its t too. W. S. Gosset, Biometrika 6, 1 (1908);
//! W. J. Lentz, Applied Optics 15, 668 (1976).

use std::f64::consts::{LN_2, PI};

/// From so many degrees of freedom on, and at z² ≤ ν/100, the fourth term of the expansion is below 1e-10 of t.
const MANY: u64 = 300;

/// Above so many degrees of freedom t = z: the two differ by (z² + 1)/(4ν) of themselves, 1e-6 at z = 2.
const NORMAL: u64 = 1_000_000;

/// The number of standard errors t that gives the mean of `samples` numbers the confidence that `z` standard errors have
/// in a normal distribution, 95 % for z = 2.
///
/// It falls from infinity at one sample, by 13.97 at two, 4.53 at three, 2.43 at eight, to z. Odd in z.
///
/// # Examples
///
/// ```
/// use deo_core::statistics::student_t;
/// assert!((student_t(2.0, 4) - 3.307).abs() < 1e-3);
/// assert_eq!((student_t(2.0, u64::MAX), student_t(0.0, 2)), (2.0, 0.0));
/// assert_eq!(student_t(2.0, 1), f64::INFINITY);
/// ```
pub fn student_t(z: f64, samples: u64) -> f64 {
    let degrees = samples.saturating_sub(1);
    if z.is_nan() || z == 0.0 {
        return z;
    }
    if z < 0.0 {
        return -student_t(-z, samples);
    }
    if degrees >= MANY && 100.0 * z * z <= degrees as f64 {
        return expansion(z, degrees as f64);
    }
    if degrees > NORMAL {
        return z;
    }
    if degrees == 0 || z.is_infinite() {
        return f64::INFINITY;
    }
    let target = normal_tail(z);
    let ln_beta = ln_beta(degrees);
    let too_far = |t: f64| student_tail(t, degrees, ln_beta) < target;
    // Bracket, then bisection: t ≥ z, and the tail falls.
    let (mut low, mut high) = (z, 2.0 * z);
    while !too_far(high) {
        (low, high) = (high, high * high.max(2.0));
        if high > LARGEST {
            return f64::INFINITY;
        }
    }
    // Eighty bits of the largest bracket, in fewer steps when the two meet.
    for _ in 0..1_100 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        *(if too_far(middle) { &mut high } else { &mut low }) = middle;
    }
    high
}

/// Whose square is a number.
const LARGEST: f64 = 1e150;

/// t by powers of 1/ν.
fn expansion(z: f64, nu: f64) -> f64 {
    let s = z * z;
    let terms = [
        z * (s + 1.0) / 4.0,
        z * ((5.0 * s + 16.0) * s + 3.0) / 96.0,
        z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0,
    ];
    z + (terms[0] + (terms[1] + terms[2] / nu) / nu) / nu
}

/// ln P(Z > z) for z > 0.
fn normal_tail(z: f64) -> f64 {
    let ln_density = -z * z / 2.0 - 0.5 * (2.0 * PI).ln();
    if z < 2.0 {
        let (mut term, mut sum, mut k) = (z, 0.0, 1.0);
        // z² < 4: thirty terms fall below the last bit.
        while term > 1e-17 * sum {
            sum += term;
            k += 2.0;
            term *= z * z / k;
        }
        return (0.5 - ln_density.exp() * sum).ln();
    }
    // φ(z)/(z + 1/(z + 2/(z + …))); 200 levels are enough for full precision from z = 2 on.
    let tail = (1..=200).rev().fold(z, |below, k| z + f64::from(k) / below);
    ln_density - tail.ln()
}

/// ln P(T > t) for t > 0.
fn student_tail(t: f64, degrees: u64, ln_beta: f64) -> f64 {
    let (nu, a) = (degrees as f64, degrees as f64 / 2.0);
    // ln y and ln(1 − y), y = ν/(ν + t²), each without cancellation.
    let (ln_y, ln_rest) = (-(t * t / nu).ln_1p(), -(nu / (t * t)).ln_1p());
    let ln_front = a * ln_y + 0.5 * ln_rest - ln_beta;
    // Each fraction converges on its side of the mean.
    if t * t > 3.0 * nu / (nu + 2.0) {
        ln_front - a.ln() + fraction(ln_y.exp(), a, 0.5).ln() - LN_2
    } else {
        // ½ (1 − I_{1−y}(½, a)), in which half the mass at least is left.
        let centre = (ln_front + LN_2).exp() * fraction(ln_rest.exp(), 0.5, a);
        (0.5 * (1.0 - centre)).ln()
    }
}

/// ln B(ν/2, ½).
fn ln_beta(degrees: u64) -> f64 {
    let (first, start) = if degrees % 2 == 1 { (PI, 1) } else { (2.0, 2) };
    (start..degrees).step_by(2).fold(first, |beta, nu| beta * nu as f64 / (nu as f64 + 1.0)).ln()
}

/// The continued fraction of I_y(a, b) y⁻ᵃ (1 − y)⁻ᵇ a B(a, b), by Lentz's recursion.
fn fraction(y: f64, a: f64, b: f64) -> f64 {
    // Instead of a denominator of zero.
    let away = |x: f64| if x.abs() < 1e-300 { 1e-300 } else { x };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * y / (a + 1.0)));
    let mut value = d;
    // On its side of the mean it takes about √max(a, b) levels: 700 at the largest ν.
    for m in 1..5_000 {
        let m = f64::from(m);
        let even = m * (b - m) * y / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * y / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            step = c * d;
            value *= step;
        }
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;
    use crate::statistics::Sample;

    #[test]
    fn quantiles_are_those_of_scipy() {
        for (z, samples, expected) in GOLDEN {
            let got = student_t(z, samples);
            assert!((got / expected - 1.0).abs() < 1e-9, "{z} {samples}: {got}, not {expected}");
        }
    }

    #[test]
    fn few_samples_need_more_and_many_need_no_more() {
        for z in [1e-3, 0.5, 1.0, 2.0, 5.0, 30.0] {
            let mut before = f64::INFINITY;
            for samples in [1, 2, 3, 4, 5, 8, 9, 30, 31, 1_000, 100_000, 2_000_000, u64::MAX] {
                let t = student_t(z, samples);
                assert!(t >= z && t <= before, "{z} {samples}: {t} after {before}");
                assert_eq!(student_t(-z, samples), -t);
                before = t;
            }
            assert_eq!(before, z);
        }
        assert!(student_t(f64::NAN, 4).is_nan());
        assert_eq!(student_t(f64::INFINITY, 40), f64::INFINITY);
        assert_eq!(student_t(100.0, 2), f64::INFINITY, "a tail of e⁻⁵⁰⁰⁵");
        assert_eq!(student_t(2.0, 0), f64::INFINITY);
    }

    #[test]
    fn the_expansion_goes_on_where_the_integral_ends() {
        for (z, degrees) in
            [(0.1, 300), (1.0, 300), (1.7, 300), (1.96, 400), (3.0, 901), (5.0, 2500)]
        {
            let integral = normal_tail(z);
            let tail = student_tail(expansion(z, degrees as f64), degrees, ln_beta(degrees));
            // d ln P/dt is −z or so, so this is the error of t.
            assert!((tail - integral).abs() < 1e-9, "{z} {degrees}: {}", tail - integral);
        }
    }

    /// The claim itself: the interval holds the mean in 95.45 % of repetitions, whatever the number of samples.
    #[test]
    fn two_standard_errors_hold_the_truth_in_95_of_100_cases() {
        const REPETITIONS: u64 = 40_000;
        for samples in [2, 3, 4, 8, 30] {
            let t = student_t(2.0, samples);
            let held = (0..REPETITIONS).filter(|repetition| {
                let drawn =
                    (0..samples).map(|i| 5.0 + 3.0 * noise(samples, repetition * samples + i));
                let sample: Sample = drawn.collect();
                (sample.mean() - 5.0).abs() <= t * sample.standard_error()
            });
            let share = held.count() as f64 / REPETITIONS as f64;
            // Four standard errors of a share of 95.45 % among 40 000: 0.42 %. The gap to 2.0 itself is 0.5 % at 30
            // samples, 9 % at four.
            assert!((share - 0.9545).abs() < 0.0042, "{samples}: {share}");
        }
    }

    /// z, samples, t: `scipy.stats.t.isf(scipy.stats.norm.sf(z), samples - 1)`, digits by mpmath.
    const GOLDEN: [(f64, u64, f64); 50] = [
        (0.1, 2, 0.1257799190624589),
        (0.1, 3, 0.11300922907163496),
        (0.1, 4, 0.1086435234938632),
        (0.1, 5, 0.10645818037194654),
        (0.1, 8, 0.10366292087692705),
        (0.1, 11, 0.10255400436921296),
        (0.1, 31, 0.10084518054496025),
        (0.1, 1001, 0.10002525328832498),
        (1.0, 2, 1.8373372014715832),
        (1.0, 3, 1.3212773729262555),
        (1.0, 4, 1.1968813544031562),
        (1.0, 5, 1.1416266290909542),
        (1.0, 8, 1.0767133754164624),
        (1.0, 11, 1.0525624152573363),
        (1.0, 31, 1.0169467541149855),
        (1.0, 1001, 1.0005002500624942),
        (1.5, 2, 4.694437762289591),
        (1.5, 3, 2.453572513108665),
        (1.5, 4, 2.0433574253136935),
        (1.5, 5, 1.8778397236852313),
        (1.5, 8, 1.6964611172038937),
        (1.5, 11, 1.6325464811623946),
        (1.5, 31, 1.541764028224802),
        (1.5, 1001, 1.5012197554830624),
        (2.0, 2, 13.967730199244548),
        (2.0, 3, 4.526536687430165),
        (2.0, 4, 3.306822175005652),
        (2.0, 5, 2.869309414628827),
        (2.0, 8, 2.4288051304035685),
        (2.0, 11, 2.2836782024779305),
        (2.0, 31, 2.086844327310369),
        (2.0, 1001, 2.00250306536122),
        (3.0, 2, 235.80149796046805),
        (3.0, 3, 19.206744211508585),
        (3.0, 4, 9.218940458700256),
        (3.0, 5, 6.620205966815867),
        (3.0, 8, 4.529973678733427),
        (3.0, 11, 3.9569366600027505),
        (3.0, 31, 3.270333882473316),
        (3.0, 1001, 3.007517280226137),
        (6.0, 2, 322637210.9815219),
        (6.0, 3, 22512.159922964405),
        (6.0, 4, 1037.770231307662),
        (6.0, 5, 234.8190187837872),
        (6.0, 8, 38.78102713440623),
        (6.0, 11, 20.172531116356495),
        (6.0, 31, 8.451195340265786),
        (6.0, 1001, 6.055943779730973),
        (40.0, 51, 65044444.057325825),
        (40.0, 501, 108.60872963665922),
    ];
}
