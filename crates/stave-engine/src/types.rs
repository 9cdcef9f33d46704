//! The types of arrow and those of the Data Catalog, each in the other's words.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use stave_core::Result;
use stave_core::hive::HiveType;

/// The arrow type that holds values of a catalog type.
pub fn to_arrow(hive: &HiveType) -> DataType {
    match hive {
        HiveType::Boolean => DataType::Boolean,
        HiveType::TinyInt => DataType::Int8,
        HiveType::SmallInt => DataType::Int16,
        HiveType::Int => DataType::Int32,
        HiveType::BigInt => DataType::Int64,
        HiveType::Float => DataType::Float32,
        HiveType::Double => DataType::Float64,
        HiveType::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
        HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) => DataType::Utf8View,
        HiveType::Binary => DataType::BinaryView,
        HiveType::Date => DataType::Date32,
        HiveType::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, None),
        HiveType::Array(element) => {
            DataType::List(Arc::new(Field::new("item", to_arrow(element), true)))
        }
        HiveType::Map(key, value) => {
            let entry = Fields::from(vec![
                Field::new("key", to_arrow(key), false),
                Field::new("value", to_arrow(value), true),
            ]);
            let entries = Field::new("entries", DataType::Struct(entry), false);
            DataType::Map(Arc::new(entries), false)
        }
        HiveType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|(name, field)| Field::new(name, to_arrow(field), true))
                .collect(),
        ),
    }
}

/// Reads a catalog type's text as an arrow type.
pub fn parse(type_name: &str) -> Result<DataType> {
    Ok(to_arrow(&type_name.parse()?))
}

/// The catalog type that a crawler writes for an arrow type.
pub fn to_hive(arrow: &DataType) -> HiveType {
    match arrow {
        DataType::Boolean => HiveType::Boolean,
        DataType::Int8 => HiveType::TinyInt,
        DataType::Int16 | DataType::UInt8 => HiveType::SmallInt,
        DataType::Int32 | DataType::UInt16 => HiveType::Int,
        DataType::Int64 | DataType::UInt32 => HiveType::BigInt,
        DataType::UInt64 => HiveType::Decimal(20, 0),
        DataType::Float16 | DataType::Float32 => HiveType::Float,
        DataType::Float64 => HiveType::Double,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => HiveType::Decimal((*precision).min(38), *scale),
        DataType::Date32 | DataType::Date64 => HiveType::Date,
        DataType::Timestamp(_, _) => HiveType::Timestamp,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => HiveType::Binary,
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => {
            HiveType::Array(Box::new(to_hive(element.data_type())))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => HiveType::Map(
                Box::new(to_hive(pair[0].data_type())),
                Box::new(to_hive(pair[1].data_type())),
            ),
            _ => HiveType::String,
        },
        DataType::Struct(fields) => HiveType::Struct(
            fields
                .iter()
                .map(|field| (field.name().to_lowercase(), to_hive(field.data_type())))
                .collect(),
        ),
        DataType::Dictionary(_, value) => to_hive(value),
        _ => HiveType::String,
    }
}

/// The catalog's name of an arrow type.
pub fn name_of(arrow: &DataType) -> String {
    to_hive(arrow).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalog_types_come_back() {
        for text in [
            "boolean",
            "bigint",
            "decimal(10,2)",
            "timestamp",
            "array<struct<id:string,n:int>>",
            "map<string,double>",
        ] {
            let arrow = parse(text).expect(text);
            assert_eq!(name_of(&arrow), text);
        }
    }
}
