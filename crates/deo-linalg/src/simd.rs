//! One loop, compiled for several instruction sets, chosen when the program runs.
//!
//! A binary that must run on every x86-64 may use only SSE2, a quarter of the width of today's vector
//! units. [`simd!`] therefore compiles the body of a kernel three times, for the baseline, for AVX2 and for
//! AVX-512, and picks one at each call (an atomic load and a branch). The body is ordinary safe Rust; the
//! compiler vectorises it.
//!
//! All three give the same bits: the bodies keep explicit lanes, so the order of additions is in the source,
//! and the compiler never contracts a product and a sum to one fused operation by itself.

/// Compiles `[generics] fn name<names>(…) { … }` for several instruction sets, see the module header.
///
/// `#[inline(always)]` on the body makes it a part of each of the three wrappers, hence compiled with their
/// features; everything that the body calls must be inlined as well.
macro_rules! simd {
    (
        $(#[$meta:meta])*
        [$($generics:tt)*] fn $name:ident<$($parameter:ident),*>(
            $($arg:ident: $ty:ty),* $(,)?
        ) $(-> $ret:ty)? $body:block
    ) => {
        $(#[$meta])*
        fn $name<$($generics)*>($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            fn body<$($generics)*>($($arg: $ty),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
                fn avx512<$($generics)*>($($arg: $ty),*) $(-> $ret)? {
                    body::<$($parameter),*>($($arg),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2<$($generics)*>($($arg: $ty),*) $(-> $ret)? {
                    body::<$($parameter),*>($($arg),*)
                }
                match $crate::simd::isa() {
                    // SAFETY: `isa` answers Avx512 only where it has detected these four features.
                    $crate::simd::Isa::Avx512 => return unsafe { avx512::<$($parameter),*>($($arg),*) },
                    // SAFETY: `isa` answers Avx2 only where it has detected AVX2.
                    $crate::simd::Isa::Avx2 => return unsafe { avx2::<$($parameter),*>($($arg),*) },
                    $crate::simd::Isa::Baseline => {}
                }
            }
            body::<$($parameter),*>($($arg),*)
        }
    };
}
pub(crate) use simd;

/// Runs `body`, compiled for the widest instruction set of this processor.
///
/// It lets a loop of your own use wide vectors in a program that must also run on processors without them. Mark the
/// closure, and all that it calls, `#[inline(always)]`: only what is inlined is compiled for that instruction set. As for
/// the kernels, the result is the same on all of them, to the last bit: the compiler neither fuses nor reorders
/// operations by itself.
///
/// # Examples
///
/// ```
/// let mut x = vec![1.0f32; 1000];
/// deo_linalg::vectorised(
///     #[inline(always)]
///     || x.iter_mut().for_each(|x| *x = *x * *x + 1.0),
/// );
/// assert_eq!(x, [2.0; 1000]);
/// ```
#[inline]
pub fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
        fn avx512<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        #[target_feature(enable = "avx2")]
        fn avx2<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        match isa() {
            // SAFETY: `isa` answers Avx512 only where it has detected these four features.
            Isa::Avx512 => return unsafe { avx512(body) },
            // SAFETY: `isa` answers Avx2 only where it has detected AVX2.
            Isa::Avx2 => return unsafe { avx2(body) },
            Isa::Baseline => {}
        }
    }
    body()
}

/// The instruction sets that the kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub(crate) enum Isa {
    /// What every processor of the target has.
    Baseline,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors and masks.
    Avx512,
}

/// The widest instruction set of this processor.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn isa() -> Isa {
    use std::arch::is_x86_feature_detected as has;
    #[cfg(test)]
    if let Some(isa) = tests::FORCED.get() {
        return isa;
    }
    if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") {
        Isa::Avx512
    } else if has!("avx2") {
        Isa::Avx2
    } else {
        Isa::Baseline
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Isa;
    use std::cell::Cell;

    thread_local! {
        pub(super) static FORCED: Cell<Option<Isa>> = const { Cell::new(None) };
    }

    /// The results of `run` with each instruction set of this processor, on the calling thread.
    pub(crate) fn with_each_isa<R>(run: impl Fn() -> R) -> Vec<(Isa, R)> {
        #[cfg(target_arch = "x86_64")]
        let best = super::isa();
        #[cfg(not(target_arch = "x86_64"))]
        let best = Isa::Baseline;
        let all = match best {
            Isa::Avx512 => &[Isa::Baseline, Isa::Avx2, Isa::Avx512][..],
            Isa::Avx2 => &[Isa::Baseline, Isa::Avx2],
            Isa::Baseline => &[Isa::Baseline],
        };
        let results = all.iter().map(|&isa| {
            FORCED.set(Some(isa));
            (isa, run())
        });
        let results = results.collect();
        FORCED.set(None);
        results
    }

    #[test]
    fn a_closure_gives_the_same_bits_with_each_instruction_set() {
        let input: Vec<f32> = (0..1003).map(|i| (i as f32 * 0.37).sin()).collect();
        let results = with_each_isa(|| {
            let mut sum = 0.0f32;
            super::vectorised(
                #[inline(always)]
                || input.iter().for_each(|x| sum += x * 1.7 + x * x),
            );
            sum.to_bits()
        });
        // The twin: the same loop, dispatched by nobody.
        let plain = input.iter().fold(0.0f32, |sum, x| sum + (x * 1.7 + x * x));
        assert!(results.iter().all(|(_, bits)| *bits == plain.to_bits()), "{results:?}");
    }
}
