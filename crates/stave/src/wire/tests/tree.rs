//! XML as a client reads it.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::wire::shape::{Kind, Shape};

/// An element.
#[derive(Debug, Default)]
pub struct Tree {
    pub name: String,
    pub text: String,
    pub under: Vec<Tree>,
}

impl Tree {
    pub fn read(xml: &str) -> Self {
        let mut reader = Reader::from_str(xml);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().expect("XML") {
                Event::Start(start) => open.push(Self {
                    name: String::from_utf8(start.name().as_ref().to_vec()).expect("a name"),
                    ..Self::default()
                }),
                Event::End(_) => {
                    let done = open.pop().expect("open");
                    open.last_mut().expect("a parent").under.push(done);
                }
                Event::Text(text) => {
                    let text = text.decode().expect("text");
                    open.last_mut().expect("open").text.push_str(&text);
                }
                Event::GeneralRef(name) => {
                    let c = match name.decode().expect("a name").as_ref() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "#xD" => '\r',
                        other => panic!("&{other};"),
                    };
                    open.last_mut().expect("open").text.push(c);
                }
                Event::Eof => break,
                other => panic!("{other:?}"),
            }
        }
        open.remove(0).under.remove(0)
    }

    /// The first element at the end of a path.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |tree, name| {
            tree.under.iter().find(|tree| tree.name == name)
        })
    }

    /// The text there.
    pub fn text(&self, path: &str) -> Option<String> {
        self.at(path).map(|tree| tree.text.clone())
    }

    /// What a structure should have and has not, and what it has and should not.
    pub fn faults(&self, shape: &Shape) -> Vec<String> {
        let mut faults = Vec::new();
        let within = |faults: Vec<String>| {
            let name = self.name.clone();
            faults
                .into_iter()
                .map(move |fault| format!("{name}/{fault}"))
        };
        match &shape.kind {
            Kind::Structure(members) => {
                for member in *members {
                    match self.at(member.wire) {
                        Some(tree) => faults.extend(within(tree.faults(member.shape))),
                        None if member.is_required => faults.push(format!("no {}", member.wire)),
                        None => {}
                    }
                }
                let known = |tree: &&Self| members.iter().any(|member| member.wire == tree.name);
                let strange = self.under.iter().filter(|tree| !known(tree));
                faults.extend(strange.map(|tree| format!("{}?", tree.name)));
            }
            Kind::List { of, item, .. } => {
                for tree in &self.under {
                    assert_eq!(tree.name, *item);
                    faults.extend(within(tree.faults(of)));
                }
            }
            Kind::Map { value, .. } => {
                for entry in &self.under {
                    assert_eq!(entry.name, "entry");
                    assert_eq!(entry.under.len(), 2);
                    faults.extend(within(entry.under[1].faults(value)));
                }
            }
            _ => assert!(self.under.is_empty(), "{self:?}"),
        }
        faults
    }
}
