//! Where server and client meet.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A socket of one of the two kinds that the protocol has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket: a file.
    Unix(PathBuf),
    /// TCP.
    Tcp {
        /// A name or a number; `127.0.0.1` unless another one is given, so that nobody else can connect.
        host: String,
        /// The port; 0 lets the system choose.
        port: u16,
    },
}

/// Text that is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    text: String,
    /// What is wrong with it.
    fault: &'static str,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no address ({}); give NAME for the socket /tmp/ipi_NAME, a path with a slash, or HOST:PORT",
            self.text, self.fault
        )
    }
}

impl std::error::Error for AddressError {}

/// Where clients look for a socket that has a name only.
const PREFIX: &str = "/tmp/ipi_";

/// The bytes of a path that a socket may have on Linux, the last one zero; fewer elsewhere.
const LONGEST: usize = 107;

/// `NAME` is /tmp/ipi_NAME, `DIR/NAME` a path, `HOST:PORT` and `:PORT` TCP.
impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let refuse = |fault| AddressError { text: text.to_owned(), fault };
        if text.is_empty() {
            return Err(refuse("nothing is there"));
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(refuse("there is white space in it"));
        }
        if !text.contains('/')
            && let Some((host, port)) = text.rsplit_once(':')
        {
            let port = port.parse().map_err(|_| refuse("the port is no number up to 65535"))?;
            let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
            let host = if host.is_empty() { "127.0.0.1" } else { host };
            return Ok(Address::Tcp { host: host.to_owned(), port });
        }
        let path = if text.contains('/') { text.to_owned() } else { format!("{PREFIX}{text}") };
        if path.len() > LONGEST {
            return Err(refuse("longer than the path of a socket may be"));
        }
        Ok(Address::Unix(PathBuf::from(path)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "the socket {}", path.display()),
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_ports() {
        let unix = |path: &str| Address::Unix(PathBuf::from(path));
        let tcp = |host: &str, port| Address::Tcp { host: host.to_owned(), port };
        for (text, address) in [
            ("hcn", unix("/tmp/ipi_hcn")),
            ("./hcn", unix("./hcn")),
            ("/run/a:1", unix("/run/a:1")),
            (":31415", tcp("127.0.0.1", 31415)),
            ("0.0.0.0:0", tcp("0.0.0.0", 0)),
            ("node7:31415", tcp("node7", 31415)),
            ("[::1]:31415", tcp("::1", 31415)),
        ] {
            assert_eq!(text.parse::<Address>().unwrap(), address);
        }
        let long = "x".repeat(120);
        for bad in ["", "a b", "host:", "host:port", "host:70000", "host:-1", &long] {
            let error = bad.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("HOST:PORT"), "{error}");
        }
    }
}
