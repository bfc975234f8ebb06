//! Several who ask at one socket, and clients that come and go.

mod common;

use common::{Raw, X, connect, short, squares};
use deo_ipi::{Address, Ended, IpiError, Limits, Pool, Seat};
use std::io::Write;
use std::sync::mpsc::{Sender, channel};
use std::thread::{JoinHandle, scope, sleep, spawn};
use std::time::{Duration, Instant};

fn pool(limits: Limits) -> Pool {
    Pool::bind(&"127.0.0.1:0".parse().unwrap(), limits).unwrap()
}

/// A client that sends the first coordinate of each question as it comes, and leaves at the `last`.
fn client(pool: &Pool, heard: Sender<f64>, last: usize) -> JoinHandle<Ended> {
    let (address, mut left) = (pool.address().clone(), last);
    spawn(move || {
        let served = connect(&address).serve(|question| {
            left = left.checked_sub(1)?;
            heard.send(question.positions[0].round()).unwrap();
            // Longer than a search needs between two questions.
            sleep(Duration::from_millis(2));
            Some(squares(question))
        });
        served.unwrap()
    })
}

/// Asks about places that begin with `mark`.
fn asks(seat: &mut Seat<'_>, mark: f64, times: usize) {
    for i in 0..times {
        let mut x = X;
        (x[0], x[1]) = (mark, i as f64);
        let mut forces = [f64::NAN; 6];
        let energy = seat.ask(&x, None, &mut forces).unwrap();
        let expected: f64 = x.iter().map(|x| x * x).sum();
        assert!((energy - expected).abs() < 1e-9 * expected, "{energy} {expected}");
        assert!(forces.iter().zip(x).all(|(f, x)| (f + 2.0 * x).abs() < 1e-9 * x.abs().max(1.0)));
    }
}

#[test]
fn each_search_keeps_its_client() {
    let pool = pool(short());
    let (ears, clients): (Vec<_>, Vec<_>) = (0..3)
        .map(|_| {
            let (heard, ear) = channel();
            (ear, client(&pool, heard, usize::MAX))
        })
        .unzip();
    scope(|scope| {
        // As many seats as clients, taken before anybody asks.
        let seats: Vec<_> = (0..3).map(|_| pool.seat().unwrap()).collect();
        for (mut seat, mark) in seats.into_iter().zip([1.0, 2.0, 3.0]) {
            scope.spawn(move || asks(&mut seat, mark, 20));
        }
    });
    assert_eq!((pool.counts().clients, pool.counts().answers, pool.counts().lost), (3, 60, 0));
    drop(pool);
    let ends: Vec<Ended> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert_eq!(ends, [Ended::Exit; 3]);
    let mut marks: Vec<f64> = ears
        .iter()
        .map(|ear| {
            let heard: Vec<f64> = ear.iter().collect();
            assert!(heard.len() == 20 && heard.iter().all(|mark| *mark == heard[0]), "{heard:?}");
            heard[0]
        })
        .collect();
    marks.sort_by(f64::total_cmp);
    assert_eq!(marks, [1.0, 2.0, 3.0]);
}

/// The question of a client that dies goes to the other search's, and no further search begins.
#[test]
fn a_client_that_dies_hands_its_question_on() {
    let pool = pool(short());
    let (heard, ear) = channel();
    let dies = client(&pool, heard.clone(), 5);
    let stays = client(&pool, heard, usize::MAX);
    scope(|scope| {
        let seats = [pool.seat().unwrap(), pool.seat().unwrap()];
        for (mut seat, mark) in seats.into_iter().zip([1.0, 2.0]) {
            scope.spawn(move || asks(&mut seat, mark, 20));
        }
        scope.spawn(|| asks(&mut pool.seat().unwrap(), 3.0, 10));
    });
    assert_eq!(dies.join().unwrap(), Ended::Stopped);
    assert_eq!((pool.counts().answers, pool.counts().lost, pool.counts().fruitless), (50, 1, 0));
    drop(pool);
    assert_eq!(stays.join().unwrap(), Ended::Exit);
    let heard: Vec<f64> = ear.iter().collect();
    let third = heard.iter().position(|mark| *mark == 3.0).unwrap();
    let before = |mark| heard[..third].iter().filter(|heard| **heard == mark).count();
    assert_eq!(
        (before(1.0), before(2.0)),
        (20, 20),
        "one client, so one search at a time: {heard:?}"
    );
}

/// Clients that had died while nobody asked them say nothing about a question, however many they are.
#[test]
fn the_dead_are_not_counted_against_a_question() {
    let pool = pool(Limits { lost: 1, ..short() });
    let answers_once = |address: Address| {
        let mut raw = Raw::connect(&address);
        raw.is_asked();
        raw.say("FORCEREADY");
        let mut bytes = vec![0; 8];
        bytes.extend(2_i32.to_ne_bytes());
        bytes.extend([0; 8 * (6 + 9) + 4]);
        raw.0.write_all(&bytes).unwrap();
    };
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let address = pool.address().clone();
            spawn(move || answers_once(address))
        })
        .collect();
    let mut seats: Vec<_> = (0..4).map(|_| pool.seat().unwrap()).collect();
    for seat in &mut seats {
        assert_eq!(seat.ask(&X, None, &mut [1.0; 6]).unwrap(), 0.0);
    }
    clients.into_iter().for_each(|client| client.join().unwrap());
    let (heard, _ear) = channel();
    let good = client(&pool, heard, usize::MAX);
    asks(&mut seats[0], 1.0, 2);
    assert_eq!((pool.counts().lost, pool.counts().answers), (4, 6));
    drop(seats);
    drop(pool);
    assert_eq!(good.join().unwrap(), Ended::Exit);
}

/// A question that ends every client is given up, and the next search is answered.
#[test]
fn a_question_that_kills_is_given_up_and_others_are_answered() {
    let pool = pool(short());
    let address = pool.address().clone();
    let clients = spawn(move || {
        loop {
            let poison = |question: &deo_ipi::Question| question.positions[0] > 6.5;
            let ended = connect(&address).serve(|q| (!poison(q)).then(|| squares(q)));
            if ended.unwrap() == Ended::Exit {
                break;
            }
        }
    });
    let mut seat = pool.seat().unwrap();
    asks(&mut seat, 1.0, 2);
    let mut x = X;
    x[0] = 7.0;
    let error = seat.ask(&x, None, &mut [0.0; 6]).unwrap_err();
    assert!(matches!(error, IpiError::Lost { clients: 3, .. }), "{error}");
    asks(&mut seat, 2.0, 2);
    assert_eq!(pool.counts().fruitless, 2);
    drop(seat);
    drop(pool);
    clients.join().unwrap();
}

#[test]
fn who_waits_is_told_that_the_pool_is_closed() {
    let pool = pool(short());
    let begin = Instant::now();
    scope(|scope| {
        let waits = scope.spawn(|| pool.seat().map(drop));
        sleep(Duration::from_millis(50));
        pool.close();
        assert!(matches!(waits.join().unwrap(), Err(IpiError::Closed)));
    });
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn without_any_client_nobody_waits_for_ever() {
    let pool = pool(Limits { client: Duration::from_millis(100), ..short() });
    let error = pool.seat().map(drop).unwrap_err();
    assert!(matches!(error, IpiError::NoClient { lost: None, .. }), "{error}");
    pool.watch(|_| Some("exit status 7".to_owned()));
    let error = pool.seat().map(drop).unwrap_err();
    assert!(error.to_string().contains("exit status 7"), "{error}");
}
