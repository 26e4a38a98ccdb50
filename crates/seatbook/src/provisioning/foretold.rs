//! What a plan would draw for a customer, said before it does; or what is short for it.

use std::collections::BTreeMap;

use store::Date;
use uuid::Uuid;

use super::orders::{Chosen, short};
use crate::{
    app::App,
    console::format,
    error::{Error, Result},
    licenses::{
        model::{License, Pool},
        pools,
    },
};

/// What assigning a plan would do.
#[derive(Clone, Debug, Default)]
pub struct Foretold {
    /// Component by component: (product, units, where they come from).
    pub rows: Vec<(String, String, String)>,
    /// First and last day.
    pub days: String,
    /// What is too little.
    pub short: Vec<Shortage>,
    /// Why it would be refused, as far as no shortage says it.
    pub problem: Option<String>,
}

impl Foretold {
    /// License by license, from which pool units are drawn and what is left there.
    pub async fn drawn(
        app: &App,
        licenses: &[&License],
        (start, end): (Date, Date),
    ) -> Result<Foretold> {
        let mut pools = sources(app, licenses).await?;
        let mut rows = Vec::with_capacity(licenses.len());
        for it in licenses {
            let units = format::count(it.quantity, &it.unit, &it.units);
            let pool = it.source_pool_id.and_then(|id| pools.get_mut(&id));
            let source = match pool {
                None => "new units".to_owned(),
                Some(pool) => {
                    // Two components of one pool leave what both have taken.
                    pool.free -= it.quantity;
                    let order = pool.sales_order.as_deref().unwrap_or(&pool.sku_code);
                    format!("from {order}, {} left there", format::number(pool.free))
                }
            };
            rows.push((it.product_name.clone(), units, source));
        }
        let days = format!("{} to {}", format::date(start.0), format::date(end.0));
        Ok(Foretold {
            days,
            rows,
            ..Foretold::default()
        })
    }

    /// What is short, component by component, with a way to ask for it where that is wanted; else why it would be
    /// refused.
    pub fn refused(chosen: &Chosen, error: &Error, asks: bool) -> Foretold {
        let shortage = |(sku_id, wanted, available): (Uuid, i64, i64)| {
            let it = chosen.components.iter().find(|it| it.sku_id == sku_id)?;
            let more = wanted - available;
            Some(Shortage {
                words: format!(
                    "{}: {} wanted, {} free in one pool.",
                    it.product_name,
                    format::count(wanted, &it.unit, &it.units_name),
                    format::number(available)
                ),
                ask: asks.then(|| format!("{sku_id}:{more}")),
                label: format!("Ask for {} more", format::number(more)),
            })
        };
        let short: Vec<Shortage> = short(error).into_iter().filter_map(shortage).collect();
        Foretold {
            problem: Some(error)
                .filter(|error| short.is_empty() && error.fields.is_empty())
                .map(|error| error.message.clone()),
            short,
            ..Foretold::default()
        }
    }
}

/// A component of which the seller has too little.
#[derive(Clone, Debug, Default)]
pub struct Shortage {
    /// "XDR: 12 users wanted, 4 free".
    pub words: String,
    /// What the button sends, where more can be asked for: SKU and units.
    pub ask: Option<String>,
    /// The words on that button: "Ask for 8 more".
    pub label: String,
}

/// The pools that licenses draw from, as they are before.
async fn sources(app: &App, licenses: &[&License]) -> Result<BTreeMap<Uuid, Pool>> {
    let drawn = licenses.iter().filter_map(|it| it.source_pool_id);
    let ids: Vec<Uuid> = drawn.collect();
    let read = app.read(move |mut tx| Box::pin(async move { pools::of_ids(&mut tx, &ids).await }));
    Ok(read.await?.into_iter().map(|it| (it.id, it)).collect())
}
