//! Solutions of symmetric positive systems, A = LLᵀ.

/// `b` ← A⁻¹`b` for a symmetric positive definite `a`, row-major, which is used up: its lower triangle becomes L. False if a
/// pivot isn't positive, and `b` means nothing then.
pub(super) fn solve(a: &mut [f64], b: &mut [f64]) -> bool {
    let n = b.len();
    for j in 0..n {
        let (done, rest) = a.split_at_mut((j + 1) * n);
        let row = &mut done[j * n..];
        let pivot = row[j] - row[..j].iter().map(|l| l * l).sum::<f64>();
        if pivot.is_nan() || pivot <= 0.0 {
            return false;
        }
        let root = pivot.sqrt();
        row[j] = root;
        for other in rest.chunks_mut(n) {
            let along: f64 = other[..j].iter().zip(&row[..j]).map(|(a, b)| a * b).sum();
            other[j] = (other[j] - along) / root;
        }
    }
    for i in 0..n {
        let known: f64 = (0..i).map(|k| a[i * n + k] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * n + i];
    }
    true
}
