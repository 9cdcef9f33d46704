//! What Glue measures of a run that has ended, as far as it is known here: its time, what its
//! sources read and what its targets wrote. There are no tasks, stages or executors to count.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/monitoring-awsglue-with-cloudwatch-metrics.html>

use stave_engine::job::StepFigures;
use stave_store::JobRun;

use crate::announce::Figure;

const NAMESPACE: &str = "Glue";
/// What stands for all runs of a job.
const ALL: &str = "ALL";
/// Of figures that add up, and of those that stand for themselves.
const COUNT: &str = "count";
const GAUGE: &str = "gauge";

/// The figures of `run`, whose steps are known if it has come to its proper end.
pub(super) fn figures(run: &JobRun, steps: Option<&[StepFigures]>) -> Vec<Figure> {
    let mut measured = Vec::new();
    if let Some(ended) = run.finished_at {
        let ms = ended.duration_since(run.started_at).as_secs_f64() * 1000.0;
        let name = "glue.driver.aggregate.elapsedTime";
        measured.push((name, COUNT, ms, "Milliseconds"));
    }
    for (name, kind, value, unit) in steps.into_iter().flat_map(amounts) {
        #[expect(clippy::cast_precision_loss, reason = "figures are of this type")]
        measured.push((name, kind, value as f64, unit));
    }
    let mut figures = Vec::new();
    for (name, kind, value, unit) in measured {
        for run_id in [run.id.as_str(), ALL] {
            figures.push(Figure {
                namespace: NAMESPACE,
                name,
                dimensions: vec![
                    ("JobName", run.job.clone()),
                    ("JobRunId", run_id.to_owned()),
                    ("Type", kind.to_owned()),
                ],
                value,
                unit,
            });
        }
    }
    figures
}

/// What was read, if all sources know it, and what was written.
fn amounts(steps: &[StepFigures]) -> Vec<(&'static str, &'static str, u64, &'static str)> {
    // Glue's names of nodes say what they are.
    let sources = || {
        let is_source = |step: &&StepFigures| step.node_type.ends_with("Source");
        steps.iter().filter(is_source)
    };
    let mut amounts = Vec::new();
    if let Some(bytes) = sources().map(|step| step.bytes_read).sum::<Option<u64>>() {
        let name = "glue.driver.aggregate.bytesRead";
        amounts.push((name, COUNT, bytes, "Bytes"));
    }
    let records = |step: &StepFigures| step.rows.map(|rows| rows + step.rows_rejected);
    if let Some(records) = sources().map(records).sum::<Option<u64>>() {
        let name = "glue.driver.aggregate.recordsRead";
        amounts.push((name, COUNT, records, "Count"));
    }
    let written = steps.iter().map(|step| step.bytes_written).sum();
    let name = "glue.ALL.s3.filesystem.write_bytes";
    amounts.push((name, GAUGE, written, "Bytes"));
    amounts
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use stave_store::RunState;

    use super::*;

    fn step(node_type: &'static str, bytes_read: Option<u64>, rows: Option<u64>) -> StepFigures {
        StepFigures {
            node_id: String::new(),
            node_name: String::new(),
            node_type,
            bytes_read,
            rows_rejected: 1,
            rows,
            bytes_written: 5,
            files_written: 1,
        }
    }

    /// Names, runs, types and values.
    fn told(steps: Option<&[StepFigures]>) -> Vec<(&'static str, String, String, f64)> {
        let run = JobRun {
            id: "jr_1".to_owned(),
            job: "etl".to_owned(),
            state: RunState::Succeeded,
            attempt: 0,
            arguments: serde_json::Value::Null,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Some(Timestamp::new(2, 500_000_000).expect("a time")),
            error: None,
            steps: serde_json::Value::Null,
        };
        let figures = figures(&run, steps).into_iter();
        let told = figures.map(|figure| {
            let values: Vec<&str> = figure.dimensions.iter().map(|(_, v)| v.as_str()).collect();
            assert_eq!((figure.namespace, values[0]), ("Glue", "etl"));
            let name = figure.name.rsplit('.').next().expect("a name");
            (
                name,
                values[1].to_owned(),
                values[2].to_owned(),
                figure.value,
            )
        });
        told.collect()
    }

    fn both(
        name: &'static str,
        kind: &str,
        value: f64,
    ) -> [(&'static str, String, String, f64); 2] {
        ["jr_1", "ALL"].map(|run| (name, run.to_owned(), kind.to_owned(), value))
    }

    #[test]
    fn a_run_that_failed_has_only_its_time() {
        assert_eq!(told(None), both("elapsedTime", "count", 2500.0));
    }

    #[test]
    fn what_was_read_and_written_is_added_up() {
        let steps = [
            step("S3CsvSource", Some(10), Some(3)),
            step("S3JsonSource", Some(20), Some(4)),
            step("Join", None, None),
        ];
        let expected = [
            both("elapsedTime", "count", 2500.0),
            both("bytesRead", "count", 30.0),
            both("recordsRead", "count", 9.0),
            both("write_bytes", "gauge", 15.0),
        ];
        assert_eq!(told(Some(&steps)), expected.concat());
    }

    #[test]
    fn what_a_source_does_not_know_is_not_told() {
        let steps = [
            step("S3CsvSource", Some(10), Some(3)),
            step("S3ParquetSource", None, Some(4)),
        ];
        let names: Vec<_> = told(Some(&steps))
            .into_iter()
            .map(|(name, ..)| name)
            .collect();
        assert!(
            !names.contains(&"bytesRead") && names.contains(&"recordsRead"),
            "{names:?}"
        );
    }
}
