//! A server, clients that behave and clients that don't.

#![allow(dead_code)] // no test uses all of it

use deo_ipi::{Address, Client, Limits, Question, Reply, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Seconds that nothing here should take.
pub(crate) fn short() -> Limits {
    let time = Duration::from_secs(20);
    Limits { client: time, answer: time, lost: 3 }
}

pub(crate) fn server(limits: Limits) -> Server {
    Server::bind(&"127.0.0.1:0".parse().unwrap(), limits).unwrap()
}

pub(crate) fn connect(address: &Address) -> Client {
    Client::connect(address, Duration::from_secs(20)).unwrap()
}

/// Σ x² with its forces, so that every coordinate is seen to arrive.
pub(crate) fn squares(question: &Question) -> Reply {
    let x = &question.positions;
    Reply::new(x.iter().map(|x| x * x).sum(), x.iter().map(|x| -2.0 * x).collect())
}

pub(crate) const X: [f64; 6] = [0.1, -0.2, 0.3, 1.4, -1.5, 1.6];

/// Asks at X and compares with `squares`.
#[track_caller]
pub(crate) fn asks_well(server: &mut Server) {
    let mut forces = [f64::NAN; 6];
    let energy = server.ask(&X, None, &mut forces).unwrap();
    assert!((energy - X.iter().map(|x| x * x).sum::<f64>()).abs() < 1e-12, "{energy}");
    for (force, x) in forces.iter().zip(X) {
        assert!((force + 2.0 * x).abs() < 1e-12, "{forces:?}");
    }
}

/// A connection that says whatever it is told to.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) fn connect(address: &Address) -> Self {
        let Address::Tcp { host, port } = address else { panic!("TCP here") };
        let stream = TcpStream::connect((host.as_str(), *port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Raw(stream)
    }

    /// The next word of the server; empty when it is gone.
    pub(crate) fn hear(&mut self) -> String {
        let mut word = [0; 12];
        match self.0.read_exact(&mut word) {
            Ok(()) => String::from_utf8_lossy(&word).trim().to_owned(),
            Err(_) => String::new(),
        }
    }

    pub(crate) fn say(&mut self, word: &str) {
        // The server may have had enough.
        let _ = self.0.write_all(format!("{word:<12}").as_bytes());
    }

    pub(crate) fn skip(&mut self, bytes: usize) {
        let _ = self.0.read_exact(&mut vec![0; bytes]);
    }

    /// Says `word` to every STATUS until the server has something else to say, which is returned.
    pub(crate) fn status(&mut self, word: &str) -> String {
        loop {
            match self.hear().as_str() {
                "STATUS" => self.say(word),
                other => return other.to_owned(),
            }
        }
    }

    /// Takes the question about two atoms, and is asked for the answer.
    pub(crate) fn is_asked(&mut self) {
        assert_eq!(self.status("READY"), "POSDATA");
        self.skip(8 * 18 + 4 + 8 * 6);
        assert_eq!(self.status("HAVEDATA"), "GETFORCE");
    }
}
