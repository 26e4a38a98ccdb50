//! The lists of the console, one after the other: in both forms, with the columns of their pages, and for whom.

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use seatbook::scope::Permission;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Workbook, bytes, exported, lines, said, work};
use crate::{
    activation::Market,
    both_engines,
    harness::{Person, TestApp, id, send},
};

/// A market in which each list has something to say.
struct Book {
    market: Market,
    code: String,
    root_pool: Uuid,
    plan: Uuid,
    rollout: Uuid,
    statement: Uuid,
}

impl Book {
    async fn open(app: &TestApp) -> Book {
        let market = Market::open(app).await;
        let (_, code) = market.unassigned(2).await;
        let wanted = json!({"organization_id": market.customer, "sku_id": market.sku, "quantity": 10, "note": "=1+1"});
        market
            .admin
            .post("/api/v1/unit-requests", wanted)
            .await
            .expect(201);
        let plan = app.plan("FULL", "full", &[(market.sku, 4)]).await;
        let rollout = json!({"seller_id": market.partner, "plan_id": plan, "organization_ids": [market.customer]});
        let rollout = market.manager.post("/api/v1/rollouts", rollout).await.id();
        app.allocate(market.pool, market.customer, 5).await;
        let path = format!("/api/v1/skus/{}", market.sku);
        let product = app.operator.get(&path).await.expect(200)["product_id"].clone();
        let holder = json!({"organization_id": market.customer, "name": "Anna Berg"});
        let holder = market.admin.post("/api/v1/holders", holder).await.id();
        let row = json!({"product_id": product, "holder_id": holder});
        let assigned = json!({"organization_id": market.customer, "rows": [row]});
        market
            .admin
            .post("/api/v1/assignments", assigned)
            .await
            .expect(201);
        let path = format!("/api/v1/pools?organization_id={}", app.provider);
        let pools = app.operator.get(&path).await.expect(200);
        work(app).await;
        Book {
            code,
            root_pool: id(&pools["items"][0]["id"]),
            plan,
            rollout,
            statement: statement(app).await,
            market,
        }
    }
}

/// A distributor's file about the partner and somebody unknown.
async fn statement(app: &TestApp) -> Uuid {
    let rows = "Customer,SKU,Qty,Net amount,Currency\nPartner,SIGN,50,70.00,EUR\n=Zorro,SIGN,3,30.00,EUR\n";
    let file = Part::text(rows).file_name("distributor.csv");
    let form = Form::new().text("month", "2026-06").part("file", file);
    let form = form.text("organization_id", app.provider.to_string());
    let request = app.operator.request(Method::POST, "/api/v1/statements");
    id(&send(request.multipart(form)).await.expect(201)["id"])
}

fn asked(list: &str, format: &str, more: &Value) -> Value {
    let mut body = json!({"list": list, "format": format});
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    body
}

/// The rows of a list, the heading among them.
async fn rows(app: &TestApp, person: &Person, list: &str, more: Value) -> Vec<Vec<String>> {
    lines(&exported(app, person, asked(list, "csv", &more)).await)
}

both_engines! {
    /// Each list is had as CSV and as a workbook, with the same columns and rows, and no cell is a formula.
    async fn every_list_is_had_in_both_forms(app: TestApp) {
        let book = Book::open(&app).await;
        let (partner, day) = (book.market.partner, "date=2026-06-01");
        let permissions = Permission::ALL.len();
        let lists = [
            ("products", json!({}), "Product,Code,Reference,Unit,Kind,Shareable,SKUs", 1),
            ("service_plans", json!({}), "Service plan,Code,Edition,Term,Billed,Components,State", 1),
            ("plan_customers", json!({"plan_id": book.plan}), "Customer,Composition,Last day,State", 0),
            ("rollouts", json!({}), "Rollout,Service plan,Code,Customers,Done,Fit,Refused,Not checked yet,Status,Asked for", 1),
            ("rollout_customers", json!({"rollout_id": book.rollout}), "Customer,What becomes of it,Why,Reason", 1),
            ("assignments", json!({"organization_id": book.market.customer}),
                "License,User,Through,Extension,Number,Add-ons,UUID,Since,Units,Available", 2),
            ("activation_codes", json!({"organization_id": partner}),
                "Code,Code status,Code expires,Name,SKU,Quantity,Customer", 1),
            ("requests", json!({"organization_id": partner}), "Customer,Units,SKU,Product,Note,Asked,State,Answer,Decided", 1),
            ("redemptions", json!({"organization_id": partner}), "Customer,Asked,State,Decided", 0),
            ("reconciliation", json!({"query": "month=2026-06"}),
                "Customer,Customer reference,Product,Product code,Purchased,Allocated,In use,Invoiced,Not billed,\
                 Distributor says,Beyond what is held,Difference", 1),
            ("statement_rows", json!({"statement_id": book.statement}),
                "Line,Customer,Product,Units,Matched,Customer here,Product here,Remarks,Amount,Currency", 2),
            ("licenses_as_of", json!({"query": day}),
                "SKU,Product,Sales order,Start,End,Quantity,Available,Assigned,Status", 1),
            ("customers_as_of", json!({"pool_id": book.root_pool, "query": day}), "Customer,Units,In use there", 1),
            ("people", json!({}), "Person,E-mail,Organization,Role,Second factor,Last seen,Status", 3),
            ("tokens", json!({}), "Token,Ends with,May,Expires,Last used,Status", 1),
            ("mails", json!({}), "Mail,To,Address,Kind,Written,Status,Why it has not left", 2),
            ("roles", json!({}), "", permissions),
        ];
        for (list, more, heading, count) in lists {
            let csv = rows(&app, &app.operator, list, more.clone()).await;
            if !heading.is_empty() {
                assert_eq!(csv[0].join(","), heading, "{list}");
            }
            assert_eq!(csv.len(), count + 1, "{list}: {csv:?}");
            let file = exported(&app, &app.operator, asked(list, "xlsx", &more)).await;
            let mut book = Workbook::of(file);
            assert_eq!(book.formulas(), 0, "{list}");
            let sheet = book.rows();
            let first: Vec<String> = sheet[0].iter().map(said).collect();
            assert_eq!(first, csv[0], "{list}");
            let sums = usize::from(sheet.last().is_some_and(|row| said(&row[0]) == "Total"));
            assert_eq!(sheet.len(), count + 1 + sums, "{list}");
        }
        let roles = rows(&app, &app.operator, "roles", json!({})).await;
        assert_eq!(roles[0][..4], ["About", "Permission", "What it allows", "Operator"]);
        let requests = rows(&app, &app.operator, "requests", json!({"organization_id": partner})).await;
        assert_eq!(requests[1][4], "'=1+1");
        let matched = json!({"statement_id": book.statement, "query": "show=unmatched"});
        let unmatched = rows(&app, &app.operator, "statement_rows", matched).await;
        assert_eq!((unmatched.len(), unmatched[1][1].as_str()), (2, "'=Zorro"));
        let of_customer = |show: &str| json!({"organization_id": book.market.customer, "query": format!("show={show}&col=uuid")});
        let used = rows(&app, &app.operator, "assignments", of_customer("used")).await;
        assert_eq!((used[0].join(","), used[1][1].as_str()), ("License,User,Through,UUID,Units,Available".into(), "Anna Berg"));
        assert_eq!(rows(&app, &app.operator, "assignments", of_customer("free")).await[1][5], "4");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What the page hides from somebody is not in their file, and who may not read a list does not get it.
    async fn a_limited_reader_gets_what_the_page_shows(app: TestApp) {
        let book = Book::open(&app).await;
        let limited = async |permissions: &[Permission]| app.limited(&app.operator, permissions).await;
        let importer = limited(&[Permission::ImportsRun]).await;
        let rows_of = rows(&app, &importer, "statement_rows", json!({"statement_id": book.statement})).await;
        assert_eq!((rows_of[0].len(), rows_of.len()), (8, 3), "no amounts: {rows_of:?}");
        let reader = limited(&[Permission::AllocationsRead]).await;
        let month = json!({"query": "month=2026-06&col=-"});
        let found = rows(&app, &reader, "reconciliation", month).await;
        assert_eq!(found[0].join(","), "Customer,Customer reference,Product,Product code,Difference");
        let month = json!({"query": "month=2026-06"});
        assert!(!rows(&app, &reader, "reconciliation", month).await[0].contains(&"Invoiced".to_owned()));
        let assigner = limited(&[Permission::AssignmentsRead]).await;
        let of = json!({"organization_id": book.market.customer});
        assert_eq!(rows(&app, &assigner, "assignments", of).await.len(), 2, "free units are for readers of licenses");

        let stranger = app.organization(app.provider, "partner", "Elsewhere").await;
        let stranger = app.member(stranger, "partner_administrator").await;
        let foreign = [
            ("statement_rows", json!({"statement_id": book.statement})),
            ("rollout_customers", json!({"rollout_id": book.rollout})),
            ("customers_as_of", json!({"pool_id": book.root_pool})),
            ("assignments", json!({"organization_id": book.market.customer})),
            ("requests", json!({"organization_id": book.market.partner})),
            ("tokens", json!({"organization_id": book.market.partner})),
        ];
        for (list, more) in foreign {
            let answer = stranger.post("/api/v1/exports", asked(list, "csv", &more)).await;
            assert_eq!(answer.code(404), "not_found", "{list}");
        }
        for (list, field) in [("statement_rows", "statement_id"), ("assignments", "organization_id"), ("plan_customers", "plan_id")] {
            let refused = app.operator.post("/api/v1/exports", json!({"list": list})).await.expect(422);
            assert_eq!(refused["fields"][0]["field"], field, "{list}");
        }
        let reader = app.member(book.market.customer, "reader").await;
        for list in ["people", "mails", "activation_codes", "requests", "statement_rows"] {
            let answer = reader.post("/api/v1/exports", json!({"list": list})).await;
            assert_eq!(answer.code(403), "permission.missing", "{list}");
        }
        app.end().await;
    }
}

both_engines! {
    /// Codes are a right of their own: taking them is in the journal, and while they are kept nobody reads them there.
    async fn codes_are_taken_by_right_and_kept_sealed(app: TestApp) {
        let book = Book::open(&app).await;
        let of = json!({"organization_id": book.market.partner});
        let sells = app.limited(&app.operator, &[Permission::LicensesSell]).await;
        let answer = sells.post("/api/v1/exports", asked("activation_codes", "csv", &of)).await;
        assert_eq!(answer.code(403), "permission.missing");
        let taken = rows(&app, &app.operator, "activation_codes", of.clone()).await;
        assert_eq!(taken[1][..2], [book.code.clone(), "Waits to be redeemed".into()]);
        let sold = rows(&app, &app.operator, "sales", of).await;
        assert!(!sold.concat().contains(&book.code), "{sold:?}");
        let kept = app.app.read(|mut tx| {
            let sql = "SELECT p.content FROM export_piece p JOIN export e ON e.id = p.export_id WHERE e.list = 'activation_codes'";
            Box::pin(async move { Ok(tx.query::<(Vec<u8>,)>(sql, &[]).await?) })
        });
        let kept = kept.await.expect("it is read");
        let code = book.code.as_bytes();
        assert!(!kept.is_empty() && kept.iter().all(|(piece,)| !piece.windows(code.len()).any(|it| it == code)));
        let entries = app.operator.get("/api/v1/journal?command=exports.request").await.expect(200);
        assert!(entries.to_string().contains("activation_codes"), "{entries}");
        let search = json!({"organization_id": book.market.partner, "query": format!("q={}", book.code)});
        let mut file = Workbook::of(exported(&app, &app.operator, asked("sales", "xlsx", &search)).await);
        assert_eq!(file.rows().len(), 3, "heading, the one sale, sum");
        let about = file.words("About");
        assert!(about.contains("Sales, exported") && !about.contains(&book.code), "{about}");
        let stored = app.app.read(|mut tx| {
            let sql = "SELECT query FROM export";
            Box::pin(async move { Ok(tx.query::<(String,)>(sql, &[]).await?) })
        });
        let stored = stored.await.expect("it is read");
        assert!(stored.iter().all(|(query,)| !query.contains("q=") && !query.contains(&book.code)), "{stored:?}");
        let (browser, _) = app.browser_of(book.market.partner, "account_manager").await;
        assert!(browser.get("/sales").await.page(200).contains("/exports?list=activation_codes"));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What a page lists wherever it is may be taken along for whichever organization one acts.
    async fn who_acts_for_one_takes_along_what_is_seen_of_another(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let other = app.organization(app.provider, "partner", "Zephyr").await;
        let person = app.member(partner, "partner_administrator").await;
        let second = json!({"person_id": person.id, "organization_id": other, "role": "reader"});
        app.operator.post("/api/v1/memberships", second).await.expect(201);
        let people = json!({"organization_id": other});
        let seen = rows(&app, &person, "people", people).await;
        assert!(seen.len() > 1 && seen[1..].iter().all(|row| row.contains(&"Nordlicht".to_owned())), "{seen:?}");
        let elsewhere = json!({"organization_id": app.provider});
        assert_eq!(person.post("/api/v1/exports", asked("people", "csv", &elsewhere)).await.code(404), "not_found");
        let licenses = app.member(other, "reader").await;
        let own = json!({"organization_id": partner});
        assert_eq!(licenses.post("/api/v1/exports", asked("licenses", "csv", &own)).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// A file with prices is there for who may see prices; one without them, for whoever may read the list.
    async fn a_file_with_prices_needs_the_right_to_them(app: TestApp) {
        app.insert_sku("PHONE", Some("P1Y")).await;
        let reads = [Permission::CatalogRead, Permission::JobsRead];
        let reader = app.limited(&app.operator, &reads).await;
        let priced = app.limited(&app.operator, &[reads.as_slice(), &[Permission::PricesRead]].concat()).await;
        let (short, whole) = (json!({"query": "col=-"}), json!({}));
        for (asker, more, for_reader) in [(&priced, &whole, false), (&priced, &short, true), (&reader, &whole, true)] {
            let export = asker.post("/api/v1/exports", asked("skus", "csv", more)).await.expect(202);
            work(&app).await;
            let path = format!("/api/v1/exports/{}", id(&export["id"]));
            assert!(!bytes(priced.request(Method::GET, &format!("{path}/file"))).await.is_empty());
            for path in [path.clone(), format!("{path}/file")] {
                let status = if for_reader { 200 } else { 404 };
                assert_eq!(reader.get(&path).await.status.as_u16(), status, "{more}");
            }
        }
        app.end().await;
    }
}

both_engines! {
    /// Over each list of the console stands the way to its file, and it is one at once.
    async fn over_each_list_stands_its_export(app: TestApp) {
        let book = Book::open(&app).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let (partner, _) = app.browser_of(book.market.partner, "account_manager").await;
        let (customer, license) = (book.market.customer, book.market.license);
        let pages = [
            (&browser, "/licenses".to_owned(), "licenses".to_owned()),
            (&browser, "/as-of?date=2026-06-01".into(), "licenses_as_of".into()),
            (&browser, format!("/as-of/pools/{}?date=2026-06-01", book.root_pool), format!("customers_as_of&amp;of={}", book.root_pool)),
            (&browser, format!("/licenses/{license}/customers"), format!("customers&amp;of={license}")),
            (&browser, format!("/organizations/{customer}/subscriptions"), format!("subscriptions&amp;of={customer}")),
            (&browser, format!("/organizations/{customer}/configuration"), format!("assignments&amp;of={customer}")),
            (&browser, format!("/organizations/{customer}/holders"), format!("holders&amp;of={customer}")),
            (&browser, "/organizations".into(), "organizations".into()),
            (&browser, "/catalog".into(), "skus".into()),
            (&browser, "/catalog?show=products".into(), "products".into()),
            (&browser, "/catalog/plans".into(), "service_plans".into()),
            (&browser, "/rollouts".into(), "rollouts".into()),
            (&browser, format!("/rollouts/{}", book.rollout), format!("rollout_customers&amp;of={}", book.rollout)),
            (&browser, "/holders".into(), "holders".into()),
            (&browser, "/reconciliation?month=2026-06".into(), "reconciliation".into()),
            (&browser, format!("/statements/{}", book.statement), format!("statement_rows&amp;of={}", book.statement)),
            (&browser, "/people".into(), "people".into()),
            (&browser, "/roles".into(), "roles".into()),
            (&browser, "/tokens".into(), "tokens".into()),
            (&browser, "/mails".into(), "mails".into()),
            (&browser, "/journal".into(), "journal".into()),
            (&browser, "/jobs".into(), "jobs".into()),
            (&browser, "/invoices".into(), "invoices".into()),
            (&partner, "/sales".into(), "sales".into()),
            (&partner, "/sales".into(), "activation_codes".into()),
            (&partner, "/sales/requests".into(), "requests".into()),
        ];
        for (browser, path, list) in pages {
            let page = browser.get(&path).await.page(200);
            // The ampersand is written as a number on pages.
            let page = page.replace("&#38;", "&amp;");
            assert!(page.contains(&format!("/exports?list={list}\"")), "{path}: {page}");
            let taken = format!("/exports?list={}", list.replace("&amp;", "&"));
            let fields = [("q", ""), ("format", "xlsx"), ("date", "2026-06-01")];
            let file = browser.request(Method::POST, &taken).form(&fields).send().await.expect("an answer");
            assert_eq!(file.status().as_u16(), 200, "{path}");
            let mut file = Workbook::of(file.bytes().await.expect("a file").to_vec());
            assert!(!file.rows().is_empty() && file.formulas() == 0, "{path}");
        }
        app.end().await;
    }
}
