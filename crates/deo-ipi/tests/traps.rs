//! What clients do, by the protocol and against it: each has its answer or its own message, and nothing waits for ever.

mod common;

use common::{Raw, X, asks_well, connect, server, short, squares};
use deo_ipi::{Address, Ended, IpiError, Limits, Reply, Server};
use std::io::Write;
use std::thread::spawn;
use std::time::{Duration, Instant};

/// Runs `raw` as the client, and returns what the server's question came to.
fn ask_of(raw: impl FnOnce(Raw) + Send + 'static, limits: Limits) -> Result<f64, IpiError> {
    let mut server = server(limits);
    let address = server.address().clone();
    let client = spawn(move || raw(Raw::connect(&address)));
    let answer = server.ask(&X, None, &mut [0.0; 6]);
    drop(server);
    client.join().unwrap();
    answer
}

#[test]
fn many_questions_and_an_exit() {
    let mut server = server(short());
    let address = server.address().clone();
    let client = spawn(move || connect(&address).serve(|question| Some(squares(question))));
    (0..50).for_each(|_| asks_well(&mut server));
    assert_eq!((server.counts().answers, server.counts().clients), (50, 1));
    drop(server);
    assert_eq!(client.join().unwrap().unwrap(), Ended::Exit);
}

/// Vectors are columns on the wire, and without a cell there is a cube.
#[test]
fn cells_arrive_as_they_are() {
    let mut server = server(short());
    let address = server.address().clone();
    let (send, cells) = std::sync::mpsc::channel();
    let client = spawn(move || {
        connect(&address).serve(|question| {
            send.send(question.cell).unwrap();
            Some(squares(question))
        })
    });
    let cell = [4.0, 0.0, 0.0, 1.0, 5.0, 0.0, 0.5, 0.25, 6.0];
    server.ask(&X, Some(&cell), &mut [0.0; 6]).unwrap();
    asks_well(&mut server);
    drop(server);
    client.join().unwrap().unwrap();
    let cells: Vec<[f64; 9]> = cells.iter().collect();
    assert!(cells[0].iter().zip(cell).all(|(a, b)| (a - b).abs() < 1e-12), "{:?}", cells[0]);
    assert!((cells[1][0] - 100.0).abs() < 1e-9 && cells[1][1] == 0.0);
}

/// The second nine are the inverse of the first, both transposed.
#[test]
fn the_inverse_is_one() {
    let mut server = server(Limits { lost: 1, ..short() });
    let address = server.address().clone();
    let client = spawn(move || {
        let mut raw = Raw::connect(&address);
        assert_eq!(raw.status("READY"), "POSDATA");
        let mut bytes = [0; 8 * 18];
        std::io::Read::read_exact(&mut raw.0, &mut bytes).unwrap();
        let numbers: Vec<f64> =
            bytes.chunks(8).map(|b| f64::from_ne_bytes(b.try_into().unwrap())).collect();
        numbers
    });
    let cell = [4.0, 0.0, 0.0, 1.0, 5.0, 0.0, 0.5, 0.25, 6.0];
    assert!(server.ask(&X, Some(&cell), &mut [0.0; 6]).is_err());
    let numbers = client.join().unwrap();
    let (h, inverse) = numbers.split_at(9);
    for i in 0..3 {
        for j in 0..3 {
            let entry: f64 = (0..3).map(|k| h[3 * i + k] * inverse[3 * k + j]).sum();
            assert!((entry - f64::from(u8::from(i == j))).abs() < 1e-12);
        }
    }
}

#[test]
fn questions_that_make_no_sense_are_not_asked() {
    let mut server = server(short());
    for (x, cell) in [
        ([f64::NAN; 3], None),
        ([0.0; 3], Some([1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 1.0])),
        ([0.0; 3], Some([f64::INFINITY; 9])),
    ] {
        let error = server.ask(&x, cell.as_ref(), &mut [0.0; 3]).unwrap_err();
        assert!(matches!(error, IpiError::Question { .. }), "{error}");
    }
}

#[test]
fn init_is_given_to_who_needs_it() {
    let mut server = server(short());
    let address = server.address().clone();
    let client =
        spawn(move || connect(&address).needing_init().serve(|question| Some(squares(question))));
    asks_well(&mut server);
    asks_well(&mut server);
    drop(server);
    client.join().unwrap().unwrap();
}

#[test]
fn an_answer_for_somebody_else_is_dropped() {
    let mut server = server(short());
    let address = server.address().clone();
    let stale = Reply::new(-99.0, vec![7.0; 6]);
    let client =
        spawn(move || connect(&address).holding(stale).serve(|question| Some(squares(question))));
    asks_well(&mut server);
    assert_eq!(server.counts().stale, 1);
    drop(server);
    client.join().unwrap().unwrap();
}

#[test]
fn bytes_that_nobody_needs_are_dropped_whatever_their_number() {
    for length in [0, 1, 7, 8192, 8193, 3_000_000] {
        let mut server = server(short());
        let address = server.address().clone();
        let client = spawn(move || {
            connect(&address).serve(|question| {
                Some(Reply {
                    extra: vec![b'x'; length],
                    virial: [f64::NAN; 9],
                    ..squares(question)
                })
            })
        });
        asks_well(&mut server);
        asks_well(&mut server);
        drop(server);
        client.join().unwrap().unwrap();
    }
}

#[test]
fn numbers_that_are_not_finite_are_answers() {
    let mut server = server(short());
    let address = server.address().clone();
    let client = spawn(move || {
        connect(&address).serve(|_| Some(Reply::new(f64::INFINITY, vec![f64::NAN; 6])))
    });
    let mut forces = [0.0; 6];
    assert_eq!(server.ask(&X, None, &mut forces).unwrap(), f64::INFINITY);
    assert!(forces.iter().all(|force| force.is_nan()));
    drop(server);
    client.join().unwrap().unwrap();
}

/// Each client gives up at its third question; the next one is asked the same.
#[test]
fn lost_clients_are_followed_by_others() {
    let mut server = server(short());
    let address = server.address().clone();
    let clients = spawn(move || {
        loop {
            let mut left = 2;
            let ended = connect(&address).serve(|question| {
                left -= 1;
                (left >= 0).then(|| squares(question))
            });
            if ended.unwrap() == Ended::Exit {
                break;
            }
        }
    });
    (0..9).for_each(|_| asks_well(&mut server));
    assert_eq!(server.counts().lost, 4);
    drop(server);
    clients.join().unwrap();
}

#[test]
fn a_question_that_ends_every_client_is_given_up() {
    let mut server = server(short());
    let address = server.address().clone();
    let clients = spawn(move || (0..3).for_each(|_| drop(connect(&address).serve(|_| None))));
    let error = server.ask(&X, None, &mut [0.0; 6]).unwrap_err();
    assert!(matches!(error, IpiError::Lost { clients: 3, .. }), "{error}");
    clients.join().unwrap();
    // Whoever comes then may still answer.
    let address = server.address().clone();
    let client = spawn(move || connect(&address).serve(|question| Some(squares(question))));
    asks_well(&mut server);
    drop(server);
    client.join().unwrap().unwrap();
}

#[test]
fn other_atoms_end_it_with_both_numbers() {
    for count in [0, 1, 3, 1_000_000] {
        let mut server = server(short());
        let address = server.address().clone();
        let client =
            spawn(move || connect(&address).serve(|_| Some(Reply::new(0.0, vec![0.0; 3 * count]))));
        let error = server.ask(&X, None, &mut [0.0; 6]).unwrap_err();
        assert!(matches!(error, IpiError::Atoms { asked: 2, .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&format!("for {count} atoms")) && text.contains("about 2"), "{text}");
        drop(server);
        client.join().unwrap().unwrap();
    }
}

#[test]
fn unknown_words_end_it_with_the_word() {
    let first = ask_of(|mut raw| drop(raw.status("HELLO")), short()).unwrap_err();
    assert!(first.to_string().contains("\"HELLO\" where READY, NEEDINIT or HAVEDATA"), "{first}");
    let later = |mut raw: Raw| {
        assert_eq!(raw.status("READY"), "POSDATA");
        raw.skip(8 * 18 + 4 + 8 * 6);
        raw.status("\u{1b}[31mgo");
    };
    let later = ask_of(later, short()).unwrap_err().to_string();
    assert!(later.contains("\\x1b[31mgo") && later.contains("HAVEDATA"), "{later}");
    let answer = |mut raw: Raw| {
        raw.is_asked();
        raw.say("NOFORCE");
        raw.hear();
    };
    let answer = ask_of(answer, short()).unwrap_err().to_string();
    assert!(answer.contains("\"NOFORCE\" where FORCEREADY"), "{answer}");
}

#[test]
fn who_always_says_the_same_is_stuck() {
    let error = ask_of(
        |mut raw| {
            while raw.status("NEEDINIT") == "INIT" {
                raw.skip(9);
            }
        },
        short(),
    );
    assert!(matches!(error, Err(IpiError::Stuck { word: "NEEDINIT" })), "{error:?}");
}

#[test]
fn silence_ends_at_the_limit() {
    let limits = Limits { answer: Duration::from_millis(200), ..short() };
    let begin = Instant::now();
    let silent = |mut raw: Raw| {
        raw.is_asked();
        // FORCEREADY never comes.
        raw.hear();
    };
    let error = ask_of(silent, limits).unwrap_err();
    assert!(error.to_string().contains("silent for 0.2 s, where FORCEREADY"), "{error}");
    // Busy for ever.
    let busy = |mut raw: Raw| {
        assert_eq!(raw.status("READY"), "POSDATA");
        raw.skip(8 * 18 + 4 + 8 * 6);
        raw.status("BUSY");
    };
    assert!(matches!(ask_of(busy, limits), Err(IpiError::Silent { .. })));
    // A byte now and then: each read is answered, and the answer never comes.
    let dripping = |mut raw: Raw| {
        raw.is_asked();
        for _ in 0..100 {
            if raw.0.write_all(b"F").is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    assert!(ask_of(dripping, limits).is_err());
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
}

#[test]
fn nobody_comes() {
    let limits = Limits { client: Duration::from_millis(100), ..short() };
    let mut server = server(limits);
    let error = server.ask(&X, None, &mut [0.0; 6]).unwrap_err();
    assert!(matches!(error, IpiError::NoClient { lost: None, .. }), "{error}");
    // One that leaves at once is no client.
    drop(Raw::connect(server.address()));
    let error = server.ask(&X, None, &mut [0.0; 6]).unwrap_err();
    assert!(error.to_string().contains("the one before was lost"), "{error}");
}

#[test]
fn who_watches_the_engine_may_end_the_waiting() {
    let mut server = server(short());
    let mut looks = 0;
    server.watch(move |counts| {
        looks += 1;
        (looks == 3).then(|| format!("exit status 7, {} clients", counts.clients))
    });
    let error = server.ask(&X, None, &mut [0.0; 6]).unwrap_err().to_string();
    assert!(error.contains("exit status 7, 0 clients"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_socket_that_nobody_answers_at_is_replaced_and_others_are_left_alone() {
    let path = std::env::temp_dir().join(format!("deo-ipi-test-{}", std::process::id()));
    let address = Address::Unix(path.clone());
    // Left by a server that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let mut server = Server::bind(&address, short()).unwrap();
    let client = {
        let address = address.clone();
        spawn(move || connect(&address).serve(|question| Some(squares(question))))
    };
    asks_well(&mut server);
    let error = Server::bind(&address, short()).unwrap_err();
    assert!(matches!(error, IpiError::Taken { .. }), "{error}");
    // Looking whether somebody listens has cost the server nothing but a client that left.
    asks_well(&mut server);
    drop(server);
    assert_eq!(client.join().unwrap().unwrap(), Ended::Exit);
    assert!(!path.exists());
    std::fs::write(&path, "results").unwrap();
    let error = Server::bind(&address, short()).unwrap_err();
    assert!(matches!(error, IpiError::NotASocket { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "results");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = server(short());
    let error = Server::bind(server.address(), short()).unwrap_err();
    assert!(error.to_string().contains("another server answers at 127.0.0.1:"), "{error}");
}
