//! Parquet: what the footer says.

use bytes::Bytes;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use stave_core::Result;
use stave_core::catalog::Column;

use super::head::Head;
use super::{Classification, Sampled};
use crate::text::Compression;
use crate::{fault, types};

/// How much of the end is read at first; most footers fit.
const FOOTER_BYTES: u64 = 64 << 10;
/// The longest footer that is read.
const MAX_FOOTER_BYTES: u64 = 64 << 20;

/// What the footer says; an object without one that can be read is of no known format.
pub(super) async fn classify(
    store: &dyn ObjectStore,
    meta: &ObjectMeta,
    head: &Head,
) -> Result<Sampled> {
    let unknown = Sampled::unknown(Compression::None);
    let Some(footer) = footer(store, meta, head).await? else {
        return Ok(unknown);
    };
    let file = footer.file_metadata();
    let Ok(schema) = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()) else {
        return Ok(unknown);
    };
    let columns = schema.fields().iter().map(|field| {
        Column::new(
            field.name().to_lowercase(),
            types::name_of(field.data_type()),
        )
    });
    let rows = u64::try_from(file.num_rows()).unwrap_or(0);
    Ok(Sampled {
        classification: Classification::Parquet,
        columns: columns.collect(),
        records_sampled: rows,
        average_record_bytes: meta
            .size
            .checked_div(rows)
            .map_or(0, |average| average.max(1)),
        exact_records: Some(rows),
        ..unknown
    })
}

async fn footer(
    store: &dyn ObjectStore,
    meta: &ObjectMeta,
    head: &Head,
) -> Result<Option<ParquetMetaData>> {
    let mut wanted = meta.size.min(FOOTER_BYTES);
    loop {
        let tail: Bytes = if let Some(all) = head.all_stored() {
            all.clone()
        } else {
            let range = meta.size - wanted..meta.size;
            let read = store.get_range(&meta.location, range).await;
            read.map_err(fault::storage)?
        };
        let mut reader = ParquetMetaDataReader::new();
        match reader.try_parse_sized(&tail, meta.size) {
            Ok(()) => return Ok(reader.finish().ok()),
            Err(ParquetError::NeedMoreData(needed)) => {
                let needed = (needed as u64).min(meta.size);
                if needed <= wanted || needed > MAX_FOOTER_BYTES {
                    return Ok(None);
                }
                wanted = needed;
            }
            Err(_) => return Ok(None),
        }
    }
}
