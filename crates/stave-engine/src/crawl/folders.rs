//! The folders under a target, and how many files of which kind they hold.

use std::collections::BTreeMap;

/// A folder and what stands in it.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// The files in it itself, as places among the crawl's objects.
    pub(super) files: Vec<usize>,
    /// The folders in it, by name.
    pub(super) folders: BTreeMap<String, Folder>,
    /// How many files there are of each kind, at any depth.
    pub(super) kinds: BTreeMap<usize, usize>,
}

/// A file below a folder: the folders between, and its place among the objects.
pub(super) type Below<'a> = (Vec<&'a str>, usize);

impl Folder {
    /// Adds the file at `path` (relative to this folder).
    pub(super) fn add(&mut self, path: &str, object: usize, kind: usize) {
        let mut folder = self;
        let mut rest = path;
        *folder.kinds.entry(kind).or_default() += 1;
        while let Some((name, behind)) = rest.split_once('/') {
            folder = folder.folders.entry(name.to_owned()).or_default();
            *folder.kinds.entry(kind).or_default() += 1;
            rest = behind;
        }
        folder.files.push(object);
    }

    /// All files at any depth.
    pub(super) fn below(&self) -> Vec<Below<'_>> {
        let mut all = Vec::new();
        self.collect(&mut Vec::new(), &mut all);
        all
    }

    fn collect<'a>(&'a self, path: &mut Vec<&'a str>, all: &mut Vec<Below<'a>>) {
        all.extend(self.files.iter().map(|file| (path.clone(), *file)));
        for (name, folder) in &self.folders {
            path.push(name);
            folder.collect(path, all);
            path.pop();
        }
    }
}
