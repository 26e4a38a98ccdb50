//! The demo's organizations: one provider, six partners, their customers in many countries. All are made up.

/// An organization below the provider.
pub struct Company {
    /// Its name; the others know it by that.
    pub name: &'static str,
    /// The name of the one above it.
    pub parent: &'static str,
    /// Where it works, as an IANA zone.
    pub zone: &'static str,
    /// Its web site.
    pub website: &'static str,
}

/// The provider.
pub const PROVIDER: &str = "Norvik Networks";

pub const NORDLICHT: &str = "Nordlicht Partners";
pub const CORDILLERA: &str = "Cordillera Telecom";
pub const MAPLE: &str = "Maple Ridge Communications";
pub const HAYASHI: &str = "Hayashi Network Services";
pub const LEKKI: &str = "Lekki Digital Exchange";
pub const DECCAN: &str = "Deccan Cloud Alliance";

const fn company(
    name: &'static str,
    parent: &'static str,
    zone: &'static str,
    website: &'static str,
) -> Company {
    Company {
        name,
        parent,
        zone,
        website,
    }
}

/// Who passes units on.
pub const PARTNERS: &[Company] = &[
    company(NORDLICHT, PROVIDER, "Europe/Berlin", "nordlicht.example"),
    company(
        CORDILLERA,
        PROVIDER,
        "America/Santiago",
        "cordillera.example",
    ),
    company(MAPLE, PROVIDER, "America/Toronto", "mapleridge.example"),
    company(HAYASHI, PROVIDER, "Asia/Tokyo", "hayashi-ns.example"),
    company(LEKKI, PROVIDER, "Africa/Lagos", "lekki.example"),
    company(DECCAN, PROVIDER, "Asia/Kolkata", "deccan.example"),
];

const AURORA: &str = "Aurora Hospitals";
const GRUENWALD: &str = "Grünwald & Söhne";
const ANDES: &str = "Andes Mining Group";
const HARBOUR: &str = "Harbour & Pine Hotels";
const SAKURA: &str = "Sakura Precision";
const CHENNAI: &str = "Coromandel Steel";

/// Who uses them; parents stand before their children.
pub const CUSTOMERS: &[Company] = &[
    company(
        "Fjordline Ferries",
        PROVIDER,
        "Europe/Oslo",
        "fjordline.example",
    ),
    company(
        "Bergen Maritime Museum",
        PROVIDER,
        "Europe/Oslo",
        "bmm.example",
    ),
    company("Tromsø Kommune", PROVIDER, "Europe/Oslo", "tromso.example"),
    company(
        "Reykjavík Energy",
        PROVIDER,
        "Atlantic/Reykjavik",
        "rvk-energy.example",
    ),
    company(
        AURORA,
        NORDLICHT,
        "Europe/Berlin",
        "aurora-hospitals.example",
    ),
    company(GRUENWALD, NORDLICHT, "Europe/Berlin", "gruenwald.example"),
    company(
        "Stadtwerke Lindental",
        NORDLICHT,
        "Europe/Berlin",
        "swl.example",
    ),
    company(
        "Alpenblick Versicherung",
        NORDLICHT,
        "Europe/Zurich",
        "alpenblick.example",
    ),
    company(
        "Vlaamse Scholengroep Oost",
        NORDLICHT,
        "Europe/Brussels",
        "vso.example",
    ),
    company(
        "Kawiarnie Wisła",
        NORDLICHT,
        "Europe/Warsaw",
        "wisla.example",
    ),
    company(
        "Aurora Hospitals West",
        AURORA,
        "Europe/Berlin",
        "west.aurora-hospitals.example",
    ),
    company(
        "Aurora Laboratories",
        AURORA,
        "Europe/Berlin",
        "lab.aurora-hospitals.example",
    ),
    company(
        "Grünwald Logistik",
        GRUENWALD,
        "Europe/Vienna",
        "logistik.gruenwald.example",
    ),
    company(
        ANDES,
        CORDILLERA,
        "America/Santiago",
        "andes-mining.example",
    ),
    company(
        "Banco del Litoral",
        CORDILLERA,
        "America/Guayaquil",
        "bancolitoral.example",
    ),
    company(
        "Universidad de Miraflores",
        CORDILLERA,
        "America/Lima",
        "miraflores.example",
    ),
    company(
        "Viñedos Tres Ríos",
        CORDILLERA,
        "America/Argentina/Mendoza",
        "tresrios.example",
    ),
    company(
        "Andes Copper",
        ANDES,
        "America/Santiago",
        "copper.andes-mining.example",
    ),
    company(
        "Andes Lithium",
        ANDES,
        "America/La_Paz",
        "lithium.andes-mining.example",
    ),
    company(
        "Great Lakes Credit Union",
        MAPLE,
        "America/Toronto",
        "greatlakes-cu.example",
    ),
    company(HARBOUR, MAPLE, "America/Halifax", "harbourpine.example"),
    company(
        "Prairie Grain Cooperative",
        MAPLE,
        "America/Winnipeg",
        "prairiegrain.example",
    ),
    company(
        "Cascadia School District 14",
        MAPLE,
        "America/Vancouver",
        "csd14.example",
    ),
    company(
        "Lakeview Dental Clinics",
        MAPLE,
        "America/Chicago",
        "lakeview.example",
    ),
    company(
        "Harbour & Pine Resorts",
        HARBOUR,
        "America/St_Johns",
        "resorts.harbourpine.example",
    ),
    company(SAKURA, HAYASHI, "Asia/Tokyo", "sakura-precision.example"),
    company("Minato Shipping", HAYASHI, "Asia/Tokyo", "minato.example"),
    company(
        "Hokusei University",
        HAYASHI,
        "Asia/Tokyo",
        "hokusei.example",
    ),
    company(
        "Tan & Lim Holdings",
        HAYASHI,
        "Asia/Singapore",
        "tanlim.example",
    ),
    company(
        "Sakura Precision Vietnam",
        SAKURA,
        "Asia/Ho_Chi_Minh",
        "vn.sakura-precision.example",
    ),
    company("Adeyemi Foods", LEKKI, "Africa/Lagos", "adeyemi.example"),
    company(
        "Volta River Bank",
        LEKKI,
        "Africa/Accra",
        "voltariver.example",
    ),
    company(
        "Savannah Airways",
        LEKKI,
        "Africa/Nairobi",
        "savannah-airways.example",
    ),
    company(
        "Table Mountain Media",
        LEKKI,
        "Africa/Johannesburg",
        "tmm.example",
    ),
    company(CHENNAI, DECCAN, "Asia/Kolkata", "coromandel.example"),
    company(
        "Malabar Textiles",
        DECCAN,
        "Asia/Kolkata",
        "malabar.example",
    ),
    company(
        "Lotus Valley Schools",
        DECCAN,
        "Asia/Kolkata",
        "lotusvalley.example",
    ),
    company(
        "Himalaya Trekking",
        DECCAN,
        "Asia/Kathmandu",
        "himalaya.example",
    ),
    company("Serendib Tea", DECCAN, "Asia/Colombo", "serendib.example"),
    company(
        "Coromandel Ports",
        CHENNAI,
        "Asia/Kolkata",
        "ports.coromandel.example",
    ),
];
