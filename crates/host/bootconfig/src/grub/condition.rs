//! `[ … ]` and `test` (grub-core/commands/test.c), as far as the answer can be known.

use hostconfig::Traced;

/// Whether files are there, as GRUB's path says.
pub(super) trait Paths {
    /// What `-e`, `-f`, `-d` or `-s` says of it; `None` when that is not known.
    fn is_there(&mut self, operator: &str, path: &Traced) -> Option<bool>;
}

/// What the expression says; `None` when that is not known.
pub(super) fn holds(words: &[Traced], paths: &mut dyn Paths) -> Option<bool> {
    // Without words it is true in GRUB.
    if words.is_empty() {
        return Some(true);
    }
    let mut any = Some(false);
    for alternative in words.split(|word| *word == "-o") {
        let mut all = Some(true);
        for term in alternative.split(|word| *word == "-a") {
            all = and(all, self::term(term, paths));
        }
        any = or(any, all);
    }
    any
}

fn and(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    let not = |value: Option<bool>| value.map(|value| !value);
    not(and(not(one), not(other)))
}

fn term(words: &[Traced], paths: &mut dyn Paths) -> Option<bool> {
    match words {
        [not, rest @ ..] if *not == "!" && !rest.is_empty() => {
            term(rest, paths).map(|value| !value)
        }
        [word] => is_filled(word),
        [operator, word] => match operator.known().ok()? {
            "-n" => is_filled(word),
            "-z" => is_filled(word).map(|value| !value),
            operator @ ("-e" | "-f" | "-d" | "-s") => paths.is_there(operator, word),
            _ => None,
        },
        [one, operator, other] => compare(one, operator.known().ok()?, other),
        _ => None,
    }
}

fn is_filled(word: &Traced) -> Option<bool> {
    if !word.is_empty() {
        return Some(true);
    }
    // Every choice is empty, or none is.
    let mut gaps = word.gaps().iter();
    let Some(gap) = gaps.next() else {
        return Some(false);
    };
    let choices = gap.choices.as_ref()?;
    let is_alike = choices.iter().all(|choice| !choice.is_empty());
    is_alike.then_some(true)
}

fn compare(one: &Traced, operator: &str, other: &Traced) -> Option<bool> {
    let texts = || Some((one.known().ok()?, other.known().ok()?));
    let numbers = || {
        let (one, other) = texts()?;
        Some((one.parse::<i64>().ok()?, other.parse::<i64>().ok()?))
    };
    Some(match operator {
        "=" | "==" => is_same(one, other)?,
        "!=" => !is_same(one, other)?,
        "<" => texts().map(|(one, other)| one < other)?,
        ">" => texts().map(|(one, other)| one > other)?,
        "<=" => texts().map(|(one, other)| one <= other)?,
        ">=" => texts().map(|(one, other)| one >= other)?,
        "-eq" => numbers().map(|(one, other)| one == other)?,
        "-ne" => numbers().map(|(one, other)| one != other)?,
        "-lt" => numbers().map(|(one, other)| one < other)?,
        "-le" => numbers().map(|(one, other)| one <= other)?,
        "-gt" => numbers().map(|(one, other)| one > other)?,
        "-ge" => numbers().map(|(one, other)| one >= other)?,
        _ => return None,
    })
}

/// Whether two texts are the same; also known when no choice of an unknown one is.
fn is_same(one: &Traced, other: &Traced) -> Option<bool> {
    match (one.gaps(), other.gaps()) {
        ([], []) => Some(one.as_str() == other.as_str()),
        ([gap], []) if one.is_empty() => {
            let choices = gap.choices.as_ref()?;
            let could = choices.iter().any(|choice| other == choice.as_str());
            (!could).then_some(false)
        }
        _ => None,
    }
}
