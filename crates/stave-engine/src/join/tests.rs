//! The join against nested loops, in memory and through files.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::common::{JoinType, NullEquality};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionConfig;
use proptest::prelude::*;

use super::HashJoin;

/// A row: a number and a string, both keys, and what it carries.
type Row = (Option<i64>, Option<String>, i64);
/// A joined row: what both sides carry.
type Pair = (Option<i64>, Option<i64>);

const TYPES: [JoinType; 8] = [
    JoinType::Inner,
    JoinType::Left,
    JoinType::Right,
    JoinType::Full,
    JoinType::LeftSemi,
    JoinType::LeftAnti,
    JoinType::RightSemi,
    JoinType::RightAnti,
];

fn schema(side: &str) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(format!("{side}_number"), DataType::Int64, true),
        Field::new(format!("{side}_string"), DataType::Utf8View, true),
        Field::new(format!("{side}_carried"), DataType::Int64, true),
    ]))
}

fn batch(side: &str, rows: &[Row]) -> RecordBatch {
    let numbers: Int64Array = rows.iter().map(|row| row.0).collect();
    let strings: StringViewArray = rows.iter().map(|row| row.1.as_deref()).collect();
    let carried: Int64Array = rows.iter().map(|row| Some(row.2)).collect();
    let columns: Vec<arrow::array::ArrayRef> =
        vec![Arc::new(numbers), Arc::new(strings), Arc::new(carried)];
    RecordBatch::try_new(schema(side), columns).expect("a batch")
}

fn scan(side: &str, rows: &[Row], partitions: usize, batch_rows: usize) -> Arc<dyn ExecutionPlan> {
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); partitions];
    for (at, rows) in rows.chunks(batch_rows.max(1)).enumerate() {
        parts[at % partitions].push(batch(side, rows));
    }
    MemorySourceConfig::try_new_exec(&parts, schema(side), None).expect("a scan")
}

/// The join of both sides along `keys` (0 the number, 1 the string).
fn join(
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    join_type: JoinType,
    keys: &[&str],
) -> Arc<dyn ExecutionPlan> {
    let key = |side: &str, plan: &Arc<dyn ExecutionPlan>, name: &str| {
        col(&format!("{side}_{name}"), &plan.schema()).expect("a column")
    };
    let on = keys
        .iter()
        .map(|name| (key("l", &left, name), key("r", &right, name)))
        .collect();
    let planned = HashJoinExec::try_new(
        Arc::clone(&left),
        right,
        on,
        None,
        &join_type,
        None,
        PartitionMode::CollectLeft,
        NullEquality::NullEqualsNothing,
        false,
    )
    .expect("a join");
    assert!(super::is_ours(&planned));
    Arc::new(HashJoin::new(&planned, left))
}

fn context(memory_bytes: usize) -> Arc<TaskContext> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory_bytes)))
        .build_arc()
        .expect("a runtime");
    let config = SessionConfig::new().with_target_partitions(3);
    Arc::new(
        TaskContext::default()
            .with_session_config(config)
            .with_runtime(runtime),
    )
}

fn carried(batch: &RecordBatch, name: &str, row: usize) -> Option<i64> {
    let column = batch.column_by_name(name)?;
    column
        .is_valid(row)
        .then(|| column.as_primitive::<Int64Type>().value(row))
}

async fn run(plan: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> Vec<Pair> {
    let batches = collect(plan, context).await.expect("joined");
    let mut pairs: Vec<Pair> = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|row| {
                (
                    carried(batch, "l_carried", row),
                    carried(batch, "r_carried", row),
                )
            })
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

/// What the join must give, by comparing each row with each.
fn expected(left: &[Row], right: &[Row], join_type: JoinType, keys: &[&str]) -> Vec<Pair> {
    use JoinType::{Full, Inner, Left, LeftAnti, LeftSemi, Right, RightAnti, RightSemi};
    let same = |l: &Row, r: &Row| {
        keys.iter().all(|key| match *key {
            "number" => l.0.is_some() && l.0 == r.0,
            _ => l.1.is_some() && l.1 == r.1,
        })
    };
    let mut pairs = Vec::new();
    for l in left {
        let matches: Vec<&Row> = right.iter().filter(|r| same(l, r)).collect();
        if matches!(join_type, Inner | Left | Right | Full) {
            pairs.extend(matches.iter().map(|r| (Some(l.2), Some(r.2))));
        }
        let alone = match join_type {
            Left | Full | LeftAnti => matches.is_empty(),
            LeftSemi => !matches.is_empty(),
            _ => false,
        };
        if alone {
            pairs.push((Some(l.2), None));
        }
    }
    for r in right {
        let is_matched = left.iter().any(|l| same(l, r));
        let alone = match join_type {
            Right | Full | RightAnti => !is_matched,
            RightSemi => is_matched,
            _ => false,
        };
        if alone {
            pairs.push((None, Some(r.2)));
        }
    }
    pairs.sort_unstable();
    pairs
}

fn row() -> impl Strategy<Value = (Option<i64>, Option<String>)> {
    let string = prop_oneof![
        2 => Just(None),
        6 => "[ab]{0,2}".prop_map(Some),
        6 => "a string that is not inlined [ab]{1,2}".prop_map(Some),
    ];
    (proptest::option::weighted(0.9, 0_i64..6), string)
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec(row(), 0..most).prop_map(|rows| {
        let numbered = rows.into_iter().zip(0..);
        numbered
            .map(|((number, string), at)| (number, string, at))
            .collect()
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_type_of_join_gives_what_nested_loops_give(
        left in rows(40),
        right in rows(40),
        partitions in 1_usize..4,
        batch_rows in 1_usize..9,
        keys in prop_oneof![Just(vec!["number"]), Just(vec!["string"]), Just(vec!["number", "string"])],
    ) {
        block_on(async {
            for join_type in TYPES {
                let plan = join(
                    scan("l", &left, partitions, batch_rows),
                    scan("r", &right, partitions, batch_rows),
                    join_type,
                    &keys,
                );
                let wanted = expected(&left, &right, join_type, &keys);
                let found = run(plan, context(1 << 30)).await;
                assert_eq!(found, wanted, "{join_type} in memory");
            }
        });
    }

    #[test]
    fn files_give_the_same(
        left in rows(60),
        right in rows(60),
        memory_bytes in 200_usize..9000,
    ) {
        block_on(async {
            for join_type in TYPES {
                let plan = join(scan("l", &left, 2, 5), scan("r", &right, 2, 5), join_type, &["number", "string"]);
                let found = run(plan, context(memory_bytes)).await;
                let wanted = expected(&left, &right, join_type, &["number", "string"]);
                assert_eq!(found, wanted, "{join_type}");
            }
        });
    }
}

fn many(rows: i64, step: i64) -> Vec<Row> {
    (0..rows)
        .map(|at| {
            (
                Some(at * step),
                Some(format!("a string that is not inlined {at}")),
                at,
            )
        })
        .collect()
}

#[test]
fn a_build_side_larger_than_memory_goes_through_files() {
    block_on(async {
        let (left, right) = (many(40_000, 1), many(40_000, 2));
        for join_type in [JoinType::Inner, JoinType::Full, JoinType::RightAnti] {
            let plan = join(
                scan("l", &left, 3, 1000),
                scan("r", &right, 3, 1000),
                join_type,
                &["number"],
            );
            let small = context(1 << 20);
            let found = run(Arc::clone(&plan), Arc::clone(&small)).await;
            // Every other left row is met by the first half of the right rows.
            let joined = match join_type {
                JoinType::Full => 20_000 + 20_000 + 20_000,
                _ => 20_000,
            };
            assert_eq!(found.len(), joined, "{join_type}");
            let metrics = plan.metrics().expect("metrics");
            assert!(metrics.spill_count().unwrap_or_default() > 0, "{join_type}");
            drop(plan);
            assert_eq!(small.memory_pool().reserved(), 0, "{join_type}");
        }
    });
}

#[test]
fn one_key_with_more_rows_than_memory_is_joined_piece_by_piece() {
    block_on(async {
        let left: Vec<Row> = (0..9_000).map(|at| (Some(7), None, at)).collect();
        for join_type in TYPES {
            let (build, probe) = (scan("l", &left, 2, 1000), scan("r", &many(10, 1), 1, 10));
            let plan = join(build, probe, join_type, &["number"]);
            let found = run(plan, context(64 << 10)).await;
            let wanted = expected(&left, &many(10, 1), join_type, &["number"]);
            assert!(
                found == wanted,
                "{join_type}: {} of {}",
                found.len(),
                wanted.len()
            );
        }
    });
}

#[test]
fn a_key_that_many_rows_share_comes_out_in_bounded_batches() {
    block_on(async {
        let same = |rows: i64| -> Vec<Row> { (0..rows).map(|at| (Some(1), None, at)).collect() };
        let plan = join(
            scan("l", &same(300), 2, 64),
            scan("r", &same(200), 2, 64),
            JoinType::Inner,
            &["number"],
        );
        let batches = collect(plan, context(1 << 30)).await.expect("joined");
        assert_eq!(
            batches.iter().map(RecordBatch::num_rows).sum::<usize>(),
            60_000
        );
        assert!(batches.iter().all(|batch| batch.num_rows() <= 8192));
    });
}

#[test]
fn a_plan_that_runs_twice_gives_the_same_twice() {
    block_on(async {
        let plan = join(
            scan("l", &many(500, 1), 2, 64),
            scan("r", &many(500, 1), 2, 64),
            JoinType::Inner,
            &["string"],
        );
        let once = run(Arc::clone(&plan), context(1 << 30)).await;
        assert_eq!(once.len(), 500);
        assert_eq!(run(plan, context(1 << 30)).await, once);
    });
}
