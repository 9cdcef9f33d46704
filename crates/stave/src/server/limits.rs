//! The bounds of requests and connections. Every one of them keeps a stranger from taking what
//! the others need.

use std::time::Duration;

/// The bounds of requests and connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// A request's line and headers in bytes.
    pub head_bytes: usize,
    /// A request's headers in number.
    pub headers: usize,
    /// The time for a request's head, and the time that a connection may be idle.
    pub head: Duration,
    /// The time for a TLS handshake.
    pub handshake: Duration,
    /// The time in which some bytes must pass, of a body that comes or goes.
    pub stall: Duration,
    /// What a body must bring a second on average, once it has taken `slow_after`.
    pub slowest_bytes_a_second: u64,
    /// How long a body may come at any pace.
    pub slow_after: Duration,
    /// The body of a call that is held in memory (all but objects) in bytes.
    pub call_bytes: usize,
    /// The body of a call to Lambda, which carries code, in bytes.
    pub code_call_bytes: usize,
    /// The bodies of calls that are held in memory at once, in bytes: those that do not fit wait.
    pub held_bytes: usize,
    /// How long requests under way may take to end when the server is told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head_bytes: 64 << 10,
            headers: 128,
            head: Duration::from_mins(1),
            handshake: Duration::from_secs(10),
            stall: Duration::from_mins(1),
            slowest_bytes_a_second: 256,
            slow_after: Duration::from_mins(1),
            call_bytes: 8 << 20,
            code_call_bytes: 80 << 20,
            held_bytes: 256 << 20,
            grace: Duration::from_secs(7),
        }
    }
}

impl Limits {
    /// The most bytes of a call to `service`.
    pub fn call_bytes_of(&self, service: &str) -> usize {
        match service {
            "lambda" => self.code_call_bytes,
            _ => self.call_bytes,
        }
    }
}
