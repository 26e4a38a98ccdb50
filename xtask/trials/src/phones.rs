//! A customer's telephones and a long file of them: what the trials of files work with.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::{
    Result,
    book::{Book, made, number, text},
    person::Request,
};

/// A file of extensions: every row with a number, every second with a recording.
pub struct File {
    pub content: String,
    /// Rows that can be bound.
    pub good: i64,
    /// Rows that name an add-on nobody has.
    pub bad: i64,
    recordings: i64,
}

impl File {
    /// At most 100,000 rows, as many as there are keys of five digits. Every so many-th row is bad.
    pub fn new(rows: u64, bad_each: Option<u64>) -> File {
        let mut file = File {
            content: "Ext Key,Number,User,Addon license 1\n".to_owned(),
            good: 0,
            bad: 0,
            recordings: 0,
        };
        for row in 0..rows.min(100_000) {
            let bad = bad_each.is_some_and(|each| row % each == each - 1);
            let recorded = row % 2 == 0;
            let add_on = match (bad, recorded) {
                (true, _) => "nobody_has_this",
                (false, true) => "recording",
                (false, false) => "",
            };
            file.bad += i64::from(bad);
            file.good += i64::from(!bad);
            file.recordings += i64::from(recorded && !bad);
            // Writing to a string cannot fail.
            let _ = writeln!(file.content, "{row:05},+4930{row:07},,{add_on}");
        }
        file
    }
}

/// The pools from which a file's rows are bound.
pub struct Phones {
    base: String,
    recording: String,
    number: String,
}

impl Phones {
    /// Sells the provider as many units as the file needs, and no more.
    pub async fn new(book: &Book, file: &File) -> Result<Phones> {
        let base = json!({"code": "phone", "name": "Phone", "has_extensions": true});
        let (product, base) = sold(book, base, file.good).await?;
        let mut pools = Vec::new();
        for (code, units) in [
            ("recording", file.recordings),
            ("license_number", file.good),
        ] {
            let add_on = json!({"code": code, "name": code, "kind": "add_on"});
            let (id, pool) = sold(book, add_on, units).await?;
            let fits = json!({"base_ids": [product]});
            let request = Request::json("PUT", format!("/api/v1/products/{id}/fits"), &fits);
            book.operator.ask(&request).await?;
            pools.push(pool);
        }
        let (number, recording) = (
            pools.pop().unwrap_or_default(),
            pools.pop().unwrap_or_default(),
        );
        Ok(Phones {
            base,
            recording,
            number,
        })
    }

    /// Pools of which otherwise is assigned than must be when the file's good rows are in.
    pub async fn wrong(&self, book: &Book, file: &File) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for (what, pool, wanted) in [
            ("bases", &self.base, file.good),
            ("recordings", &self.recording, file.recordings),
            ("numbers", &self.number, file.good),
        ] {
            let found = book.get(&format!("/api/v1/pools/{pool}")).await?;
            let assigned = number(&found["assigned"])?;
            if assigned != wanted {
                wrong.push(format!("{what}: {assigned} of {wanted} are assigned"));
            }
        }
        Ok(wrong)
    }
}

/// A product with a SKU and a license of the provider: the product and its pool.
async fn sold(book: &Book, product: Value, units: i64) -> Result<(String, String)> {
    let code = product["code"].clone();
    let post = async |path: &str, body: &Value| made(&book.operator, path, body).await;
    let id = text(&post("/api/v1/products", &product).await?["id"])?;
    let sku = json!({"code": code, "name": code, "product_id": id});
    let sku = text(&post("/api/v1/skus", &sku).await?["id"])?;
    let license = json!({"organization_id": book.provider, "sku_id": sku, "quantity": units});
    let license = post("/api/v1/licenses", &license).await?;
    Ok((id, text(&license["pool_id"])?))
}
