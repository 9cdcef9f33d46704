//! How long an invocation takes beyond what the handler and Python take themselves. The numbers
//! are for who asks for them: `cargo test -- --ignored --nocapture functions::tests::speed`.

use std::time::Instant;

use super::*;

/// The shortest and the median.
fn told(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    format!("{:.2} ms ({:.2} ms)", times[0], times[times.len() / 2])
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures"]
async fn warm_and_cold() {
    let world = world();
    world
        .make(
            "small",
            "def lambda_handler(event, context):\n    return event\n",
        )
        .await;
    world.invoke("small", json!({})).await;
    let mut warm = Vec::new();
    for _ in 0..300 {
        let began = Instant::now();
        world.invoke("small", json!({"n": 1})).await;
        warm.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    let (mut cold, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        world.functions.0.pool.retire("small");
        let began = Instant::now();
        world.invoke("small", json!({})).await;
        cold.push(began.elapsed().as_secs_f64() * 1000.0);
        let began = Instant::now();
        let status = std::process::Command::new(python())
            .args(["-s", "-c", "pass"])
            .status();
        assert!(status.expect("run").success());
        bare.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    println!(
        "shortest (median): warm {}, cold {}, Python alone {}",
        told(warm),
        told(cold),
        told(bare)
    );
}
