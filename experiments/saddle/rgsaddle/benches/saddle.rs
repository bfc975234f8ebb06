//! Found, median and mean gradients of every search on the starts of experiments/saddle/starts.json; then the time of
//! one search, its answer asserted before it is timed.
//!
//! `cargo bench` in this directory. The gradients of these surfaces cost nearly nothing, so the times are those of the
//! searches' own arithmetic.

use criterion::Criterion;
use saddle_peers::{SEARCHES, Start, is_saddle};
use std::collections::HashMap;
use std::hint::black_box;

const STARTS: &str = include_str!("../../starts.json");

const ROWS: [(&str, &str); 3] = [
    ("plane", "Müller–Brown from its minima"),
    ("from_minimum", "LJ13 from the icosahedron"),
    ("near_saddle", "LJ13 near a saddle"),
];

fn main() {
    let starts: HashMap<String, Vec<Start>> = serde_json::from_str(STARTS).expect("JSON");
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for (row, title) in ROWS {
        let starts = &starts[row];
        println!("{title}, {} starts", starts.len());
        for (name, run) in SEARCHES {
            let mut counts: Vec<u64> = starts
                .iter()
                .map(run)
                .filter(|(x, count)| is_saddle(x, *count))
                .map(|(_, count)| count)
                .collect();
            counts.sort_unstable();
            let n = counts.len();
            if n == 0 {
                println!("    {name}: 0");
                continue;
            }
            let median = (counts[(n - 1) / 2] + counts[n / 2]) as f64 / 2.0;
            let mean = counts.iter().sum::<u64>() as f64 / n as f64;
            println!("    {name}: {n}, median {median}, mean {mean:.1}");
        }
        for (name, run) in SEARCHES {
            let solved = |start: &&Start| {
                let (x, count) = run(start);
                is_saddle(&x, count)
            };
            // Each is timed on the first start that it solves.
            let Some(start) = starts.iter().find(solved) else { continue };
            criterion.bench_function(&format!("{row}/{name}"), |bencher| {
                bencher.iter(|| black_box(run(start)));
            });
        }
    }
    criterion.final_summary();
}
