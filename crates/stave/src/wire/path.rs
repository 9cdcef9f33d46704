//! Where in a request something stands. It is written down only where a fault is told of: a
//! request of 10,000 log events has 30,000 places.

/// A place in a request.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a>(Option<(&'a Path<'a>, Part<'a>)>);

#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Member(&'a str),
    Entry(&'a str),
    Item(usize),
}

impl<'a> Path<'a> {
    /// The request itself.
    pub const WHOLE: Self = Self(None);

    /// The member of that name in the structure that is here.
    pub fn member(&'a self, name: &'a str) -> Self {
        Self(Some((self, Part::Member(name))))
    }

    /// The entry of that key in the map that is here.
    pub fn entry(&'a self, key: &'a str) -> Self {
        Self(Some((self, Part::Entry(key))))
    }

    /// The item of that number, from 1, in the list that is here.
    pub fn item(&'a self, number: usize) -> Self {
        Self(Some((self, Part::Item(number))))
    }

    /// As the request writes it: `Tags.3.Key`; nothing for the request itself.
    pub fn sent(&self) -> String {
        self.written(|part| match part {
            Part::Member(name) | Part::Entry(name) => name.to_owned(),
            Part::Item(number) => number.to_string(),
        })
    }

    /// As AWS's validation writes it: `tags.3.member.key`.
    pub fn validated(&self) -> String {
        self.written(|part| match part {
            Part::Member(name) => lower_first(name),
            Part::Entry(key) => format!("{key}.member"),
            Part::Item(number) => format!("{number}.member"),
        })
    }

    fn written(&self, write: fn(Part<'_>) -> String) -> String {
        match self.0 {
            None => String::new(),
            Some((Path(None), part)) => write(part),
            Some((up, part)) => format!("{}.{}", up.written(write), write(part)),
        }
    }
}

/// `userName` of `UserName`.
fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
