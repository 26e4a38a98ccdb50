//! The telephone order of the demo: a base with its extensions, three others, and nine add-ons.

use super::{
    companies::{MAPLE, NORDLICHT},
    orders::{Line, line},
};

const TROMSO: &str = "Tromsø Kommune";
const FJORDLINE: &str = "Fjordline Ferries";

/// Its licenses.
pub const TELEPHONES: &[Line] = &[
    line(
        "PS-1Y",
        2_400,
        &[
            (NORDLICHT, 1_000),
            (MAPLE, 700),
            (TROMSO, 300),
            (FJORDLINE, 220),
        ],
    ),
    line(
        "AA-1Y",
        60,
        &[(NORDLICHT, 24), (MAPLE, 16), (TROMSO, 6), (FJORDLINE, 5)],
    ),
    line(
        "CG-1Y",
        90,
        &[(NORDLICHT, 36), (MAPLE, 24), (TROMSO, 10), (FJORDLINE, 8)],
    ),
    line(
        "DEV-1Y",
        120,
        &[(NORDLICHT, 50), (MAPLE, 30), (TROMSO, 14), (FJORDLINE, 10)],
    ),
    line(
        "IP-1Y",
        1_900,
        &[
            (NORDLICHT, 800),
            (MAPLE, 560),
            (TROMSO, 240),
            (FJORDLINE, 170),
        ],
    ),
    line(
        "DESK-1Y",
        1_100,
        &[
            (NORDLICHT, 460),
            (MAPLE, 320),
            (TROMSO, 140),
            (FJORDLINE, 100),
        ],
    ),
    line(
        "MOB-1Y",
        1_500,
        &[
            (NORDLICHT, 640),
            (MAPLE, 440),
            (TROMSO, 190),
            (FJORDLINE, 140),
        ],
    ),
    line(
        "WEB-1Y",
        500,
        &[
            (NORDLICHT, 210),
            (MAPLE, 140),
            (TROMSO, 60),
            (FJORDLINE, 45),
        ],
    ),
    line(
        "NUM-1Y",
        2_200,
        &[
            (NORDLICHT, 940),
            (MAPLE, 640),
            (TROMSO, 280),
            (FJORDLINE, 200),
        ],
    ),
    line(
        "REC-1Y",
        900,
        &[
            (NORDLICHT, 380),
            (MAPLE, 260),
            (TROMSO, 110),
            (FJORDLINE, 80),
        ],
    ),
    line(
        "RECX-1Y",
        260,
        &[(NORDLICHT, 110), (MAPLE, 70), (TROMSO, 30), (FJORDLINE, 20)],
    ),
    line(
        "DNC-1Y",
        420,
        &[
            (NORDLICHT, 180),
            (MAPLE, 120),
            (TROMSO, 50),
            (FJORDLINE, 35),
        ],
    ),
    line(
        "CHAT-1Y",
        800,
        &[
            (NORDLICHT, 340),
            (MAPLE, 230),
            (TROMSO, 100),
            (FJORDLINE, 70),
        ],
    ),
];
