//! The invoice as UN/CEFACT Cross Industry Invoice, as Factur-X and ZUGFeRD carry it inside a PDF.
//!
//! Owns: the elements of CII and their order, in the profile EN 16931 of Factur-X 1.0.
//! Does not own: what the elements say, which `terms` decides; the PDF around them.
//! Keeps true: every fact of the invoice that EN 16931 has a term for is in it once.
//!
//! The profile uses elements that schema versions D16B and D22B share.

use jiff::civil::Date;

use crate::{
    invoice::{Invoice, Line, Party, Period, Tax},
    terms::{self, present},
    xml::Xml,
};

const NAMESPACES: [(&str, &str); 4] = [
    (
        "xmlns:rsm",
        "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    ),
    (
        "xmlns:ram",
        "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    ),
    (
        "xmlns:udt",
        "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    ),
    (
        "xmlns:qdt",
        "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    ),
];

/// The invoice in CII, profile EN 16931. Whether it obeys the standard is [`check`](crate::check())'s to say.
#[must_use]
pub fn facturx_xml(invoice: &Invoice) -> String {
    Xml::document("rsm:CrossIndustryInvoice", &NAMESPACES, |xml| {
        xml.element("rsm:ExchangedDocumentContext", |xml| {
            xml.element("ram:GuidelineSpecifiedDocumentContextParameter", |xml| {
                xml.leaf("ram:ID", terms::GUIDELINE);
            });
        });
        xml.element("rsm:ExchangedDocument", |xml| {
            xml.leaf("ram:ID", &invoice.number);
            xml.leaf("ram:TypeCode", terms::type_code(invoice.kind));
            day(xml, "ram:IssueDateTime", invoice.issue_date);
            for note in invoice.notes.iter().filter(|note| !note.trim().is_empty()) {
                xml.element("ram:IncludedNote", |xml| xml.leaf("ram:Content", note));
            }
        });
        xml.element("rsm:SupplyChainTradeTransaction", |xml| {
            for line in &invoice.lines {
                xml.element("ram:IncludedSupplyChainTradeLineItem", |xml| {
                    position(xml, invoice, line);
                });
            }
            agreement(xml, invoice);
            xml.element("ram:ApplicableHeaderTradeDelivery", |_| {});
            xml.element("ram:ApplicableHeaderTradeSettlement", |xml| {
                settlement(xml, invoice);
            });
        });
    })
}

fn position(xml: &mut Xml, invoice: &Invoice, line: &Line) {
    let price = terms::price(invoice, line);
    let unit = [("unitCode", line.unit_code.as_str())];
    xml.element("ram:AssociatedDocumentLineDocument", |xml| {
        xml.leaf("ram:LineID", &line.position.to_string());
    });
    xml.element("ram:SpecifiedTradeProduct", |xml| {
        xml.leaf_if("ram:SellerAssignedID", line.id.as_deref());
        xml.leaf("ram:Name", &line.name);
        xml.leaf_if("ram:Description", line.explanation.as_deref());
    });
    xml.element("ram:SpecifiedLineTradeAgreement", |xml| {
        xml.element("ram:NetPriceProductTradePrice", |xml| {
            xml.leaf("ram:ChargeAmount", &price.price);
            xml.leaf_with("ram:BasisQuantity", &unit, &price.base_quantity);
        });
    });
    xml.element("ram:SpecifiedLineTradeDelivery", |xml| {
        xml.leaf_with("ram:BilledQuantity", &unit, &price.quantity);
    });
    xml.element("ram:SpecifiedLineTradeSettlement", |xml| {
        xml.element("ram:ApplicableTradeTax", |xml| {
            xml.leaf("ram:TypeCode", "VAT");
            xml.leaf("ram:CategoryCode", terms::category_code(line.category));
            let rate = terms::rate(line.category, line.rate_basis_points);
            xml.leaf_if("ram:RateApplicablePercent", rate.as_deref());
        });
        period(xml, line.period);
        xml.element("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
            xml.leaf(
                "ram:LineTotalAmount",
                &terms::money(invoice, line.amount_minor),
            );
        });
    });
}

fn agreement(xml: &mut Xml, invoice: &Invoice) {
    xml.element("ram:ApplicableHeaderTradeAgreement", |xml| {
        xml.leaf_if("ram:BuyerReference", invoice.buyer_reference.as_deref());
        let tax_number = invoice.seller.tax_number.as_deref();
        xml.element("ram:SellerTradeParty", |xml| {
            xml.leaf_if("ram:ID", terms::seller_id(&invoice.seller));
            party(xml, &invoice.seller, tax_number);
        });
        xml.element("ram:BuyerTradeParty", |xml| {
            party(xml, &invoice.buyer, None);
        });
        if let Some(order) = present(invoice.order_reference.as_deref()) {
            xml.element("ram:BuyerOrderReferencedDocument", |xml| {
                xml.leaf("ram:IssuerAssignedID", order);
            });
        }
    });
}

fn party(xml: &mut Xml, party: &Party, tax_number: Option<&str>) {
    xml.leaf("ram:Name", &party.name);
    if let Some(registration) = present(party.registration.as_deref()) {
        xml.element("ram:SpecifiedLegalOrganization", |xml| {
            xml.leaf("ram:ID", registration);
        });
    }
    let email = present(party.email.as_deref());
    let (contact, telephone) = (
        present(party.contact.as_deref()),
        present(party.telephone.as_deref()),
    );
    if contact.is_some() || telephone.is_some() || email.is_some() {
        xml.element("ram:DefinedTradeContact", |xml| {
            xml.leaf_if("ram:PersonName", contact);
            if let Some(telephone) = telephone {
                xml.element("ram:TelephoneUniversalCommunication", |xml| {
                    xml.leaf("ram:CompleteNumber", telephone);
                });
            }
            if let Some(email) = email {
                xml.element("ram:EmailURIUniversalCommunication", |xml| {
                    xml.leaf("ram:URIID", email);
                });
            }
        });
    }
    address(xml, party);
    if let Some(email) = email {
        xml.element("ram:URIUniversalCommunication", |xml| {
            xml.leaf_with("ram:URIID", &[("schemeID", terms::EMAIL_SCHEME)], email);
        });
    }
    for (scheme, id) in [("FC", tax_number), ("VA", party.vat_id.as_deref())] {
        if let Some(id) = present(id) {
            xml.element("ram:SpecifiedTaxRegistration", |xml| {
                xml.leaf_with("ram:ID", &[("schemeID", scheme)], id);
            });
        }
    }
}

fn address(xml: &mut Xml, party: &Party) {
    xml.element("ram:PostalTradeAddress", |xml| {
        xml.leaf_if("ram:PostcodeCode", Some(&party.postcode));
        for (name, line) in ["ram:LineOne", "ram:LineTwo", "ram:LineThree"]
            .into_iter()
            .zip(terms::street(party))
        {
            xml.leaf_if(name, line.as_deref());
        }
        xml.leaf_if("ram:CityName", Some(&party.city));
        xml.leaf("ram:CountryID", &party.country);
    });
}

fn settlement(xml: &mut Xml, invoice: &Invoice) {
    let payment = &invoice.payment;
    xml.leaf_if("ram:PaymentReference", payment.remittance.as_deref());
    xml.leaf("ram:InvoiceCurrencyCode", &invoice.currency.code);
    if let Some(iban) = terms::iban(payment) {
        xml.element("ram:SpecifiedTradeSettlementPaymentMeans", |xml| {
            xml.leaf("ram:TypeCode", terms::payment_code(invoice));
            xml.element("ram:PayeePartyCreditorFinancialAccount", |xml| {
                xml.leaf("ram:IBANID", &iban);
                xml.leaf_if("ram:AccountName", payment.account_name.as_deref());
            });
            if let Some(bic) = present(payment.bic.as_deref()) {
                xml.element("ram:PayeeSpecifiedCreditorFinancialInstitution", |xml| {
                    xml.leaf("ram:BICID", bic);
                });
            }
        });
    }
    for tax in &invoice.taxes {
        xml.element("ram:ApplicableTradeTax", |xml| tax_row(xml, invoice, tax));
    }
    period(xml, terms::period(invoice));
    if present(payment.terms.as_deref()).is_some() || invoice.due_date.is_some() {
        xml.element("ram:SpecifiedTradePaymentTerms", |xml| {
            xml.leaf_if("ram:Description", payment.terms.as_deref());
            if let Some(due) = invoice.due_date {
                day(xml, "ram:DueDateDateTime", due);
            }
        });
    }
    sums(xml, invoice);
    if let Some(corrected) = &invoice.corrects {
        xml.element("ram:InvoiceReferencedDocument", |xml| {
            xml.leaf("ram:IssuerAssignedID", &corrected.number);
            if let Some(date) = corrected.issue_date {
                xml.element("ram:FormattedIssueDateTime", |xml| {
                    stamp(xml, "qdt:DateTimeString", date);
                });
            }
        });
    }
}

fn tax_row(xml: &mut Xml, invoice: &Invoice, tax: &Tax) {
    xml.leaf(
        "ram:CalculatedAmount",
        &terms::money(invoice, tax.tax_minor),
    );
    xml.leaf("ram:TypeCode", "VAT");
    xml.leaf_if("ram:ExemptionReason", tax.reason.as_deref());
    xml.leaf("ram:BasisAmount", &terms::money(invoice, tax.taxable_minor));
    xml.leaf("ram:CategoryCode", terms::category_code(tax.category));
    xml.leaf_if("ram:ExemptionReasonCode", terms::reason_code(tax.category));
    let rate = terms::rate(tax.category, tax.rate_basis_points);
    xml.leaf_if("ram:RateApplicablePercent", rate.as_deref());
}

fn sums(xml: &mut Xml, invoice: &Invoice) {
    let (totals, currency) = (&invoice.totals, invoice.currency.code.as_str());
    let money = |minor| terms::money(invoice, minor);
    xml.element(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        |xml| {
            xml.leaf("ram:LineTotalAmount", &money(totals.net_minor));
            xml.leaf("ram:TaxBasisTotalAmount", &money(totals.net_minor));
            let attributes = [("currencyID", currency)];
            xml.leaf_with("ram:TaxTotalAmount", &attributes, &money(totals.tax_minor));
            xml.leaf("ram:GrandTotalAmount", &money(totals.total_minor));
            if totals.prepaid_minor != 0 {
                xml.leaf("ram:TotalPrepaidAmount", &money(totals.prepaid_minor));
            }
            xml.leaf("ram:DuePayableAmount", &money(totals.due_minor));
        },
    );
}

fn period(xml: &mut Xml, period: Option<Period>) {
    if let Some(period) = period {
        xml.element("ram:BillingSpecifiedPeriod", |xml| {
            day(xml, "ram:StartDateTime", period.first);
            day(xml, "ram:EndDateTime", period.last);
        });
    }
}

fn day(xml: &mut Xml, name: &str, date: Date) {
    xml.element(name, |xml| stamp(xml, "udt:DateTimeString", date));
}

/// A day as year, month and day without separators, which is format 102 of UNTDID 2379.
fn stamp(xml: &mut Xml, name: &str, date: Date) {
    let text = format!("{:04}{:02}{:02}", date.year(), date.month(), date.day());
    xml.leaf_with(name, &[("format", "102")], &text);
}
