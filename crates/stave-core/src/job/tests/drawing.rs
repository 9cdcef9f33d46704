//! The drawing of a graph.

use super::super::graph_text;
use super::{EVERYTHING, EXPORTED, read};

#[test]
fn the_three_source_job_is_drawn() {
    let drawn = graph_text(&read(EXPORTED).nodes);
    let wanted = "\
○      tracks                 S3CsvSource          s3://staging/track.csv
│ ○    album                  S3CsvSource          s3://staging/albums.csv
│ │ ○  artist                 S3CsvSource          s3://staging/artists.csv
│ ├─╯
│ ●    Join album and artist  Join                 inner on artist_id = id
├─╯
●      Join with tracks       Join                 inner on track_id = track_id
│
●      Drop Fields            DropFields           drops .track_id, id
│
◆      Destination            S3GlueParquetTarget  s3://warehouse/, parquet snappy
";
    assert_eq!(drawn, wanted);
}

#[test]
fn every_node_is_drawn_once() {
    let job = read(EVERYTHING);
    let drawn = graph_text(&job.nodes);
    println!("{drawn}");
    for node in job.nodes.nodes() {
        let lines = drawn.lines().filter(|line| {
            let mut words = line
                .split("  ")
                .map(str::trim)
                .filter(|word| !word.is_empty());
            words.any(|word| word == node.name) && line.contains(node.kind.type_name())
        });
        assert_eq!(lines.count(), 1, "{}", node.name);
    }
}
