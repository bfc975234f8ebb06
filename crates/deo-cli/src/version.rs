//! What `deo --version` says: version, commit, and the instruction sets that decide how fast it is here.

use std::sync::LazyLock;

/// Set by whoever builds, `DEO_COMMIT=$(git rev-parse --short HEAD) cargo build …`: a build script that asked Git would
/// build everything anew after each commit, and knows nothing in a packaged source.
const COMMIT: Option<&str> = option_env!("DEO_COMMIT");

static LONG: LazyLock<String> = LazyLock::new(|| {
    let commit = COMMIT.unwrap_or("unknown: built without DEO_COMMIT");
    format!(
        "{}\ncommit: {commit}\ntarget: {} {}\nkernels: {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
        instruction_sets()
    )
});

/// The long form, behind the program's name.
pub fn long() -> &'static str {
    &LONG
}

/// The widest instruction set of this processor that the kernels of deo-linalg have a version for, as they choose it.
fn instruction_sets() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") {
            return "AVX-512 (F, VL, DQ, BW)";
        }
        if has!("avx2") {
            return "AVX2";
        }
    }
    "the baseline of the target"
}
