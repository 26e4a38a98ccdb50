//! The demo's sales orders, in the order in which they came in.

use super::{
    companies::{CORDILLERA, DECCAN, HAYASHI, LEKKI, MAPLE, NORDLICHT, PROVIDER},
    suites::{STOCK, STOCKED},
    telephones::TELEPHONES,
};

/// A sales order: licenses that begin together.
pub struct Order {
    /// Its number.
    pub number: &'static str,
    /// The number under which support knows it.
    pub support: Option<&'static str>,
    /// Who bought.
    pub owner: &'static str,
    /// So many days ago it came in.
    pub days_ago: i64,
    /// Its first day, counted from today.
    pub begins: i64,
    /// Its licenses.
    pub lines: &'static [Line],
}

/// One license of an order.
pub struct Line {
    /// The SKU's code.
    pub sku: &'static str,
    /// Units.
    pub units: i64,
    /// Who receives how many of them from the owner.
    pub shares: &'static [(&'static str, i64)],
}

/// A license of an order.
pub(super) const fn line(
    sku: &'static str,
    units: i64,
    shares: &'static [(&'static str, i64)],
) -> Line {
    Line { sku, units, shares }
}

/// The order whose licenses are paused later, by number.
pub const PAUSED: &str = "SO-10460";
/// The order whose support reference is corrected later, by number, and the new reference.
pub const CORRECTED: (&str, &str) = ("SO-10433", "CASE-5530-B");
/// The customer that is suspended in the end.
pub const SUSPENDED: &str = "Viñedos Tres Ríos";

/// All of them: some have ended, some end soon, some have yet to begin.
pub const ORDERS: &[Order] = &[
    Order {
        number: "SO-10408",
        support: Some("CASE-4471"),
        owner: PROVIDER,
        days_ago: 49,
        begins: -385,
        lines: &[
            line(
                "FW-ESS-1Y",
                120,
                &[(NORDLICHT, 45), (MAPLE, 30), ("Fjordline Ferries", 12)],
            ),
            line("EDR-ESS-1Y", 400, &[(CORDILLERA, 160), (LEKKI, 90)]),
        ],
    },
    Order {
        number: "SO-10409",
        support: None,
        owner: PROVIDER,
        days_ago: 48,
        begins: -52,
        lines: &[
            line("ROOM-ESS-1M", 15, &[("Bergen Maritime Museum", 4)]),
            line("CALL-ESS-1M", 60, &[(DECCAN, 40)]),
        ],
    },
    Order {
        number: "SO-10415",
        support: Some("CASE-4502"),
        owner: PROVIDER,
        days_ago: 47,
        begins: -351,
        lines: &[
            line(
                "SASE-ADV-1Y",
                800,
                &[(NORDLICHT, 320), (HAYASHI, 200), ("Tromsø Kommune", 120)],
            ),
            line(
                "MAIL-ESS-1Y",
                1_500,
                &[(NORDLICHT, 600), (CORDILLERA, 400), (DECCAN, 350)],
            ),
            line("ROOM-ADV-1Y", 40, &[(MAPLE, 18), ("Reykjavík Energy", 6)]),
        ],
    },
    Order {
        number: "SO-10417",
        support: Some("CASE-4519"),
        owner: PROVIDER,
        days_ago: 45,
        begins: -340,
        lines: &[
            line("WIFI-ADV-1Y", 160, &[(HAYASHI, 70), (LEKKI, 40)]),
            line("SW-ESS-1Y", 90, &[(CORDILLERA, 35), (DECCAN, 25)]),
        ],
    },
    Order {
        number: "SO-10421",
        support: Some("CASE-4533"),
        owner: PROVIDER,
        days_ago: 43,
        begins: -700,
        lines: &[
            line(
                "FW-ADV-3Y",
                240,
                &[
                    (NORDLICHT, 80),
                    (CORDILLERA, 40),
                    (MAPLE, 60),
                    (HAYASHI, 30),
                ],
            ),
            line("FW-PRE-3Y", 60, &[(NORDLICHT, 20), (HAYASHI, 25)]),
            line(
                "TI-ADV-3Y",
                300,
                &[(NORDLICHT, 100), (MAPLE, 60), (HAYASHI, 55)],
            ),
        ],
    },
    Order {
        number: "SO-10426",
        support: Some("CASE-4560"),
        owner: PROVIDER,
        days_ago: 40,
        begins: -420,
        lines: &[
            line(
                "SW-ADV-3Y",
                320,
                &[(NORDLICHT, 110), (MAPLE, 70), (LEKKI, 60), (DECCAN, 80)],
            ),
            line(
                "WIFI-PRE-3Y",
                210,
                &[(NORDLICHT, 90), (MAPLE, 50), ("Tromsø Kommune", 30)],
            ),
        ],
    },
    Order {
        number: "SO-10430",
        support: Some("CASE-4588"),
        owner: PROVIDER,
        days_ago: 38,
        begins: -37,
        lines: &[
            line(
                "EDR-ADV-1Y",
                2_500,
                &[
                    (NORDLICHT, 700),
                    (CORDILLERA, 450),
                    (MAPLE, 500),
                    (DECCAN, 600),
                ],
            ),
            line(
                "EDR-PRE-1Y",
                600,
                &[(HAYASHI, 260), ("Reykjavík Energy", 140)],
            ),
            line(
                "EDR-EDU-1Y",
                3_000,
                &[
                    (NORDLICHT, 800),
                    (MAPLE, 650),
                    (HAYASHI, 700),
                    (DECCAN, 750),
                ],
            ),
        ],
    },
    Order {
        number: "SO-10433",
        support: Some("CASE-5530"),
        owner: PROVIDER,
        days_ago: 34,
        begins: -30,
        lines: &[
            line(
                "CALL-ADV-1Y",
                900,
                &[(NORDLICHT, 300), (CORDILLERA, 150), (LEKKI, 240)],
            ),
            line("ROOM-ADV-1Y", 75, &[(NORDLICHT, 30), (HAYASHI, 20)]),
            line(
                "MAIL-ADV-1Y",
                1_200,
                &[(LEKKI, 400), (MAPLE, 350), ("Fjordline Ferries", 180)],
            ),
        ],
    },
    Order {
        number: "SO-10438",
        support: None,
        owner: MAPLE,
        days_ago: 31,
        begins: -31,
        lines: &[
            line(
                "SASE-ADV-1Y",
                300,
                &[
                    ("Great Lakes Credit Union", 140),
                    ("Prairie Grain Cooperative", 60),
                ],
            ),
            line(
                "MAIL-ADV-1Y",
                300,
                &[
                    ("Great Lakes Credit Union", 140),
                    ("Lakeview Dental Clinics", 85),
                ],
            ),
        ],
    },
    Order {
        number: STOCKED,
        support: Some("CASE-5549"),
        owner: NORDLICHT,
        days_ago: 30,
        begins: -30,
        lines: STOCK,
    },
    Order {
        number: "SO-10441",
        support: Some("CASE-5561"),
        owner: PROVIDER,
        days_ago: 28,
        begins: -28,
        lines: &[
            line(
                "SASE-PRE-3Y",
                1_200,
                &[
                    (NORDLICHT, 350),
                    (HAYASHI, 300),
                    (LEKKI, 220),
                    (DECCAN, 200),
                ],
            ),
            line("FW-ADV-1Y", 85, &[(CORDILLERA, 30), (DECCAN, 25)]),
        ],
    },
    Order {
        number: "SO-10446",
        support: None,
        owner: PROVIDER,
        days_ago: 23,
        begins: -20,
        lines: &[
            line("CALL-ESS-1M", 120, &[(DECCAN, 70)]),
            line(
                "ROOM-ESS-1M",
                30,
                &[("Bergen Maritime Museum", 5), (LEKKI, 8)],
            ),
            line("SASE-ESS-1M", 200, &[(CORDILLERA, 90)]),
        ],
    },
    Order {
        number: "SO-10450",
        support: Some("CASE-5583"),
        owner: HAYASHI,
        days_ago: 20,
        begins: -20,
        lines: &[
            line(
                "FW-ADV-3Y",
                40,
                &[("Minato Shipping", 16), ("Tan & Lim Holdings", 12)],
            ),
            line(
                "TI-ADV-3Y",
                40,
                &[("Minato Shipping", 16), ("Tan & Lim Holdings", 12)],
            ),
        ],
    },
    Order {
        number: "SO-10452",
        support: Some("CASE-5587"),
        owner: PROVIDER,
        days_ago: 18,
        begins: -18,
        lines: TELEPHONES,
    },
    Order {
        number: "SO-10455",
        support: Some("CASE-5590"),
        owner: PROVIDER,
        days_ago: 16,
        begins: -10,
        lines: &[
            line("FW-PRE-3Y", 45, &[(NORDLICHT, 15), (LEKKI, 10)]),
            line("WIFI-PRE-3Y", 130, &[(CORDILLERA, 60), (DECCAN, 40)]),
            line("SW-ADV-3Y", 110, &[(HAYASHI, 45)]),
        ],
    },
    Order {
        number: "SO-10460",
        support: Some("CASE-5602"),
        owner: PROVIDER,
        days_ago: 12,
        begins: -12,
        lines: &[line("WIFI-ADV-1Y", 100, &[(MAPLE, 45)])],
    },
    Order {
        number: "SO-10464",
        support: Some("CASE-5611"),
        owner: PROVIDER,
        days_ago: 9,
        begins: 12,
        lines: &[
            line("EDR-ADV-1Y", 1_500, &[(NORDLICHT, 500), (LEKKI, 300)]),
            line("SASE-ADV-1Y", 1_000, &[(DECCAN, 350)]),
        ],
    },
    Order {
        number: "SO-10467",
        support: None,
        owner: PROVIDER,
        days_ago: 6,
        begins: 30,
        lines: &[
            line("FW-PRE-3Y", 80, &[]),
            line("CALL-ADV-1Y", 250, &[(MAPLE, 120)]),
        ],
    },
    Order {
        number: "SO-10470",
        support: Some("CASE-5620"),
        owner: PROVIDER,
        days_ago: 4,
        begins: -4,
        lines: &[
            line("ROOM-ADV-1Y", 40, &[]),
            line("MAIL-ADV-1Y", 500, &[]),
            line("CALL-ADV-1Y", 150, &[]),
            line("EDR-PRE-1Y", 350, &[]),
        ],
    },
    Order {
        number: "SO-10472",
        support: None,
        owner: "Fjordline Ferries",
        days_ago: 3,
        begins: -3,
        lines: &[line("EDR-ADV-1Y", 200, &[]), line("SASE-ADV-1Y", 150, &[])],
    },
];
