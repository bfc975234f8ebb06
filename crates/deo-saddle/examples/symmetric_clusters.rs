//! Verifications of symmetric Lennard-Jones clusters, whose lowest modes come in pairs and threes: right, wrong, and
//! their gradients.
//!
//! Points of up to 13 atoms are made within their symmetry (`tests/common/clusters.rs`), each is claimed to have index 0,
//! 1, 2 and 3, and each claim is verified from many seeds. Points of a higher index are claimed, too, never rightly, from a
//! twentieth of the seeds.
//! Then the same by `find`, from the point itself and displaced by 1e-3, as `deo saddle` starts: the true index is then
//! that of the point it ends at.
//!
//! Run: `cargo run --release -p deo-saddle --example symmetric_clusters -- [--seeds N] [--starts N] [--list]
//! [--least ATOMS] [--most ATOMS]`; up to 15 atoms the whole space has room in the basis of a verification, above not.

#[path = "../tests/common/clusters.rs"]
mod clusters;
#[path = "../tests/common/dense.rs"]
mod dense;

use clusters::{Point, energy, stationary_points};
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::FreeBody;
use deo_saddle::{Goal, Method, Outcome, Verdict, VerificationSettings, find};

/// Verdicts on claims.
#[derive(Default, Clone)]
struct Tally {
    claims: u64,
    confirmed: u64,
    another: u64,
    flat: u64,
    open: u64,
    gradients: u64,
}

impl Tally {
    fn add(&mut self, verdict: Verdict, gradients: u64) {
        self.claims += 1;
        self.gradients += gradients;
        *match verdict {
            Verdict::Confirmed => &mut self.confirmed,
            Verdict::WrongIndex { .. } => &mut self.another,
            Verdict::Flat => &mut self.flat,
            _ => &mut self.open,
        } += 1;
    }

    fn join(&mut self, other: &Tally) {
        self.claims += other.claims;
        self.confirmed += other.confirmed;
        self.another += other.another;
        self.flat += other.flat;
        self.open += other.open;
        self.gradients += other.gradients;
    }

    fn row(&self) -> String {
        let mean = self.gradients as f64 / self.claims.max(1) as f64;
        let Tally { claims, confirmed, another, flat, open, .. } = self;
        format!("{claims} | {confirmed} | {another} | {flat} | {open} | {mean:.1}")
    }
}

/// Right claims and wrong ones.
type Pair = [Tally; 2];

fn main() {
    let (mut seeds, mut starts, mut list) = (200, 40, false);
    let (mut least, mut most) = (2, 13);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().and_then(|v| v.parse::<f64>().ok()).expect("a number");
        match name.as_str() {
            "--seeds" => seeds = value() as u64,
            "--starts" => starts = value() as u64,
            "--least" => least = value() as usize,
            "--most" => most = value() as usize,
            "--list" => list = true,
            _ => panic!("there is no option {name}"),
        }
    }
    let settings = VerificationSettings::default();
    let mut all = stationary_points(most, starts);
    all.retain(|p| p.atoms() >= least);
    let total = all.len();
    let points: Vec<Point> = all.into_iter().filter(|p| !p.is_flat()).collect();
    println!("{total} points, {} left out as flat", total - points.len());

    let mut direct: Vec<Pair> = vec![Pair::default(); 5];
    for point in &points {
        let index = point.index();
        let mut pair = Pair::default();
        // Those of a higher index are many.
        let seeds = if index > 3 { seeds.div_ceil(20) } else { seeds };
        for claimed in 0..4 {
            for seed in 0..seeds {
                let settings = VerificationSettings { index: claimed, seed, ..settings };
                let (verdict, gradients) = clusters::verify(&point.x, settings);
                pair[usize::from(claimed != index)].add(verdict, gradients);
                if claimed != index && verdict == Verdict::Confirmed {
                    tell(point, claimed, seed, "wrongly confirmed");
                }
            }
        }
        if list && index < 4 || pair[0].confirmed < pair[0].claims {
            let share = pair[0].confirmed as f64 / pair[0].claims as f64;
            tell(
                point,
                index,
                seeds,
                &format!("{share:.3} of these seeds confirmed, {} open", pair[0].open),
            );
        }
        for (sum, tally) in direct[index.min(4)].iter_mut().zip(&pair) {
            sum.join(tally);
        }
    }
    println!(
        "| index | points | with equal modes | claimed | confirmed | another index | flat | open | gradients |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (index, pair) in direct.iter().enumerate() {
        let here: Vec<&Point> = points.iter().filter(|p| p.index().min(4) == index).collect();
        let equal = here.iter().filter(|p| p.is_degenerate(p.index())).count();
        for (kind, tally) in ["rightly", "wrongly"].iter().zip(pair).filter(|(_, t)| t.claims > 0) {
            let above = if index == 4 { " and more" } else { "" };
            println!("| {index}{above}, {kind} | {} | {equal} | {} |", here.len(), tally.row());
        }
    }

    println!(
        "\n| displaced by | sought | not converged | gone | of that index | confirmed | not | of another | confirmed | gradients |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for sigma in [0.0, 1e-3] {
        for index in 0..4 {
            let mut ends = Ends::default();
            for point in points.iter().filter(|p| p.index() < 4 && index <= p.curvatures.len()) {
                for seed in 0..seeds.div_ceil(if sigma == 0.0 { 200 } else { 50 }) {
                    ends.search(point, index, sigma, seed, &settings);
                }
            }
            let [right, wrong] = &ends.verified;
            println!(
                "| {sigma} | {index} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
                ends.lost,
                ends.gone,
                right.claims,
                right.confirmed,
                right.claims - right.confirmed,
                wrong.claims,
                wrong.confirmed,
                (right.gradients + wrong.gradients) as f64 / (right.claims + wrong.claims) as f64
            );
        }
    }
}

fn tell(point: &Point, claimed: usize, seed: u64, what: &str) {
    let lowest: Vec<String> = point.curvatures.iter().take(6).map(|c| format!("{c:.4}")).collect();
    println!(
        "{} atoms, {}, E {:.6}, index {}, claimed {claimed}, seeds {seed}: {what}; {}",
        point.atoms(),
        point.name,
        point.energy,
        point.index(),
        lowest.join(" ")
    );
}

/// What searches from near the points came to.
#[derive(Default)]
struct Ends {
    /// Those that didn't converge.
    lost: u64,
    /// Those that converged where atoms had gone, or another curvature vanishes: no index is true there.
    gone: u64,
    verified: Pair,
}

impl Ends {
    fn search(
        &mut self,
        point: &Point,
        index: usize,
        sigma: f64,
        seed: u64,
        settings: &VerificationSettings,
    ) {
        let x: Vec<f64> =
            point.x.iter().enumerate().map(|(i, x)| x + sigma * noise(seed, i as u64)).collect();
        let method = Method::Auto(Goal { index, tolerance: 1e-5, ..Default::default() });
        // `deo saddle` takes a curvature of a cluster below 1e-3 for none.
        let settings = VerificationSettings { seed, flat: 1e-3, ..*settings };
        let space_at = |x: &[f64]| FreeBody::new(x);
        let saddle = find(space_at, &mut FromFn(energy), &x[..], None, &method, &settings).unwrap();
        if saddle.found.outcome != Outcome::Converged {
            self.lost += 1;
            return;
        }
        let confirmed = saddle.verdict == Verdict::Confirmed;
        let end = Point::new(point.name.clone(), saddle.found.x);
        let least = end.curvatures.iter().fold(f64::INFINITY, |m, c| m.min(c.abs()));
        if least < 1e-3 {
            self.gone += 1;
            if confirmed {
                tell(&end, index, seed, "confirmed where a curvature vanishes");
            }
            return;
        }
        let wrong = end.index() != index;
        self.verified[usize::from(wrong)].add(saddle.verdict, saddle.verification_gradients);
        if wrong == confirmed {
            tell(&end, index, seed, &format!("find says: {}", saddle.verdict));
        }
    }
}
