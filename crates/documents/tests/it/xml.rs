//! The electronic forms, read back by another reader of XML.

use documents::{Category, Currency, Invoice, Kind, Reference, facturx_xml, sample, ubl_xml};
use jiff::civil::date;
use quick_xml::{Reader, events::Event};

/// The texts of all elements, each with the path that leads there, in their order.
fn texts(xml: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(xml);
    let (mut path, mut found) = (Vec::new(), Vec::new());
    let mut content = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                path.push(
                    name.split_once(':')
                        .map_or(name.clone(), |(_, name)| name.to_owned()),
                );
                content.clear();
            }
            Event::Text(text) => content.push_str(&text),
            Event::GeneralRef(entity) => content.push_str(match &*entity {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                other => panic!("an entity nobody wrote: {other}"),
            }),
            Event::End(_) => {
                if !content.trim().is_empty() {
                    found.push((path.join("/"), std::mem::take(&mut content)));
                }
                path.pop();
                content.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(path.is_empty(), "an element is left open");
    found
}

/// The texts of the elements whose path ends so.
fn at<'a>(texts: &'a [(String, String)], end: &str) -> Vec<&'a str> {
    let is_there = |path: &str| path == end || path.ends_with(&format!("/{end}"));
    let found = texts.iter().filter(|(path, _)| is_there(path));
    found.map(|(_, text)| text.as_str()).collect()
}

#[test]
fn factur_x_holds_the_totals() {
    let invoice = sample(5);
    let all = texts(&facturx_xml(&invoice));
    let sums = "SpecifiedTradeSettlementHeaderMonetarySummation";
    for (name, text) in [
        ("LineTotalAmount", "15158.07"),
        ("TaxBasisTotalAmount", "15158.07"),
        ("TaxTotalAmount", "2865.68"),
        ("GrandTotalAmount", "18023.75"),
        ("DuePayableAmount", "18023.75"),
    ] {
        assert_eq!(at(&all, &format!("{sums}/{name}")), [text], "{name}");
    }
    let tax = |name| {
        at(
            &all,
            &format!("ApplicableHeaderTradeSettlement/ApplicableTradeTax/{name}"),
        )
    };
    assert_eq!(tax("BasisAmount"), ["15038.47", "119.60"]);
    assert_eq!(tax("CalculatedAmount"), ["2857.31", "8.37"]);
    assert_eq!(tax("RateApplicablePercent"), ["19", "7"]);
    assert_eq!(at(&all, "ExchangedDocument/TypeCode"), ["380"]);
    assert_eq!(
        at(&all, "GuidelineSpecifiedDocumentContextParameter/ID"),
        ["urn:cen.eu:en16931:2017"]
    );
    assert_eq!(at(&all, "IssueDateTime/DateTimeString"), ["20261121"]);
    assert_eq!(at(&all, "DueDateDateTime/DateTimeString"), ["20261221"]);
    assert_eq!(at(&all, "IBANID"), ["DE89370400440532013000"]);
}

#[test]
fn ubl_holds_the_totals() {
    let all = texts(&ubl_xml(&sample(5)));
    for (name, text) in [
        ("LineExtensionAmount", "15158.07"),
        ("TaxExclusiveAmount", "15158.07"),
        ("TaxInclusiveAmount", "18023.75"),
        ("PayableAmount", "18023.75"),
    ] {
        assert_eq!(
            at(&all, &format!("LegalMonetaryTotal/{name}")),
            [text],
            "{name}"
        );
    }
    assert_eq!(at(&all, "Invoice/TaxTotal/TaxAmount"), ["2865.68"]);
    assert_eq!(at(&all, "TaxSubtotal/TaxAmount"), ["2857.31", "8.37"]);
    assert_eq!(at(&all, "Invoice/InvoiceTypeCode"), ["380"]);
    assert_eq!(at(&all, "Invoice/DueDate"), ["2026-12-21"]);
    assert_eq!(at(&all, "InvoiceLine/ID").len(), 5);
}

#[test]
fn a_credit_note_refers_to_its_invoice() {
    let mut note = sample(1);
    note.kind = Kind::CreditNote;
    let issue_date = Some(date(2026, 10, 1));
    note.corrects = Some(Reference {
        number: "INV-1".into(),
        issue_date,
    });
    let cii = texts(&facturx_xml(&note));
    assert_eq!(at(&cii, "ExchangedDocument/TypeCode"), ["381"]);
    assert_eq!(
        at(&cii, "InvoiceReferencedDocument/IssuerAssignedID"),
        ["INV-1"]
    );
    assert_eq!(
        at(&cii, "FormattedIssueDateTime/DateTimeString"),
        ["20261001"]
    );
    let ubl = texts(&ubl_xml(&note));
    assert_eq!(at(&ubl, "CreditNote/CreditNoteTypeCode"), ["381"]);
    assert_eq!(at(&ubl, "CreditNote/DueDate"), [""; 0]);
    assert_eq!(at(&ubl, "PaymentMeans/PaymentDueDate"), ["2026-12-21"]);
    assert_eq!(at(&ubl, "InvoiceDocumentReference/ID"), ["INV-1"]);
    assert_eq!(at(&ubl, "CreditNoteLine/CreditedQuantity"), ["120"]);
}

#[test]
fn price_by_quantity_is_always_the_amount() {
    // Whole years keep their price; a part of one is the price of all its units at once.
    let mut invoice = sample(2);
    invoice.lines.push(invoice.lines[1].clone());
    invoice.lines[2].amount_minor = -500;
    for xml in [facturx_xml(&invoice), ubl_xml(&invoice)] {
        let all = texts(&xml);
        let of = |names: [&str; 2]| [at(&all, names[0]), at(&all, names[1])].concat();
        assert_eq!(
            of(["ChargeAmount", "PriceAmount"]),
            ["96.00", "398.47", "5.00"]
        );
        assert_eq!(of(["BasisQuantity", "BaseQuantity"]), ["1", "15", "15"]);
        assert_eq!(
            of(["BilledQuantity", "InvoicedQuantity"]),
            ["120", "15", "-15"]
        );
    }
}

#[test]
fn untaxed_categories_say_why() {
    let mut invoice = sample(1);
    for (category, code, rate) in [
        (Category::ReverseCharge, "VATEX-EU-AE", &["0"][..]),
        (Category::OutsideScope, "VATEX-EU-O", &[]),
    ] {
        let row = &mut invoice.taxes[0];
        (row.category, row.rate_basis_points) = (category, 0);
        row.reason = Some("Because".into());
        let cii = texts(&facturx_xml(&invoice));
        let ubl = texts(&ubl_xml(&invoice));
        assert_eq!(at(&cii, "ApplicableTradeTax/ExemptionReason"), ["Because"]);
        assert_eq!(at(&cii, "ApplicableTradeTax/ExemptionReasonCode"), [code]);
        assert_eq!(at(&ubl, "TaxCategory/TaxExemptionReason"), ["Because"]);
        assert_eq!(at(&ubl, "TaxCategory/TaxExemptionReasonCode"), [code]);
        assert_eq!(at(&ubl, "TaxCategory/Percent"), rate);
    }
}

#[test]
fn a_seller_without_other_numbers_is_known_by_the_tax_number() {
    let mut invoice = sample(1);
    let ids = |invoice: &Invoice| {
        let (cii, ubl) = (texts(&facturx_xml(invoice)), texts(&ubl_xml(invoice)));
        [
            at(&cii, "SellerTradeParty/ID"),
            at(&ubl, "PartyIdentification/ID"),
        ]
        .concat()
        .join(" ")
    };
    assert_eq!(ids(&invoice), "");
    (invoice.seller.vat_id, invoice.seller.registration) = (None, None);
    assert_eq!(ids(&invoice), "48/732/01234 48/732/01234");
}

#[test]
fn texts_cannot_break_out() {
    let hostile = "A & B <b>\"x\"</b>\u{0}\u{7}\u{1b}\u{ffff} ]]> é 株";
    let mut invoice: Invoice = sample(1);
    invoice.buyer.name = hostile.into();
    invoice.lines[0].unit_code = "\"><x>".into();
    for xml in [facturx_xml(&invoice), ubl_xml(&invoice)] {
        let all = texts(&xml);
        let names = [
            at(&all, "BuyerTradeParty/Name"),
            at(&all, "PartyLegalEntity/RegistrationName"),
        ]
        .concat();
        assert_eq!(names.last(), Some(&"A & B <b>\"x\"</b> ]]> é 株"));
    }
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    let mut invoice = sample(1);
    for (code, exponent, text) in [
        ("JPY", 0, "1370880"),
        ("BHD", 3, "1370.88"),
        ("CLF", 4, "137.088"),
    ] {
        invoice.currency = Currency {
            code: code.into(),
            exponent,
        };
        let all = texts(&facturx_xml(&invoice));
        assert_eq!(at(&all, "GrandTotalAmount"), [text]);
        assert_eq!(at(&all, "InvoiceCurrencyCode"), [code]);
    }
}
