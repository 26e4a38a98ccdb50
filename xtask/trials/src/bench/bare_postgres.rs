//! PostgreSQL's driver bare, on a copy of a book that the server made.

use std::{sync::Arc, time::Duration};

use futures_util::future::try_join_all;
use tokio::task::JoinSet;
use tokio_postgres::{Client, Statement, types::ToSql};

use super::{
    load::Meter,
    script::{Step, Target, Value, Values, numbered},
};
use crate::{
    Result,
    server::{connect, told},
};

/// Transactions a second over so many connections, where each commit holds `batch` of them and the statements of
/// a batch are pipelined. The targets are dealt out, so that no connection waits for another's rows.
pub async fn rate(
    url: &str,
    steps: &[Step],
    targets: &[Target],
    (connections, batch, time): (usize, usize, Duration),
) -> Result<f64> {
    let meter = Arc::new(Meter::default());
    let mut writers = JoinSet::new();
    for number in 0..connections {
        let client = connect(url).await?;
        let prepared = Arc::new(prepare(&client, steps).await?);
        let own = targets.iter().skip(number).step_by(connections).copied();
        let (own, meter) = (own.collect::<Vec<_>>(), Arc::clone(&meter));
        writers.spawn(async move {
            let mut turns = own.iter().cycle();
            while !meter.is_over() {
                let some: Vec<&Target> = turns.by_ref().take(batch).collect();
                client.batch_execute("BEGIN").await?;
                try_join_all(some.iter().map(|target| one(&client, &prepared, target))).await?;
                client.batch_execute("COMMIT").await?;
                meter.add(batch as u64);
            }
            Ok::<(), tokio_postgres::Error>(())
        });
    }
    let rate = meter.rate(time).await;
    while let Some(writer) = writers.join_next().await {
        let written = writer.map_err(|e| e.to_string())?;
        written.map_err(|e| format!("bare PostgreSQL: {}", told(&e)))?;
    }
    Ok(rate)
}

/// A prepared statement, the names of its values, and the columns that later ones use.
struct Prepared {
    statement: Statement,
    names: Vec<String>,
    gives: &'static [&'static str],
}

async fn prepare(client: &Client, steps: &[Step]) -> Result<Vec<Prepared>> {
    let mut prepared = Vec::with_capacity(steps.len());
    for step in steps {
        let (sql, names) = numbered(&step.sql);
        let statement = client.prepare(&sql).await;
        prepared.push(Prepared {
            statement: statement.map_err(|e| format!("{sql}: {}", told(&e)))?,
            names,
            gives: step.gives,
        });
    }
    Ok(prepared)
}

async fn one(
    client: &Client,
    steps: &[Prepared],
    target: &Target,
) -> std::result::Result<(), tokio_postgres::Error> {
    let mut values: Values = target.values();
    for step in steps {
        let names = step.names.iter();
        let params: Vec<&(dyn ToSql + Sync)> = names
            .filter_map(|name| values.get(name.as_str()))
            .map(|value| match value {
                Value::Id(id) => id as &(dyn ToSql + Sync),
                Value::Number(number) => number,
            })
            .collect();
        let rows = client.query(&step.statement, &params).await?;
        for (column, name) in step.gives.iter().enumerate() {
            for row in &rows {
                let value = match row.try_get(column) {
                    Ok(id) => Value::Id(id),
                    Err(_) => Value::Number(row.try_get(column)?),
                };
                values.insert(name, value);
            }
        }
    }
    Ok(())
}
