//! Finds the name that was probably meant, for error messages.

/// The candidate nearest to `name`, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A hint for an unknown `name`: the nearest candidate, or all of them when they are few.
pub fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(meant) = nearest(name, candidates.clone()) {
        return format!("did you mean \"{meant}\"?");
    }
    let all: Vec<&str> = candidates.into_iter().collect();
    match all.len() {
        0 => "there are none yet".to_owned(),
        1..=24 => format!("there is: {}", all.join(", ")),
        more => format!("there are {more}, among them: {}", all[..24].join(", ")),
    }
}

/// The edit distance with swaps of neighbours counted as one (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let names = ["track_id", "track_name", "artist_id"];
        assert_eq!(nearest("trakc_id", names), Some("track_id"));
        assert_eq!(nearest("Artist_ID", names), Some("artist_id"));
        assert_eq!(nearest("label", names), None);
    }

    #[test]
    fn a_hint_lists_what_there_is() {
        assert_eq!(hint("labl", ["label", "name"]), "did you mean \"label\"?");
        assert_eq!(hint("x", ["label", "name"]), "there is: label, name");
    }
}
