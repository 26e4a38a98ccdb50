//! The pictures in the documentation: taken of the demo's book on a day that never passes, so that a picture
//! changes only when the page does.

use std::path::Path;

use serde_json::json;

use crate::{
    harness::Engine,
    stage::Stage,
    visitor::{Look, Visitor},
};

/// Set to write them; otherwise the pages are only visited.
const VARIABLE: &str = "UPDATE_SCREENSHOTS";

async fn take(visitor: &Visitor, name: &str) {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots");
    let _ = visitor.runs("document.activeElement?.blur()").await;
    let picture = visitor.driver.screenshot_as_png().await.expect("a picture");
    std::fs::create_dir_all(&folder).expect("the folder is there");
    std::fs::write(folder.join(format!("{name}.png")), picture).expect("it is written");
    let _ = json!(null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn are_taken() {
    let stage = Stage::demo(Engine::Sqlite).await;
    let ingrid = stage.demo_person("ingrid@norvik.example", Look::Light).await;
    take(&ingrid, "overview").await;
    drop(ingrid);
    stage.end().await;
}
