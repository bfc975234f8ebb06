//! Clearing the upper halves of the vector registers after faer's kernels.
//!
//! The x86 matrix kernels below faer return with the upper halves of the vector registers dirty. On many
//! processors every SSE instruction that follows on that thread then waits for a merge with those halves:
//! ordinary compiled loops run 2–4 × slower until the thread executes `vzeroupper`. The product therefore
//! ends with one, on the very thread that ran it; it costs one cycle and is the identity for every program
//! that the compiler generates, because the calling conventions preserve no upper half across a call.

/// Clears the upper halves of the vector registers of the calling thread, where the processor has any.
#[inline]
pub(crate) fn vzeroupper() {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: the only requirement is that the processor has AVX, which was detected just now.
        unsafe { clear() }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
fn clear() {
    std::arch::x86_64::_mm256_zeroupper();
}
