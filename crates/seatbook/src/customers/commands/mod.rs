//! The verbs of customers. Each is one transaction around the verbs of other rooms.

mod edit;
mod onboard;

pub use edit::{EditCustomer, Edited, WantedUnits};
pub use onboard::{OnboardCustomer, Onboarded, PoolUnits};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::{Error, FieldError, Kind, Result};

/// What was refused about the units of single pools, told together.
#[derive(Default)]
struct Refusals(Vec<(usize, Uuid, Error)>);

impl Refusals {
    /// Takes what came of one row; what is no refusal of the row ends the command.
    fn of<T>(&mut self, (row, pool_id): (usize, Uuid), done: Result<T>) -> Result<Option<T>> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(error) if matches!(error.kind, Kind::Conflict | Kind::Invalid) => {
                self.0.push((row, pool_id, error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The first one names the code; every row is named, with its facts.
    fn settle(self, field: &str) -> Result<()> {
        let Some((_, _, first)) = self.0.first() else {
            return Ok(());
        };
        let rows: Vec<Value> = self.0.iter().map(facts).collect();
        let fields = self.0.iter().map(|(row, _, error)| FieldError {
            field: format!("units[{row}].{field}"),
            code: code(error),
            message: error.message.clone(),
        });
        let refused = Error::new(first.kind, first.code.clone(), first.message.clone());
        let refused = refused.with("rows", json!(rows));
        Err(Error {
            fields: fields.collect(),
            ..refused
        })
    }
}

/// The code of a refusal; where a field was wrong, that of the field.
fn code(error: &Error) -> std::borrow::Cow<'static, str> {
    let field = error.fields.first().map(|field| field.code.clone());
    field.unwrap_or_else(|| error.code.clone())
}

/// What a program can act on: the facts of a refusal, those of its one row among them.
fn facts((_, pool_id, error): &(usize, Uuid, Error)) -> Value {
    let mut facts: Map<String, Value> = (*error.facts).clone();
    if let Some(Value::Array(rows)) = facts.remove("rows")
        && let Some(Value::Object(row)) = rows.into_iter().next()
    {
        facts.extend(row);
    }
    facts.insert("pool_id".into(), json!(pool_id));
    facts.insert("code".into(), json!(code(error)));
    facts.insert("detail".into(), json!(error.message));
    Value::Object(facts)
}
