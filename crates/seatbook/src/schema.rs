//! The tables of the whole house, step by step; the texts in `migrations/` are the data dictionary.

use store::Migration;

macro_rules! migrations {
    ($($number:literal $name:literal $file:literal)+) => {
        /// Every step, in order. Forward only: a step that has landed is never edited.
        pub const MIGRATIONS: &[Migration] = &[$(Migration {
            number: $number, name: $name, sql: include_str!(concat!("../migrations/", $file)),
        }),+];
    };
}

migrations! {
    1 "foundation" "0001_foundation.sql"
    2 "organizations and access" "0002_organizations_and_access.sql"
    3 "catalog" "0003_catalog.sql"
    4 "licenses" "0004_licenses.sql"
    5 "jobs" "0005_jobs.sql"
    6 "access policy" "0006_access_policy.sql"
    7 "imports" "0007_imports.sql"
    8 "lists" "0008_lists.sql"
    9 "undo" "0009_undo.sql"
    10 "holders and assignments" "0010_holders_and_assignments.sql"
    11 "workbooks" "0011_workbooks.sql"
    12 "mass configuration" "0012_mass_configuration.sql"
    13 "subscriptions" "0013_subscriptions.sql"
    14 "selling" "0014_selling.sql"
    15 "mail" "0015_mail.sql"
    16 "invoices" "0016_invoices.sql"
    17 "dispatch" "0017_dispatch.sql"
    18 "notices" "0018_notices.sql"
    19 "service plans" "0019_service_plans.sql"
    20 "renewals" "0020_renewals.sql"
    21 "compositions" "0021_compositions.sql"
    22 "rollouts" "0022_rollouts.sql"
    23 "customers" "0023_customers.sql"
    24 "exports" "0024_exports.sql"
    25 "round trips" "0025_round_trips.sql"
    26 "overview" "0026_overview.sql"
    27 "statements" "0027_statements.sql"
    28 "as of" "0028_as_of.sql"
    29 "operations" "0029_operations.sql"
    30 "export rights" "0030_export_rights.sql"
    31 "backups" "0031_backups.sql"
    32 "holders by name" "0032_holders_by_name.sql"
}
