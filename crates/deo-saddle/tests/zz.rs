use deo_core::space::Host;
use deo_core::Rule;
use deo_saddle::*;
#[test]
fn zz() {
    let space = Host::<f64>::new();
    let goal = Goal { tolerance: 1e-6, ..Default::default() };
    let mut search = MinModeSearch::new(&space, &[0.1, 1.1, 0.9, 1.2], MinModeSettings { goal, rule: Rule::Central, ..Default::default() }).unwrap();
    let mut n = 0;
    while let Some(x) = search.ask() {
        n += 1;
        let mut g: Vec<f64> = x.iter().map(|x| x * (x * x - 1.0)).collect();
        if n == 3 { g[1] = f64::NAN; }
        println!("{n} {x:?} {g:?}");
        if n > 12 { break; }
        search.tell(&space, f64::NAN, &g);
    }
    println!("{:?}", search.outcome());
}
