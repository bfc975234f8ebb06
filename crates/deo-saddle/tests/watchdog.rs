//! Every machine ends, whatever it is told: within the gradients allowed, within seconds, without a panic, and
//! without a question at a point that isn't finite.

use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::noise::noise;
use deo_core::space::Host;
use deo_core::two_lengths::{TwoLengths, TwoLengthsSettings};
use deo_core::{Answer, Dimer, DimerSettings, Probe, Rule};
use deo_saddle::{
    Goal, Method, MinModeSearch, MinModeSettings, NewtonSearch, NewtonSettings, Verification,
    VerificationSettings,
};
use std::sync::mpsc;
use std::time::Duration;

const HOST: Host<f64> = Host::new();

/// Answers to question number `count` at a point: gradients no function has, or only a strange one.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    /// The same everywhere, of this size.
    Constant(f64),
    /// The same, but for one component.
    Single(f64),
    /// Random signs of this size, new at every question.
    Noise(f64),
    /// A quadratic function with curvatures −1, 2, −3, … times this.
    Quadratic(f64),
    /// Two values by turns.
    Alternating(f64, f64),
    /// A quadratic function until question 5, then this.
    Late(f64),
    /// A double well, its ridge along the other coordinates on which rounding is left.
    Ridge(f64),
    /// Both sizes in one vector.
    Mixed(f64, f64),
}

const SIZES: [f64; 12] =
    [0.0, 5e-324, 1e-320, 1e-300, 1e-160, 1e-30, 1e-17, 1.0, 1e17, 1e150, 1e300, f64::MAX];
const POISON: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn fields() -> Vec<Field> {
    let sizes = SIZES.iter().chain(&POISON);
    let mut fields: Vec<Field> = Vec::new();
    for size in sizes.copied() {
        fields.extend([Field::Constant(size), Field::Single(size), Field::Noise(size)]);
        fields.extend([Field::Quadratic(size), Field::Late(size), Field::Alternating(1.0, size)]);
        fields.extend([Field::Alternating(size, -size), Field::Mixed(1.0, size)]);
        fields.push(Field::Mixed(1e-17, size));
        fields.push(Field::Ridge(size));
    }
    fields
}

impl Field {
    fn at(self, count: u64, x: &[f64]) -> Vec<f64> {
        let quadratic = |scale: f64| -> Vec<f64> {
            let slope =
                |i: usize| (i + 1) as f64 * if i.is_multiple_of(2) { -scale } else { scale };
            x.iter().enumerate().map(|(i, x)| slope(i) * x).collect()
        };
        let each = |f: &dyn Fn(usize) -> f64| (0..x.len()).map(f).collect();
        match self {
            Field::Constant(size) => each(&|_| size),
            Field::Single(size) => each(&|i| if i == 0 { size } else { 0.0 }),
            Field::Noise(size) => each(&|i| size * noise(count, i as u64).signum()),
            Field::Quadratic(scale) => quadratic(scale),
            Field::Alternating(a, b) => each(&|_| if count.is_multiple_of(2) { a } else { b }),
            Field::Late(size) if count > 5 => each(&|_| size),
            Field::Late(_) => quadratic(1.0),
            Field::Ridge(rounding) => each(&|i| match i {
                0 => 8.0 * x[0] * (x[0] * x[0] - 1.0),
                _ => rounding.min(1.0) * noise(count, i as u64).signum(),
            }),
            Field::Mixed(a, b) => each(&|i| if i % 2 == 0 { a } else { b }),
        }
    }
}

/// Runs `job` on another thread, and fails if it isn't done in time.
fn watched(name: String, job: impl FnOnce() + Send + 'static) {
    let (done, end) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        job();
        done.send(()).ok();
    });
    match end.recv_timeout(Duration::from_secs(30)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{name} doesn't end"),
        _ => assert!(thread.join().is_ok(), "{name} panics"),
    }
}

fn starts() -> Vec<Vec<f64>> {
    let start = |n: usize, sigma: f64| (0..n).map(|i| sigma * noise(9, i as u64)).collect();
    vec![
        start(1, 1.0),
        start(2, 1.0),
        start(5, 1.0),
        vec![0.1, 1e-17],
        start(3, 0.0),
        start(2, 1e8),
    ]
}

/// Points are finite as long as the gradients were: where one isn't, a step may be anything.
fn check(point: &[f64], told: bool, count: u64, most: u64, what: &str) {
    assert!(!told || point.iter().all(|x| x.is_finite()), "{what}: asked about {point:?}");
    assert!(count <= most, "{what}: {count} gradients of {most}");
}

fn drive(method: Method, x: &[f64], field: Field, what: &str) {
    macro_rules! run {
        ($search:expr) => {{
            let mut search = $search.expect("valid settings");
            let (mut count, mut finite) = (0, true);
            while let Some(point) = search.ask() {
                check(point, finite, count, method.goal().max_gradients, what);
                let g = field.at(count, point);
                finite &= g.iter().all(|g| g.is_finite());
                search.tell(&HOST, f64::NAN, &g);
                count += 1;
            }
            assert_eq!(search.counts().gradients(), count, "{what}");
        }};
    }
    match method {
        Method::Newton(settings) => run!(NewtonSearch::new(&HOST, x, settings)),
        Method::MinMode(settings) => run!(MinModeSearch::new(&HOST, x, settings)),
        Method::Auto(_) => unreachable!("not among those tried"),
    }
}

fn methods(index: usize) -> [Method; 3] {
    let goal = Goal { index, tolerance: 1e-12, max_gradients: 60, ..Goal::default() };
    let min_mode = MinModeSettings { goal, ..Default::default() };
    [
        Method::Newton(NewtonSettings { goal, ..Default::default() }),
        Method::MinMode(min_mode),
        Method::MinMode(MinModeSettings { rule: Rule::Central, memory: 1, ..min_mode }),
    ]
}

#[test]
fn searches_end() {
    for index in 0..3 {
        for method in methods(index) {
            let name = format!("{method:?}");
            watched(name.clone(), move || {
                for x in starts().iter().filter(|x| x.len() >= index) {
                    for field in fields() {
                        drive(method, x, field, &format!("{name} {field:?} from {x:?}"));
                    }
                }
            });
        }
    }
}

/// The same with a tolerance that tiny gradients are above, and steps from which they can't be told.
#[test]
fn searches_with_strange_settings_end() {
    for (tolerance, size) in [(1e-310, 1e-3), (1e-3, 1e-200), (1e300, 1e3), (1e-17, 1e100)] {
        for mut method in methods(1) {
            method.goal_mut().tolerance = tolerance;
            match &mut method {
                Method::Newton(s) => (s.radius, s.max_radius, s.probe) = (size, size, size),
                Method::MinMode(s) => s.max_step = size,
                Method::Auto(_) => unreachable!("not among those tried"),
            }
            let name = format!("{method:?}");
            watched(name.clone(), move || {
                for field in fields() {
                    drive(method, &[0.3, -0.2, 0.5], field, &format!("{name} {field:?}"));
                }
            });
        }
    }
}

/// Answers the probes of a process until it has no more, counting gradients.
fn answer<'a>(
    probe: Probe<'_, [f64]>,
    rule: Rule,
    x: &[f64],
    field: Field,
    count: &mut u64,
    room: &'a mut [Vec<f64>; 3],
) -> Answer<'a, [f64]> {
    let mut point = x.to_vec();
    let ahead = probe.displace(&HOST, x, &mut point);
    room[0] = field.at(*count, &point);
    *count += if rule == Rule::Central { 2 } else { 1 };
    if rule == Rule::Central {
        let behind = probe.displace_back(&HOST, x, &mut point);
        room[1] = field.at(*count + 1, &point);
        return Answer::central(behind, &room[1], ahead, &room[0]);
    }
    room[2] = field.at(0, x);
    Answer::forward(ahead, &room[2], &room[0])
}

#[test]
fn processes_end() {
    for rule in [Rule::Forward, Rule::Central] {
        watched(format!("processes, {rule:?}"), move || {
            for x in starts() {
                for field in fields() {
                    let what = format!("{rule:?} {field:?} from {x:?}");
                    let (mut room, most) = ([vec![], vec![], vec![]], 60);
                    let settings =
                        DimerSettings { rule, max_gradients: most, ..Default::default() };
                    let mut dimer = Dimer::new(&HOST, &x, settings).unwrap();
                    dimer.draw(&HOST, 1);
                    dimer.begin(&HOST);
                    let mut count = 0;
                    while let Some(probe) = dimer.ask(&HOST) {
                        let told = answer(probe, rule, &x, field, &mut count, &mut room);
                        dimer.tell(&HOST, told);
                        assert!(count <= most, "dimer, {what}");
                    }
                    let settings = KrylovSettings {
                        count: 2,
                        memory: 12,
                        rule,
                        max_gradients: most,
                        confirm: true,
                        ..Default::default()
                    };
                    let mut krylov = Krylov::new(&HOST, &x, settings).unwrap();
                    krylov.draw(&HOST, 1);
                    let mut count = 0;
                    while let Some(probe) = krylov.ask(&HOST) {
                        let told = answer(probe, rule, &x, field, &mut count, &mut room);
                        krylov.tell(&HOST, told);
                        assert!(count <= most + 4, "krylov, {what}");
                    }
                    let settings = TwoLengthsSettings { rule, ..Default::default() };
                    let mut two_lengths = TwoLengths::new(&HOST, &x, settings).unwrap();
                    two_lengths.set_axis(&HOST, &vec![1.0; x.len()]);
                    let mut count = 0;
                    while let Some(probe) = two_lengths.ask(&HOST) {
                        let told = answer(probe, rule, &x, field, &mut count, &mut room);
                        two_lengths.tell(&HOST, told);
                        assert!(count <= 6, "two lengths, {what}");
                    }
                }
            }
        });
    }
}

#[test]
fn verifications_end() {
    for rule in [Rule::Forward, Rule::Central] {
        watched(format!("verification, {rule:?}"), move || {
            for x in starts() {
                for field in fields() {
                    for index in 0..2 {
                        let settings = VerificationSettings {
                            index,
                            rule,
                            max_gradients: 60,
                            ..Default::default()
                        };
                        let mut verification = Verification::new(&HOST, &x, settings).unwrap();
                        let mut count = 0;
                        while let Some(point) = verification.ask() {
                            let g = field.at(count, point);
                            verification.tell(&HOST, &g);
                            count += 1;
                            // The point itself, and the starting vectors that are answered before anything is counted.
                            assert!(count <= 61 + 2 * (index as u64 + 3), "{field:?} from {x:?}");
                        }
                    }
                }
            }
        });
    }
}
