//! Query and form parameters, and the rules for those that many operations share.
//!
//! Must not know the operations.

use super::errors::ApiError;
use super::options::Profile;
use super::world::ids::{ID_LENGTH, is_id};

/// The markets that Spotify is in.
pub(super) const MARKETS: &str = "AD AE AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS \
    BT BW BY BZ CA CD CG CH CI CL CM CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ES ET FI FJ FM FR GA \
    GB GD GE GH GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IS IT JM JO JP KE KG KH KI KM KN KR \
    KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MN MO MR MT MU MV MW MX MY MZ NA NE \
    NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PR PS PT PW PY QA RO RS RW SA SB SC SE SG SI SK SL SM SN \
    SR ST SV SZ TD TG TH TJ TL TN TO TR TT TV TW TZ UA UG US UY UZ VC VE VN VU WS XK YE ZA ZM ZW";

/// The markets as a list.
pub(super) fn markets() -> impl DoubleEndedIterator<Item = &'static str> + Clone {
    MARKETS.split_ascii_whitespace()
}

/// The parameters of a call, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

/// The default and the most of `limit`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSize(pub(super) u64, pub(super) u64);

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) limit: u64,
    pub(super) offset: u64,
}

impl PageSize {
    /// What most lists have.
    pub(super) const USUAL: Self = Self(20, 50);

    /// Lists that were made smaller for new apps in development mode.
    pub(super) const fn shrunk(profile: Profile) -> Self {
        match profile {
            Profile::DevNew => Self(5, 10),
            Profile::Extended | Profile::DevOld => Self::USUAL,
        }
    }
}

impl Params {
    pub(super) fn read(text: &str) -> Self {
        Self(
            url::form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a name that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All but those named, for a link to another page.
    pub(super) fn without(&self, names: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(move |(key, _)| !names.contains(&key.as_str()))
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// `limit` and `offset`.
    pub(super) fn window(&self, size: PageSize) -> Result<Window, ApiError> {
        let limit = self.limit(size)?;
        let offset = self.number("offset", 0..=u64::MAX / 2, "Invalid offset")?;
        Ok(Window {
            limit,
            offset: offset.unwrap_or(0),
        })
    }

    /// `limit` alone.
    pub(super) fn limit(&self, size: PageSize) -> Result<u64, ApiError> {
        let limit = self.number("limit", 1..=size.1, "Invalid limit")?;
        Ok(limit.unwrap_or(size.0))
    }

    fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<u64>,
        message: &str,
    ) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::invalid(message)),
        }
    }

    /// `market`, or `country` as older clients call it.
    pub(super) fn market(&self) -> Result<Option<&str>, ApiError> {
        match self.get("market").or_else(|| self.get("country")) {
            None => Ok(None),
            Some("from_token") => Ok(Some("from_token")),
            Some(market) if markets().any(|known| known == market) => Ok(Some(market)),
            Some(_) => Err(ApiError::invalid("Invalid market code")),
        }
    }

    /// `ids`, at most so many.
    pub(super) fn ids(&self, most: usize) -> Result<Vec<&str>, ApiError> {
        let ids: Vec<&str> = self.get("ids").unwrap_or_default().split(',').collect();
        if ids == [""] {
            return Err(ApiError::invalid("Missing required field: ids"));
        }
        if ids.len() > most {
            return Err(ApiError::invalid("Too many ids requested"));
        }
        match ids.iter().find(|id| !is_id(id.trim())) {
            Some(_) => Err(ApiError::invalid("Invalid base62 id")),
            None => Ok(ids.into_iter().map(str::trim).collect()),
        }
    }
}

/// A list of ids of any form, at most so many.
pub(super) fn list_of_ids(
    text: Option<&str>,
    most: usize,
) -> Result<impl Iterator<Item = &str>, ApiError> {
    let text = text.ok_or_else(|| ApiError::invalid("Missing required field: ids"))?;
    if text.split(',').count() > most {
        return Err(ApiError::invalid("Too many ids requested"));
    }
    Ok(text.split(',').map(str::trim))
}

/// An id from a path: 22 characters of base 62.
pub(super) fn path_id(text: &str) -> Result<&str, ApiError> {
    debug_assert_eq!(ID_LENGTH, 22);
    if is_id(text) {
        Ok(text)
    } else {
        Err(ApiError::invalid("Invalid base62 id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_within_their_bounds() {
        let window = |text| Params::read(text).window(PageSize::USUAL);
        assert_eq!(
            window("").unwrap(),
            Window {
                limit: 20,
                offset: 0
            }
        );
        let both = window("limit=50&offset=100").unwrap();
        assert_eq!(
            both,
            Window {
                limit: 50,
                offset: 100
            }
        );
        for text in [
            "limit=51",
            "limit=0",
            "limit=-1",
            "limit=x",
            "offset=-1",
            "offset=y",
        ] {
            assert!(window(text).is_err(), "{text}");
        }
        let shrunk = PageSize::shrunk(Profile::DevNew);
        assert!(Params::read("limit=11").window(shrunk).is_err());
        assert_eq!(Params::read("").window(shrunk).unwrap().limit, 5);
    }

    #[test]
    fn markets_and_ids_are_checked() {
        assert_eq!(Params::read("country=SE").market().unwrap(), Some("SE"));
        assert!(Params::read("market=ZZ").market().is_err());
        assert_eq!(Params::read("").market().unwrap(), None);
        assert!(Params::read("ids=").ids(50).is_err());
        assert!(Params::read("ids=short").ids(50).is_err());
        let many = vec!["0000000000000000000000"; 51].join(",");
        assert!(Params::read(&format!("ids={many}")).ids(50).is_err());
        assert_eq!(
            Params::read(&format!("ids={many}")).ids(51).unwrap().len(),
            51
        );
    }
}
