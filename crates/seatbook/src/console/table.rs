//! Lists: what is searched, filtered, sorted, shown and where the next page is, all of it in the address.

/// One list as its page shows it.
#[derive(Clone, Debug, Default)]
pub struct ListView {
    /// Where the list stands: `/licenses`.
    pub path: String,
    /// The search words.
    pub q: String,
    /// The search field's placeholder.
    pub search: &'static str,
    /// The sort key, with a leading `-` when descending.
    pub sort: String,
    /// The order that nobody need ask for.
    pub natural_sort: String,
    /// Every column, shown or not.
    pub columns: Vec<Column>,
    /// The filters.
    pub filters: Vec<Filter>,
    /// Further parameters that every link keeps.
    pub keep: Vec<(String, String)>,
    /// Cursor of the page before, if any.
    pub previous: Option<String>,
    /// Cursor of the page after, if any.
    pub next: Option<String>,
    /// Rows on this page.
    pub shown: i64,
    /// All rows that match; `None` where nobody counted.
    pub total: Option<i64>,
    /// Whether `total` is a lower bound, or this page one of an unknown number.
    pub more: bool,
    /// What is worth knowing about this page, under the list; empty for nothing.
    pub note: &'static str,
    /// What is counted: ("license", "licenses").
    pub noun: (&'static str, &'static str),
    /// Where the list is asked for as a file, as it is shown; empty for nowhere.
    pub export: String,
    /// What else is had as a file of the same rows: the words before, and where it is asked for.
    pub exports: Vec<(&'static str, String)>,
}

/// One column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its key in the address.
    pub key: &'static str,
    /// Its heading.
    pub label: &'static str,
    /// Whether it holds numbers.
    pub numeric: bool,
    /// Whether the list can be sorted by it.
    pub sortable: bool,
    /// Whether it can be hidden.
    pub optional: bool,
    /// Whether it is shown.
    pub shown: bool,
    /// Whether it is shown until someone chooses.
    pub initial: bool,
}

/// One filter: `tabs` for a few states, `select` for many values, `toggle` for yes.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Its name in the address.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// `tabs`, `select`, `toggle`, or `view` for a select that narrows nothing, such as grouping.
    pub kind: &'static str,
    /// The chosen value; empty for all.
    pub value: String,
    /// What can be chosen.
    pub options: Vec<FilterOption>,
}

/// One value of a filter.
#[derive(Clone, Debug, Default)]
pub struct FilterOption {
    /// What stands in the address; empty for all.
    pub value: String,
    /// What people read.
    pub label: String,
    /// How many rows it has, where that is known.
    pub count: Option<i64>,
}

impl Column {
    /// A column that is always there.
    pub fn fixed(key: &'static str, label: &'static str) -> Self {
        Self {
            key,
            label,
            shown: true,
            initial: true,
            sortable: true,
            ..Self::default()
        }
    }

    /// A column that can be hidden; `shown` is where it starts.
    pub fn optional(key: &'static str, label: &'static str, shown: bool) -> Self {
        Self {
            key,
            label,
            shown,
            initial: shown,
            sortable: true,
            optional: true,
            ..Self::default()
        }
    }

    /// Makes it a column of numbers.
    pub fn number(self) -> Self {
        Self {
            numeric: true,
            ..self
        }
    }

    /// Takes sorting away.
    pub fn unsorted(self) -> Self {
        Self {
            sortable: false,
            ..self
        }
    }
}

impl Filter {
    /// A filter without a choice made; options are (value, label).
    pub fn new(
        kind: &'static str,
        name: &'static str,
        label: &'static str,
        options: &[(&str, &str)],
    ) -> Self {
        let options = options
            .iter()
            .map(|&(value, label)| FilterOption {
                value: value.into(),
                label: label.into(),
                count: None,
            })
            .collect();
        Self {
            kind,
            name,
            label,
            options,
            value: String::new(),
        }
    }
}

impl ListView {
    /// Reads search, sort, filters and columns from the address (`Query<Vec<(String, String)>>`).
    /// Unknown sorts, filters and columns are left out rather than believed.
    pub fn read(mut self, pairs: &[(String, String)]) -> Self {
        self.natural_sort.clone_from(&self.sort);
        let chosen: Vec<&str> = values(pairs, "col").collect();
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "q" => self.q = value.chars().take(200).collect(),
                "sort" if self.sorts_by(value) => self.sort.clone_from(value),
                _ => self.choose(name, value),
            }
        }
        for column in self.columns.iter_mut().filter(|column| column.optional) {
            if !chosen.is_empty() {
                column.shown = chosen.contains(&column.key);
            }
        }
        self
    }

    fn choose(&mut self, name: &str, value: &str) {
        for filter in self.filters.iter_mut().filter(|filter| filter.name == name) {
            let known = filter.kind == "toggle" || filter.options.iter().any(|o| o.value == value);
            if known {
                filter.value = value.into();
            }
        }
    }

    fn sorts_by(&self, sort: &str) -> bool {
        let key = sort.strip_prefix('-').unwrap_or(sort);
        self.columns
            .iter()
            .any(|column| column.sortable && column.key == key)
    }

    /// The chosen value of a filter; empty for all.
    pub fn chosen(&self, name: &str) -> &str {
        self.filters
            .iter()
            .find(|filter| filter.name == name)
            .map_or("", |filter| &filter.value)
    }

    /// Whether a column is shown.
    pub fn shows(&self, key: &str) -> bool {
        self.columns
            .iter()
            .any(|column| column.key == key && column.shown)
    }

    /// How many columns are shown, plus `extra` ones such as the boxes to tick.
    pub fn width(&self, extra: usize) -> usize {
        self.columns.iter().filter(|column| column.shown).count() + extra
    }

    /// The columns shown until someone chooses, for the module, which keeps addresses short.
    pub fn initial_columns(&self) -> String {
        let initial = self
            .columns
            .iter()
            .filter(|column| column.optional && column.initial);
        initial
            .map(|column| column.key)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether any column can be hidden.
    pub fn choosable(&self) -> bool {
        self.columns.iter().any(|column| column.optional)
    }

    /// Whether search or a filter narrows the list.
    pub fn narrowed(&self) -> bool {
        let narrows = |filter: &Filter| filter.kind != "view" && !filter.value.is_empty();
        !self.q.is_empty() || self.filters.iter().any(narrows)
    }

    /// `ascending`, `descending` or `none`, for `aria-sort`.
    pub fn sorted(&self, key: &str) -> &'static str {
        match self.sort.strip_prefix('-') {
            Some(down) if down == key => "descending",
            None if self.sort == key => "ascending",
            _ => "none",
        }
    }

    /// Sorts by a column, or turns its order round.
    pub fn sort_href(&self, key: &str) -> String {
        let down = match self.sorted(key) {
            "ascending" => "-",
            _ => "",
        };
        self.href(&format!("{down}{key}"), None)
    }

    /// The page before.
    pub fn previous_href(&self) -> Option<String> {
        self.previous
            .as_ref()
            .map(|cursor| self.href(&self.sort, Some(cursor)))
    }

    /// The page after.
    pub fn next_href(&self) -> Option<String> {
        self.next
            .as_ref()
            .map(|cursor| self.href(&self.sort, Some(cursor)))
    }

    /// "25 of 1,284 licenses", "25 of more than 10,000 licenses", "25 licenses".
    pub fn counted(&self) -> String {
        let words = |count: i64| super::format::count(count, self.noun.0, self.noun.1);
        let shown = super::format::number(self.shown);
        match self.total {
            Some(total) if self.more => format!("{shown} of more than {}", words(total)),
            Some(total) if total != self.shown => format!("{shown} of {}", words(total)),
            None if self.more => format!("{} on this page", words(self.shown)),
            _ => words(self.shown),
        }
    }

    fn href(&self, sort: &str, cursor: Option<&str>) -> String {
        let mut address = self.address(&self.path, sort);
        if self.columns.iter().any(|it| it.shown != it.initial) {
            // The dash says "chosen" even where every optional column is hidden.
            address.add("col", "-");
            let shown = self.columns.iter().filter(|it| it.optional && it.shown);
            shown.for_each(|column| address.add("col", column.key));
        }
        address.add("cursor", cursor.unwrap_or_default());
        address.0
    }

    fn address(&self, path: &str, sort: &str) -> Address {
        let mut address = Address::new(path);
        address.add("q", &self.q);
        for filter in &self.filters {
            address.add(filter.name, &filter.value);
        }
        for (name, value) in &self.keep {
            address.add(name, value);
        }
        address.add("sort", sort);
        address
    }
}

fn values<'a>(pairs: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    pairs
        .iter()
        .filter(move |pair| pair.0 == name)
        .map(|pair| pair.1.as_str())
}

/// An address that grows by parameters; empty ones are left out.
struct Address(String);

impl Address {
    fn new(path: &str) -> Self {
        Self(path.into())
    }

    fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let sign = if self.0.contains('?') { '&' } else { '?' };
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            self.0.push_str(&format!("{sign}{name}={value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> ListView {
        ListView {
            path: "/licenses".into(),
            sort: "end".into(),
            columns: vec![
                Column::fixed("sku", "SKU"),
                Column::optional("end", "End", true),
            ],
            filters: vec![Filter::new(
                "tabs",
                "status",
                "Status",
                &[("", "All"), ("active", "Active")],
            )],
            noun: ("license", "licenses"),
            ..ListView::default()
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn the_address_is_read_and_written_back() {
        let view = list().read(&pairs(&[
            ("q", "a&b ü"),
            ("status", "active"),
            ("sort", "-sku"),
        ]));
        assert_eq!(view.sorted("sku"), "descending");
        assert_eq!(
            view.sort_href("sku"),
            "/licenses?q=a%26b+%C3%BC&status=active&sort=sku"
        );
    }

    #[test]
    fn what_the_list_does_not_know_is_left_out() {
        let view = list().read(&pairs(&[
            ("sort", "password"),
            ("status", "x"),
            ("col", "nothing"),
        ]));
        assert_eq!(view.sort, "end");
        assert_eq!(view.chosen("status"), "");
        assert!(view.shows("sku") && !view.shows("end"));
        assert_eq!(view.sort_href("end"), "/licenses?sort=-end&col=-");
    }

    #[test]
    fn counts_read_as_sentences() {
        let view = ListView {
            shown: 25,
            total: Some(10_000),
            more: true,
            ..list()
        };
        assert_eq!(view.counted(), "25 of more than 10,000 licenses");
    }
}
