//! The OpenAPI document: the rooms' operations, and what is true of every one of them.

use utoipa::{
    OpenApi,
    openapi::{
        Components, HeaderBuilder, HttpMethod, Object, ObjectBuilder, PathItem, Ref, RefOr,
        Required, ResponseBuilder, Type,
        content::ContentBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::error::FieldError;

/// What stands above the operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Seatbook",
        description = "Who bought how many units of what, who passed them on to whom, and who uses them."
    ),
    components(schemas(FieldError))
)]
pub struct Frame;

/// Says of each operation what holds for all: sign-in, problems, keys and previews of writes.
pub fn complete(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("sb_…")
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    components
        .schemas
        .insert("Problem".into(), problem().into());
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            complete_operation(method, operation);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    let slots = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ];
    slots
        .into_iter()
        .filter_map(|(method, slot)| slot.as_mut().map(|operation| (method, operation)))
        .collect()
}

fn complete_operation(method: HttpMethod, operation: &mut Operation) {
    operation
        .security
        .get_or_insert_with(|| vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    name(operation);
    let writes = !matches!(method, HttpMethod::Get);
    // A file is laid aside and checked, which changes nothing in the book: it is its own preview.
    let uploads = match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("multipart/form-data"),
        _ => false,
    };
    if writes {
        let parameters = operation.parameters.get_or_insert_with(Vec::new);
        parameters.push(parameter(
            "Idempotency-Key",
            ParameterIn::Header,
            "Send the same key with the same request again, and it has one effect and one answer. Kept 72 hours.",
        ));
        if !uploads {
            parameters.push(parameter(
                "preview",
                ParameterIn::Query,
                "`true` answers what would happen, and keeps nothing.",
            ));
        }
        if !matches!(method, HttpMethod::Post) {
            parameters.push(parameter(
                "If-Match",
                ParameterIn::Header,
                "The version you saw, from the ETag.",
            ));
        }
    }
    if writes && !uploads {
        previewed(operation);
    }
    for (status, description) in problems(writes) {
        let body = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", body);
        operation
            .responses
            .responses
            .entry(status.into())
            .or_insert_with(|| response.build().into());
    }
    let busy = ResponseBuilder::new()
        .description("Not now; asking again with the same key is safe.")
        .header(
            "Retry-After",
            HeaderBuilder::new()
                .schema(Some(Object::with_type(Type::Integer)))
                .build(),
        );
    operation
        .responses
        .responses
        .entry("503".into())
        .or_insert_with(|| busy.build().into());
}

/// Whatever a write answers, its preview has made nothing and says 200.
fn previewed(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let done = ["201", "202", "204"]
        .iter()
        .find_map(|it| responses.get(*it));
    let Some(RefOr::T(done)) = done else { return };
    let mut preview = done.clone();
    preview.description = "What would happen, where `preview` is `true`.".into();
    preview.headers.clear();
    responses
        .entry("200".into())
        .or_insert_with(|| preview.into());
}

/// What any operation may refuse; a write may refuse more.
fn problems(writes: bool) -> Vec<(&'static str, &'static str)> {
    let mut problems = vec![
        ("401", "Nobody known."),
        ("403", "Visible, but you lack the permission."),
        ("404", "Not there, or not visible to you."),
        ("422", "A field or parameter is wrong; `fields` says which."),
    ];
    if writes {
        problems.extend([
            ("400", "The body cannot be read."),
            ("408", "The body came too slowly."),
            ("409", "A rule refuses; `code` says which."),
            ("412", "Somebody changed it since you read it."),
            ("413", "The body is larger than it may be."),
            ("415", "The body is of a type that is not read here."),
        ]);
    }
    problems
}

/// Handlers are called `list` and `show` in every room; generated clients want one name for each.
fn name(operation: &mut Operation) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first());
    if let (Some(tag), Some(handler)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{handler}"));
    }
}

fn parameter(name: &str, place: ParameterIn, description: &str) -> RefOr<Parameter> {
    let kind = if name == "preview" {
        Type::Boolean
    } else {
        Type::String
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(Object::with_type(kind)))
        .build()
        .into()
}

/// The body of every refusal (RFC 9457).
fn problem() -> Object {
    let member = |description: &str| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
    };
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("The HTTP status."));
    let fields = utoipa::openapi::ArrayBuilder::new()
        .items(Ref::from_schema_name("FieldError"))
        .description(Some(
            "What is wrong with each field, where fields are wrong.",
        ));
    ObjectBuilder::new()
        .description(Some(
            "Why something was not done (RFC 9457). Facts stand beside the members named here.",
        ))
        .property("type", member("Always `about:blank`: `code` says more."))
        .property("title", member("The same for every refusal of one status."))
        .property("status", number)
        .property(
            "code",
            member("Stable: what programs match on, such as `pool.exhausted`."),
        )
        .property("detail", member("A sentence a person can act on."))
        .property("fields", fields)
        .required("type")
        .required("title")
        .required("status")
        .required("code")
        .required("detail")
        .build()
}
