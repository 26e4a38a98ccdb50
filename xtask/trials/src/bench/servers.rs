//! Binding with more clients, and with more servers, than the other benches have.

use super::{
    CLIENTS, Figure, Task, load,
    writes::{binding, prepare_holders},
};
use crate::{Result, person::Person, server::Engine};

/// Very many clients, most of whom wait for their turn.
const MANY: usize = 1_000;
/// What two servers reach together, of what one does: they share the database, and each waits for its commits.
const SHARED: f64 = 0.85;

/// On SQLite: the rate of a thousand clients is to be no lower than that of 64.
pub async fn many(task: &Task<'_>) -> Result<Vec<Figure>> {
    if task.engine == Engine::Postgres {
        return Ok(Vec::new());
    }
    let (book, targets) = prepare_holders(task, "bench-assign-many", CLIENTS).await?;
    let people = [book.operator.clone()];
    let rate = async |clients: usize| {
        let how = (clients, task.time, 201);
        load::rate_of(&people, how, binding(&targets)).await
    };
    // The fewer before and after: a book that has grown is not to count for the many, or against them.
    let before = rate(CLIENTS).await?;
    let ours = rate(MANY).await?;
    let limit = (before + rate(CLIENTS).await?) / 2.0;
    let figure = Figure {
        name: "assign_many",
        ours,
        limit,
        unit: "writes/s",
        rest: vec![
            ("limit_is", format!("{CLIENTS} connections").into()),
            ("connections", MANY.into()),
        ],
    };
    Ok(vec![figure.at_least(1.0)])
}

/// On PostgreSQL: two servers on one database, beside one of them alone.
pub async fn two(task: &Task<'_>) -> Result<Vec<Figure>> {
    if task.engine == Engine::Sqlite {
        return Ok(Vec::new());
    }
    let (book, targets) = prepare_holders(task, "bench-assign-servers", CLIENTS).await?;
    let one = book.operator.clone();
    let second = book.site.start().await?;
    let other = Person {
        address: second.address,
        ..one.clone()
    };
    let rate = async |people: &[Person]| {
        let how = (CLIENTS, task.time, 201);
        load::rate_of(people, how, binding(&targets)).await
    };
    let before = rate(std::slice::from_ref(&one)).await?;
    let ours = rate(&[one.clone(), other]).await?;
    let limit = (before + rate(std::slice::from_ref(&one)).await?) / 2.0;
    drop(second);
    let figure = Figure {
        name: "assign_servers",
        ours,
        limit,
        unit: "writes/s",
        rest: vec![
            ("limit_is", "one server alone".into()),
            ("servers", 2.into()),
        ],
    };
    Ok(vec![figure.at_least(SHARED)])
}
