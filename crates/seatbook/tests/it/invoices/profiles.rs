//! Billing profiles: what is said, by whom, and what is wrong with it.

use serde_json::json;

use super::{buyer, say, seller};
use crate::both_engines;

both_engines! {
    /// A profile is read and written with its version; what is wrong is named field by field.
    async fn a_profile_is_said(app: TestApp) {
        let path = format!("/api/v1/organizations/{}/billing-profile", app.provider);
        let unsaid = app.operator.get(&path).await.expect(200);
        assert_eq!((&unsaid["version"], &unsaid["most_licenses"], &unsaid["payment_days"]), (&json!(0), &json!(20), &json!(14)));
        let said = say(&app, app.provider, seller()).await;
        assert_eq!((&said["version"], &said["country"]), (&json!(1), &json!("DE")));
        let wrong = json!({"country": "Germany", "series": "INV 1", "email": "x", "payment_days": 400,
            "tax_category": "standard", "most_licenses": 0});
        let wrong = app.operator.put(&path, wrong).await.expect(422);
        let mut fields: Vec<&str> = wrong["fields"].as_array().expect("fields").iter().filter_map(|it| it["field"].as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["country", "country", "email", "most_licenses", "payment_days", "series", "tax_rate_basis_points"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// How an organization is taxed is said by its seller; an e-mail address stays out of the journal.
    async fn taxes_are_said_by_the_seller(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let administrator = app.member(partner, "partner_administrator").await;
        let path = format!("/api/v1/organizations/{partner}/billing-profile");
        assert_eq!(administrator.put(&path, buyer()).await.code(403), "billing.taxed_by_seller");
        administrator.put(&path, seller()).await.expect(200);
        say(&app, partner, buyer()).await;
        let mut own = buyer();
        own["city"] = json!("Bonn");
        administrator.put(&path, own).await.expect(200);
        let texts = app.texts("SELECT CAST(after AS TEXT), 'x' FROM change WHERE noun = 'billing_profile'").await;
        assert!(texts.contains("Bonn") && !texts.contains("@"), "{texts}");
        let reader = app.member(partner, "reader").await;
        assert_eq!(reader.get(&path).await.code(404), "not_found");
        app.prove();
        app.end().await;
    }
}
