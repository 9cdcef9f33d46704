//! Finds the line of a job file that an error is about.
//!
//! The YAML reader does not keep positions, so keys are looked up in the text
//! again: the node's id, then the member below it. No line is better than a wrong
//! one: where the text does not show the key plainly, none is given.

/// The line, from 1, on which `member` of the node `id` stands, or else the node itself.
pub(super) fn line_of(text: &str, id: &str, member: Option<&str>, ids: &[&str]) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let node = lines.iter().position(|line| key_in(line, id).is_some())?;
    let Some(member) = member else {
        return Some(node + 1);
    };
    let name: &str = member.split(['.', '[']).next().unwrap_or(member);
    let from = key_in(lines[node], id).unwrap_or(0);
    if key_in(&lines[node][from..], name).is_some() {
        return Some(node + 1);
    }
    for (at, line) in lines.iter().enumerate().skip(node + 1) {
        if ids.iter().any(|other| key_in(line, other).is_some()) {
            break;
        }
        if key_in(line, name).is_some() {
            return Some(at + 1);
        }
    }
    Some(node + 1)
}

/// Where the value begins if `line` holds `key` as a key: `key:`, `"key":` or `'key':`.
fn key_in(line: &str, key: &str) -> Option<usize> {
    if key.is_empty() || line.trim_start().starts_with('#') {
        return None;
    }
    line.match_indices(key).find_map(|(start, _)| {
        let before = line[..start].trim_end_matches(['"', '\'']);
        let opens =
            before.trim_end().is_empty() || before.trim_end().ends_with(['{', ',', '-', '?']);
        // `a-id` must not be found in `b-a-id`.
        let apart = before.is_empty() || before.ends_with([' ', '\t', '{', ',']);
        let after = &line[start + key.len()..];
        let rest = after.trim_start_matches(['"', '\'']).trim_start();
        (opens && apart && rest.starts_with(':')).then(|| line.len() - rest.len() + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_where_they_stand() {
        let yaml = "# a:\na:\n  S3CsvSource:\n    Name: Paths\n    Paths: [x]\nb-a:\n  Join:\n    Columns:\n      - From: a\n        Keys: []\n";
        let ids = ["a", "b-a"];
        assert_eq!(line_of(yaml, "a", None, &ids), Some(2));
        assert_eq!(line_of(yaml, "a", Some("Paths[0]"), &ids), Some(5));
        assert_eq!(line_of(yaml, "b-a", Some("Columns[0].Keys"), &ids), Some(8));
        assert_eq!(line_of(yaml, "a", Some("Columns"), &ids), Some(2));
        assert_eq!(line_of(yaml, "c", None, &ids), None);
        let json = "{\n\"a\": {\"Join\": {\"Name\": \"n\",\n \"Columns\" : []}}}";
        assert_eq!(line_of(json, "a", Some("Columns"), &["a"]), Some(3));
        assert_eq!(line_of(json, "a", Some("Name"), &["a"]), Some(2));
    }
}
