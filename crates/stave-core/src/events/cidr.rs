//! IP addresses in event patterns.

use std::net::IpAddr;

/// A range of addresses: those that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    base: u128,
    mask: u128,
    is_v6: bool,
}

impl Network {
    /// Reads `10.0.0.0/8` or `2001:db8::/32`; the fault is in AWS's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split('/');
        let (Some(address), Some(bits), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err("Malformed CIDR, one '/' required".to_owned());
        };
        let bits: i32 = bits
            .parse()
            .map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let bits = u32::try_from(bits)
            .map_err(|_| "Malformed CIDR, mask bits must not be negative".to_owned())?;
        let address =
            address_of(address).ok_or_else(|| format!("Nonstandard IP address: {address}"))?;
        let (kind, width) = match address {
            IpAddr::V4(_) => ("IPv4", 32),
            IpAddr::V6(_) => ("IPv6", 128),
        };
        if bits >= width {
            return Err(format!("{kind} mask bits must be < {width}"));
        }
        let mask = u128::MAX.checked_shl(width - bits).unwrap_or(0);
        let (base, is_v6) = number(address);
        Ok(Self {
            base: base & mask,
            mask,
            is_v6,
        })
    }

    /// Whether an address is in it; what is no address is not.
    pub fn contains(self, text: &str) -> bool {
        address_of(text).is_some_and(|address| {
            let (number, is_v6) = number(address);
            is_v6 == self.is_v6 && number & self.mask == self.base
        })
    }
}

/// The address that `text` is.
pub(super) fn address_of(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

fn number(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), false),
        IpAddr::V6(address) => (address.to_bits(), true),
    }
}
