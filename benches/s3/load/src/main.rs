//! Loads an S3 server: as many clients as threads, each on a connection of its own that is kept
//! alive, one request after another. Signs as boto3 does over http: a hash of the payload, no chunks.
//! `load echo` is a server that only answers, to see what the clients could do at most.
//!
//! Prints one line of JSON. See benches/README.md.

mod connection;
mod echo;
mod work;

use std::process::ExitCode;

/// What is asked for on the command line: `--name value` pairs after the operation.
struct Words(Vec<String>);

impl Words {
    fn text(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == &format!("--{name}"))?;
        self.0.get(at + 1).map(String::as_str)
    }

    fn number(&self, name: &str, default: u64) -> u64 {
        self.text(name)
            .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("--{name} {text} is no number")))
    }
}

fn main() -> ExitCode {
    let words = Words(std::env::args().skip(1).collect());
    let operation = words.0.first().map_or("", String::as_str);
    if operation == "echo" {
        echo::serve(words.number("size", 0) as usize);
    }
    let Some(address) = words.text("address") else {
        eprintln!(
            "usage: load create|put|get|list|delete --address HOST:PORT --key ID --secret S --bucket B\n\
             \x20           [--prefix P] [--clients N] [--requests N | --seconds N] [--size BYTES] [--keys N]\n\
             \x20           [--payload hashed|unsigned]\n\
             \x20      load echo [--size BYTES]"
        );
        return ExitCode::from(2);
    };
    let plan = work::Plan {
        operation: operation.to_owned(),
        server: connection::Server {
            address: address.to_owned(),
            access_key: words.text("key").unwrap_or_default().to_owned(),
            secret: words.text("secret").unwrap_or_default().to_owned(),
        },
        bucket: words.text("bucket").unwrap_or("bench").to_owned(),
        prefix: words.text("prefix").unwrap_or("k").to_owned(),
        clients: words.number("clients", 1),
        requests: words.number("requests", u64::MAX),
        seconds: words.number("seconds", 0),
        size: words.number("size", 0) as usize,
        keys: words.number("keys", 0),
        is_hashed: words.text("payload") != Some("unsigned"),
    };
    match plan.run() {
        Ok(done) => {
            println!("{done}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("load {operation}: {fault}");
            ExitCode::FAILURE
        }
    }
}
