//! The names of those who work at the demo's customers. All of them are made up.

const FIRST: [&str; 40] = [
    "Anna", "Bruno", "Chiara", "Dieter", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jakub",
    "Karin", "Liam", "Mira", "Noah", "Olena", "Pablo", "Quinn", "Rosa", "Sven", "Tala", "Ursula",
    "Viktor", "Wanda", "Xavier", "Yara", "Zoltan", "Agnes", "Boris", "Celine", "Dario", "Emma",
    "Finn", "Gül", "Henrik", "Ida", "Jörg", "Katja", "Luca", "Maëlle", "Nils",
];

const LAST: [&str; 60] = [
    "Berg",
    "Carter",
    "Duarte",
    "Eriksen",
    "Fischer",
    "Garnier",
    "Hansen",
    "Ivanov",
    "Jensen",
    "Koch",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Olsen",
    "Petit",
    "Quist",
    "Rossi",
    "Sato",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Weber",
    "Ximenez",
    "Yilmaz",
    "Zimmer",
    "Adler",
    "Brandt",
    "Costa",
    "Dahl",
    "Ekström",
    "Fuchs",
    "Gomez",
    "Haugen",
    "Iversen",
    "Jung",
    "Keller",
    "Larsen",
    "Meyer",
    "Nilsen",
    "Ortega",
    "Pohl",
    "Reyes",
    "Schmidt",
    "Torres",
    "Ulrich",
    "Varga",
    "Wagner",
    "Young",
    "Ziegler",
    "Arnold",
    "Bakker",
    "Conti",
    "Dubois",
    "Engel",
    "Ferrari",
    "Gruber",
    "Holm",
    "Isaksen",
    "Janssen",
    "Klein",
];

/// The name of somebody: the same for the same numbers, and once in each company.
pub fn of(company: usize, number: usize) -> String {
    let (turn, place) = (number / FIRST.len(), number % FIRST.len());
    let last = (place * 3 + turn * 7 + company * 11) % LAST.len();
    format!("{} {}", FIRST[place], LAST[last])
}

/// The address of somebody at a company: letters that an address does not have are written with those it has.
pub fn address(name: &str, website: &str) -> String {
    let mut local = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'ä' => local.push_str("ae"),
            'ö' => local.push_str("oe"),
            'ü' => local.push_str("ue"),
            'ë' => local.push('e'),
            ' ' => local.push('.'),
            other => local.push(other),
        }
    }
    format!("{local}@{website}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_there_twice() {
        for company in 0..60 {
            let names: BTreeSet<String> = (0..600).map(|number| of(company, number)).collect();
            assert_eq!(names.len(), 600);
        }
        assert_eq!(
            address("Jörg Ekström", "a.example"),
            "joerg.ekstroem@a.example"
        );
    }
}
