//! Laws of the figures: what is kept is what the book adds up to. They follow the book, so a pool whose latest change they
//! have not come to yet is left out, and so is what begins or ends at the very instant they have come to.

use super::checks::Law;

pub(super) const LAWS: &[Law] = &[
    Law {
        holds: "the figures know every pool as the book has it, as far as they have followed it",
        counted: "SELECT count(*) FROM figure_pool",
        broken: "SELECT p.id, p.quantity, coalesce(f.quantity, -1) FROM pool p
            JOIN license l ON l.id = p.license_id CROSS JOIN figure_place g
            LEFT JOIN figure_pool f ON f.pool_id = p.id
            WHERE (f.pool_id IS NULL OR f.quantity <> p.quantity OR f.allocated <> p.allocated
                OR f.assigned <> p.assigned OR f.organization_id <> p.organization_id OR f.product_id <> l.product_id
                OR f.version <> p.version
                OR (f.active <> (p.open = TRUE AND p.starts_at <= g.clock_at
                    AND (p.ends_at IS NULL OR p.ends_at > g.clock_at))
                  AND p.starts_at <> g.clock_at AND (p.ends_at IS NULL OR p.ends_at <> g.clock_at)))
              AND EXISTS (SELECT 1 FROM change c WHERE c.noun = 'pool' AND c.row_id = p.id)
              AND NOT EXISTS (SELECT 1 FROM change c JOIN journal j ON j.id = c.journal_id
                WHERE c.noun = 'pool' AND c.row_id = p.id AND (j.seq IS NULL OR j.seq > g.seq))
            UNION ALL SELECT f.pool_id, CAST(0 AS BIGINT), f.quantity FROM figure_pool f CROSS JOIN figure_place g
            WHERE NOT EXISTS (SELECT 1 FROM pool p WHERE p.id = f.pool_id)
              AND NOT EXISTS (SELECT 1 FROM change c JOIN journal j ON j.id = c.journal_id
                WHERE c.noun = 'pool' AND c.row_id = f.pool_id AND (j.seq IS NULL OR j.seq > g.seq))",
    },
    Law {
        holds: "the figures know of every pool when its license ends and what its units cost",
        counted: "SELECT count(*) FROM figure_pool",
        broken: "SELECT f.pool_id, coalesce(l.price_minor, 0), coalesce(f.worth_minor, -1) FROM figure_pool f
            JOIN pool p ON p.id = f.pool_id AND p.version = f.version JOIN license l ON l.id = p.license_id
            WHERE (coalesce(substr(CAST(f.month AS TEXT), 1, 7), '') <> coalesce(substr(CAST(l.end_date AS TEXT), 1, 7), '')
                OR CASE WHEN p.organization_id <> l.organization_id OR l.price_minor IS NULL THEN 0
                     WHEN p.quantity = 0 THEN coalesce(f.worth_minor, 0)
                     WHEN l.price_minor > 10000000000000 / p.quantity THEN 0
                     ELSE l.price_minor * p.quantity END <> coalesce(f.worth_minor, 0))
              AND NOT EXISTS (SELECT 1 FROM change c JOIN journal j ON j.id = c.journal_id
                WHERE ((c.noun = 'license' AND c.row_id = l.id) OR (c.noun = 'pool' AND c.row_id = p.id))
                  AND (j.seq IS NULL OR j.seq > (SELECT seq FROM figure_place WHERE id = 1)))",
    },
    Law {
        holds: "what an organization holds of a product is the sum of its active pools",
        counted: "SELECT count(*) FROM figure",
        broken: "SELECT coalesce(f.organization_id, s.organization_id), coalesce(s.quantity, 0), coalesce(f.quantity, 0)
            FROM figure f FULL OUTER JOIN (
              SELECT organization_id, product_id, sum(CASE WHEN quantity > 0 THEN 1 ELSE 0 END) AS licenses,
                CAST(sum(quantity) AS BIGINT) AS quantity, sum(allocated) AS allocated, sum(assigned) AS assigned
              FROM figure_pool WHERE active = TRUE GROUP BY organization_id, product_id) s
            ON s.organization_id = f.organization_id AND s.product_id = f.product_id
            WHERE coalesce(s.licenses, 0) <> coalesce(f.licenses, 0) OR coalesce(s.quantity, 0) <> coalesce(f.quantity, 0)
              OR coalesce(s.allocated, 0) <> coalesce(f.allocated, 0)
              OR coalesce(s.assigned, 0) <> coalesce(f.assigned, 0)",
    },
    Law {
        holds: "the latest week of a product at an organization is what it holds now",
        counted: "SELECT count(*) FROM figure_week",
        broken: "SELECT f.organization_id, f.quantity, coalesce(w.quantity, 0) FROM figure f
            LEFT JOIN figure_week w ON w.organization_id = f.organization_id AND w.product_id = f.product_id
              AND w.week = (SELECT max(x.week) FROM figure_week x
                WHERE x.organization_id = f.organization_id AND x.product_id = f.product_id)
            WHERE coalesce(w.quantity, 0) <> f.quantity OR coalesce(w.allocated, 0) <> f.allocated
              OR coalesce(w.assigned, 0) <> f.assigned",
    },
    Law {
        holds: "what ends in a month is the sum of the active pools whose license ends in it",
        counted: "SELECT count(*) FROM figure_month",
        broken: "SELECT coalesce(f.organization_id, s.organization_id), coalesce(s.quantity, 0), coalesce(f.quantity, 0)
            FROM figure_month f FULL OUTER JOIN (
              SELECT organization_id, month, coalesce(currency, '') AS currency,
                sum(CASE WHEN quantity > 0 THEN 1 ELSE 0 END) AS licenses, CAST(sum(quantity) AS BIGINT) AS quantity,
                sum(coalesce(worth_minor, 0)) AS worth_minor
              FROM figure_pool WHERE active = TRUE AND month IS NOT NULL
              GROUP BY organization_id, month, coalesce(currency, '')) s
            ON s.organization_id = f.organization_id AND s.month = f.month AND s.currency = f.currency
            WHERE coalesce(s.licenses, 0) <> coalesce(f.licenses, 0) OR coalesce(s.quantity, 0) <> coalesce(f.quantity, 0)
              OR coalesce(s.worth_minor, 0) <> coalesce(f.worth_minor, 0)",
    },
];
