//! Random bytes in the place of a client, and of a server: an error or an answer, at once, and no memory for lengths that
//! were only announced.

mod common;

use common::{Raw, X, server};
use deo_ipi::{Client, IpiError, Limits};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread::spawn;
use std::time::{Duration, Instant};

/// Knuth's generator: the same bytes everywhere.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn some(&mut self) -> Vec<u8> {
        let words = ["READY", "HAVEDATA", "NEEDINIT", "BUSY", "FORCEREADY", "POSDATA", "EXIT"];
        let mut bytes = vec![];
        for _ in 0..self.next() % 12 {
            match self.next() % 4 {
                0 => bytes.extend((0..self.next() % 200).map(|_| self.next() as u8)),
                // A count, often a large or a negative one.
                1 => bytes.extend((self.next() as i32).wrapping_mul(77).to_ne_bytes()),
                2 => bytes.extend([2, 0, 0, 0]),
                _ => {
                    let word = words[self.next() as usize % words.len()];
                    bytes.extend(format!("{word:<12}").into_bytes());
                }
            }
        }
        bytes
    }
}

const LIMITS: Limits =
    Limits { client: Duration::from_millis(300), answer: Duration::from_millis(300), lost: 1 };

#[test]
fn a_server_survives_random_bytes() {
    let begin = Instant::now();
    for seed in 0..300 {
        let mut server = server(LIMITS);
        let address = server.address().clone();
        let client = spawn(move || {
            let mut raw = Raw::connect(&address);
            let _ = raw.0.write_all(&Bytes(seed).some());
            let _ = raw.0.shutdown(std::net::Shutdown::Write);
            while !raw.hear().is_empty() {}
        });
        let mut forces = [0.0; 6];
        match server.ask(&X, None, &mut forces) {
            // Two atoms, by chance.
            Ok(_) => {}
            Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
        }
        drop(server);
        client.join().unwrap();
    }
    assert!(begin.elapsed() < Duration::from_secs(100), "{:?}", begin.elapsed());
}

/// An announced length of gigabytes is waited for within the limit, and not allocated.
#[test]
fn lengths_that_are_only_announced_cost_nothing() {
    let mut server = server(LIMITS);
    let address = server.address().clone();
    let client = spawn(move || {
        let mut raw = Raw::connect(&address);
        raw.is_asked();
        raw.say("FORCEREADY");
        let mut answer = vec![0; 8];
        answer.extend(2i32.to_ne_bytes());
        answer.extend(vec![0; 8 * (6 + 9)]);
        answer.extend(i32::MAX.to_ne_bytes());
        raw.0.write_all(&answer).unwrap();
        raw.hear();
    });
    let error = server.ask(&X, None, &mut [0.0; 6]).unwrap_err();
    assert!(matches!(error, IpiError::Silent { .. }), "{error}");
    drop(server);
    client.join().unwrap();
}

#[test]
fn a_client_survives_random_bytes() {
    for seed in 1000..1200 {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = door.local_addr().unwrap().to_string().parse().unwrap();
        let client = spawn(move || {
            Client::connect(&address, Duration::from_secs(10)).unwrap().serve(|question| {
                assert!(question.positions.len().is_multiple_of(3));
                Some(common::squares(question))
            })
        });
        let (mut stream, _): (TcpStream, _) = door.accept().unwrap();
        let mut bytes = Bytes(seed);
        let mut text = b"STATUS      POSDATA     ".to_vec();
        text.extend(bytes.some());
        let _ = stream.write_all(&text);
        drop(stream);
        let _ = client.join().unwrap();
    }
}
