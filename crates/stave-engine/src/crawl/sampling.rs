//! Which objects of a target are looked into: all when they are few, the first
//! of each folder when they are many.

/// Up to this many objects are all looked into.
const ALL_OBJECTS: usize = 1000;
/// The most objects of one crawl that are looked into.
const MOST_SAMPLES: usize = 2000;

/// The places of the objects to look into. `per_folder` is the crawler's
/// `SampleSize`: so many of each folder that holds files, however few there are.
///
/// Without it, up to 1,000 objects are all looked into; of more, as many of each
/// folder as keep the crawl within 2,000, and of more folders than that an even
/// choice of them. What is not looked into is taken to be like its neighbours.
pub fn choose_samples(keys: &[&str], per_folder: Option<usize>) -> Vec<usize> {
    if per_folder.is_none() && keys.len() <= ALL_OBJECTS {
        return (0..keys.len()).collect();
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    let folder = |at: usize| keys[at].rsplit_once('/').map_or("", |(folder, _)| folder);
    order.sort_by(|a, b| (folder(*a), keys[*a]).cmp(&(folder(*b), keys[*b])));
    let folders: Vec<&[usize]> = order.chunk_by(|a, b| folder(*a) == folder(*b)).collect();
    let share = MOST_SAMPLES / folders.len().max(1);
    let each = per_folder.unwrap_or(share).clamp(1, MOST_SAMPLES);
    let step = (folders.len() * each.min(share.max(1)))
        .div_ceil(MOST_SAMPLES)
        .max(1);
    let chosen = folders
        .iter()
        .step_by(step)
        .flat_map(|folder| folder.iter().take(each));
    let mut chosen: Vec<usize> = chosen.copied().take(MOST_SAMPLES).collect();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(folders: usize, files: usize) -> Vec<String> {
        (0..folders * files)
            .map(|at| format!("t/d={}/{at:06}.csv", at % folders))
            .collect()
    }

    fn chosen(folders: usize, files: usize, per_folder: Option<usize>) -> usize {
        let keys = keys(folders, files);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        choose_samples(&keys, per_folder).len()
    }

    #[test]
    fn samples_are_bounded() {
        assert_eq!(chosen(10, 10, None), 100);
        assert_eq!(chosen(10, 10, Some(3)), 30);
        assert_eq!(chosen(10, 1000, None), 2000);
        assert_eq!(chosen(1, 10_000, None), 2000);
        assert!((1000..=2000).contains(&chosen(10_000, 1, None)));
        assert!((1000..=2000).contains(&chosen(10_000, 2, Some(2))));
    }
}
