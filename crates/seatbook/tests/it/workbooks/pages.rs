//! The pages, asked as a browser asks.

use reqwest::{Method, multipart};

use super::{
    Stage,
    sheet::{Sheet, number},
};
use crate::{both_engines, harness::send};

both_engines! {
    /// From the list to the workbook, back with it, and the difference before it is applied.
    async fn a_workbook_goes_and_comes(app: TestApp) {
        let stage = Stage::set(&app).await;
        stage.customer(&app, "Aurora", 100).await;
        stage.customer(&app, "Borealis", 50).await;
        let (paula, _) = app.browser_of(stage.partner, "partner_administrator").await;
        let list = format!("/licenses/{}/customers", stage.license);
        let here = format!("/licenses/{}/workbook", stage.license);
        let page = paula.get(&list).await.page(200);
        assert!(page.contains(&here) && page.contains("Upload workbook"), "{page}");
        let page = paula.get(&here).await.page(200);
        assert!(page.contains("Workbook of MDR-1Y") && page.contains("2 customers, as they are now."), "{page}");
        let sent_on = paula.form(&here, &[("q", "")]).await;
        let file = sent_on.headers["location"].to_str().expect("a place").to_owned();
        sent_on.goes(&file);
        let answer = paula.request(Method::GET, &file).send().await.expect("an answer");
        let mut sheet = Sheet::read(&answer.bytes().await.expect("a file"));
        sheet.set("Aurora", "Units", number(120));
        sheet.remove("Borealis");
        let part = multipart::Part::bytes(sheet.write()).file_name("edited.xlsx");
        let form = multipart::Form::new()
            .text("organization_id", stage.partner.to_string())
            .text("kind", "customers")
            .part("file", part);
        let uploaded = send(paula.request(Method::POST, "/imports").multipart(form)).await;
        let difference = uploaded.headers["location"].to_str().expect("a place").to_owned();
        assert!(difference.ends_with("/preview"), "{difference}");
        let page = paula.get(&difference).await.page(200);
        for words in ["Removed", "<del>", "Apply all 2", "850 units are free now; 880 would be left.", "Back to the workbook"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!page.contains(&sheet.headings[6]), "keys are not for people");
        let import = difference.trim_end_matches("/preview");
        paula.form(&format!("{import}/apply"), &[("mode", "all")]).await.goes(import);
        let result = paula.get(import).await.page(200);
        assert!(result.contains(&list) && result.contains("Result file"), "{result}");
        assert!(paula.get(&list).await.page(200).contains("120"));
        let (reader, _) = app.browser_of(stage.partner, "reader").await;
        assert!(!reader.get(&list).await.page(200).contains(&here));
        reader.get(&here).await.page(403);
        let elsewhere = app.organization(app.provider, "partner", "Elsewhere").await;
        let (stranger, _) = app.browser_of(elsewhere, "partner_administrator").await;
        for place in [here, file] {
            stranger.get(&place).await.page(404);
        }
        app.prove();
        app.end().await;
    }
}
