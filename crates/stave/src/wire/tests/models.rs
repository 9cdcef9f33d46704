//! The generated models hold together.

use super::*;
use crate::wire::model::Service;
use crate::wire::shape::{Kind, Shape};
use crate::wire::types;

const SERVICES: &[&Service] = &[
    &types::cloudwatch::SERVICE,
    &types::events::SERVICE,
    &types::iam::SERVICE,
    &types::lambda::SERVICE,
    &types::logs::SERVICE,
    &types::scheduler::SERVICE,
    &types::sts::SERVICE,
];

fn visit(shape: &'static Shape, seen: &mut Vec<*const Shape>, see: &mut dyn FnMut(&'static Shape)) {
    if seen.contains(&std::ptr::from_ref(shape)) {
        return;
    }
    seen.push(shape);
    see(shape);
    match &shape.kind {
        Kind::Structure(members) => {
            for member in *members {
                visit(member.shape, seen, see);
            }
        }
        Kind::List { of, .. } => visit(of, seen, see),
        Kind::Map { key, value, .. } => {
            visit(key, seen, see);
            visit(value, seen, see);
        }
        _ => {}
    }
}

#[test]
fn every_operation_has_its_handler() {
    let world = world();
    for service in SERVICES {
        let door = &world.wire.doors[service.signing_name];
        assert_eq!(door.missing(), Vec::<&str>::new(), "{}", service.id);
    }
}

#[test]
fn every_pattern_is_read() {
    let mut patterns = 0;
    for service in SERVICES {
        let mut seen = Vec::new();
        for operation in service.operations {
            for shape in operation.input.iter().chain(&operation.output) {
                visit(shape, &mut seen, &mut |shape| {
                    if let Some(pattern) = shape.rules.pattern {
                        assert!(pattern.is_read(), "{}", pattern.text());
                        patterns += 1;
                    }
                });
            }
        }
    }
    assert!(patterns > 20, "{patterns}");
}

#[test]
fn all_operations_of_a_model_are_known() {
    let all: Vec<usize> = SERVICES
        .iter()
        .map(|service| service.all().count())
        .collect();
    assert_eq!(all, [59, 57, 180, 91, 118, 12, 11]);
    let error = types::iam::SERVICE.error("NoSuchEntity").expect("known");
    assert_eq!((error.name, error.status), ("NoSuchEntityException", 404));
}
