use std::sync::Mutex;

use stave_core::Error;
use stave_core::metrics::AlarmState;

use super::*;

/// Writes down what it is told; fails as often as it is to.
#[derive(Default)]
struct Port {
    told: Mutex<Vec<String>>,
    failures: Mutex<usize>,
}

impl AlarmPort for Port {
    fn state_changed(&self, change: &StateChange) -> Result<()> {
        let text = format!("{}: {} to {}", change.alarm, change.old_state, change.state);
        self.told.lock().expect("unpoisoned").push(text);
        Ok(())
    }

    fn act(&self, action: &Action<'_>) -> Result<()> {
        let mut failures = self.failures.lock().expect("unpoisoned");
        if *failures > 0 {
            *failures -= 1;
            return Err(Error::unavailable("not now"));
        }
        self.told
            .lock()
            .expect("unpoisoned")
            .push(format!("{} for {}", action.arn, action.change.alarm));
        Ok(())
    }
}

impl Port {
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().expect("unpoisoned"))
    }
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:notify";

fn errors_alarm(name: &str) -> NewAlarm {
    NewAlarm {
        name: name.to_owned(),
        description: Some("too many errors".to_owned()),
        actions_enabled: true,
        actions: ActionsOf {
            alarm: vec![FUNCTION.to_owned()],
            ..ActionsOf::default()
        },
        target: AlarmTarget::Metric(MetricStat {
            metric: metric("Errors"),
            period_s: 60,
            statistic: "Sum".to_owned(),
            unit: None,
        }),
        comparison: "GreaterThanThreshold".to_owned(),
        threshold: 1.0,
        evaluation_periods: 2,
        datapoints_to_alarm: None,
        missing: Some("notBreaching".to_owned()),
        few_samples_ignored: false,
        tags: Tags::new(),
    }
}

fn put(w: &World, value: f64) {
    let data = [datum("Errors", w.now_ms(), value)];
    w.telemetry
        .put_metric_data(&w.root, "App", &data)
        .expect("put");
}

fn state(w: &World, name: &str) -> AlarmState {
    let filter = AlarmFilter {
        names: vec![name.to_owned()],
        kinds: vec![AlarmKind::Metric, AlarmKind::Composite],
        ..AlarmFilter::default()
    };
    w.telemetry
        .describe_alarms(&w.root, &filter, &NONE)
        .expect("listed")
        .items[0]
        .state
}

#[test]
fn an_alarm_goes_off_acts_once_and_calms_down() {
    let w = world();
    let (t, root, port) = (&w.telemetry, &w.root, Port::default());
    t.put_metric_alarm(root, &errors_alarm("errors"))
        .expect("put");
    assert_eq!(state(&w, "errors"), AlarmState::InsufficientData);
    t.tick(&port).expect("ticked");
    assert_eq!(port.told(), ["errors: INSUFFICIENT_DATA to OK"]);
    for _ in 0..2 {
        put(&w, 2.0);
        w.wait(60);
        t.tick(&port).expect("ticked");
        // Within the same minute nothing is evaluated again, and by no other process.
        assert_eq!(t.tick(&port).expect("ticked").evaluated, 0);
        assert_eq!(
            open(&w.dir, &w.clock)
                .tick(&port)
                .expect("ticked")
                .evaluated,
            0
        );
    }
    assert_eq!(
        port.told(),
        [
            "errors: OK to ALARM".to_owned(),
            format!("{FUNCTION} for errors")
        ]
    );
    let alarms = t
        .describe_alarms(root, &AlarmFilter::default(), &NONE)
        .expect("listed");
    assert_eq!(
        alarms.items[0].reason,
        "Threshold Crossed: 2 out of the last 2 datapoints [2.0 (21/11/26 10:01:00), 2.0 (21/11/26 10:00:00)] were greater than the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition)."
    );
    for _ in 0..5 {
        w.wait(60);
        t.tick(&port).expect("ticked");
    }
    assert_eq!(port.told(), ["errors: ALARM to OK"]);
    let history = t
        .describe_alarm_history(root, &HistoryFilter::default(), &NONE)
        .expect("history");
    let items: Vec<&str> = history
        .items
        .iter()
        .map(|line| line.summary.as_str())
        .collect();
    assert_eq!(items[0], "Alarm updated from ALARM to OK");
    assert_eq!(items[1], format!("Successfully executed action {FUNCTION}"));
    assert_eq!(items.len(), 5);
    let only = HistoryFilter {
        item: Some("Action".to_owned()),
        ascending: true,
        ..HistoryFilter::default()
    };
    assert_eq!(
        t.describe_alarm_history(root, &only, &NONE)
            .expect("history")
            .items
            .len(),
        1
    );
}

#[test]
fn an_action_that_fails_is_tried_again_also_after_a_death() {
    let w = world();
    let (t, root, port) = (&w.telemetry, &w.root, Port::default());
    t.put_metric_alarm(root, &errors_alarm("errors"))
        .expect("put");
    *port.failures.lock().expect("unpoisoned") = 1;
    t.set_alarm_state(root, "errors", "ALARM", "by hand", None)
        .expect("set");
    t.flush().expect("flushed");
    assert_eq!(t.act_for_test(&port), 1);
    assert_eq!(port.told(), ["errors: INSUFFICIENT_DATA to ALARM"]);
    assert_eq!(t.act_for_test(&port), 0);
    w.wait(61);
    assert_eq!(open(&w.dir, &w.clock).act_for_test(&port), 1);
    assert_eq!(port.told(), [format!("{FUNCTION} for errors")]);
    *port.failures.lock().expect("unpoisoned") = 100;
    t.set_alarm_state(root, "errors", "OK", "by hand", None)
        .expect("set");
    t.set_alarm_state(root, "errors", "ALARM", "by hand", Some("{}"))
        .expect("set");
    for _ in 0..10 {
        t.act_for_test(&port);
        w.wait(61);
    }
    let history = t
        .describe_alarm_history(root, &HistoryFilter::default(), &NONE)
        .expect("history");
    assert_eq!(
        history.items[0].summary,
        format!("Failed to execute action {FUNCTION}")
    );
    assert_eq!(*port.failures.lock().expect("unpoisoned"), 95);
}

#[test]
fn alarms_watch_expressions_and_each_other() {
    let w = world();
    let (t, root, port) = (&w.telemetry, &w.root, Port::default());
    let part = |id: &str, source, returned| DataQuery {
        id: id.to_owned(),
        source,
        label: None,
        returned,
        period_s: None,
    };
    let m1 = DataSource::Metric(MetricStat {
        metric: metric("Errors"),
        period_s: 60,
        statistic: "Sum".to_owned(),
        unit: None,
    });
    let tenfold = DataSource::Expression("m1 * 10".to_owned());
    let mut alarm = errors_alarm("tenfold");
    alarm.target = AlarmTarget::Expressions(vec![part("m1", m1, false), part("e1", tenfold, true)]);
    (
        alarm.threshold,
        alarm.evaluation_periods,
        alarm.actions_enabled,
    ) = (15.0, 1, false);
    t.put_metric_alarm(root, &alarm).expect("put");
    let any = NewCompositeAlarm {
        name: "any".to_owned(),
        actions_enabled: true,
        actions: ActionsOf {
            alarm: vec![FUNCTION.to_owned()],
            ..ActionsOf::default()
        },
        rule: "ALARM(tenfold) AND NOT ALARM(\"quiet\")".to_owned(),
        ..NewCompositeAlarm::default()
    };
    assert_eq!(
        fault(t.put_composite_alarm(root, &any)).0,
        ErrorKind::Invalid
    );
    t.put_metric_alarm(root, &errors_alarm("quiet"))
        .expect("put");
    t.put_composite_alarm(root, &any).expect("put");
    let upper = NewCompositeAlarm {
        name: "upper".to_owned(),
        rule: "ALARM(any)".to_owned(),
        ..NewCompositeAlarm::default()
    };
    t.put_composite_alarm(root, &upper).expect("put");
    put(&w, 2.0);
    w.wait(60);
    t.tick(&port).expect("ticked");
    assert_eq!(state(&w, "tenfold"), AlarmState::Alarm);
    assert_eq!(
        (state(&w, "any"), state(&w, "upper")),
        (AlarmState::Alarm, AlarmState::Alarm)
    );
    let told = port.told();
    assert!(told.contains(&format!("{FUNCTION} for any")), "{told:?}");
    assert!(
        !told.contains(&format!("{FUNCTION} for tenfold")),
        "{told:?}"
    );
    t.enable_alarm_actions(root, &["any".to_owned(), "none".to_owned()], false)
        .expect("disabled");
    t.set_alarm_state(root, "any", "OK", "by hand", None)
        .expect("set");
    t.tick(&port).expect("ticked");
    assert_eq!(state(&w, "any"), AlarmState::Alarm);
    assert!(!port.told().contains(&format!("{FUNCTION} for any")));
    let composites = AlarmFilter {
        kinds: vec![AlarmKind::Composite],
        state: Some("ALARM".to_owned()),
        ..AlarmFilter::default()
    };
    assert_eq!(
        t.describe_alarms(root, &composites, &NONE)
            .expect("listed")
            .items
            .len(),
        2
    );
    assert_eq!(
        t.describe_alarms_for_metric(root, &metric("Errors"))
            .expect("listed")
            .len(),
        1
    );
    t.delete_alarms(root, &["upper".to_owned(), "any".to_owned()])
        .expect("deleted");
    assert_eq!(
        fault(t.delete_alarms(root, &["any".to_owned()])),
        (ErrorKind::NotFound, "ResourceNotFound")
    );
}

#[test]
fn wrong_alarms_are_refused() {
    let w = world();
    let good = errors_alarm("a");
    let changed = |change: &dyn Fn(&mut NewAlarm)| {
        let mut alarm = good.clone();
        change(&mut alarm);
        alarm
    };
    for bad in [
        changed(&|a| a.name = String::new()),
        changed(&|a| a.comparison = "More".to_owned()),
        changed(&|a| a.evaluation_periods = 0),
        changed(&|a| a.datapoints_to_alarm = Some(3)),
        changed(&|a| a.evaluation_periods = 2000),
        changed(&|a| a.missing = Some("maybe".to_owned())),
        changed(&|a| a.threshold = f64::NAN),
        changed(&|a| a.actions.ok = vec!["x".to_owned()]),
        changed(&|a| a.target = AlarmTarget::Expressions(vec![])),
    ] {
        assert_eq!(
            fault(w.telemetry.put_metric_alarm(&w.root, &bad)).0,
            ErrorKind::Invalid,
            "{bad:?}"
        );
    }
    let band = changed(&|a| a.comparison = "GreaterThanUpperThreshold".to_owned());
    assert_eq!(
        fault(w.telemetry.put_metric_alarm(&w.root, &band)).0,
        ErrorKind::Unsupported
    );
    assert_eq!(
        fault(w.telemetry.set_alarm_state(&w.root, "none", "OK", "", None)).0,
        ErrorKind::NotFound
    );
}
