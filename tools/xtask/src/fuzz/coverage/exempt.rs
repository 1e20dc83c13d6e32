//! Functions that do not count: what no input of a parser runs.

/// What such functions have in the line in which they begin: `Debug` and `Display`, whose words tests compare, and what
/// the compiler may run instead of the program.
const EXEMPT: [&str; 2] = ["fn fmt(", "const fn "];

/// The first and last lines of the functions in `source`, a file as rustfmt writes it, that do not count.
pub(super) fn functions(source: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = source.lines().collect();
    let begins = |line: &str| EXEMPT.iter().any(|exempt| line.contains(exempt));
    let starts = (0..lines.len()).filter(|&start| begins(lines[start]));
    starts
        .map(|start| (start + 1, end(&lines, start)))
        .collect()
}

/// The number of the line in which the function ends that begins in line `start`, counted from 0: the next one as far
/// to the left that closes.
fn end(lines: &[&str], start: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let margin = lines.get(start).map_or(0, |line| indent(line));
    let is_end = |line: &&str| indent(line) == margin && line.trim_start().starts_with('}');
    let rest = lines.get(start..).unwrap_or_default();
    start + 1 + rest.iter().position(is_end).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_formats_and_what_is_constant_does_not_count() {
        let source = "\
impl Display for A {
    fn fmt(&self) {
        if x {
        }
    }
}
fn a() {}
const fn b(
    c: u8,
) -> u8 {
    1
}
";
        assert_eq!(functions(source), [(2, 5), (8, 12)]);
        assert_eq!(functions("const fn a() -> u8;"), [(1, 1)]);
    }
}
