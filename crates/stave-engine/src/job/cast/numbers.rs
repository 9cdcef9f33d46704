//! Casts between numbers, truth values and moments as the JVM makes them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType,
};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The column as `wanted`; none for pairs that arrow's own cast does as Spark does.
pub(super) fn cast(array: &ArrayRef, wanted: &DataType) -> Option<ArrayRef> {
    match array.data_type() {
        DataType::Int8 => whole::<Int8Type>(array, wanted),
        DataType::Int16 => whole::<Int16Type>(array, wanted),
        DataType::Int32 => whole::<Int32Type>(array, wanted),
        DataType::Int64 => whole::<Int64Type>(array, wanted),
        DataType::Float32 => fractional(&widened(array), wanted),
        DataType::Float64 => fractional(array.as_primitive::<Float64Type>(), wanted),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            moment(array.as_primitive::<TimestampMicrosecondType>(), wanted)
        }
        _ => None,
    }
}

fn widened(array: &ArrayRef) -> PrimitiveArray<Float64Type> {
    array.as_primitive::<Float32Type>().unary(f64::from)
}

fn mapped<F: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &PrimitiveArray<F>,
    change: impl Fn(F::Native) -> T::Native,
) -> ArrayRef {
    Arc::new(array.unary::<_, T>(change))
}

/// Whole numbers that do not fit lose their upper bits, as on the JVM.
fn whole<F: ArrowPrimitiveType>(array: &ArrayRef, wanted: &DataType) -> Option<ArrayRef>
where
    F::Native: Into<i64>,
{
    let array = array.as_primitive::<F>();
    Some(match wanted {
        DataType::Int8 => mapped::<F, Int8Type>(array, |value| value.into() as i8),
        DataType::Int16 => mapped::<F, Int16Type>(array, |value| value.into() as i16),
        DataType::Int32 => mapped::<F, Int32Type>(array, |value| value.into() as i32),
        DataType::Int64 => mapped::<F, Int64Type>(array, Into::into),
        DataType::Boolean => truth(array, |value| value.into() != 0),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            mapped::<F, TimestampMicrosecondType>(array, |value| {
                value.into().saturating_mul(MICROS_PER_SECOND)
            })
        }
        _ => return None,
    })
}

fn truth<F: ArrowPrimitiveType>(
    array: &PrimitiveArray<F>,
    is_true: impl Fn(F::Native) -> bool,
) -> ArrayRef {
    let values = array.values().iter().map(|value| is_true(*value)).collect();
    Arc::new(BooleanArray::new(values, array.nulls().cloned()))
}

/// Fractions are cut off; what is too large becomes the largest whole number, NaN 0.
fn fractional(array: &PrimitiveArray<Float64Type>, wanted: &DataType) -> Option<ArrayRef> {
    Some(match wanted {
        DataType::Int8 => mapped::<_, Int8Type>(array, |value| value as i32 as i8),
        DataType::Int16 => mapped::<_, Int16Type>(array, |value| value as i32 as i16),
        DataType::Int32 => mapped::<_, Int32Type>(array, |value| value as i32),
        DataType::Int64 => mapped::<_, Int64Type>(array, |value| value as i64),
        DataType::Boolean => truth(array, |value| value != 0.0),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let moments = array.unary_opt::<_, TimestampMicrosecondType>(|value| {
                value
                    .is_finite()
                    .then_some((value * MICROS_PER_SECOND as f64) as i64)
            });
            Arc::new(moments)
        }
        _ => return None,
    })
}

/// Seconds since 1970, rounded down for whole numbers.
fn moment(array: &PrimitiveArray<TimestampMicrosecondType>, wanted: &DataType) -> Option<ArrayRef> {
    let seconds = |value: i64| value.div_euclid(MICROS_PER_SECOND);
    Some(match wanted {
        DataType::Int8 => mapped::<_, Int8Type>(array, |value| seconds(value) as i8),
        DataType::Int16 => mapped::<_, Int16Type>(array, |value| seconds(value) as i16),
        DataType::Int32 => mapped::<_, Int32Type>(array, |value| seconds(value) as i32),
        DataType::Int64 => mapped::<_, Int64Type>(array, seconds),
        DataType::Float32 => mapped::<_, Float32Type>(array, |value| {
            (value as f64 / MICROS_PER_SECOND as f64) as f32
        }),
        DataType::Float64 => {
            mapped::<_, Float64Type>(array, |value| value as f64 / MICROS_PER_SECOND as f64)
        }
        _ => return None,
    })
}
