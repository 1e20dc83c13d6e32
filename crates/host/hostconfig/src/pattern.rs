//! Names with `*`, `?` and `[…]`, as glob(7) has them.

/// Whether `text` is a pattern at all.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether a name matches. A dot at its start has to be in the pattern.
pub fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Where to go on when what follows the last star does not match.
    let mut star = None;
    let (mut at, mut seen) = (0, 0);
    while seen < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, seen));
                at += 1;
                continue;
            }
            Some('[') => {
                if let Some(next) = set(&pattern, at, name[seen]) {
                    (at, seen) = (next, seen + 1);
                    continue;
                }
            }
            Some(&wanted) if wanted == '?' || wanted == name[seen] => {
                (at, seen) = (at + 1, seen + 1);
                continue;
            }
            _ => {}
        }
        match star {
            Some((after, from)) => {
                star = Some((after, from + 1));
                (at, seen) = (after, from + 1);
            }
            None => return false,
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Where the pattern goes on if the set at `at` has `char` in it.
fn set(pattern: &[char], at: usize, char: char) -> Option<usize> {
    let close = pattern.iter().skip(at + 2).position(|c| *c == ']')? + at + 2;
    let inside = &pattern[at + 1..close];
    let (is_inverted, inside) = match inside {
        ['!' | '^', rest @ ..] => (true, rest),
        inside => (false, inside),
    };
    let mut is_in = false;
    let mut index = 0;
    while index < inside.len() {
        if let [from, '-', to, ..] = inside[index..] {
            is_in |= (from..=to).contains(&char);
            index += 3;
        } else {
            is_in |= inside[index] == char;
            index += 1;
        }
    }
    (is_in != is_inverted).then_some(close + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_patterns() {
        for (pattern, name) in [
            ("*", "a"),
            ("*.cfg", "x.cfg"),
            ("a*b*c", "aXbYbc"),
            ("?", "ü"),
            ("[a-c]x", "bx"),
            ("[!a]*", "bc"),
            (".*", ".x"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*", ".x"),
            ("*.cfg", "x.cf"),
            ("a", "ab"),
            ("[a", "a"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
