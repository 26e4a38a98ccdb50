//! The invoice as UBL 2.1, which Peppol and most public portals take.
//!
//! Owns: the elements of UBL's Invoice and CreditNote and their order.
//! Does not own: what the elements say, which `terms` decides.
//! Keeps true: it says the same as the Factur-X of the same invoice.

use jiff::civil::Date;

use crate::{
    invoice::{Category, Invoice, Kind, Line, Party, Period, Tax},
    terms::{self, present},
    xml::Xml,
};

/// What the two kinds of document call their parts.
struct Names {
    root: &'static str,
    namespace: &'static str,
    type_code: &'static str,
    line: &'static str,
    quantity: &'static str,
}

const INVOICE: Names = Names {
    root: "Invoice",
    namespace: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    type_code: "cbc:InvoiceTypeCode",
    line: "cac:InvoiceLine",
    quantity: "cbc:InvoicedQuantity",
};

const CREDIT_NOTE: Names = Names {
    root: "CreditNote",
    namespace: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    type_code: "cbc:CreditNoteTypeCode",
    line: "cac:CreditNoteLine",
    quantity: "cbc:CreditedQuantity",
};

const AGGREGATES: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
const BASICS: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

/// The invoice in UBL 2.1. Whether it obeys the standard is [`check`](crate::check())'s to say.
#[must_use]
pub fn ubl_xml(invoice: &Invoice) -> String {
    let names = match invoice.kind {
        Kind::Invoice => &INVOICE,
        Kind::CreditNote => &CREDIT_NOTE,
    };
    let namespaces = [
        ("xmlns", names.namespace),
        ("xmlns:cac", AGGREGATES),
        ("xmlns:cbc", BASICS),
    ];
    Xml::document(names.root, &namespaces, |xml| {
        head(xml, invoice, names);
        xml.element("cac:AccountingSupplierParty", |xml| {
            let tax_number = invoice.seller.tax_number.as_deref();
            let id = terms::seller_id(&invoice.seller);
            xml.element("cac:Party", |xml| {
                party(xml, &invoice.seller, id, tax_number)
            });
        });
        xml.element("cac:AccountingCustomerParty", |xml| {
            xml.element("cac:Party", |xml| party(xml, &invoice.buyer, None, None));
        });
        payment(xml, invoice);
        sums(xml, invoice);
        for line in &invoice.lines {
            xml.element(names.line, |xml| position(xml, invoice, line, names));
        }
    })
}

fn head(xml: &mut Xml, invoice: &Invoice, names: &Names) {
    xml.leaf("cbc:CustomizationID", terms::GUIDELINE);
    xml.leaf("cbc:ID", &invoice.number);
    day(xml, "cbc:IssueDate", Some(invoice.issue_date));
    if invoice.kind == Kind::Invoice {
        day(xml, "cbc:DueDate", invoice.due_date);
    }
    xml.leaf(names.type_code, terms::type_code(invoice.kind));
    for note in &invoice.notes {
        xml.leaf_if("cbc:Note", Some(note));
    }
    xml.leaf("cbc:DocumentCurrencyCode", &invoice.currency.code);
    xml.leaf_if("cbc:BuyerReference", invoice.buyer_reference.as_deref());
    period(xml, terms::period(invoice));
    if let Some(order) = present(invoice.order_reference.as_deref()) {
        xml.element("cac:OrderReference", |xml| xml.leaf("cbc:ID", order));
    }
    if let Some(corrected) = &invoice.corrects {
        xml.element("cac:BillingReference", |xml| {
            xml.element("cac:InvoiceDocumentReference", |xml| {
                xml.leaf("cbc:ID", &corrected.number);
                day(xml, "cbc:IssueDate", corrected.issue_date);
            });
        });
    }
}

fn party(xml: &mut Xml, party: &Party, id: Option<&str>, tax_number: Option<&str>) {
    let email = present(party.email.as_deref());
    if let Some(email) = email {
        let scheme = [("schemeID", terms::EMAIL_SCHEME)];
        xml.leaf_with("cbc:EndpointID", &scheme, email);
    }
    if let Some(id) = id {
        xml.element("cac:PartyIdentification", |xml| xml.leaf("cbc:ID", id));
    }
    xml.element("cac:PostalAddress", |xml| address(xml, party));
    for (scheme, id) in [("VAT", party.vat_id.as_deref()), ("FC", tax_number)] {
        if let Some(id) = present(id) {
            xml.element("cac:PartyTaxScheme", |xml| {
                xml.leaf("cbc:CompanyID", id);
                xml.element("cac:TaxScheme", |xml| xml.leaf("cbc:ID", scheme));
            });
        }
    }
    xml.element("cac:PartyLegalEntity", |xml| {
        xml.leaf("cbc:RegistrationName", &party.name);
        xml.leaf_if("cbc:CompanyID", party.registration.as_deref());
    });
    let (contact, telephone) = (party.contact.as_deref(), party.telephone.as_deref());
    if present(contact).is_some() || present(telephone).is_some() || email.is_some() {
        xml.element("cac:Contact", |xml| {
            xml.leaf_if("cbc:Name", contact);
            xml.leaf_if("cbc:Telephone", telephone);
            xml.leaf_if("cbc:ElectronicMail", email);
        });
    }
}

fn address(xml: &mut Xml, party: &Party) {
    let [first, second, third] = terms::street(party);
    xml.leaf_if("cbc:StreetName", first.as_deref());
    xml.leaf_if("cbc:AdditionalStreetName", second.as_deref());
    xml.leaf_if("cbc:CityName", Some(&party.city));
    xml.leaf_if("cbc:PostalZone", Some(&party.postcode));
    if let Some(third) = third {
        xml.element("cac:AddressLine", |xml| xml.leaf("cbc:Line", &third));
    }
    xml.element("cac:Country", |xml| {
        xml.leaf("cbc:IdentificationCode", &party.country);
    });
}

fn payment(xml: &mut Xml, invoice: &Invoice) {
    let payment = &invoice.payment;
    if let Some(iban) = terms::iban(payment) {
        xml.element("cac:PaymentMeans", |xml| {
            xml.leaf("cbc:PaymentMeansCode", terms::payment_code(invoice));
            // A credit note of UBL has no due date of its own.
            if invoice.kind == Kind::CreditNote {
                day(xml, "cbc:PaymentDueDate", invoice.due_date);
            }
            xml.leaf_if("cbc:PaymentID", payment.remittance.as_deref());
            xml.element("cac:PayeeFinancialAccount", |xml| {
                xml.leaf("cbc:ID", &iban);
                xml.leaf_if("cbc:Name", payment.account_name.as_deref());
                if let Some(bic) = present(payment.bic.as_deref()) {
                    xml.element("cac:FinancialInstitutionBranch", |xml| {
                        xml.leaf("cbc:ID", bic);
                    });
                }
            });
        });
    }
    if let Some(terms) = present(payment.terms.as_deref()) {
        xml.element("cac:PaymentTerms", |xml| xml.leaf("cbc:Note", terms));
    }
}

fn sums(xml: &mut Xml, invoice: &Invoice) {
    let totals = &invoice.totals;
    xml.element("cac:TaxTotal", |xml| {
        money(xml, invoice, "cbc:TaxAmount", totals.tax_minor);
        for tax in &invoice.taxes {
            xml.element("cac:TaxSubtotal", |xml| tax_row(xml, invoice, tax));
        }
    });
    xml.element("cac:LegalMonetaryTotal", |xml| {
        money(xml, invoice, "cbc:LineExtensionAmount", totals.net_minor);
        money(xml, invoice, "cbc:TaxExclusiveAmount", totals.net_minor);
        money(xml, invoice, "cbc:TaxInclusiveAmount", totals.total_minor);
        if totals.prepaid_minor != 0 {
            money(xml, invoice, "cbc:PrepaidAmount", totals.prepaid_minor);
        }
        money(xml, invoice, "cbc:PayableAmount", totals.due_minor);
    });
}

fn tax_row(xml: &mut Xml, invoice: &Invoice, tax: &Tax) {
    money(xml, invoice, "cbc:TaxableAmount", tax.taxable_minor);
    money(xml, invoice, "cbc:TaxAmount", tax.tax_minor);
    xml.element("cac:TaxCategory", |xml| {
        category(xml, tax.category, tax.rate_basis_points, |xml| {
            let code = terms::reason_code(tax.category);
            xml.leaf_if("cbc:TaxExemptionReasonCode", code);
            xml.leaf_if("cbc:TaxExemptionReason", tax.reason.as_deref());
        });
    });
}

fn category(xml: &mut Xml, category: Category, rate: u32, reason: impl FnOnce(&mut Xml)) {
    xml.leaf("cbc:ID", terms::category_code(category));
    xml.leaf_if("cbc:Percent", terms::rate(category, rate).as_deref());
    reason(xml);
    xml.element("cac:TaxScheme", |xml| xml.leaf("cbc:ID", "VAT"));
}

fn position(xml: &mut Xml, invoice: &Invoice, line: &Line, names: &Names) {
    let price = terms::price(invoice, line);
    let unit = [("unitCode", line.unit_code.as_str())];
    xml.leaf("cbc:ID", &line.position.to_string());
    xml.leaf_with(names.quantity, &unit, &price.quantity);
    money(xml, invoice, "cbc:LineExtensionAmount", line.amount_minor);
    period(xml, line.period);
    xml.element("cac:Item", |xml| {
        xml.leaf_if("cbc:Description", line.explanation.as_deref());
        xml.leaf("cbc:Name", &line.name);
        if let Some(id) = present(line.id.as_deref()) {
            xml.element("cac:SellersItemIdentification", |xml| {
                xml.leaf("cbc:ID", id);
            });
        }
        xml.element("cac:ClassifiedTaxCategory", |xml| {
            category(xml, line.category, line.rate_basis_points, |_| {});
        });
    });
    xml.element("cac:Price", |xml| {
        let currency = [("currencyID", invoice.currency.code.as_str())];
        xml.leaf_with("cbc:PriceAmount", &currency, &price.price);
        xml.leaf_with("cbc:BaseQuantity", &unit, &price.base_quantity);
    });
}

fn money(xml: &mut Xml, invoice: &Invoice, name: &str, minor: i64) {
    let currency = [("currencyID", invoice.currency.code.as_str())];
    xml.leaf_with(name, &currency, &terms::money(invoice, minor));
}

fn period(xml: &mut Xml, period: Option<Period>) {
    if let Some(period) = period {
        xml.element("cac:InvoicePeriod", |xml| {
            day(xml, "cbc:StartDate", Some(period.first));
            day(xml, "cbc:EndDate", Some(period.last));
        });
    }
}

fn day(xml: &mut Xml, name: &str, date: Option<Date>) {
    if let Some(date) = date {
        xml.leaf(name, &date.to_string());
    }
}
