//! Bars, meters and lines drawn by the server: SVG whose lengths are attributes, so the content policy holds.

use super::format::Amount;

/// One labelled bar, of which a part is filled.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// Where it leads; empty for nowhere.
    pub href: String,
    /// The filled part.
    pub used: i64,
    /// The whole of this bar.
    pub total: i64,
}

/// One figure at the top of a page.
#[derive(Clone, Debug, Default)]
pub struct Kpi {
    /// What is counted.
    pub label: String,
    /// The figure, as people write it.
    pub value: String,
    /// A few words under it.
    pub note: String,
    /// `good`, `warn`, `bad` or `mute`, for those words.
    pub tone: &'static str,
    /// The list behind it; empty for none.
    pub href: String,
    /// A part and its whole, drawn as a meter where `whole` is above 0.
    pub part: i64,
    /// The whole of `part`.
    pub whole: i64,
}

/// A picture of lines has this size of its own; the page stretches it.
const PICTURE: (i64, i64) = (1_100, 200);

/// The size of a picture of lines, as SVG says it.
pub fn view_box() -> String {
    format!("0 0 {} {}", PICTURE.0, PICTURE.1)
}

/// The corners of a line through these values, from the left edge of the picture to the right, with `most` at its top.
pub fn corners(values: &[i64], most: i64) -> String {
    let steps = (values.len() as i64 - 1).max(1);
    let corner = |(at, value): (usize, &i64)| {
        let across = PICTURE.0 * at as i64 / steps;
        // A line at the very edge would be cut in half.
        let up = i128::from(PICTURE.1 - 8) * i128::from(*value) / i128::from(most.max(1));
        format!("{across},{}", i128::from(PICTURE.1) - 4 - up)
    };
    let corners: Vec<String> = values.iter().enumerate().map(corner).collect();
    corners.join(" ")
}

/// A share in per cent with one decimal, between 0 and 100, as an SVG length wants it.
pub fn percent(part: impl Amount, whole: impl Amount) -> String {
    let (part, whole) = (part.amount(), whole.amount());
    if whole <= 0 {
        return "0".into();
    }
    let tenths = (i128::from(part.max(0)) * 1000 / i128::from(whole)).min(1000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `bad` above the whole, `warn` where nothing is left of it, else nothing.
pub fn level(part: impl Amount, whole: impl Amount) -> &'static str {
    let (part, whole) = (part.amount(), whole.amount());
    match (part, whole) {
        (_, ..=0) => "",
        _ if part > whole => "bad",
        _ if part == whole => "warn",
        _ => "",
    }
}

impl Bar {
    /// What is left of the whole.
    pub fn free(&self) -> i64 {
        self.total - self.used
    }
}

/// The longest bar of a chart, against which the others are drawn.
pub fn longest(bars: &[Bar]) -> i64 {
    bars.iter().map(|bar| bar.total).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_in_the_picture() {
        assert_eq!(corners(&[10, 0, 5], 10), "0,4 550,196 1100,100");
        assert_eq!(corners(&[0], 0), "0,196");
        assert_eq!(corners(&[], 0), "");
    }

    #[test]
    fn shares_stay_within_the_bar() {
        assert_eq!(percent(1, 3), "33.3");
        assert_eq!(percent(5, 3), "100.0");
        assert_eq!(percent(1, 0), "0");
        assert_eq!(level(10, 10), "warn");
        assert_eq!(level(11, 10), "bad");
        assert_eq!(level(0, 0), "");
    }
}
