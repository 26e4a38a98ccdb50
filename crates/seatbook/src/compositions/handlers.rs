//! The page on which a changed composition is reviewed, and approved or declined.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use rules::lifecycle::Standing as LicenseStanding;
use store::Tx;
use uuid::Uuid;

use super::{
    coming::foretell,
    commands::{ApproveComposition, DeclineComposition},
    model::{Change, CompositionPart},
    pages::{PartRow, ReviewPage, state},
    queries,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html, part_or_page},
        fields::{Field, above},
        form::{Form, pairs},
        format,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    gate::{Caller, Key},
    plan_subscriptions::{
        self,
        model::{PlanSubscription, Standing},
    },
    plans::{
        self,
        model::{Component, ServicePlan},
    },
    provisioning::orders::{Chosen, Seller, renamed},
    scope::{self, Permission},
};

/// `/plan-subscriptions/{id}/composition`: what stays, what is new and what is left over; the module asks for what it
/// comes to alone while units are typed.
pub async fn review(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let form = Form {
        pairs: pairs(query.as_deref()),
        key: Key::mint()?,
    };
    shown(&app, &frame, id, (&form, None)).await
}

/// Approves or declines it, or shows it again.
pub async fn decide(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let step = form.text("step");
    if !["approve", "decline"].contains(&step) {
        return shown(&app, &frame, id, (&form, None)).await;
    }
    let scene = Scene::find(&app, &frame, id).await?;
    if scene.seller.is_none() {
        return Err(scope::missing(Permission::LicensesSell).into());
    }
    let done = match step {
        "approve" => approve(&app, &frame, &scene, &form).await,
        _ => decline(&app, &frame, &scene, &form).await,
    };
    match done {
        Ok(told) => {
            let to = format!("/plan-subscriptions/{id}?composition={told}");
            Ok(go(frame.fragment, &to))
        }
        Err(error) if error.is_refusal() => {
            let error = renamed(error);
            shown(&app, &frame, id, (&form, Some(&error))).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn approve(app: &App, frame: &Frame, scene: &Scene, form: &Form) -> Result<&'static str> {
    let command = scene.approval(form)?;
    let key = form.key.clone();
    app.gate.submit(&frame.caller, key, command).await?;
    Ok("approved")
}

async fn decline(app: &App, frame: &Frame, scene: &Scene, form: &Form) -> Result<&'static str> {
    let command = DeclineComposition {
        subscription_id: scene.it.id,
        version: form.parse("version", "a version")?,
        composition: form.parse("composition", "a composition")?,
    };
    let key = form.key.clone();
    app.gate.submit(&frame.caller, key, command).await?;
    Ok("declined")
}

/// What the page stands on.
pub(super) struct Scene {
    /// What the customer has of the plan.
    pub it: PlanSubscription,
    /// What approving would bring.
    pub change: Change,
    /// Who sold it, where this person may do so for it.
    pub seller: Option<Seller>,
    plan: ServicePlan,
}

impl Scene {
    async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<Scene> {
        let caller = frame.caller.clone();
        let read = app
            .read(move |mut tx| Box::pin(async move { Scene::read(&mut tx, &caller, id).await }));
        read.await
    }

    async fn read(tx: &mut Tx<'_>, caller: &Caller, id: Uuid) -> Result<Scene> {
        let found = plan_subscriptions::queries::find_visible(tx, &caller.scope, id).await?;
        let it = found.ok_or_else(Error::not_found)?;
        let plan = plans::queries::find(tx, it.plan_id).await?;
        let whose = (it.seller_id, it.organization_id);
        Ok(Scene {
            change: queries::change(tx, &it).await?,
            seller: Seller::find(tx, caller, whose).await?,
            plan: plan.ok_or_else(Error::not_found)?,
            it,
        })
    }

    /// Whether there is something to decide about.
    fn open(&self) -> bool {
        self.it.standing == Standing::Running && self.it.composition < self.it.newest_composition
    }

    /// The components that are new. Fields of a form count them from 0, as the order does that is made of them.
    pub fn chosen(&self) -> Chosen {
        let renumbered = |(at, it): (i64, &Component)| Component {
            position: at,
            ..it.clone()
        };
        let new = (0..).zip(&self.change.new).map(renumbered);
        Chosen::of(self.plan.clone(), new.collect())
    }

    /// The approval that was typed.
    pub fn approval(&self, form: &Form) -> Result<ApproveComposition> {
        let whose = (self.it.seller_id, self.it.organization_id);
        let order = self.chosen().order(form, whose)?;
        Ok(ApproveComposition {
            subscription_id: self.it.id,
            version: form.parse("version", "a version")?,
            composition: form.parse("composition", "a composition")?,
            issue: order.issue,
            components: order.components,
        })
    }

    fn lead(&self) -> String {
        let it = &self.it;
        if !self.open() {
            return format!(
                "{} has composition {} of “{}”; nothing waits to be approved.",
                it.organization_name,
                format::number(it.composition),
                it.plan_name
            );
        }
        format!(
            "“{}” has composition {} by now, and {} has {}. Nothing is changed before you approve.",
            it.plan_name,
            format::number(it.newest_composition),
            it.organization_name,
            format::number(it.composition)
        )
    }
}

async fn shown(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (form, refused): (&Form, Option<&Error>),
) -> PageResult {
    let scene = Scene::find(app, frame, id).await?;
    let page = page(app, frame, &scene, (form, refused)).await?;
    if refused.is_some() {
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()));
    }
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_result().render(),
        || page.render(),
    ))
}

async fn page(
    app: &App,
    frame: &Frame,
    scene: &Scene,
    (form, refused): (&Form, Option<&Error>),
) -> Result<ReviewPage> {
    let (it, change) = (&scene.it, &scene.change);
    let seller = scene.seller.as_ref().filter(|_| scene.open());
    let (mut components, mut further, mut new) = (vec![], vec![], vec![]);
    let (mut foretold, mut money) = Default::default();
    match seller {
        Some(seller) => {
            let chosen = scene.chosen();
            if !chosen.components.is_empty() {
                components = chosen.components(seller, &form.pairs, refused);
                further = chosen.further(seller, &form.pairs, refused);
                further.retain(|field| field.name == "source");
            }
            (foretold, money) = foretell(app, frame, scene, form).await?;
        }
        None => {
            new = change
                .new
                .iter()
                .map(CompositionPart::of_component)
                .collect()
        }
    }
    let fields = components.iter();
    let fields = fields.flat_map(|it| it.fields());
    let fields: Vec<Field> = fields.chain(&further).cloned().collect();
    let gone = change.gone.iter();
    let gone = gone.filter(|part| part.license.standing == LicenseStanding::Issued);
    let row = |(at, license): (i64, &crate::licenses::model::License)| {
        PartRow::of(&CompositionPart::of_license(at, license))
    };
    Ok(ReviewPage {
        shell: frame.shell(
            format!("Review change · {}", it.organization_name),
            "organizations",
        ),
        subscription: (it.id.to_string(), it.plan_name.clone()),
        customer: (it.organization_id.to_string(), it.organization_name.clone()),
        lead: scene.lead(),
        state: state(it).filter(|_| it.standing == Standing::Running),
        decides: seller.is_some(),
        declines: it.is_locked(),
        seen: (it.version, it.newest_composition),
        error: above(&fields, refused),
        components,
        further,
        new: new.iter().map(PartRow::of).collect(),
        kept: change.kept.iter().map(|(at, it)| row((*at, it))).collect(),
        gone: gone.map(|it| row((it.position, &it.license))).collect(),
        foretold,
        money,
    })
}
