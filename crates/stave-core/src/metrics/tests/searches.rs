use super::super::search::Search;

#[test]
fn searches() {
    let dimensions = [("FunctionName".to_owned(), "extract".to_owned())];
    for (text, expected) in [
        ("{AWS/Lambda,FunctionName} MetricName=\"Errors\"", true),
        ("{AWS/Lambda, FunctionName}", true),
        (
            "{AWS/Lambda,FunctionName} MetricName=\"Errors\" AND FunctionName=\"extract\"",
            true,
        ),
        ("{AWS/Lambda,FunctionName} FunctionName=\"load\"", false),
        ("{AWS/Lambda} MetricName=\"Errors\"", false),
        ("{AWS/Lambda,Resource} MetricName=\"Errors\"", false),
        ("{AWS/S3,FunctionName}", false),
    ] {
        let search = Search::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            search.takes("AWS/Lambda", "Errors", &dimensions),
            expected,
            "{text}"
        );
    }
    for bad in [
        "Errors",
        "{AWS/Lambda",
        "{}",
        "{A,}",
        "{A} Errors",
        "{A} NOT x=\"1\"",
        "{A} (x=\"1\")",
        "{A} x=\"1\" OR y=\"2\"",
        "{A} x=partial",
        "{A} x=\"open",
    ] {
        assert!(Search::parse(bad).is_err(), "{bad}");
    }
}
