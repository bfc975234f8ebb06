//! Starting structures: unrelaxed, with all nearest neighbours about one `distance` apart.
//!
//! For Lennard-Jones atoms 1.1 is near the relaxed distance, for Morse atoms 1.

/// A centre and the twelve vertices of an icosahedron, `distance` from the centre; 39 coordinates.
///
/// The vertices are (0, ±1, ±φ) and its cyclic permutations, scaled; they are 1.05 `distance` from each other.
pub fn icosahedron(distance: f64) -> Vec<f64> {
    let golden = (1.0 + 5f64.sqrt()) / 2.0;
    let scale = distance / golden.hypot(1.0);
    let mut x = vec![0.0; 3];
    for axis in 0..3 {
        for (a, b) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            let mut atom = [0.0; 3];
            atom[(axis + 1) % 3] = a * scale;
            atom[(axis + 2) % 3] = b * golden * scale;
            x.extend(atom);
        }
    }
    x
}

/// The truncated octahedron of 38 atoms cut from the face-centred cubic lattice; 114 coordinates.
///
/// The lattice points (i, j, k) with i + j + k odd and |i| + |j| + |k| ≤ 3 form an octahedron of 44 atoms; without
/// its six vertices 38 remain.
pub fn truncated_octahedron(distance: f64) -> Vec<f64> {
    let scale = distance / 2f64.sqrt(); // neighbours differ by (±1, ±1, 0)
    let mut x = Vec::with_capacity(114);
    for i in -2_i32..=2 {
        for j in -2_i32..=2 {
            for k in -2_i32..=2 {
                if (i + j + k) % 2 != 0 && i.abs() + j.abs() + k.abs() <= 3 {
                    x.extend([i, j, k].map(|c| scale * f64::from(c)));
                }
            }
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of pairs closer than 1.2, and the least distance.
    fn contacts(x: &[f64]) -> (usize, f64) {
        let (mut count, mut least) = (0, f64::INFINITY);
        for i in 0..x.len() / 3 {
            for j in 0..i {
                let r = (0..3).map(|a| (x[3 * i + a] - x[3 * j + a]).powi(2)).sum::<f64>().sqrt();
                count += usize::from(r < 1.2);
                least = least.min(r);
            }
        }
        (count, least)
    }

    #[test]
    fn shapes_have_their_contacts() {
        // 12 spokes and 30 edges; the fcc octahedron of 38 has 144 nearest neighbours (Doye & Wales 1997).
        let (count, least) = contacts(&icosahedron(1.0));
        assert!(count == 42 && (least - 1.0).abs() < 1e-12, "{count} {least}");
        let x = truncated_octahedron(1.0);
        assert_eq!(x.len(), 114);
        let (count, least) = contacts(&x);
        assert!(count == 144 && (least - 1.0).abs() < 1e-12, "{count} {least}");
    }
}
