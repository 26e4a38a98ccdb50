//! What could not be mended at once. The list may only shrink.

use std::collections::BTreeMap;

use super::Complaint;

/// Rules that nothing is excused from.
const NO_EXCUSE: [&str; 4] = ["file-hard", "room-order", "tables", "unreadable"];

/// The complaints that stand, and the lines of the list that are no longer true. A line is
/// `rule path count`: so many complaints of that rule in that file are known.
pub fn settle(list: &str, complaints: Vec<Complaint>) -> Vec<String> {
    let mut messages = Vec::new();
    let mut known = BTreeMap::new();
    for line in list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match parse(line) {
            Some((key, count)) => drop(known.insert(key, count)),
            None => messages.push(format!("offenders: `{line}` is not `rule path count`")),
        }
    }
    let mut groups: BTreeMap<(String, String), Vec<Complaint>> = BTreeMap::new();
    for complaint in complaints {
        let key = (complaint.rule.to_owned(), complaint.file.clone());
        groups.entry(key).or_default().push(complaint);
    }
    for (key, group) in groups {
        let allowed = known.remove(&key).unwrap_or(0);
        let (rule, file) = key;
        if group.len() < allowed {
            let count = group.len();
            messages.push(format!(
                "offenders: `{rule} {file} {allowed}` is down to {count}: say so"
            ));
        } else if group.len() > allowed {
            messages.extend(group.iter().map(Complaint::to_string));
        }
    }
    let mended = known.into_keys();
    messages.extend(
        mended.map(|(rule, file)| format!("offenders: `{rule} {file}` is mended: remove its line")),
    );
    messages
}

fn parse(line: &str) -> Option<((String, String), usize)> {
    let mut words = line.split_whitespace();
    let (rule, path) = (words.next()?, words.next()?);
    let count = words.next()?.parse().ok().filter(|count| *count > 0)?;
    let excused = words.next().is_none() && !NO_EXCUSE.contains(&rule);
    excused.then(|| ((rule.to_owned(), path.to_owned()), count))
}
