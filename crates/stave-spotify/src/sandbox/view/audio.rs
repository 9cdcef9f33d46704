//! What Spotify measures of a track: audio features, audio analysis.

use serde_json::{Value, json};

use super::View;
use super::music::merge;
use crate::sandbox::world::draw::Domain;
use crate::sandbox::world::ids::Kind;

impl View<'_> {
    /// The audio features of a track.
    pub(in crate::sandbox) fn audio_features(&self, index: u64) -> Value {
        let mut draw = self.world.seed.draw(Domain::Features, index);
        let mut share = || draw.below(1_000) as f64 / 1_000.0;
        let (danceability, energy, valence) = (share(), share(), share());
        let (speechiness, acousticness) = (share() / 3.0, share());
        let (instrumentalness, liveness) = (share() / 2.0, share() / 2.0);
        let (loudness, tempo) = (share(), share());
        let identity = self.identity(Kind::Track, index);
        json!({
            "danceability": danceability,
            "energy": energy,
            "key": draw.below(12),
            "loudness": ((loudness * 30.0 - 32.0) * 1_000.0).round() / 1_000.0,
            "mode": draw.below(2),
            "speechiness": speechiness,
            "acousticness": acousticness,
            "instrumentalness": instrumentalness,
            "liveness": liveness,
            "valence": valence,
            "tempo": ((60.0 + tempo * 130.0) * 1_000.0).round() / 1_000.0,
            "type": "audio_features",
            "id": identity.id,
            "uri": identity.uri,
            "track_href": identity.href,
            "analysis_url": self.href(&format!("/audio-analysis/{}", identity.id)),
            "duration_ms": self.world.track(index).duration_ms,
            "time_signature": 3 + draw.below(3),
        })
    }

    /// The audio analysis of a track: even beats at its tempo.
    pub(in crate::sandbox) fn audio_analysis(&self, index: u64) -> Value {
        let features = self.audio_features(index);
        let tempo = features["tempo"].as_f64().unwrap_or(120.0);
        let signature = features["time_signature"].as_u64().unwrap_or(4);
        let duration = self.world.track(index).duration_ms as f64 / 1_000.0;
        let beat = 60.0 / tempo;
        let intervals = |length: f64| -> Vec<Value> {
            (0..(duration / length) as u64)
                .map(|nth| {
                    let start = nth as f64 * length;
                    json!({ "start": start, "duration": length, "confidence": 0.5 })
                })
                .collect()
        };
        let same = |names: &[&str]| -> Value {
            names
                .iter()
                .map(|name| ((*name).to_owned(), features[*name].clone()))
                .collect()
        };
        let mut sections = intervals(duration / 8.0 - 0.001);
        for section in &mut sections {
            merge(
                section,
                same(&["loudness", "tempo", "key", "mode", "time_signature"]),
            );
        }
        let mut segments = intervals(beat / 2.0);
        let mut draw = self.world.seed.draw(Domain::Features, index ^ 1 << 63);
        for segment in &mut segments {
            let mut twelve = |scale: f64| -> Vec<f64> {
                (0..12).map(|_| draw.below(1_000) as f64 / scale).collect()
            };
            let (pitches, timbre) = (twelve(1_000.0), twelve(20.0));
            merge(
                segment,
                json!({ "loudness_start": -20.0, "loudness_max": -8.0, "loudness_max_time": 0.05,
                    "loudness_end": 0, "pitches": pitches, "timbre": timbre }),
            );
        }
        let mut track = same(&["loudness", "tempo", "time_signature", "key", "mode"]);
        track["num_samples"] = json!((duration * 22_050.0) as u64);
        track["duration"] = json!(duration);
        track["analysis_sample_rate"] = json!(22_050);
        track["analysis_channels"] = json!(1);
        json!({
            "meta": { "analyzer_version": "4.0.0", "platform": "Linux", "detailed_status": "OK",
                "status_code": 0, "timestamp": self.now.as_second(), "analysis_time": 1.0,
                "input_process": "libvorbisfile L+R 44100->22050" },
            "track": track,
            "bars": intervals(beat * signature as f64),
            "beats": intervals(beat),
            "sections": sections,
            "segments": segments,
            "tatums": intervals(beat / 2.0),
        })
    }
}
