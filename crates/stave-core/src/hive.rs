//! Hive's type names, as the Data Catalog writes them: `bigint`, `decimal(10,2)`,
//! `array<struct<id:string>>`.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/data-types.html>

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// How deep types may nest; AWS's own limit is not published.
const MAX_DEPTH: usize = 64;

/// A column type of the Data Catalog.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HiveType {
    /// `boolean`
    Boolean,
    /// `tinyint`, 8 bits
    TinyInt,
    /// `smallint`, 16 bits
    SmallInt,
    /// `int`, 32 bits
    Int,
    /// `bigint`, 64 bits
    BigInt,
    /// `float`, 32 bits
    Float,
    /// `double`, 64 bits
    Double,
    /// `decimal(precision,scale)`
    Decimal(u8, i8),
    /// `string`
    String,
    /// `varchar(length)`
    Varchar(u32),
    /// `char(length)`
    Char(u32),
    /// `binary`
    Binary,
    /// `date`
    Date,
    /// `timestamp`
    Timestamp,
    /// `array<element>`
    Array(Box<HiveType>),
    /// `map<key,value>`
    Map(Box<HiveType>, Box<HiveType>),
    /// `struct<name:type,…>`
    Struct(Vec<(String, HiveType)>),
}

impl fmt::Display for HiveType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("boolean"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Int => f.write_str("int"),
            Self::BigInt => f.write_str("bigint"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Varchar(length) => write!(f, "varchar({length})"),
            Self::Char(length) => write!(f, "char({length})"),
            Self::Binary => f.write_str("binary"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Array(element) => write!(f, "array<{element}>"),
            Self::Map(key, value) => write!(f, "map<{key},{value}>"),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (at, (name, field)) in fields.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{name}:{field}")?;
                }
                f.write_str(">")
            }
        }
    }
}

impl FromStr for HiveType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut reader = Reader { text, at: 0 };
        let parsed = reader.read_type(0)?;
        reader.skip_space();
        if reader.at == text.len() {
            Ok(parsed)
        } else {
            Err(reader.wrong("something follows the type"))
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> Error {
        Error::invalid(format!(
            "\"{}\" is not a Hive type: {what} at character {}",
            self.text,
            self.at + 1
        ))
        .hint("types are written like bigint, string, decimal(10,2), array<string>, struct<id:string>")
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<()> {
        if self.eat(wanted) {
            Ok(())
        } else {
            Err(self.wrong(&format!("'{wanted}' is missing")))
        }
    }

    fn until(&mut self, stops: &[char]) -> &str {
        self.skip_space();
        let rest = &self.text[self.at..];
        let end = rest.find(stops).unwrap_or(rest.len());
        self.at += end;
        rest[..end].trim_end()
    }

    fn number<N: FromStr>(&mut self) -> Result<N> {
        let parsed = self.until(&[',', ')']).parse();
        parsed.map_err(|_| self.wrong("a number is missing"))
    }

    fn read_type(&mut self, depth: usize) -> Result<HiveType> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("it nests too deep"));
        }
        let name = self
            .until(&['<', '(', ',', '>', ')', ':'])
            .to_ascii_lowercase();
        Ok(match name.as_str() {
            "boolean" => HiveType::Boolean,
            "tinyint" => HiveType::TinyInt,
            "smallint" => HiveType::SmallInt,
            "int" | "integer" => HiveType::Int,
            "bigint" | "long" => HiveType::BigInt,
            "float" | "real" => HiveType::Float,
            "double" | "double precision" => HiveType::Double,
            "string" => HiveType::String,
            "binary" => HiveType::Binary,
            "date" => HiveType::Date,
            "timestamp" => HiveType::Timestamp,
            "decimal" => self.read_decimal()?,
            "varchar" => HiveType::Varchar(self.read_length()?),
            "char" => HiveType::Char(self.read_length()?),
            "array" => {
                self.expect('<')?;
                let element = self.read_type(depth + 1)?;
                self.expect('>')?;
                HiveType::Array(Box::new(element))
            }
            "map" => {
                self.expect('<')?;
                let key = self.read_type(depth + 1)?;
                self.expect(',')?;
                let value = self.read_type(depth + 1)?;
                self.expect('>')?;
                HiveType::Map(Box::new(key), Box::new(value))
            }
            "struct" => self.read_struct(depth)?,
            _ => return Err(self.wrong(&format!("there is no type \"{name}\""))),
        })
    }

    fn read_decimal(&mut self) -> Result<HiveType> {
        if !self.eat('(') {
            return Ok(HiveType::Decimal(10, 0));
        }
        let precision: u8 = self.number()?;
        let scale: i8 = if self.eat(',') { self.number()? } else { 0 };
        self.expect(')')?;
        if !(1..=38).contains(&precision) || !(0..=precision as i8).contains(&scale) {
            return Err(self.wrong("a decimal has 1 to 38 digits and no more of them as fraction"));
        }
        Ok(HiveType::Decimal(precision, scale))
    }

    fn read_length(&mut self) -> Result<u32> {
        self.expect('(')?;
        let length = self.number()?;
        self.expect(')')?;
        Ok(length)
    }

    fn read_struct(&mut self, depth: usize) -> Result<HiveType> {
        self.expect('<')?;
        let mut fields = Vec::new();
        loop {
            let name = self.until(&[':', '>', '<']).to_owned();
            if name.is_empty() {
                return Err(self.wrong("a field's name is missing"));
            }
            self.expect(':')?;
            fields.push((name, self.read_type(depth + 1)?));
            if !self.eat(',') {
                break;
            }
        }
        self.expect('>')?;
        Ok(HiveType::Struct(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_print_as_they_read() {
        for text in [
            "bigint",
            "decimal(10,2)",
            "varchar(20)",
            "array<string>",
            "map<string,array<int>>",
            "struct<id:string,artists:array<struct<id:string,name:string>>>",
        ] {
            let parsed: HiveType = text.parse().expect(text);
            assert_eq!(parsed.to_string(), text);
        }
        let spaced: HiveType = " STRUCT< a : INT , b:Decimal >".parse().expect("spaces");
        assert_eq!(spaced.to_string(), "struct<a:int,b:decimal(10,0)>");
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep = format!("{}int{}", "array<".repeat(80), ">".repeat(80));
        for text in [
            "",
            "text",
            "array<",
            "decimal(40,2)",
            "struct<a>",
            "int int",
            "int>",
            &deep,
        ] {
            assert!(text.parse::<HiveType>().is_err(), "{text}");
        }
    }
}
