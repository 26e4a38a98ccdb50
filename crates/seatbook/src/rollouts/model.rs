//! A rollout as rows: what is to be done, for whom, what each answer was.

use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    console::format::count,
    plan_subscriptions::model::{PlanOrder, WantedComponent},
};

/// The most customers of one rollout.
pub const MOST: usize = 10_000;

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RolloutAction)]
pub enum Action {
    /// Each of them is given the plan.
    #[default]
    Assign,
    /// The changed composition of the plan is approved for each that is locked by it.
    Approve,
    /// It is declined for each that is locked by it.
    Decline,
}

impl Action {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Assign => "assign",
            Action::Approve => "approve",
            Action::Decline => "decline",
        }
    }

    /// What people press: "Assign to 5 customers".
    pub const fn label(self) -> &'static str {
        match self {
            Action::Assign => "Assign to",
            Action::Approve => "Approve for",
            Action::Decline => "Decline for",
        }
    }

    /// The action that a word names.
    pub fn parse(word: &str) -> Option<Action> {
        [Action::Assign, Action::Approve, Action::Decline]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// How far a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RolloutState)]
pub enum State {
    /// It is being found out for whom it is possible; nothing changes.
    Checking,
    /// Every customer has an answer; nothing has changed.
    Ready,
    /// It is being done, customer by customer.
    Applying,
    /// Every customer that fitted was tried.
    Done,
    /// Somebody stopped it; what was done stays.
    Canceled,
}

impl State {
    /// All of them, in order.
    pub const ALL: [State; 5] = [
        State::Checking,
        State::Ready,
        State::Applying,
        State::Done,
        State::Canceled,
    ];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Checking => "checking",
            State::Ready => "ready",
            State::Applying => "applying",
            State::Done => "done",
            State::Canceled => "canceled",
        }
    }

    /// Whether nothing more will come of it.
    pub const fn is_over(self) -> bool {
        matches!(self, State::Done | State::Canceled)
    }

    fn parse(word: &str) -> store::Result<State> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == word);
        found.ok_or_else(|| unknown("state", word))
    }
}

/// What is ordered for each customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RolloutTerms)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// New units are issued, which needs `licenses.issue`; else they are drawn from the seller's own.
    #[serde(default)]
    pub issue: bool,
    /// The first day; at once unless said.
    #[schema(value_type = Option<String>, format = Date)]
    pub start_date: Option<Date>,
    /// The last day; by the plan's term unless said.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
    /// Whether it renews; as the plan says unless said.
    pub auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced; as the plan says unless said.
    pub notice_days: Option<i64>,
    /// What differs of its components; those that are not named are as the plan says.
    #[serde(default)]
    pub components: Vec<WantedComponent>,
}

impl Terms {
    /// The terms of an order, whoever it is for.
    pub fn of(order: PlanOrder) -> Terms {
        Terms {
            issue: order.issue,
            start_date: order.start_date,
            end_date: order.end_date,
            auto_renews: order.auto_renews,
            notice_days: order.notice_days,
            components: order.components,
        }
    }

    /// The order for one customer of a seller.
    pub fn order(&self, plan_id: Uuid, (seller_id, customer_id): (Uuid, Uuid)) -> PlanOrder {
        PlanOrder {
            seller_id,
            customer_id,
            plan_id,
            issue: self.issue,
            start_date: self.start_date,
            end_date: self.end_date,
            auto_renews: self.auto_renews,
            notice_days: self.notice_days,
            components: self.components.clone(),
        }
    }

    /// The same for who may not see prices.
    pub fn without_prices(mut self) -> Terms {
        for component in &mut self.components {
            (component.price_minor, component.currency) = (None, None);
        }
        self
    }
}

/// One decision about a service plan for many customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rollout {
    /// Its id.
    pub id: Uuid,
    /// Who sells: the organization whose customers these are.
    pub seller_id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// The plan's code.
    pub plan_code: String,
    /// The plan's name.
    pub plan_name: String,
    /// What is to be done.
    pub action: Action,
    /// What is ordered for each customer. Prices are for who may see the seller's.
    pub terms: Terms,
    /// The changed composition that is approved or declined.
    pub composition: Option<i64>,
    /// How far it is.
    pub state: State,
    /// It was asked for on the condition that all fit.
    pub only_if_all_fit: bool,
    /// Customers it is for.
    pub row_count: i64,
    /// The job that checks it.
    pub check_job_id: Uuid,
    /// The job that does it, once that was asked for.
    pub apply_job_id: Option<Uuid>,
    /// Who asked for it.
    pub actor_id: Uuid,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was done or canceled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl Rollout {
    /// The order for one of its customers.
    pub fn order(&self, customer_id: Uuid) -> PlanOrder {
        self.terms
            .order(self.plan_id, (self.seller_id, customer_id))
    }

    /// What it is, in words; so the jobs are called, too.
    pub fn title(&self, customers: i64) -> String {
        let whom = count(customers, "customer", "customers");
        match self.action {
            Action::Assign => format!("“{}” for {whom}", self.plan_name),
            Action::Approve => format!("Approval of the changed “{}” for {whom}", self.plan_name),
            Action::Decline => format!("Refusal of the changed “{}” for {whom}", self.plan_name),
        }
    }

    /// The job that has it, or had it last.
    pub fn job_id(&self) -> Uuid {
        self.apply_job_id.unwrap_or(self.check_job_id)
    }
}

impl FromRow for Rollout {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (action, terms): (String, Json) = (row.get(5)?, row.get(6)?);
        Ok(Rollout {
            id: row.get(0)?,
            seller_id: row.get(1)?,
            plan_id: row.get(2)?,
            plan_code: row.get(3)?,
            plan_name: row.get(4)?,
            action: Action::parse(&action).ok_or_else(|| unknown("action", &action))?,
            terms: serde_json::from_value(terms.0)
                .map_err(|error| store::Error::Value(error.to_string()))?,
            composition: row.get(7)?,
            state: State::parse(&row.get::<String>(8)?)?,
            only_if_all_fit: row.get(9)?,
            row_count: row.get(10)?,
            check_job_id: row.get(11)?,
            apply_job_id: row.get(12)?,
            actor_id: row.get(13)?,
            created_at: row.get(14)?,
            ended_at: row.get(15)?,
            version: row.get(16)?,
        })
    }
}

/// Customers of a rollout by their answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RolloutCounts)]
pub struct Counts {
    /// They are not looked at yet.
    pub waiting: i64,
    /// It would be done for them.
    pub fits: i64,
    /// It cannot be done for them.
    pub refused: i64,
    /// It is done for them.
    pub done: i64,
}

/// What becomes of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RolloutRowState)]
pub enum RowState {
    /// It was not looked at yet.
    Waiting,
    /// It would be done.
    Fits,
    /// It cannot be done; `code` and `message` say why.
    Refused,
    /// It is done.
    Done,
}

impl RowState {
    /// All of them.
    pub const ALL: [RowState; 4] = [
        RowState::Waiting,
        RowState::Fits,
        RowState::Refused,
        RowState::Done,
    ];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            RowState::Waiting => "waiting",
            RowState::Fits => "fits",
            RowState::Refused => "refused",
            RowState::Done => "done",
        }
    }

    /// The state a word names.
    pub fn parse(word: &str) -> Option<RowState> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// One customer of a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RolloutRow {
    /// Its place, from 1.
    pub position: i64,
    /// The customer.
    pub organization_id: Uuid,
    /// The customer's name.
    pub organization_name: String,
    /// What becomes of it.
    pub state: RowState,
    /// Why it was refused, as a stable code.
    pub code: Option<String>,
    /// Why it was refused, as a sentence.
    pub message: String,
    /// The plan subscription that it is about or led to; absent where that was taken back.
    pub subscription_id: Option<Uuid>,
}

impl FromRow for RolloutRow {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let state: String = row.get(3)?;
        Ok(RolloutRow {
            position: row.get(0)?,
            organization_id: row.get(1)?,
            organization_name: row.get(2)?,
            state: RowState::parse(&state).ok_or_else(|| unknown("row", &state))?,
            code: row.get(4)?,
            message: row.get(5)?,
            subscription_id: row.get(6)?,
        })
    }
}

fn unknown(what: &str, word: &str) -> store::Error {
    store::Error::Value(format!("rollout {what} {word:?}"))
}
