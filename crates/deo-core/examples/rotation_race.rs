//! Gradients to an angle of 1e-3 rad from the lowest eigenvector: the crate's two machines beside full Lanczos and the
//! rotations of the literature. Medians of eight seeds, as a table in Markdown.
//!
//! Run: `cargo run --release -p deo-core --example rotation_race`

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/rotations.rs"]
mod rotations;

fn main() {
    println!("| n, gap | {} |", rotations::NAMES.join(" | "));
    println!("|---|{}", "---|".repeat(rotations::NAMES.len()));
    for (n, gap) in rotations::CASES {
        let medians = rotations::race(n, gap).map(|median| median.to_string());
        println!("| {n}, {gap} | {} |", medians.join(" | "));
    }
}
