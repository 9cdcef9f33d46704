//! Cuts the objects of a table into chunks of whole JSON values, in order.
//!
//! Files of lines are cut at line breaks, so that one bad line is one bad row;
//! in all others values are found by their brackets. The brackets of a
//! top-level array are blanked, its elements are the values.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use stave_core::{Error, Result, units};

use super::scanner::{Mark, Scanner, ranges};
use crate::scan::Feed;
use crate::text::blocks::Blocks;
use crate::text::chunks::MAX_RECORD_BYTES;
use crate::text::{Chunk, OpenFile, TextFile};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How the values of a file are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Every line is a value.
    Lines,
    /// Values stand in an array, or follow each other over any number of lines.
    Values,
}

impl Form {
    /// The form of an open file.
    pub(super) fn of(file: &OpenFile) -> Self {
        if file.is_lines {
            Self::Lines
        } else {
            Self::Values
        }
    }
}

/// Yields the chunks of a list of files.
pub(super) struct JsonFeed {
    files: VecDeque<(usize, TextFile)>,
    chunk_bytes: usize,
    current: Option<Current>,
}

struct Current {
    file: Arc<OpenFile>,
    blocks: Blocks,
    rest: Vec<u8>,
    line: u64,
    ended: bool,
    /// Where the last whole value of `rest` ends.
    whole: usize,
    /// The scan for values; none in a file of lines.
    scanner: Option<Scanner>,
}

impl JsonFeed {
    /// The chunks of `files`, each of about `chunk_bytes`.
    pub(super) fn new(files: Vec<TextFile>, chunk_bytes: usize) -> Self {
        Self {
            files: files.into_iter().enumerate().collect(),
            chunk_bytes: chunk_bytes.clamp(1, MAX_RECORD_BYTES),
            current: None,
        }
    }
}

#[async_trait]
impl Feed for JsonFeed {
    async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            let Some(current) = &mut self.current else {
                let Some((index, file)) = self.files.pop_front() else {
                    return Ok(None);
                };
                let opened = open(index, &file, self.chunk_bytes).await;
                self.current = Some(opened.map_err(|error| error.within(&file.name))?);
                continue;
            };
            match current.cut(self.chunk_bytes).await {
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) => self.current = None,
                Err(error) => return Err(error.within(&current.file.name)),
            }
        }
    }
}

/// Opens a file and finds out its form.
async fn open(index: usize, file: &TextFile, wanted: usize) -> Result<Current> {
    let mut blocks =
        Blocks::open(file.store.as_ref(), &file.meta.location, file.compression).await?;
    let (mut rest, mut ended) = (Vec::new(), false);
    let mut more = wanted.max(BYTE_ORDER_MARK.len());
    let form = loop {
        while !ended && rest.len() < more {
            let missing = more - rest.len();
            ended = !blocks.read(&mut rest, missing).await?;
        }
        if rest.starts_with(BYTE_ORDER_MARK) {
            rest.drain(..BYTE_ORDER_MARK.len());
        }
        let complete = ended || rest.len() > MAX_RECORD_BYTES;
        if let Some(form) = form_of(&rest, complete) {
            break form;
        }
        more = rest.len() * 2;
    };
    let file = OpenFile {
        name: file.name.clone(),
        header: None,
        width: 0,
        is_lines: form == Form::Lines,
        index,
    };
    Ok(Current {
        file: Arc::new(file),
        blocks,
        rest,
        line: 1,
        ended,
        whole: 0,
        scanner: (form == Form::Values).then(Scanner::new),
    })
}

/// The form of a file that begins with `head`; none when more of it must be seen.
pub(crate) fn form_of(head: &[u8], complete: bool) -> Option<Form> {
    let text = head.trim_ascii_start();
    match text.first() {
        None => return complete.then_some(Form::Lines),
        Some(b'[') => return Some(Form::Values),
        Some(b'{') => (),
        Some(_) => return Some(Form::Lines),
    }
    let Some(Mark::Value(first)) = Scanner::new().next(text) else {
        return complete.then(|| form_without_first(text));
    };
    if memchr::memchr(b'\n', &text[first.clone()]).is_some() {
        return Some(Form::Values);
    }
    let behind = text[first.end..]
        .iter()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
    match behind {
        Some(b'\n') => Some(Form::Lines),
        Some(_) => Some(Form::Values),
        None => complete.then_some(Form::Lines),
    }
}

/// The form of a file whose first value has no end: the second line tells.
fn form_without_first(text: &[u8]) -> Form {
    let second = text
        .split(|byte| *byte == b'\n')
        .skip(1)
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty());
    match second {
        Some(line) if line.starts_with(b"{") && is_one_value(line) => Form::Lines,
        _ => Form::Values,
    }
}

fn is_one_value(line: &[u8]) -> bool {
    let whole = Scanner::new().next(line) == Some(Mark::Value(0..line.len()));
    whole && ranges(line).count() == 1
}

impl Current {
    async fn cut(&mut self, wanted: usize) -> Result<Option<Chunk>> {
        let mut least = wanted;
        loop {
            while !self.ended && self.rest.len() < least {
                let missing = least - self.rest.len();
                self.ended = !self.blocks.read(&mut self.rest, missing).await?;
            }
            self.find_whole();
            if self.ended {
                self.close();
                self.whole = self.rest.len();
            }
            if self.whole > 0 {
                return Ok(Some(self.take()));
            }
            if self.ended {
                return Ok(None);
            }
            if self.rest.len() > MAX_RECORD_BYTES {
                return Err(too_long());
            }
            least = self.rest.len() * 2;
        }
    }

    /// Moves `whole` to the end of the last whole value.
    fn find_whole(&mut self) {
        let Some(scanner) = &mut self.scanner else {
            self.whole = memchr::memrchr(b'\n', &self.rest).map_or(0, |at| at + 1);
            return;
        };
        while let Some(mark) = scanner.next(&self.rest) {
            self.whole = match mark {
                Mark::Value(range) => range.end,
                Mark::Opened(at) | Mark::Closed(at) => {
                    self.rest[at] = b' ';
                    at + 1
                }
            };
        }
    }

    /// Leaves a lone bracket behind an array that is never closed: a value that is wrong.
    fn close(&mut self) {
        let Some(scanner) = &mut self.scanner else {
            return;
        };
        if scanner.in_array() && scanner.unfinished().is_none() {
            self.rest.push(b'[');
        }
        *scanner = Scanner::new();
    }

    fn take(&mut self) -> Chunk {
        let tail = self.rest.split_off(self.whole);
        let bytes = std::mem::replace(&mut self.rest, tail);
        if let Some(scanner) = &mut self.scanner {
            scanner.taken(bytes.len());
        }
        self.whole = 0;
        let first_line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Chunk {
            file: Arc::clone(&self.file),
            bytes,
            first_line,
        }
    }
}

fn too_long() -> Error {
    let bound = units::bytes(MAX_RECORD_BYTES as u64);
    Error::limit_exceeded(format!("a JSON value is longer than {bound}"))
        .hint("a file of one huge object cannot be read as rows; write one object a line, or an array of objects")
}
