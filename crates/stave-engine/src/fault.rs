//! Turns the errors of the libraries underneath into Stave's, and back.

use std::io;

use datafusion::common::DataFusionError;
use stave_core::{Error, ErrorKind};

/// An error of an object store.
pub(crate) fn storage(error: object_store::Error) -> Error {
    use object_store::Error as Store;
    match error {
        Store::NotFound { path, .. } => Error::not_found(format!("object \"{path}\" is not there")),
        Store::PermissionDenied { path, .. } | Store::Unauthenticated { path, .. } => {
            Error::denied(format!("access to \"{path}\" is denied"))
        }
        Store::Precondition { path, .. } => Error::new(
            ErrorKind::Precondition,
            format!("a condition on \"{path}\" does not hold"),
        ),
        other => match find::<Error>(&other) {
            Some(found) => copy(found),
            None => Error::unavailable(format!("storage did not answer: {other}")).caused_by(other),
        },
    }
}

/// An error of the file system.
pub(crate) fn io(error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::Denied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::LimitExceeded,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, error.to_string()).caused_by(error)
}

/// An error of DataFusion; one of ours inside it is taken out again.
#[allow(clippy::needless_pass_by_value, reason = "map_err hands it over")]
pub(crate) fn engine(error: DataFusionError) -> Error {
    if let Some(found) = find::<Error>(&error) {
        return copy(found);
    }
    let root = error.find_root();
    match root {
        DataFusionError::ResourcesExhausted(what) => {
            Error::limit_exceeded(format!("not enough memory: {}", in_short(what)))
                .hint("give the engine more with --memory, or less to hold at once")
        }
        DataFusionError::NotImplemented(what) => Error::unsupported(what.clone()),
        DataFusionError::Plan(what) | DataFusionError::Configuration(what) => {
            Error::invalid(what.clone())
        }
        DataFusionError::SchemaError(what, _) => Error::invalid(what.to_string()),
        DataFusionError::SQL(what, _) => Error::invalid(what.to_string()),
        DataFusionError::Execution(what) => Error::invalid(what.clone()),
        DataFusionError::ArrowError(what, _) => Error::invalid(what.to_string()),
        DataFusionError::ParquetError(what) => Error::invalid(format!("Parquet: {what}")),
        other => Error::internal(other.strip_backtrace()),
    }
}

/// What a memory pool says, without the names and figures of the pool itself.
fn in_short(what: &str) -> String {
    let parts = what
        .strip_prefix("Failed to allocate additional ")
        .and_then(|rest| rest.split_once(" with "))
        .and_then(|(wanted, rest)| {
            let (size, consumer) = wanted.split_once(" for ")?;
            let (_, left) = rest.split_once(" - ")?;
            let (left, _) = left.split_once(" remain")?;
            Some((size, consumer, left))
        });
    match parts {
        Some((size, consumer, left)) => {
            // "GroupedHashAggregateStream[0] (sum(x))": the operator is what helps.
            let operator = consumer.split(['[', ' ']).next().unwrap_or(consumer);
            format!("{operator} needs {size} more, {left} are left")
        }
        None => what.lines().next().unwrap_or_default().to_owned(),
    }
}

/// Carries an error of ours through DataFusion.
pub(crate) fn into_engine(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

fn find<'a, T: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(shared) = error.downcast_ref::<std::sync::Arc<DataFusionError>>() {
            next = Some(shared.as_ref());
            continue;
        }
        next = error.source();
    }
    None
}

fn copy(error: &Error) -> Error {
    let copied = Error::new(error.kind(), error.message());
    match error.hint_text() {
        Some(hint) => copied.hint(hint),
        None => copied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_memory_is_one_short_line() {
        use datafusion::execution::memory_pool::{FairSpillPool, MemoryConsumer, MemoryPool};
        let pool: std::sync::Arc<dyn MemoryPool> = std::sync::Arc::new(FairSpillPool::new(1 << 20));
        let reservation = MemoryConsumer::new("ExternalSorter[1]").register(&pool);
        let error = engine(reservation.try_grow(3 << 20).expect_err("too much"));
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        assert_eq!(
            error.to_string(),
            "not enough memory: ExternalSorter needs 3.0 MB more, 1024.0 KB are left"
        );
    }

    #[test]
    fn our_errors_come_back_out_of_datafusion() {
        let ours = Error::invalid("line 3 is wrong").hint("mend it");
        let wrapped = DataFusionError::Context("while".into(), Box::new(into_engine(ours)));
        let back = engine(DataFusionError::Shared(std::sync::Arc::new(wrapped)));
        assert_eq!(back.to_string(), "line 3 is wrong");
        assert_eq!(back.hint_text(), Some("mend it"));
    }
}
