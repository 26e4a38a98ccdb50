//! From the rows of an inventory to lines of sales orders, each said once.

use std::collections::HashMap;

use super::{
    super::{
        cells::{
            Cells, Mapping, Remark, Staged, day_of, note_spaces, note_widths, price_of, units_of,
        },
        kinds::{Sheet, Unit, What},
    },
    LicenseRow,
};

type Wrong = (&'static str, &'static str, String);

/// What the rows of an inventory say.
pub fn understand(rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet {
    let mut sheet = Sheet::default();
    note_spaces(&mut sheet, rows, mapping, headings);
    note_widths(&mut sheet, rows, headings.len());
    let mut said = HashMap::new();
    for staged in rows {
        let read = read(&Cells::of(staged, mapping)).and_then(|row| {
            let key = (row.owner.clone(), row.sales_order.clone(), row.sku.clone(), row.start);
            match said.insert(key, staged.number) {
                Some(first) => Err(("sales_order", "license.repeated", format!(
                    "Row {first} is the same line of the order; give them different first days, or add them up."
                ))),
                None => Ok(row),
            }
        });
        match read {
            Ok(_) if sheet.is_bad(staged.number) => {}
            Ok(row) => sheet.units.push(Unit {
                rows: vec![staged.number],
                what: What::License(row),
            }),
            Err((field, code, message)) => {
                let column = mapping
                    .get(field)
                    .and_then(|place| headings.get(*place).cloned());
                sheet.remark(
                    staged.number,
                    Remark {
                        column,
                        code: code.into(),
                        message,
                        error: true,
                    },
                );
            }
        }
    }
    sheet
}

fn read(cells: &Cells<'_>) -> std::result::Result<LicenseRow, Wrong> {
    let need = |field: &'static str, what: &str| {
        cells
            .get(field)
            .ok_or_else(|| (field, "required", format!("The row has no {what}.")))
    };
    let day = |field: &'static str| match cells.get(field) {
        None => Ok(None),
        Some(text) => match day_of(&text) {
            Some(day) => Ok(Some(day)),
            None => Err((
                field,
                "date.malformed",
                format!("“{text}” is no date such as 2026-01-31."),
            )),
        },
    };
    let quantity = need("quantity", "quantity")?;
    let quantity = units_of(&quantity).ok_or_else(|| {
        (
            "quantity",
            "number.malformed",
            format!("“{quantity}” is no whole number."),
        )
    })?;
    let price = match (cells.get("price"), cells.get("currency")) {
        (None, _) => None,
        (Some(price), currency) => {
            let currency = currency.unwrap_or_default();
            let wrong = || {
                (
                    "price",
                    "price.malformed",
                    format!("“{price} {currency}” is no price, such as 12.50 EUR."),
                )
            };
            Some(price_of(&price, &currency).ok_or_else(wrong)?)
        }
    };
    Ok(LicenseRow {
        sales_order: need("sales_order", "sales order")?,
        sku: need("sku", "SKU")?,
        quantity,
        owner: cells.get("owner"),
        start: day("start_date")?,
        end: day("end_date")?,
        support_reference: cells.get("support_reference"),
        name: cells.get("name"),
        note: cells.get("note"),
        price,
    })
}
