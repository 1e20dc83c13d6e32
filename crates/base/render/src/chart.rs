//! Numbers as pictures of a line.

/// Cells of a [`bar`].
const CELLS: usize = 20;

/// The steps of a [`sparkline`], from nothing to the most.
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar that shows which share of `whole` the `part` is, and the share in per cent. What is more than
/// nothing fills at least a cell.
pub fn bar(part: u64, whole: u64) -> String {
    let share = if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    };
    let cells = ((share * CELLS as f64).ceil() as usize).min(CELLS);
    format!(
        "{}{} {:>3.0}%",
        "█".repeat(cells),
        "░".repeat(CELLS - cells),
        share * 100.0
    )
}

/// A line of at most `width` columns that shows how `values` rise and fall between 0 and their most. Of
/// several values in a column the highest shows.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let most = values.iter().copied().fold(0.0, f64::max);
    let columns = values.len().min(width);
    let column = |number: usize| {
        let from = number * values.len() / columns;
        let to = (number + 1) * values.len() / columns;
        let highest = values.get(from..to).unwrap_or_default();
        let highest = highest.iter().copied().fold(0.0, f64::max);
        let last = STEPS.len() - 1;
        let step = if most > 0.0 {
            (highest / most * last as f64).round() as usize
        } else {
            0
        };
        STEPS.get(step).copied().unwrap_or(STEPS[last])
    };
    (0..columns).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_a_share_and_rounds_a_little_up() {
        assert_eq!(bar(0, 0), "░░░░░░░░░░░░░░░░░░░░   0%");
        assert_eq!(bar(1, 1000), "█░░░░░░░░░░░░░░░░░░░   0%");
        assert_eq!(bar(5, 5), "████████████████████ 100%");
        assert_eq!(bar(6, 5), "████████████████████ 120%");
    }

    #[test]
    fn a_sparkline_shows_rise_and_fall() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 7.0], 10), "▁▂▃█");
        assert_eq!(sparkline(&[0.0, 9.0, 0.0, 0.0, 3.0, 0.0], 3), "█▁▃");
        assert_eq!(sparkline(&[0.0, 0.0], 10), "▁▁");
        assert_eq!(sparkline(&[], 10), "");
        assert_eq!(sparkline(&[f64::NAN, 1.0, -1.0], 10), "▁█▁");
    }
}
