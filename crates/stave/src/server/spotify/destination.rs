//! Where a CONNECT leads, as its line names it.

use std::fmt;

use http::uri::Authority;

use super::HOSTS;

/// The port of HTTPS.
const HTTPS: u16 = 443;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Destination {
    /// What `authority` names; why not, if it names none.
    pub fn of(authority: Option<&Authority>) -> Result<Self, &'static str> {
        let authority = authority.ok_or("no host is named")?;
        if authority.as_str().contains('@') {
            return Err("a host and a port are asked for, no user");
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() || host.len() > 255 {
            return Err("no host is named");
        }
        match authority.port_u16() {
            None | Some(0) => Err("no port is named"),
            Some(port) => Ok(Self {
                host: host.to_owned(),
                port,
            }),
        }
    }

    /// Which of Spotify's hosts it is.
    pub fn of_spotify(&self) -> Option<&'static str> {
        let name = self.host.strip_suffix('.').unwrap_or(&self.host);
        HOSTS
            .into_iter()
            .find(|host| self.port == HTTPS && host.eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Destination, &'static str> {
        Destination::of(text.parse().ok().as_ref())
    }

    #[test]
    fn spotifys_hosts_are_known_however_they_are_written() {
        for (text, host) in [
            ("api.spotify.com:443", Some("api.spotify.com")),
            ("API.Spotify.COM:443", Some("api.spotify.com")),
            ("accounts.spotify.com.:443", Some("accounts.spotify.com")),
            ("api.spotify.com:8443", None),
            ("open.spotify.com:443", None),
            ("api.spotify.com.evil.example:443", None),
            ("xapi.spotify.com:443", None),
            ("[::1]:443", None),
        ] {
            assert_eq!(of(text).expect(text).of_spotify(), host, "{text}");
        }
    }

    #[test]
    fn what_names_no_host_and_port_is_refused() {
        for text in ["api.spotify.com", "a:0", "a:99999", "u:p@a:443", ":443", ""] {
            assert!(of(text).is_err(), "{text}");
        }
        assert_eq!(of("[::1]:80").expect("named").to_string(), "[::1]:80");
    }
}
