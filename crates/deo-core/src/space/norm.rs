//! The norm of a vector whose square isn't a number.
//!
//! Problem: ‖x‖ = √⟨x, x⟩ is infinite for a gradient of 1e200 and zero for one of 1e-200, though both norms are
//! ordinary numbers. A clip then multiplies by zero, and a search takes any point for stationary.
//!
//! | ⟨x, x⟩ | ‖x‖ |
//! |---|---|
//! | from 2⁻⁹³⁰ to the largest number | √⟨x, x⟩, the same bits as ever |
//! | below, zero included | ‖2⁶⁰⁰ x‖ / 2⁶⁰⁰ |
//! | below, and ‖x‖ would be below the smallest normal number | 0: such a vector has no direction |
//! | infinite | ‖2⁻⁶⁰⁰ x‖ · 2⁶⁰⁰ |
//! | NaN | NaN |
//!
//! Scaling by a power of two rounds nothing that is left in the sum, so ‖2ᵏ x‖ = 2ᵏ‖x‖ in all bits. The branch is taken
//! on a number that every rank has alike. J. Blue, ACM Trans. Math. Software 4, 15 (1978) is the same idea in one pass.

use super::Space;

/// Below this some squares of components may have lost digits to underflow: 2⁻⁹³⁰ is 2¹⁴⁴ times the largest that has,
/// 2⁻¹⁰⁷⁴, so 2⁹² of them would have to come together to be seen in the last bit.
const SMALLEST_SQUARE: f64 = f64::from_bits((1023 - 930) << 52);

/// 2⁶⁰⁰ lifts the smallest component, 2⁻¹⁰⁷⁴, to a square of 2⁻⁹⁴⁸, and one below 2⁻⁴⁶⁵ to a square below 2²⁷⁰; 2⁻⁶⁰⁰
/// lowers the largest, 2¹⁰²⁴, to 2⁸⁴⁸, which leaves room for 2¹⁷⁵ of them.
const SCALE: f64 = f64::from_bits((1023 + 600) << 52);

/// Whether this ⟨x, x⟩ holds all digits of ‖x‖².
fn is_whole(square: f64) -> bool {
    (SMALLEST_SQUARE..=f64::MAX).contains(&square)
}

/// [`Space::norm`] by `dot` and `scaled_square`.
pub(crate) fn scaled_norm<S: Space + ?Sized>(space: &S, x: &S::Vector) -> f64 {
    let square = space.dot(x, x);
    // A number of `f32`'s range or of a shorter format has a square in that of f64: nothing to mend, and 2⁶⁰⁰ wouldn't
    // fit in it.
    if is_whole(square) || space.epsilon() > f64::EPSILON {
        return root(square);
    }
    // NaN may be ∞ − ∞ in a space that subtracts, and stays NaN if a component is.
    let scale = if square.abs() < 1.0 { SCALE } else { 1.0 / SCALE };
    let scaled = space.scaled_square(scale, x);
    // Ordinary components of which a projection leaves nothing have a square of zero, and none when they are lifted.
    let norm = if scale > 1.0 && !scaled.is_finite() { root(square) } else { root(scaled) / scale };
    // Every unit vector is made by 1/‖x‖, which must be a number.
    if norm < f64::MIN_POSITIVE { 0.0 } else { norm }
}

/// ‖x‖ from the ⟨x, x⟩ that another pass found, or by [`Space::norm`] where that isn't a number.
pub(crate) fn norm_from<S: Space>(space: &S, square: f64, x: &S::Vector) -> f64 {
    if is_whole(square) { square.sqrt() } else { space.norm(x) }
}

/// √square, where a square below zero is the rounding of one that is zero, as a projection leaves it.
fn root(square: f64) -> f64 {
    if square < 0.0 { 0.0 } else { square.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;
    use crate::space::{Blocks, Communicator, FreeBody, Host, Masked, Sharded, ThreadComm};

    const HOST: Host<f64> = Host::new();

    fn vector(exponent: i32) -> Vec<f64> {
        (0..37).map(|i| noise(1, i) * 2f64.powi(exponent)).collect()
    }

    /// 2ᵏ x has 2ᵏ times the norm, to the last bit, wherever its components are normal numbers.
    #[test]
    fn a_norm_scales_with_its_vector() {
        let plain = HOST.norm(&vector(0));
        assert_eq!(plain, HOST.dot(&vector(0), &vector(0)).sqrt(), "the bits of the definition");
        // The smallest component is some 2⁻⁵; the norm is some 2².
        for exponent in [-1010, -700, -540, -466, -464, -100, 100, 500, 515, 700, 1000, 1020] {
            let norm = HOST.norm(&vector(exponent));
            assert_eq!(
                norm * 2f64.powi(-exponent / 2),
                plain * 2f64.powi(exponent - exponent / 2),
                "2^{exponent}"
            );
        }
    }

    #[test]
    fn every_space_has_it() {
        let (mask, blocks) =
            (Masked::free(HOST, 37, std::iter::once(3..20)).unwrap(), Blocks::new(HOST));
        let atoms = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.5, 0.0];
        let free = FreeBody::new(&atoms);
        for exponent in [-900, 0, 900] {
            let (x, scale) = (vector(exponent), 2f64.powi(exponent));
            let close = |got: f64, want: f64| {
                assert!((got / scale - want).abs() <= 1e-14 * want, "{exponent}: {got:e}");
            };
            close(mask.norm(&x), HOST.norm(&vector(0)[3..20]));
            close(blocks.norm(&[x[..5].to_vec(), x[5..].to_vec()]), HOST.norm(&vector(0)));
            // Its plain square is ∞ − ∞.
            close(free.norm(&x[..9]), free.norm(&vector(0)[..9]));
            let norms = ThreadComm::run(2, |comm| {
                let part = if comm.rank() == 0 { &x[..9] } else { &x[9..] };
                Sharded::new(HOST, comm, part).norm(part)
            });
            norms.into_iter().for_each(|norm| close(norm, HOST.norm(&vector(0))));
        }
    }

    #[test]
    fn nothing_and_no_number_keep_their_norms() {
        assert_eq!((HOST.norm(&[]), HOST.norm(&[0.0, -0.0])), (0.0, 0.0));
        assert_eq!((HOST.norm(&[5e-324]), HOST.norm(&[3e-308])), (0.0, 3e-308));
        assert_eq!(HOST.norm(&[f64::MAX]), f64::MAX);
        assert_eq!(HOST.norm(&[f64::MAX, f64::MAX]), f64::INFINITY, "the norm itself is too large");
        assert_eq!(HOST.norm(&[1.0, f64::NEG_INFINITY]), f64::INFINITY);
        assert!(HOST.norm(&[f64::INFINITY, f64::NAN]).is_nan());
        let single = Host::<f32>::new();
        assert_eq!(single.norm(&[f32::MAX]), f64::from(f32::MAX));
        assert_eq!(single.norm(&[1e-45]), f64::from(1e-45f32));
        assert!(
            FreeBody::new(&[0.0; 3]).norm(&[f64::NAN, 0.0, 0.0]).is_nan(),
            "not 0: it isn't known"
        );
    }
}
