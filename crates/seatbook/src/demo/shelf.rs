//! The demo's catalog: network security and collaboration, made up, and a telephone system with the add-ons that
//! its customers know by their codes.

/// A product.
pub struct Product {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// One unit and several.
    pub unit: (&'static str, &'static str),
    /// The codes of the bases it is made for; a base has none.
    pub fits: &'static [&'static str],
    /// Its units belong to telephone extensions.
    pub has_extensions: bool,
}

/// A SKU of a product.
pub struct Sku {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The product's code.
    pub product: &'static str,
    /// Tier and class.
    pub tier: (&'static str, &'static str),
    /// How long a license runs.
    pub validity: &'static str,
    /// List price of one unit, in cents.
    pub cents: i64,
}

const fn base(
    code: &'static str,
    name: &'static str,
    unit: (&'static str, &'static str),
) -> Product {
    Product {
        code,
        name,
        unit,
        fits: &[],
        has_extensions: false,
    }
}

const fn add_on(code: &'static str, name: &'static str, fits: &'static [&'static str]) -> Product {
    Product {
        fits,
        ..base(code, name, USER)
    }
}

const DEVICE: (&str, &str) = ("device", "devices");
const USER: (&str, &str) = ("user", "users");

/// What can be licensed.
pub const PRODUCTS: &[Product] = &[
    base("FW", "Edge Firewall", DEVICE),
    Product {
        fits: &["FW"],
        ..base("TI", "Threat Intelligence", DEVICE)
    },
    base("SASE", "Secure Access", USER),
    base("EDR", "Endpoint Shield", ("endpoint", "endpoints")),
    base("MAIL", "Mail Guard", ("mailbox", "mailboxes")),
    base("WF", "Worry-Free", DEVICE),
    base("XDR", "XDR", USER),
    base("EML", "Email Security", ("mailbox", "mailboxes")),
    base("SW", "Campus Switching", DEVICE),
    base(
        "WIFI",
        "Wireless Assurance",
        ("access point", "access points"),
    ),
    base("ROOM", "Meeting Rooms", ("room", "rooms")),
    base("CALL", "Cloud Calling", ("extension", "extensions")),
    base(
        "auto_attendant",
        "Auto Attendant",
        ("attendant", "attendants"),
    ),
    base("call_group", "Call Group", ("group", "groups")),
    base("developer", "Developer", USER),
    Product {
        has_extensions: true,
        ..base(PHONE, "Phone System", ("extension", "extensions"))
    },
    add_on("call_recording", "Call Recording", &[PHONE, "call_group"]),
    add_on("device_desktop_app", "Desktop", &[PHONE]),
    add_on("license_dnc_checking_enabled", "DNC", &[PHONE]),
    add_on("device_ip_phone", "IP Phone", &[PHONE]),
    add_on("device_mobile_app", "Mobile", &[PHONE]),
    add_on("device_web_rtc", "Web Phone", &[PHONE, "developer"]),
    add_on(
        "license_number",
        "Number",
        &[PHONE, "auto_attendant", "call_group"],
    ),
    add_on("team_chat", "Team Chat", &[PHONE, "developer"]),
    add_on(
        "license_call_recording_unlimited_enabled",
        "Unlimited Call Recording Storage",
        &[PHONE, "call_group"],
    ),
];

/// The base with extensions, by code.
pub const PHONE: &str = "phone_system";

/// A SKU as it stands on a list.
pub const fn sku(
    code: &'static str,
    name: &'static str,
    product: &'static str,
    tier: (&'static str, &'static str),
    (validity, cents): (&'static str, i64),
) -> Sku {
    Sku {
        code,
        name,
        product,
        tier,
        validity,
        cents,
    }
}

const ESSENTIALS: (&str, &str) = ("Essentials", "Commercial");
const ADVANTAGE: (&str, &str) = ("Advantage", "Commercial");
const PREMIER: (&str, &str) = ("Premier", "Commercial");
const SCHOOLS: (&str, &str) = ("Advantage", "Education");
/// The tier of what small companies order.
pub const BUSINESS: (&str, &str) = ("Business", "Commercial");

/// How it can be ordered.
pub const SKUS: &[Sku] = &[
    sku(
        "FW-ESS-1Y",
        "Edge Firewall Essentials, 1 year",
        "FW",
        ESSENTIALS,
        ("P1Y", 24_000),
    ),
    sku(
        "FW-ADV-1Y",
        "Edge Firewall Advantage, 1 year",
        "FW",
        ADVANTAGE,
        ("P1Y", 41_000),
    ),
    sku(
        "FW-ADV-3Y",
        "Edge Firewall Advantage, 3 years",
        "FW",
        ADVANTAGE,
        ("P3Y", 104_000),
    ),
    sku(
        "FW-PRE-3Y",
        "Edge Firewall Premier, 3 years",
        "FW",
        PREMIER,
        ("P3Y", 162_000),
    ),
    sku(
        "TI-ADV-3Y",
        "Threat Intelligence feed, 3 years",
        "TI",
        ADVANTAGE,
        ("P3Y", 36_000),
    ),
    sku(
        "SASE-ESS-1M",
        "Secure Access Essentials, monthly",
        "SASE",
        ESSENTIALS,
        ("P1M", 450),
    ),
    sku(
        "SASE-ADV-1Y",
        "Secure Access Advantage, 1 year",
        "SASE",
        ADVANTAGE,
        ("P1Y", 7_800),
    ),
    sku(
        "SASE-PRE-3Y",
        "Secure Access Premier, 3 years",
        "SASE",
        PREMIER,
        ("P3Y", 26_400),
    ),
    sku(
        "EDR-ESS-1Y",
        "Endpoint Shield Essentials, 1 year",
        "EDR",
        ESSENTIALS,
        ("P1Y", 2_400),
    ),
    sku(
        "EDR-ADV-1Y",
        "Endpoint Shield Advantage, 1 year",
        "EDR",
        ADVANTAGE,
        ("P1Y", 4_200),
    ),
    sku(
        "EDR-PRE-1Y",
        "Endpoint Shield Premier, 1 year",
        "EDR",
        PREMIER,
        ("P1Y", 6_900),
    ),
    sku(
        "EDR-EDU-1Y",
        "Endpoint Shield for schools, 1 year",
        "EDR",
        SCHOOLS,
        ("P1Y", 1_100),
    ),
    sku(
        "MAIL-ESS-1Y",
        "Mail Guard Essentials, 1 year",
        "MAIL",
        ESSENTIALS,
        ("P1Y", 1_500),
    ),
    sku(
        "MAIL-ADV-1Y",
        "Mail Guard Advantage, 1 year",
        "MAIL",
        ADVANTAGE,
        ("P1Y", 2_700),
    ),
    sku(
        "SW-ESS-1Y",
        "Campus Switching Essentials, 1 year",
        "SW",
        ESSENTIALS,
        ("P1Y", 8_900),
    ),
    sku(
        "SW-ADV-3Y",
        "Campus Switching Advantage, 3 years",
        "SW",
        ADVANTAGE,
        ("P3Y", 31_000),
    ),
    sku(
        "WIFI-ADV-1Y",
        "Wireless Assurance Advantage, 1 year",
        "WIFI",
        ADVANTAGE,
        ("P1Y", 6_200),
    ),
    sku(
        "WIFI-PRE-3Y",
        "Wireless Assurance Premier, 3 years",
        "WIFI",
        PREMIER,
        ("P3Y", 21_900),
    ),
    sku(
        "ROOM-ESS-1M",
        "Meeting Rooms Essentials, monthly",
        "ROOM",
        ESSENTIALS,
        ("P1M", 3_900),
    ),
    sku(
        "ROOM-ADV-1Y",
        "Meeting Rooms Advantage, 1 year",
        "ROOM",
        ADVANTAGE,
        ("P1Y", 49_000),
    ),
    sku(
        "CALL-ESS-1M",
        "Cloud Calling Essentials, monthly",
        "CALL",
        ESSENTIALS,
        ("P1M", 790),
    ),
    sku(
        "CALL-ADV-1Y",
        "Cloud Calling Advantage, 1 year",
        "CALL",
        ADVANTAGE,
        ("P1Y", 11_900),
    ),
    sku(
        "PS-1Y",
        "Phone System, 1 year",
        "phone_system",
        BUSINESS,
        ("P1Y", 9_600),
    ),
    sku(
        "AA-1Y",
        "Auto Attendant, 1 year",
        "auto_attendant",
        BUSINESS,
        ("P1Y", 18_000),
    ),
    sku(
        "CG-1Y",
        "Call Group, 1 year",
        "call_group",
        BUSINESS,
        ("P1Y", 14_400),
    ),
    sku(
        "DEV-1Y",
        "Developer, 1 year",
        "developer",
        BUSINESS,
        ("P1Y", 24_000),
    ),
    sku(
        "IP-1Y",
        "IP Phone, 1 year",
        "device_ip_phone",
        BUSINESS,
        ("P1Y", 1_200),
    ),
    sku(
        "DESK-1Y",
        "Desktop, 1 year",
        "device_desktop_app",
        BUSINESS,
        ("P1Y", 1_800),
    ),
    sku(
        "MOB-1Y",
        "Mobile, 1 year",
        "device_mobile_app",
        BUSINESS,
        ("P1Y", 1_800),
    ),
    sku(
        "WEB-1Y",
        "Web Phone, 1 year",
        "device_web_rtc",
        BUSINESS,
        ("P1Y", 1_200),
    ),
    sku(
        "NUM-1Y",
        "Number, 1 year",
        "license_number",
        BUSINESS,
        ("P1Y", 600),
    ),
    sku(
        "REC-1Y",
        "Call Recording, 1 year",
        "call_recording",
        BUSINESS,
        ("P1Y", 3_600),
    ),
    sku(
        "RECX-1Y",
        "Unlimited Call Recording Storage, 1 year",
        "license_call_recording_unlimited_enabled",
        BUSINESS,
        ("P1Y", 2_400),
    ),
    sku(
        "DNC-1Y",
        "DNC, 1 year",
        "license_dnc_checking_enabled",
        BUSINESS,
        ("P1Y", 1_500),
    ),
    sku(
        "CHAT-1Y",
        "Team Chat, 1 year",
        "team_chat",
        BUSINESS,
        ("P1Y", 2_100),
    ),
];
