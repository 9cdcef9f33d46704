//! Runs a query: event by event through the commands that need no others, then all together.

use std::collections::{BTreeMap, HashSet};

use stave_core::Result;

use super::aggregate::{Aggregate, State, too_many};
use super::expression::Expression;
use super::row::{Event, Row};
use super::value::Value;
use super::{Command, MAX_HELD_ROWS, Named, Program, QueryRow};

/// A query at work.
#[derive(Debug)]
pub(in crate::telemetry) struct Run {
    /// The commands that each event goes through on its own.
    single: Vec<Command>,
    held: Held,
    /// The commands that come after.
    rest: Vec<Command>,
    limit: usize,
    matched: u64,
}

/// What is kept of the events.
#[derive(Debug)]
enum Held {
    Groups(Groups),
    Rows {
        rows: Vec<Row>,
        sort: Vec<(Expression, bool)>,
        /// How many of them the end needs, where only the first of the order are wanted.
        needed: Option<usize>,
    },
}

impl Run {
    pub(in crate::telemetry) fn new(program: Program) -> Self {
        let together = |command: &Command| {
            matches!(
                command,
                Command::Stats(..) | Command::Sort(_) | Command::Limit(_) | Command::Dedup(_)
            )
        };
        let mut single = program.commands;
        let place = single.iter().position(together).unwrap_or(single.len());
        let mut rest = single.split_off(place);
        let stats = match rest.first() {
            Some(Command::Stats(aggregates, by)) => Some((aggregates.clone(), by.clone())),
            _ => None,
        };
        let held = if let Some((aggregates, by)) = stats {
            rest.remove(0);
            Held::Groups(Groups::new(aggregates, by))
        } else {
            // Without an order: the latest first.
            let sort = match rest.first() {
                Some(Command::Sort(sort)) => sort.clone(),
                _ => vec![(Expression::Field("@timestamp".to_owned()), true)],
            };
            let only_first = !rest.iter().any(|command| {
                matches!(
                    command,
                    Command::Stats(..) | Command::Dedup(_) | Command::Filter(_)
                )
            });
            let sorts = rest
                .iter()
                .filter(|command| matches!(command, Command::Sort(_)));
            let needed = (only_first && sorts.count() <= 1).then_some(program.limit);
            Held::Rows {
                rows: Vec::new(),
                sort,
                needed,
            }
        };
        Self {
            single,
            held,
            rest,
            limit: program.limit,
            matched: 0,
        }
    }

    /// How many events the filters have let through.
    pub(in crate::telemetry) fn matched(&self) -> u64 {
        self.matched
    }

    /// Takes an event.
    pub(in crate::telemetry) fn take(&mut self, event: &Event<'_>) -> Result<()> {
        let mut row = Row::of(event);
        for command in &self.single {
            if !apply(command, &mut row) {
                return Ok(());
            }
        }
        self.matched += 1;
        match &mut self.held {
            Held::Groups(groups) => groups.add(&row),
            Held::Rows { rows, sort, needed } => {
                rows.push(row);
                if let Some(needed) = needed
                    && rows.len() >= *needed * 2 + 1000
                {
                    sort_rows(rows, sort);
                    rows.truncate(*needed);
                }
                if rows.len() > MAX_HELD_ROWS {
                    return Err(too_many("rows", MAX_HELD_ROWS));
                }
                Ok(())
            }
        }
    }

    /// The rows, when all events have been taken.
    pub(in crate::telemetry) fn finish(self) -> Result<Vec<QueryRow>> {
        let mut rows = match self.held {
            Held::Groups(groups) => groups.rows(),
            Held::Rows { mut rows, sort, .. } => {
                sort_rows(&mut rows, &sort);
                rows
            }
        };
        for command in self.rest {
            match command {
                Command::Stats(aggregates, by) => {
                    let mut groups = Groups::new(aggregates, by);
                    for row in &rows {
                        groups.add(row)?;
                    }
                    rows = groups.rows();
                }
                Command::Sort(sort) => sort_rows(&mut rows, &sort),
                Command::Limit(limit) => rows.truncate(limit),
                Command::Dedup(fields) => dedup(&mut rows, &fields),
                single => rows.retain_mut(|row| apply(&single, row)),
            }
        }
        rows.truncate(self.limit);
        Ok(rows.iter().map(Row::result).collect())
    }
}

/// Lets a row through a command of one row; says whether it stays.
fn apply(command: &Command, row: &mut Row) -> bool {
    match command {
        Command::Filter(expression) => return expression.of(row).truth(),
        Command::Parse(extract) => extract.apply(row),
        Command::Fields(fields) => add_fields(row, fields),
        Command::Display(fields) => {
            row.shown = Some(Vec::new());
            add_fields(row, fields);
        }
        Command::Stats(..) | Command::Sort(_) | Command::Limit(_) | Command::Dedup(_) => {}
    }
    true
}

fn add_fields(row: &mut Row, fields: &[Named<Expression>]) {
    for field in fields {
        let is_itself = matches!(&field.what, Expression::Field(name) if *name == field.name);
        if !is_itself {
            let value = field.what.of(row);
            row.set(&field.name, value);
        }
        row.show(&field.name);
    }
}

fn sort_rows(rows: &mut [Row], sort: &[(Expression, bool)]) {
    rows.sort_by_cached_key(|row| {
        let keys = sort
            .iter()
            .map(|(by, descending)| Key(by.of(row), *descending));
        keys.collect::<Vec<_>>()
    });
}

/// A value to sort by, and whether the other way round.
#[derive(Debug)]
struct Key(Value, bool);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let order = self.0.order(&other.0);
        if self.1 { order.reverse() } else { order }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// Keeps the first row of each combination of values; rows that lack one are left out.
fn dedup(rows: &mut Vec<Row>, fields: &[Named<Expression>]) {
    let mut seen = HashSet::new();
    rows.retain(|row| {
        let values: Vec<Value> = fields.iter().map(|field| field.what.of(row)).collect();
        let whole = !values.iter().any(Value::is_null);
        whole && seen.insert(values.iter().map(Value::text).collect::<Vec<_>>())
    });
}

/// The groups of a `stats`, by what they have in common.
#[derive(Debug)]
struct Groups {
    aggregates: Vec<Named<Aggregate>>,
    by: Vec<Named<Expression>>,
    found: BTreeMap<Vec<Key>, Vec<State>>,
}

impl Groups {
    fn new(aggregates: Vec<Named<Aggregate>>, by: Vec<Named<Expression>>) -> Self {
        Self {
            aggregates,
            by,
            found: BTreeMap::new(),
        }
    }

    fn add(&mut self, row: &Row) -> Result<()> {
        let key = self
            .by
            .iter()
            .map(|by| Key(by.what.of(row), false))
            .collect();
        let count = self.aggregates.len();
        let states = self
            .found
            .entry(key)
            .or_insert_with(|| vec![State::default(); count]);
        for (aggregate, state) in self.aggregates.iter().zip(states) {
            aggregate.what.add(state, row)?;
        }
        if self.found.len() > MAX_HELD_ROWS {
            return Err(too_many("groups", MAX_HELD_ROWS));
        }
        Ok(())
    }

    fn rows(self) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.found.len());
        for (key, mut states) in self.found {
            let mut row = Row::default();
            for (by, Key(value, _)) in self.by.iter().zip(key) {
                row.set(&by.name, value);
                row.show(&by.name);
            }
            for (aggregate, state) in self.aggregates.iter().zip(&mut states) {
                row.set(&aggregate.name, aggregate.what.value(state));
                row.show(&aggregate.name);
            }
            rows.push(row);
        }
        rows
    }
}
