//! Laws that one SELECT can prove: each finds the rows that break it.

use store::Tx;
use uuid::Uuid;

use super::Check;
use crate::error::Result;

/// A law, and the SELECT of id, expected and found that breaks it.
pub(super) struct Law {
    pub(super) holds: &'static str,
    pub(super) counted: &'static str,
    pub(super) broken: &'static str,
}

impl Law {
    pub(super) async fn look(&self, tx: &mut Tx<'_>) -> Result<Check> {
        let (rows,): (i64,) = tx.query_one(self.counted, &[]).await?;
        let broken: Vec<(Uuid, i64, i64)> = tx.query(self.broken, &[]).await?;
        let finding = |(id, expected, found): (Uuid, i64, i64)| {
            format!("{id}: expected {expected}, found {found}")
        };
        Ok(Check::new(
            self.holds,
            rows,
            broken.into_iter().map(finding).collect(),
        ))
    }
}

pub(super) const LAWS: &[Law] = &[
    Law {
        holds: "every pool has allocated exactly what its children hold",
        counted: "SELECT count(*) FROM pool",
        broken: "SELECT p.id, CAST(coalesce(sum(c.quantity), 0) AS BIGINT), p.allocated
            FROM pool p LEFT JOIN pool c ON c.parent_id = p.id
            GROUP BY p.id, p.allocated HAVING CAST(coalesce(sum(c.quantity), 0) AS BIGINT) <> p.allocated",
    },
    Law {
        holds: "no pool gave more than it has",
        counted: "SELECT count(*) FROM pool",
        broken: "SELECT id, quantity, allocated + assigned FROM pool
            WHERE quantity < 0 OR allocated < 0 OR assigned < 0 OR allocated + assigned > quantity",
    },
    Law {
        holds: "every pool has assigned exactly what its open assignments bind",
        counted: "SELECT count(*) FROM assignment WHERE ended_at IS NULL",
        broken: "SELECT p.id, CAST(coalesce(sum(a.units), 0) AS BIGINT), p.assigned
            FROM pool p LEFT JOIN assignment a ON a.pool_id = p.id AND a.ended_at IS NULL
            GROUP BY p.id, p.assigned HAVING CAST(coalesce(sum(a.units), 0) AS BIGINT) <> p.assigned",
    },
    Law {
        holds: "every holder counts its open assignments, and who left has none",
        counted: "SELECT count(*) FROM holder",
        broken: "SELECT h.id, count(a.id), h.bindings
            FROM holder h LEFT JOIN assignment a ON a.holder_id = h.id AND a.ended_at IS NULL
            GROUP BY h.id, h.bindings, h.left_at
            HAVING count(a.id) <> h.bindings OR (h.left_at IS NOT NULL AND count(a.id) > 0)",
    },
    Law {
        holds: "every base counts its open add-ons, and none outlives it",
        counted: "SELECT count(*) FROM assignment WHERE base_id IS NOT NULL",
        broken: "SELECT b.id, count(a.id), b.add_ons
            FROM assignment b LEFT JOIN assignment a ON a.base_id = b.id AND a.ended_at IS NULL
            GROUP BY b.id, b.add_ons, b.ended_at
            HAVING count(a.id) <> b.add_ons OR (b.ended_at IS NOT NULL AND count(a.id) > 0)",
    },
    Law {
        holds: "the person behind an open assignment is whom its holder belongs to, and has not left",
        counted: "SELECT count(*) FROM assignment WHERE ended_at IS NULL",
        broken: "SELECT a.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM assignment a
            JOIN holder h ON h.id = a.holder_id LEFT JOIN holder u ON u.id = a.user_id
            WHERE a.ended_at IS NULL AND (u.left_at IS NOT NULL
              OR (h.kind = 'user' AND (a.user_id IS NULL OR a.user_id <> h.id))
              OR (h.kind <> 'user' AND (a.user_id IS NULL) <> (h.owner_id IS NULL))
              OR (h.kind <> 'user' AND a.user_id <> h.owner_id))",
    },
    Law {
        holds: "an assignment stands where its pool and its holder are, and an add-on where its base is",
        counted: "SELECT count(*) FROM assignment",
        broken: "SELECT a.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM assignment a
            JOIN pool p ON p.id = a.pool_id JOIN holder h ON h.id = a.holder_id
            LEFT JOIN assignment b ON b.id = a.base_id
            WHERE p.organization_id <> a.organization_id OR h.organization_id <> a.organization_id
              OR (a.ended_at IS NULL AND (p.license_id <> a.license_id OR p.product_id <> a.product_id))
              OR b.holder_id <> a.holder_id OR b.base_id IS NOT NULL",
    },
    Law {
        holds: "what was decided of a renewal stands with its pool",
        counted: "SELECT count(*) FROM subscription",
        broken: "SELECT s.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM subscription s JOIN pool p ON p.id = s.id
            WHERE s.license_id <> p.license_id OR s.organization_id <> p.organization_id",
    },
    Law {
        holds: "a service plan that a customer has is made of licenses of that customer and seller",
        counted: "SELECT count(*) FROM plan_subscription_part",
        broken: "SELECT t.license_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM plan_subscription_part t
            JOIN plan_subscription q ON q.id = t.subscription_id JOIN license l ON l.id = t.license_id
            WHERE l.organization_id <> q.organization_id OR l.seller_id IS NULL OR l.seller_id <> q.seller_id",
    },
    Law {
        holds: "a license is a part of one service plan that its owner has, or is left over",
        counted: "SELECT count(*) FROM plan_subscription WHERE standing = 'running'",
        broken: "SELECT t.license_id, CAST(1 AS BIGINT), count(*) FROM plan_subscription_part t
            JOIN plan_subscription q ON q.id = t.subscription_id AND q.standing = 'running'
            GROUP BY t.license_id HAVING count(*) > 1
            UNION ALL SELECT l.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM license l
            JOIN plan_subscription_part t ON t.license_id = l.id
            JOIN plan_subscription q ON q.id = t.subscription_id AND q.standing = 'running'
            WHERE l.unbundled = TRUE",
    },
    Law {
        holds: "a part of a service plan that its owner has knows up to which composition somebody has decided",
        counted: "SELECT count(*) FROM license WHERE plan_id IS NOT NULL",
        broken: "SELECT l.id, CASE WHEN q.declined > q.composition THEN q.declined ELSE q.composition END,
            coalesce(l.settled_composition, 0) FROM plan_subscription_part t
            JOIN plan_subscription q ON q.id = t.subscription_id AND q.standing = 'running'
            JOIN license l ON l.id = t.license_id
            WHERE l.plan_id IS NULL OR l.plan_id <> q.plan_id OR l.settled_composition IS NULL
              OR l.settled_composition <> CASE WHEN q.declined > q.composition THEN q.declined ELSE q.composition END",
    },
    Law {
        holds: "a license that was superseded has no units left",
        counted: "SELECT count(*) FROM license WHERE standing = 'superseded'",
        broken: "SELECT p.id, CAST(0 AS BIGINT), p.quantity FROM license l JOIN pool p ON p.license_id = l.id
            WHERE l.standing = 'superseded' AND p.quantity <> 0",
    },
    Law {
        holds: "every composition that a service plan has had is made of something",
        counted: "SELECT count(*) FROM service_plan",
        broken: "SELECT p.id, p.composition, count(DISTINCT c.composition) FROM service_plan p
            LEFT JOIN service_plan_component c ON c.plan_id = p.id
            GROUP BY p.id, p.composition HAVING count(DISTINCT c.composition) <> p.composition",
    },
    Law {
        holds: "a service plan that a customer has is marked as given, so that it stays",
        counted: "SELECT count(*) FROM plan_subscription",
        broken: "SELECT p.id, CAST(1 AS BIGINT), CAST(0 AS BIGINT) FROM service_plan p
            WHERE p.assigned_at IS NULL AND p.id IN (SELECT plan_id FROM plan_subscription)",
    },
    Law {
        holds: "every license has one root pool, at its owner",
        counted: "SELECT count(*) FROM license",
        broken: "SELECT l.id, CAST(1 AS BIGINT), count(p.id) FROM license l
            LEFT JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
              AND (p.parent_id IS NULL OR l.seller_id IS NOT NULL)
            GROUP BY l.id HAVING count(p.id) <> 1",
    },
    Law {
        holds: "units are passed on within one license from parent to child, or drawn by the seller who has them",
        counted: "SELECT count(*) FROM pool WHERE parent_id IS NOT NULL AND quantity > 0",
        broken: "SELECT p.id, p.quantity, up.quantity FROM pool p JOIN pool up ON up.id = p.parent_id
            JOIN organization_node n ON n.id = p.organization_id JOIN license l ON l.id = p.license_id
            WHERE p.quantity > 0 AND CASE WHEN p.organization_id = l.organization_id
              THEN l.seller_id IS NULL OR up.license_id = l.id OR up.organization_id <> l.seller_id
                OR up.product_id <> p.product_id
              ELSE up.license_id <> p.license_id OR n.parent_id IS NULL OR n.parent_id <> up.organization_id END",
    },
    Law {
        holds: "no license outlives the one its units were drawn from",
        counted: "SELECT count(*) FROM license WHERE seller_id IS NOT NULL",
        broken: "SELECT l.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM license l
            JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
            JOIN pool up ON up.id = p.parent_id JOIN license s ON s.id = up.license_id
            WHERE l.standing = 'issued' AND l.awaits_activation = FALSE AND (l.starts_at < s.starts_at
              OR (s.ends_at IS NOT NULL AND (l.ends_at IS NULL OR l.ends_at > s.ends_at)))",
    },
    Law {
        holds: "a license is held exactly while the one its units were drawn from is not open",
        counted: "SELECT count(*) FROM license WHERE seller_id IS NOT NULL",
        broken: "SELECT l.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM license l
            JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
            LEFT JOIN pool up ON up.id = p.parent_id
            WHERE l.held <> (up.id IS NOT NULL AND up.open = FALSE)",
    },
    Law {
        holds: "a license waits for its owner exactly until its code is redeemed or it is given by hand",
        counted: "SELECT count(*) FROM activation_code",
        broken: "SELECT c.license_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM activation_code c
            JOIN license l ON l.id = c.license_id
            WHERE (c.state IN ('redeemed', 'given') AND l.awaits_activation = TRUE)
              OR (c.state = 'redeemed' AND c.redeemed_by <> l.organization_id)
              OR (c.state NOT IN ('redeemed', 'given') AND l.awaits_activation = FALSE)",
    },
    Law {
        holds: "every pool carries the dates of its license",
        counted: "SELECT count(*) FROM pool",
        broken: "SELECT p.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM pool p JOIN license l ON l.id = p.license_id
            WHERE p.starts_at <> l.starts_at OR (p.ends_at IS NULL) <> (l.ends_at IS NULL) OR p.ends_at <> l.ends_at",
    },
    Law {
        holds: "a pool is open exactly when its license is issued, active and not paused",
        counted: "SELECT count(*) FROM pool",
        broken: "SELECT p.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM pool p JOIN license l ON l.id = p.license_id
            WHERE p.open <> (l.standing = 'issued' AND l.paused = FALSE AND l.held = FALSE
              AND l.awaits_activation = FALSE)",
    },
    Law {
        holds: "a license counts its terms, each follows the one before it, and the last is its own",
        counted: "SELECT count(*) FROM license_term",
        broken: "SELECT l.id, l.terms, count(t.id) FROM license l LEFT JOIN license_term t ON t.license_id = l.id
            GROUP BY l.id, l.terms HAVING count(t.id) <> CASE WHEN l.terms = 1 THEN 0 ELSE l.terms END
              OR count(t.id) <> coalesce(max(t.number), 0)
            UNION ALL SELECT t.license_id, CAST(1 AS BIGINT), CAST(0 AS BIGINT) FROM license_term t
            JOIN license l ON l.id = t.license_id
            LEFT JOIN license_term n ON n.license_id = t.license_id AND n.number = t.number + 1
            WHERE n.start_date <= t.end_date OR (t.number = 1 AND t.start_date <> l.start_date)
              OR (n.id IS NULL AND (l.end_date IS NULL OR t.end_date <> l.end_date))",
    },
    Law {
        holds: "the closure of the tree is what the tree says",
        counted: "SELECT count(*) FROM organization_closure",
        broken: "WITH RECURSIVE walk (ancestor_id, descendant_id, distance) AS (
              SELECT id, id, CAST(0 AS BIGINT) FROM organization_node
              UNION ALL SELECT w.ancestor_id, n.id, w.distance + 1 FROM walk w JOIN organization_node n ON n.parent_id = w.descendant_id)
            SELECT coalesce(w.descendant_id, c.descendant_id), coalesce(w.distance, -1), coalesce(c.distance, -1)
            FROM walk w FULL OUTER JOIN organization_closure c
              ON c.ancestor_id = w.ancestor_id AND c.descendant_id = w.descendant_id
            WHERE w.distance IS NULL OR c.distance IS NULL OR w.distance <> c.distance",
    },
    Law {
        holds: "an organization is blocked exactly when it or one above it is suspended",
        counted: "SELECT count(*) FROM organization_node",
        broken: "SELECT n.id, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM organization_node n
            WHERE n.blocked <> EXISTS (SELECT 1 FROM organization_closure c JOIN organization_node up ON up.id = c.ancestor_id
              WHERE c.descendant_id = n.id AND up.suspended = TRUE)",
    },
    Law {
        holds: "whoever was told of an end, or of units that run low, was mailed",
        counted: "SELECT count(*) FROM notice_digest",
        broken: "SELECT n.license_id, CAST(1 AS BIGINT), CAST(0 AS BIGINT) FROM notice n
            WHERE n.state = 'told' AND NOT EXISTS (SELECT 1 FROM notice_mail m WHERE m.digest_id = n.digest_id)
            UNION ALL SELECT a.license_id, CAST(1 AS BIGINT), CAST(0 AS BIGINT) FROM low_alert a
            WHERE a.state = 'told' AND NOT EXISTS (SELECT 1 FROM notice_mail m WHERE m.digest_id = a.digest_id)",
    },
    Law {
        holds: "units are told of as low once for each time they fell",
        counted: "SELECT count(*) FROM low_alert",
        broken: "SELECT a.license_id, coalesce(s.version, 0), a.fall FROM low_alert a
            LEFT JOIN low_pool s ON s.license_id = a.license_id WHERE s.version IS NULL OR a.fall > s.version",
    },
    Law {
        holds: "the journal is numbered without a gap",
        counted: "SELECT count(*) FROM journal WHERE seq IS NOT NULL",
        broken: "SELECT j.id, (SELECT count(*) FROM journal s WHERE s.seq IS NOT NULL), j.seq FROM journal j
            WHERE j.seq = (SELECT max(seq) FROM journal)
              AND j.seq <> (SELECT count(*) FROM journal s WHERE s.seq IS NOT NULL)",
    },
    Law {
        holds: "the numbers of each issuer and series are 1 to n, without a double, and without a hole but those of a lost book",
        counted: "SELECT count(*) FROM invoice WHERE number IS NOT NULL",
        broken: "SELECT c.issuer_id, c.last - coalesce(g.missing, 0), count(i.id)
            FROM invoice_counter c LEFT JOIN (
              SELECT issuer_id, series, CAST(sum(last_number - first_number + 1) AS BIGINT) AS missing,
                max(last_number) AS newest FROM invoice_gap GROUP BY issuer_id, series
            ) g ON g.issuer_id = c.issuer_id AND g.series = c.series
            LEFT JOIN invoice i ON i.issuer_id = c.issuer_id AND i.series = c.series
            GROUP BY c.issuer_id, c.series, c.last, g.missing, g.newest
            HAVING count(i.id) <> c.last - coalesce(g.missing, 0)
              OR count(DISTINCT i.number) <> c.last - coalesce(g.missing, 0)
              OR coalesce(min(i.number), 1) < 1 OR coalesce(max(i.number), 0) > c.last
              OR coalesce(g.newest, 0) > c.last
            UNION ALL SELECT g.issuer_id, o.last_number, g.first_number
            FROM invoice_gap g JOIN invoice_gap o ON o.issuer_id = g.issuer_id AND o.series = g.series
              AND o.first_number < g.first_number AND o.last_number >= g.first_number
            UNION ALL SELECT i.id, g.first_number, i.number
            FROM invoice i JOIN invoice_gap g ON g.issuer_id = i.issuer_id AND g.series = i.series
            WHERE i.number BETWEEN g.first_number AND g.last_number
            UNION ALL SELECT i.id, CAST(0 AS BIGINT), i.number
            FROM invoice i LEFT JOIN invoice_counter c ON c.issuer_id = i.issuer_id AND c.series = i.series
            WHERE i.number IS NOT NULL AND c.last IS NULL",
    },
    Law {
        holds: "an invoice has a number exactly when it is finalized",
        counted: "SELECT count(*) FROM invoice",
        broken: "SELECT id, CAST(0 AS BIGINT), coalesce(number, -1) FROM invoice
            WHERE (state = 'finalized') <> (number IS NOT NULL)",
    },
    Law {
        holds: "the sums of an invoice are those of its lines",
        counted: "SELECT count(*) FROM invoice_line",
        broken: "SELECT i.id, CAST(coalesce(sum(l.net_minor + l.tax_minor), 0) AS BIGINT), i.total_minor
            FROM invoice i LEFT JOIN invoice_line l ON l.invoice_id = i.id
            GROUP BY i.id, i.net_minor, i.tax_minor, i.total_minor
            HAVING coalesce(sum(l.net_minor), 0) <> i.net_minor OR coalesce(sum(l.tax_minor), 0) <> i.tax_minor
              OR i.net_minor + i.tax_minor <> i.total_minor",
    },
    Law {
        holds: "every period that an invoice or draft bills is marked as billed by it, and no other is",
        counted: "SELECT count(*) FROM invoice_coverage",
        broken: "SELECT x.license_id, CAST(1 AS BIGINT), CAST(0 AS BIGINT)
            FROM invoice_line x JOIN invoice i ON i.id = x.invoice_id
            LEFT JOIN invoice_coverage c ON c.license_id = x.license_id AND c.period_start = x.period_start
              AND c.invoice_id = x.invoice_id
            WHERE i.kind = 'invoice' AND i.state <> 'void' AND c.invoice_id IS NULL
              AND NOT EXISTS (SELECT 1 FROM invoice n WHERE n.corrects_id = i.id)
            UNION ALL SELECT c.license_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT)
            FROM invoice_coverage c JOIN invoice i ON i.id = c.invoice_id
            LEFT JOIN invoice_line x ON x.invoice_id = c.invoice_id AND x.license_id = c.license_id
              AND x.period_start = c.period_start
            WHERE x.invoice_id IS NULL OR i.kind <> 'invoice' OR i.state = 'void'
              OR EXISTS (SELECT 1 FROM invoice n WHERE n.corrects_id = i.id)",
    },
    Law {
        holds: "what was paid and credited of an invoice is what its payments and its credit note say",
        counted: "SELECT count(*) FROM invoice_balance",
        broken: "SELECT b.invoice_id, CAST(coalesce(sum(m.amount_minor), 0) AS BIGINT), b.paid_minor
            FROM invoice_balance b JOIN invoice i ON i.id = b.invoice_id LEFT JOIN invoice n ON n.corrects_id = i.id
            LEFT JOIN payment m ON m.invoice_id = b.invoice_id
            GROUP BY b.invoice_id, b.paid_minor, b.credited_minor, b.total_minor, i.total_minor, n.total_minor
            HAVING coalesce(sum(m.amount_minor), 0) <> b.paid_minor OR b.total_minor <> i.total_minor
              OR coalesce(n.total_minor, 0) <> b.credited_minor
            UNION ALL SELECT i.id, i.total_minor, CAST(-1 AS BIGINT)
            FROM invoice i LEFT JOIN invoice_balance b ON b.invoice_id = i.id
            WHERE i.state = 'finalized' AND i.kind = 'invoice' AND b.invoice_id IS NULL",
    },
];
