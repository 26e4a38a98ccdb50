-- Invoices: who pays whom and how, what was billed, what was paid.

-- room: billing
-- What stands on invoices about an organization, as seller and as buyer. Where there is no row, nobody said anything.
CREATE TABLE billing_profile (
  organization_id UUID PRIMARY KEY REFERENCES organization_node (id),
  -- As it is registered; the address in parts, since e-invoices want it so. Empty is unknown.
  legal_name TEXT NOT NULL,
  street TEXT NOT NULL,
  city TEXT NOT NULL,
  postcode TEXT NOT NULL,
  -- ISO 3166-1 alpha-2.
  country TEXT NOT NULL,
  vat_id TEXT NOT NULL,
  tax_number TEXT NOT NULL,
  -- Where invoices are sent to, and where questions about ours go.
  email TEXT NOT NULL,
  -- As seller: how it is paid, when, and how its invoices are numbered and made.
  iban TEXT NOT NULL,
  bic TEXT NOT NULL,
  account_name TEXT NOT NULL,
  payment_days BIGINT NOT NULL CHECK (payment_days BETWEEN 0 AND 365),
  series TEXT NOT NULL,
  tax_rounding TEXT NOT NULL CHECK (tax_rounding IN ('document', 'line')),
  most_licenses BIGINT NOT NULL CHECK (most_licenses BETWEEN 1 AND 500),
  invoice_per_license BOOLEAN NOT NULL,
  -- As buyer: how its lines are taxed; no category where nobody said so yet.
  tax_category TEXT CHECK (tax_category IN ('standard', 'zero', 'exempt', 'reverse_charge', 'outside_scope')),
  -- In hundredths of a percent: 1900 is 19 %.
  tax_rate_basis_points BIGINT NOT NULL CHECK (tax_rate_basis_points BETWEEN 0 AND 10000),
  -- Why no tax is charged, where none is.
  tax_reason TEXT NOT NULL,
  -- What the buyer asked to be quoted, such as a cost centre.
  buyer_reference TEXT NOT NULL,
  -- The currency of its first invoice; it does not change afterwards.
  currency TEXT,
  -- Why nothing is invoiced until somebody looked, and since when.
  parked_reason TEXT,
  parked_at TIMESTAMP,
  version BIGINT NOT NULL,
  CONSTRAINT billing_profile_parked CHECK ((parked_reason IS NULL) = (parked_at IS NULL))
);

-- room: invoices
-- An invoice or credit note. A draft can be changed and has no number. What is finalized never changes: the guards
-- below refuse it even to whoever goes past the program. The amounts of a credit note are positive, too.
CREATE TABLE invoice (
  id UUID PRIMARY KEY,
  issuer_id UUID NOT NULL REFERENCES organization_node (id),
  buyer_id UUID NOT NULL REFERENCES organization_node (id),
  -- `void` is a draft that was given up.
  state TEXT NOT NULL CHECK (state IN ('draft', 'finalized', 'void')),
  kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
  -- The issuer's text and a counter without holes; the number people read is made of both.
  series TEXT,
  number BIGINT CHECK (number > 0),
  -- Days in the issuer's zone.
  issued_on DATE,
  due_on DATE,
  -- The instant after the due day: from then on it is overdue where something is open.
  overdue_at TIMESTAMP,
  currency TEXT NOT NULL,
  net_minor BIGINT NOT NULL,
  tax_minor BIGINT NOT NULL,
  total_minor BIGINT NOT NULL,
  tax_rounding TEXT NOT NULL CHECK (tax_rounding IN ('document', 'line')),
  -- Both parties, the account and the texts as they were when it was finalized; an empty object before.
  snapshot JSON NOT NULL,
  -- A paragraph for the reader.
  note TEXT NOT NULL,
  -- The invoice that a credit note takes back.
  corrects_id UUID REFERENCES invoice (id),
  created_at TIMESTAMP NOT NULL,
  finalized_at TIMESTAMP,
  version BIGINT NOT NULL,
  CONSTRAINT invoice_number UNIQUE (issuer_id, series, number),
  CONSTRAINT invoice_credited_once UNIQUE (corrects_id),
  CONSTRAINT invoice_total CHECK (net_minor + tax_minor = total_minor),
  CONSTRAINT invoice_finalized CHECK ((state = 'finalized') = (number IS NOT NULL)
    AND (number IS NULL) = (series IS NULL) AND (number IS NULL) = (issued_on IS NULL)
    AND (number IS NULL) = (finalized_at IS NULL)),
  CONSTRAINT invoice_corrects CHECK ((kind = 'credit_note') = (corrects_id IS NOT NULL))
);
CREATE INDEX invoice_by_issuer ON invoice (issuer_id, id);
CREATE INDEX invoice_by_buyer ON invoice (buyer_id, id);
CREATE SEARCH invoice_search;
FREEZE invoice WHEN old.state <> 'draft';

-- room: invoices
-- What is charged for: so many units of a license for so many days.
CREATE TABLE invoice_line (
  invoice_id UUID NOT NULL REFERENCES invoice (id),
  position BIGINT NOT NULL CHECK (position > 0),
  license_id UUID NOT NULL REFERENCES license (id),
  sku_code TEXT NOT NULL,
  description TEXT NOT NULL,
  -- The days that are charged for; a license without an end has no last one.
  first_day DATE NOT NULL,
  last_day DATE,
  -- So many of so many days of the whole period; 1 of 1 where there is no end.
  days BIGINT NOT NULL CHECK (days > 0),
  of_days BIGINT NOT NULL CHECK (of_days >= days),
  -- The first day of the whole period: what is billed once.
  period_start DATE NOT NULL,
  quantity BIGINT NOT NULL CHECK (quantity >= 0),
  unit TEXT NOT NULL,
  units TEXT NOT NULL,
  -- The price of one unit for the whole period.
  unit_price_minor BIGINT NOT NULL,
  net_minor BIGINT NOT NULL,
  tax_category TEXT NOT NULL CHECK (tax_category IN ('standard', 'zero', 'exempt', 'reverse_charge', 'outside_scope')),
  tax_rate_basis_points BIGINT NOT NULL CHECK (tax_rate_basis_points BETWEEN 0 AND 10000),
  -- For the eye: the document's tax, spread over its lines.
  tax_minor BIGINT NOT NULL,
  rule TEXT NOT NULL CHECK (rule IN ('whole', 'days')),
  CONSTRAINT invoice_line_key PRIMARY KEY (invoice_id, position)
);
CREATE INDEX invoice_line_by_license ON invoice_line (license_id, invoice_id);
FREEZE invoice_line WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.id = old.invoice_id AND i.state <> 'draft');

-- room: invoices
-- Which invoice or draft bills a period of a license: one at most. A credit note and a draft that was given up free it.
CREATE TABLE invoice_coverage (
  license_id UUID NOT NULL REFERENCES license (id),
  period_start DATE NOT NULL,
  invoice_id UUID NOT NULL REFERENCES invoice (id),
  CONSTRAINT invoice_coverage_once PRIMARY KEY (license_id, period_start)
);
CREATE INDEX invoice_coverage_of ON invoice_coverage (invoice_id);

-- room: invoices
-- The last number of a series. Counted up in the transaction that finalizes, so that what is taken back leaves no hole.
CREATE TABLE invoice_counter (
  issuer_id UUID NOT NULL REFERENCES organization_node (id),
  series TEXT NOT NULL,
  last BIGINT NOT NULL CHECK (last > 0),
  CONSTRAINT invoice_counter_key PRIMARY KEY (issuer_id, series)
);

-- room: invoices
-- What was paid and credited of a finalized invoice: the sum of its payments and the total of its credit note. Payments
-- meet on this row, as the invoice itself never changes.
CREATE TABLE invoice_balance (
  invoice_id UUID PRIMARY KEY REFERENCES invoice (id),
  total_minor BIGINT NOT NULL,
  paid_minor BIGINT NOT NULL,
  credited_minor BIGINT NOT NULL,
  CONSTRAINT invoice_balance_law CHECK (paid_minor >= 0 AND credited_minor >= 0 AND credited_minor <= total_minor)
);

-- room: invoices
-- Money that came in. Never changed: what was recorded wrongly is taken back by a counter-entry.
CREATE TABLE payment (
  id UUID PRIMARY KEY,
  invoice_id UUID NOT NULL REFERENCES invoice (id),
  -- Below zero for a counter-entry.
  amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
  paid_on DATE NOT NULL,
  reference TEXT NOT NULL,
  -- The payment that this one takes back.
  reverses_id UUID REFERENCES payment (id),
  recorded_by UUID NOT NULL,
  recorded_at TIMESTAMP NOT NULL,
  CONSTRAINT payment_reversed_once UNIQUE (reverses_id),
  CONSTRAINT payment_sign CHECK ((amount_minor < 0) = (reverses_id IS NOT NULL))
);
CREATE INDEX payment_of ON payment (invoice_id, id);
FREEZE payment WHEN old.id = old.id;
