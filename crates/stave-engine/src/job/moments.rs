//! Skewness and kurtosis, which the engine lacks, by the central moments of a group
//! (`CentralMomentAgg` of Apache Spark; merging after Chan and Pébay).

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility,
};

/// Spark's `skewness`.
pub(super) fn skewness(column: Expr) -> Expr {
    AggregateUDF::new_from_impl(Moment::new(Figure::Skewness)).call(vec![column])
}

/// Spark's `kurtosis`: the excess over that of the normal distribution.
pub(super) fn kurtosis(column: Expr) -> Expr {
    AggregateUDF::new_from_impl(Moment::new(Figure::Kurtosis)).call(vec![column])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Figure {
    Skewness,
    Kurtosis,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Moment {
    figure: Figure,
    signature: Signature,
}

impl Moment {
    fn new(figure: Figure) -> Self {
        Self {
            figure,
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for Moment {
    fn name(&self) -> &str {
        match self.figure {
            Figure::Skewness => "skewness",
            Figure::Kurtosis => "kurtosis",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Moments {
            figure: self.figure,
            sums: Sums::default(),
        }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let names = ["n", "mean", "m2", "m3", "m4"];
        let field = |name| {
            let name = format!("{}[{name}]", arguments.name);
            FieldRef::new(Field::new(name, DataType::Float64, false))
        };
        Ok(names.into_iter().map(field).collect())
    }
}

/// How many values, their mean, and the sums of the powers of what they differ by.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl Sums {
    fn of(value: f64) -> Self {
        Self {
            n: 1.0,
            mean: value,
            ..Self::default()
        }
    }

    fn merged(self, other: Self) -> Self {
        if self.n == 0.0 || other.n == 0.0 {
            return if self.n == 0.0 { other } else { self };
        }
        let (a, b) = (self.n, other.n);
        let n = a + b;
        let delta = other.mean - self.mean;
        let part = delta / n;
        Self {
            n,
            mean: self.mean + part * b,
            m2: self.m2 + other.m2 + delta * part * a * b,
            m3: self.m3
                + other.m3
                + part * part * delta * a * b * (a - b)
                + 3.0 * part * (a * other.m2 - b * self.m2),
            m4: self.m4
                + other.m4
                + part * part * part * delta * a * b * (a * a - a * b + b * b)
                + 6.0 * part * part * (a * a * other.m2 + b * b * self.m2)
                + 4.0 * part * (a * other.m3 - b * self.m3),
        }
    }
}

#[derive(Debug)]
struct Moments {
    figure: Figure,
    sums: Sums,
}

impl Accumulator for Moments {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let numbers = cast(&values[0], &DataType::Float64)?;
        for value in numbers.as_primitive::<Float64Type>().iter().flatten() {
            self.sums = self.sums.merged(Sums::of(value));
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let part = |at: usize, row: usize| states[at].as_primitive::<Float64Type>().value(row);
        for row in 0..states[0].len() {
            self.sums = self.sums.merged(Sums {
                n: part(0, row),
                mean: part(1, row),
                m2: part(2, row),
                m3: part(3, row),
                m4: part(4, row),
            });
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let Sums {
            n,
            mean,
            m2,
            m3,
            m4,
        } = self.sums;
        Ok([n, mean, m2, m3, m4]
            .into_iter()
            .map(ScalarValue::from)
            .collect())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let Sums { n, m2, m3, m4, .. } = self.sums;
        let figure = (n > 0.0 && m2 != 0.0).then(|| match self.figure {
            Figure::Skewness => n.sqrt() * m3 / (m2 * m2 * m2).sqrt(),
            Figure::Kurtosis => n * m4 / (m2 * m2) - 3.0,
        });
        Ok(ScalarValue::Float64(figure))
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}
