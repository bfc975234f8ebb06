//! What a number of a product is, to the last bit: α times a chain of fused multiply-adds, in blocks of 512, on every
//! instruction set that faer has kernels for.
//!
//! The processor decides which kernels `matmul` runs; those for the other instruction set are called here as faer calls them.

#![cfg(target_arch = "x86_64")]

use deo_linalg::{Accumulate, MatMut, MatRef, Threads, matmul};
use private_gemm_x86::{Accum, DType, DstKind, IType, InstrSet, gemm};
use std::ptr::null;

/// Steps of the sum before C is visited.
const BLOCK: usize = 512;

/// m, n, k: beyond 4 096 multiplications, of one tile and of many, with remainders, with a sum of several blocks, so large
/// that they are split, with a transposed A that is copied, and wider than a cache.
const SHAPES: [[usize; 3]; 10] = [
    [17, 16, 16],
    [64, 32, 64],
    [128, 128, 768],
    [768, 65, 128],
    [5, 100, 1100],
    [771, 129, 515],
    [2, 300, 2000],
    [520, 400, 130],
    [1024, 130, 64],
    [13, 1030, 520],
];

macro_rules! chains {
    ($name:ident, $t:ty, $dtype:expr) => {
        #[test]
        fn $name() {
            if !fused() {
                return;
            }
            for [m, n, k] in SHAPES {
                let noise = |seed: usize, len: usize| -> Vec<$t> {
                    let value = |i: usize| ((i * (seed + 7)) as $t * 0.618).sin();
                    (0..len).map(value).collect()
                };
                let (a, b, old, alpha) = (noise(1, m * k), noise(2, k * n), noise(3, m * n), 0.7);
                let mut stored: Vec<$t> = vec![0.0; m * k]; // Aᵀ
                for (i, number) in a.iter().enumerate() {
                    stored[i % k * m + i / k] = *number;
                }
                let mut want = old.clone();
                for i in 0..m {
                    for j in 0..n {
                        for from in (0..k).step_by(BLOCK) {
                            let steps = from..k.min(from + BLOCK);
                            let sum = steps.fold(0.0, |s, p| a[i * k + p].mul_add(b[p * n + j], s));
                            want[i * n + j] += alpha * sum;
                        }
                    }
                }
                for threads in [Threads::One, Threads::Pool] {
                    let mut got = old.clone();
                    let b = MatRef::new(&b, k, n);
                    for a in [MatRef::new(&a, m, k), MatRef::new(&stored, k, m).t()] {
                        got.copy_from_slice(&old);
                        matmul(threads, alpha, a, b, Accumulate::Add, MatMut::new(&mut got, m, n));
                        assert_eq!(got, want, "{m} × {n} × {k}, {threads:?}");
                    }
                }
                let has_512 = std::arch::is_x86_feature_detected!("avx512f");
                for set in
                    [InstrSet::Avx256, InstrSet::Avx512].into_iter().take(1 + usize::from(has_512))
                {
                    let mut got = old.clone();
                    let (rs_a, rs_b) = (k as isize, n as isize);
                    // SAFETY: the slices hold m × n, m × k and k × n numbers with these strides, α is one number, no index
                    // lists nor diagonal are given, and the caller has seen that the processor has the instruction set.
                    unsafe {
                        gemm(
                            $dtype,
                            IType::U64,
                            set,
                            m,
                            n,
                            k,
                            got.as_mut_ptr().cast(),
                            rs_b,
                            1,
                            null(),
                            null(),
                            DstKind::Full,
                            Accum::Add,
                            a.as_ptr().cast(),
                            rs_a,
                            1,
                            false,
                            null(),
                            0,
                            b.as_ptr().cast(),
                            rs_b,
                            1,
                            false,
                            (&raw const alpha).cast(),
                            1,
                        );
                    }
                    assert_eq!(got, want, "{m} × {n} × {k}, kernel {}", set as usize);
                }
            }
        }
    };
}

/// Whether this processor has any of these kernels.
fn fused() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

chains!(every_product_of_f32_is_a_chain_of_fused_multiply_adds, f32, DType::F32);
chains!(every_product_of_f64_is_a_chain_of_fused_multiply_adds, f64, DType::F64);
