//! Which plays of the API are already there: the pure rule that makes one
//! table of plays out of the export and the API.

use std::collections::HashMap;

/// A play stands twice within this time, or within the track's length where
/// that is longer: `ts` is the end of a play, `played_at` its end or its start.
const WINDOW_MS: i64 = 60_000;

/// Two plays of one track that the API reports this close are one: it counts
/// a play after 30 seconds only.
const REPEAT_MS: i64 = 30_000;

/// What the rule looks at: which track, when, how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment<'a> {
    /// `spotify:track:…`
    pub uri: &'a str,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The track's length, where it is known.
    pub duration_ms: Option<i64>,
}

/// The plays of `api` that must be left out, as their places in it, in order.
///
/// Both lists are sorted by time. A play of the API is left out where the API
/// itself reported it before (same track, less than 30 s apart), or where the
/// export has it: same track, at most max(60 s, the track's length) apart.
/// One play of the export stands for one of the API only, so a song on repeat
/// keeps all its plays. The export's own rows are never left out.
pub fn doubles(export: &[Moment<'_>], api: &[Moment<'_>]) -> Vec<usize> {
    let mut exported: HashMap<&str, Vec<&Moment<'_>>> = HashMap::new();
    for play in export {
        exported.entry(play.uri).or_default().push(play);
    }
    // For each track: the plays of the export not used yet, and the last play of the API.
    let mut next: HashMap<&str, usize> = HashMap::new();
    let mut last: HashMap<&str, i64> = HashMap::new();
    let mut out = Vec::new();
    for (place, play) in api.iter().enumerate() {
        let before = last.get(play.uri).copied();
        if before.is_some_and(|before| apart(play.at_ms, before) < REPEAT_MS) {
            out.push(place);
            continue;
        }
        last.insert(play.uri, play.at_ms);
        let Some(exported) = exported.get(play.uri) else {
            continue;
        };
        let at = next.entry(play.uri).or_default();
        while let Some(other) = exported.get(*at) {
            let length = play.duration_ms.max(other.duration_ms).unwrap_or(0);
            let near = apart(play.at_ms, other.at_ms) <= WINDOW_MS.max(length);
            if !near && other.at_ms > play.at_ms {
                break;
            }
            *at += 1;
            if near {
                out.push(place);
                break;
            }
        }
    }
    out
}

fn apart(one: i64, other: i64) -> i64 {
    one.saturating_sub(other).saturating_abs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(uri: &str, seconds: i64) -> Moment<'_> {
        Moment {
            uri,
            at_ms: seconds * 1000,
            duration_ms: None,
        }
    }

    fn long(uri: &str, seconds: i64, duration: i64) -> Moment<'_> {
        Moment {
            duration_ms: Some(duration * 1000),
            ..at(uri, seconds)
        }
    }

    #[test]
    fn the_rule() {
        let none: &[usize] = &[];
        for (name, export, api, left_out) in [
            ("nothing", vec![], vec![], none),
            ("only the API", vec![], vec![at("a", 1)], none),
            ("the same", vec![at("a", 100)], vec![at("a", 100)], &[0]),
            (
                "a minute later",
                vec![at("a", 100)],
                vec![at("a", 160)],
                &[0],
            ),
            (
                "a minute before",
                vec![at("a", 100)],
                vec![at("a", 40)],
                &[0],
            ),
            (
                "more than a minute",
                vec![at("a", 100)],
                vec![at("a", 161)],
                none,
            ),
            (
                "another track",
                vec![at("a", 100)],
                vec![at("b", 100)],
                none,
            ),
            (
                "the start of a long one",
                vec![at("a", 600)],
                vec![long("a", 300, 300)],
                &[0],
            ),
            (
                "before a long one",
                vec![at("a", 601)],
                vec![long("a", 300, 300)],
                none,
            ),
            ("told twice", vec![], vec![at("a", 1), at("a", 30)], &[1]),
            ("played twice", vec![], vec![at("a", 1), at("a", 31)], none),
            (
                "told twice and exported",
                vec![at("a", 1)],
                vec![at("a", 1), at("a", 2)],
                &[0, 1],
            ),
            (
                "on repeat",
                vec![at("a", 200), at("a", 400)],
                vec![
                    long("a", 200, 200),
                    long("a", 400, 200),
                    long("a", 600, 200),
                ],
                &[0, 1],
            ),
            (
                "on repeat, told by the start",
                vec![at("a", 200), at("a", 400), at("a", 600)],
                vec![long("a", 0, 200), long("a", 200, 200), long("a", 400, 200)],
                &[0, 1, 2],
            ),
            (
                "between others",
                vec![at("a", 100), at("b", 150), at("a", 900)],
                vec![at("b", 140), at("a", 890), at("c", 900)],
                &[0, 1],
            ),
        ] {
            assert_eq!(doubles(&export, &api), left_out, "{name}");
        }
    }

    proptest! {
        /// One play of the export stands for at most one of the API, so never
        /// more plays are lost than are there twice; nothing is kept twice.
        #[test]
        fn one_for_one(
            mut export in proptest::collection::vec((0..3usize, 0..2000i64), 0..30),
            mut api in proptest::collection::vec((0..3usize, 0..2000i64), 0..30),
        ) {
            export.sort_by_key(|play| play.1);
            api.sort_by_key(|play| play.1);
            let names = ["a", "b", "c"];
            let moments = |plays: &[(usize, i64)]| -> Vec<Moment<'_>> {
                plays.iter().map(|(uri, seconds)| at(names[*uri], *seconds)).collect()
            };
            let (export, api) = (moments(&export), moments(&api));
            let out = doubles(&export, &api);
            prop_assert!(out.is_sorted());
            // With nothing exported only what the API told twice is left out.
            let told_twice = doubles(&[], &api);
            prop_assert!(told_twice.iter().all(|place| out.contains(place)));
            prop_assert!(out.len() - told_twice.len() <= export.len());
            for place in &out {
                let near = |play: &Moment<'_>| play.uri == api[*place].uri && apart(play.at_ms, api[*place].at_ms) <= WINDOW_MS;
                prop_assert!(export.iter().any(near) || told_twice.contains(place));
            }
        }
    }
}
