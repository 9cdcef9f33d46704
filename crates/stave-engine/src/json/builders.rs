//! Columns that are filled value by value and can be taken back to any length,
//! so that a row that turns out bad half way leaves nothing behind.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, ListArray, MapArray,
    StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Fields, TimeUnit};
use stave_core::{Error, Result};

use super::arrays::{integers, offsets, strings};
use super::cursor::{Cursor, Fault, Kind};
use super::scalars::{decimal, float, from_text, integer, read_text};
use crate::text::values;
use crate::types;

type Read<T> = Result<T, Fault>;

/// A column being filled.
pub(super) struct Builder {
    valid: Vec<bool>,
    wanted: DataType,
    values: Values,
}

enum Values {
    Boolean(Vec<bool>),
    /// Whole numbers, days and times.
    Integer(Vec<i64>),
    Float(Vec<f64>),
    Decimal(Vec<i128>),
    Text {
        text: Vec<u8>,
        ends: Vec<usize>,
    },
    List {
        ends: Vec<i32>,
        items: Box<Builder>,
    },
    Map {
        ends: Vec<i32>,
        keys: Box<Builder>,
        values: Box<Builder>,
    },
    Struct(Members),
}

impl Builder {
    fn new(wanted: &DataType, fold_case: bool) -> Result<Self> {
        let values = match wanted {
            DataType::Boolean => Values::Boolean(Vec::new()),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Date32
            | DataType::Timestamp(
                TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond,
                None,
            ) => Values::Integer(Vec::new()),
            DataType::Float32 | DataType::Float64 => Values::Float(Vec::new()),
            DataType::Decimal128(..) => Values::Decimal(Vec::new()),
            DataType::Utf8View => Values::Text {
                text: Vec::new(),
                ends: Vec::new(),
            },
            DataType::List(item) => Values::List {
                ends: vec![0],
                items: Box::new(Self::new(item.data_type(), fold_case)?),
            },
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 => Values::Map {
                    ends: vec![0],
                    keys: Box::new(Self::new(pair[0].data_type(), fold_case)?),
                    values: Box::new(Self::new(pair[1].data_type(), fold_case)?),
                },
                _ => return Err(unreadable(wanted)),
            },
            DataType::Struct(fields) => Values::Struct(Members::new(fields, fold_case)?),
            _ => return Err(unreadable(wanted)),
        };
        Ok(Self {
            valid: Vec::new(),
            wanted: wanted.clone(),
            values,
        })
    }

    fn len(&self) -> usize {
        self.valid.len()
    }

    fn push_null(&mut self) {
        let rows = self.len();
        self.valid.push(false);
        match &mut self.values {
            Values::Boolean(values) => values.push(false),
            Values::Integer(values) => values.push(0),
            Values::Float(values) => values.push(0.0),
            Values::Decimal(values) => values.push(0),
            Values::Text { text, ends } => ends.push(text.len()),
            Values::List { ends, items } => ends.push(items.len() as i32),
            Values::Map { ends, keys, .. } => ends.push(keys.len() as i32),
            Values::Struct(members) => members.fill(rows),
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.valid.truncate(rows);
        match &mut self.values {
            Values::Boolean(values) => values.truncate(rows),
            Values::Integer(values) => values.truncate(rows),
            Values::Float(values) => values.truncate(rows),
            Values::Decimal(values) => values.truncate(rows),
            Values::Text { text, ends } => {
                ends.truncate(rows);
                text.truncate(ends.last().copied().unwrap_or(0));
            }
            Values::List { ends, items } => {
                ends.truncate(rows + 1);
                items.truncate(last_end(ends));
            }
            Values::Map { ends, keys, values } => {
                ends.truncate(rows + 1);
                keys.truncate(last_end(ends));
                values.truncate(last_end(ends));
            }
            Values::Struct(members) => members.truncate(rows),
        }
    }

    /// Appends the value at the cursor.
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Read<()> {
        let kind = cursor.kind()?;
        if kind == Kind::Null {
            cursor.null()?;
            self.push_null();
            return Ok(());
        }
        let rows = self.len();
        let wrong = || not_of(&self.wanted);
        match (&mut self.values, kind) {
            (Values::Boolean(values), Kind::Boolean) => values.push(cursor.boolean()?),
            (Values::Boolean(values), Kind::String) => {
                let text = cursor.string()?;
                values.push(values::boolean(text.trim().as_bytes()).ok_or_else(wrong)?);
            }
            (Values::Integer(values), Kind::Number) => {
                let token = cursor.number()?;
                values.push(integer(&self.wanted, token).ok_or_else(wrong)?);
            }
            (Values::Integer(values), Kind::String) => {
                let text = cursor.string()?;
                values.push(from_text(&self.wanted, text.trim()).ok_or_else(wrong)?);
            }
            (Values::Float(values), Kind::Number) => {
                let token = cursor.number()?;
                values.push(float(&self.wanted, token).ok_or_else(wrong)?);
            }
            (Values::Float(values), Kind::String) => {
                let text = cursor.string()?;
                values.push(float(&self.wanted, text.trim()).ok_or_else(wrong)?);
            }
            (Values::Decimal(values), Kind::Number) => {
                let token = cursor.number()?;
                values.push(decimal(&self.wanted, token).ok_or_else(wrong)?);
            }
            (Values::Decimal(values), Kind::String) => {
                let text = cursor.string()?;
                values.push(decimal(&self.wanted, text.trim()).ok_or_else(wrong)?);
            }
            (Values::Text { text, ends }, kind) => {
                read_text(text, kind, cursor)?;
                ends.push(text.len());
            }
            (Values::List { ends, items }, Kind::Array) => read_list(ends, items, cursor)?,
            (Values::Map { ends, keys, values }, Kind::Object) => {
                read_map(ends, keys, values, cursor)?;
            }
            (Values::Struct(members), Kind::Object) => members.read(cursor, rows)?,
            _ => return Err(wrong()),
        }
        self.valid.push(true);
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef> {
        let rows = self.valid.len();
        let nulls = self
            .valid
            .contains(&false)
            .then(|| NullBuffer::from(self.valid));
        match self.values {
            Values::Boolean(values) => Ok(Arc::new(BooleanArray::new(values.into(), nulls))),
            Values::Integer(values) => integers(&self.wanted, values, nulls),
            Values::Float(values) if self.wanted == DataType::Float32 => {
                let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
                Ok(Arc::new(Float32Array::new(values.into(), nulls)))
            }
            Values::Float(values) => Ok(Arc::new(Float64Array::new(values.into(), nulls))),
            Values::Decimal(values) => {
                let column = Decimal128Array::new(values.into(), nulls);
                Ok(Arc::new(column.with_data_type(self.wanted)))
            }
            Values::Text { text, ends } => strings(text, &ends, nulls),
            Values::List { ends, items } => {
                let DataType::List(field) = &self.wanted else {
                    return Err(unreadable(&self.wanted));
                };
                let items = items.finish()?;
                let list = ListArray::try_new(Arc::clone(field), offsets(ends), items, nulls);
                Ok(Arc::new(list.map_err(internal)?))
            }
            Values::Map { ends, keys, values } => {
                let DataType::Map(field, sorted) = &self.wanted else {
                    return Err(unreadable(&self.wanted));
                };
                let DataType::Struct(pair) = field.data_type() else {
                    return Err(unreadable(&self.wanted));
                };
                let columns = vec![keys.finish()?, values.finish()?];
                let entries =
                    StructArray::try_new(pair.clone(), columns, None).map_err(internal)?;
                let map =
                    MapArray::try_new(Arc::clone(field), offsets(ends), entries, nulls, *sorted);
                Ok(Arc::new(map.map_err(internal)?))
            }
            Values::Struct(members) => {
                let fields = members.fields.clone();
                let columns = members.finish()?;
                let whole = StructArray::try_new_with_length(fields, columns, nulls, rows);
                Ok(Arc::new(whole.map_err(internal)?))
            }
        }
    }
}

/// The columns of an object's members.
pub(super) struct Members {
    fields: Fields,
    columns: Vec<Builder>,
    names: HashMap<String, usize>,
    fold_case: bool,
}

impl Members {
    pub(super) fn new(fields: &Fields, fold_case: bool) -> Result<Self> {
        let columns = fields.iter().map(|field| {
            Builder::new(field.data_type(), fold_case)
                .map_err(|error| error.within(format!("column \"{}\"", field.name())))
        });
        let names = fields.iter().enumerate().map(|(at, field)| {
            let name = field.name();
            (
                if fold_case {
                    name.to_lowercase()
                } else {
                    name.clone()
                },
                at,
            )
        });
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            names: names.collect(),
            fields: fields.clone(),
            fold_case,
        })
    }

    /// Where the member `name` goes; `guess` is where it stands if objects are written like the first.
    fn place(&self, name: &str, guess: usize) -> Option<usize> {
        if self
            .fields
            .get(guess)
            .is_some_and(|field| field.name() == name)
        {
            return Some(guess);
        }
        let found = self.names.get(name).copied();
        if found.is_none() && self.fold_case {
            return self.names.get(&name.to_lowercase()).copied();
        }
        found
    }

    /// Appends the object at the cursor as row `rows`. Of a name that comes twice the last one counts.
    pub(super) fn read(&mut self, cursor: &mut Cursor<'_>, rows: usize) -> Read<()> {
        cursor.open()?;
        let (mut first, mut guess) = (true, 0);
        while let Some(name) = cursor.member(first)? {
            first = false;
            let Some(place) = self.place(&name, guess) else {
                cursor.skip()?;
                continue;
            };
            guess = place + 1;
            let column = &mut self.columns[place];
            if column.len() > rows {
                column.truncate(rows);
            }
            column.read(cursor).map_err(|fault| fault.under(&name))?;
        }
        self.fill(rows);
        Ok(())
    }

    /// Makes NULL what row `rows` does not have.
    fn fill(&mut self, rows: usize) {
        for column in &mut self.columns {
            if column.len() == rows {
                column.push_null();
            }
        }
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.columns
            .iter_mut()
            .for_each(|column| column.truncate(rows));
    }

    pub(super) fn finish(self) -> Result<Vec<ArrayRef>> {
        self.columns.into_iter().map(Builder::finish).collect()
    }
}

fn last_end(ends: &[i32]) -> usize {
    ends.last().map_or(0, |end| *end as usize)
}

fn read_list(ends: &mut Vec<i32>, items: &mut Builder, cursor: &mut Cursor<'_>) -> Read<()> {
    cursor.open()?;
    let mut count = 0;
    while cursor.element(count == 0)? {
        items
            .read(cursor)
            .map_err(|fault| fault.under(&format!("[{count}]")))?;
        count += 1;
    }
    ends.push(items.len() as i32);
    Ok(())
}

fn read_map(
    ends: &mut Vec<i32>,
    keys: &mut Builder,
    values: &mut Builder,
    cursor: &mut Cursor<'_>,
) -> Read<()> {
    cursor.open()?;
    let mut first = true;
    while let Some(name) = cursor.member(first)? {
        first = false;
        let quoted = serde_json::Value::from(name.as_ref()).to_string();
        keys.read(&mut Cursor::new(&quoted))?;
        values.read(cursor).map_err(|fault| fault.under(&name))?;
    }
    ends.push(keys.len() as i32);
    Ok(())
}

pub(super) fn internal(error: arrow::error::ArrowError) -> Error {
    Error::internal("a column of JSON values does not fit together").caused_by(error)
}

pub(super) fn unreadable(wanted: &DataType) -> Error {
    Error::unsupported(format!("JSON cannot be read as the type {wanted}"))
        .hint("read it as a string and cast it in SQL")
}

fn not_of(wanted: &DataType) -> Fault {
    Fault::new(format!(
        "the value is not of type {}",
        types::name_of(wanted)
    ))
}
