use super::*;

fn samples(values: &[f64]) -> Samples {
    let mut all = Samples::none();
    for value in values {
        all.merge(&Samples::of(*value, 1.0));
    }
    all
}

fn statistic(text: &str, samples: &Samples) -> Option<f64> {
    text.parse::<Statistic>().expect(text).of(samples)
}

#[test]
fn statistics_by_name() {
    let ten = samples(&[10.0, 1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0, 5.0]);
    for (name, expected) in [
        ("SampleCount", 10.0),
        ("Sum", 55.0),
        ("Average", 5.5),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("p0", 1.0),
        ("p10", 1.0),
        ("p50", 5.0),
        ("p90", 9.0),
        ("p99.9", 10.0),
        ("p100", 10.0),
        ("tm90", 5.0),
        ("TM(10%:90%)", 5.5),
        ("TM(2:4)", 3.5),
        ("tc90", 9.0),
        ("TC(2:4)", 2.0),
        ("TS(80%:)", 19.0),
        ("ts90", 45.0),
        ("wm90", 5.4),
        ("WM(:4)", 3.4),
        ("PR(:3)", 30.0),
        ("PR(3:5)", 20.0),
        ("IQM", 5.5),
    ] {
        let found = statistic(name, &ten).expect(name);
        assert!((found - expected).abs() < 1e-9, "{name}: {found}");
    }
}

#[test]
fn names_read_back_as_they_print() {
    for name in [
        "Sum",
        "p99.9",
        "TM(10%:90%)",
        "TC(80:500)",
        "TC(:0.5)",
        "PR(100:)",
    ] {
        let read: Statistic = name.parse().expect(name);
        assert_eq!(read.to_string(), name);
    }
    for bad in [
        "sum",
        "p101",
        "p-1",
        "p",
        "p1.12345678901",
        "TM90",
        "TM(90:10)",
        "tm(10%:90%)",
        "TM(:)",
        "PR(1%:2%)",
        "XY(1:2)",
        "TM(10%:90)",
        "é1",
    ] {
        assert!(bad.parse::<Statistic>().is_err(), "{bad}");
    }
}

#[test]
fn a_statistic_set_has_no_percentiles_unless_all_are_equal() {
    let mut set = Samples::set(3.0, 6.0, 1.0, 3.0);
    assert_eq!(statistic("Average", &set), Some(2.0));
    assert_eq!(statistic("p50", &set), None);
    let same = Samples::set(3.0, 6.0, 2.0, 2.0);
    assert_eq!(statistic("p50", &same), Some(2.0));
    set.merge(&same);
    assert_eq!(
        (set.count, set.sum, set.min, set.max),
        (6.0, 12.0, 1.0, 3.0)
    );
    assert_eq!(set.values, None);
    assert_eq!(statistic("p50", &samples(&[-1.0, 2.0])), None);
    assert_eq!(statistic("Sum", &Samples::none()), None);
}

#[test]
fn percentiles_of_many_values_are_off_by_half_a_percent_at_most() {
    let mut all = Samples::none();
    for part in 0..10 {
        let values: Vec<f64> = (0..1000).map(|n| f64::from(n * 10 + part) + 1.0).collect();
        all.merge(&samples(&values));
    }
    assert_eq!(all.count.to_bits(), 10_000f64.to_bits());
    assert!(all.values.as_ref().expect("known").len() < 1000);
    for percent in [1.0, 25.0, 50.0, 90.0, 99.0] {
        let exact = percent * 100.0;
        let found = Statistic::Percentile(percent).of(&all).expect("known");
        assert!((found / exact - 1.0).abs() < 0.0051, "p{percent}: {found}");
    }
    assert_eq!(statistic("Maximum", &all), Some(10_000.0));
}
