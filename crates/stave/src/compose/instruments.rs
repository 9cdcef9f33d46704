//! Where the platform's own services log and measure: into telemetry, without waiting for it.

use async_trait::async_trait;
use stave_core::Result;
use stave_services::functions::{LogEvent, LogSink, Metric, MetricSink};
use stave_services::telemetry::{LogLine, SinkMetric};
use stave_services::{Figure, Telemetry};

/// Takes figures of any service, without waiting.
pub(super) fn measure(telemetry: &Telemetry, figures: &[Figure]) {
    for figure in figures {
        let pairs = figure.dimensions.iter();
        let dimensions: Vec<(&str, &str)> = pairs.map(|(n, v)| (*n, v.as_str())).collect();
        telemetry.sink().put_metrics([SinkMetric {
            namespace: figure.namespace,
            name: figure.name,
            dimensions: &dimensions,
            value: figure.value,
            unit: figure.unit,
        }]);
    }
}

/// Takes lines and figures of functions.
#[derive(Debug)]
pub(super) struct Instruments {
    telemetry: Telemetry,
}

impl Instruments {
    pub fn new(telemetry: Telemetry) -> Self {
        Self { telemetry }
    }
}

#[async_trait]
impl LogSink for Instruments {
    async fn put(&self, group: &str, stream: &str, events: Vec<LogEvent>) -> Result<()> {
        let lines = events.into_iter().map(|event| LogLine {
            at_ms: event.at.as_millisecond(),
            message: event.message,
        });
        let sink = self.telemetry.sink();
        sink.put_lines(group, stream, lines.collect());
        Ok(())
    }
}

impl MetricSink for Instruments {
    /// With AWS's sets of dimensions: the function, what was asked for of it where that is more,
    /// and none.
    fn record(&self, metric: Metric) {
        let function = ("FunctionName", metric.function.as_str());
        let resource = ("Resource", metric.resource.as_str());
        let with_resource: &[(&str, &str)] = &[function, resource];
        let sets: [&[(&str, &str)]; 3] = [&[function], &[], with_resource];
        let figures = sets.map(|dimensions| SinkMetric {
            namespace: "AWS/Lambda",
            name: metric.name,
            dimensions,
            value: metric.value,
            unit: metric.unit,
        });
        self.telemetry.sink().put_metrics(figures);
    }
}
