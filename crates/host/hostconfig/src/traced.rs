//! Text that knows which character of which file each of its characters is.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use error::Position;

pub use crate::place::{Known, Place, Unknown};

/// Text with the place of each of its characters, which quoting, continued lines and variables have moved.
///
/// It is kept as runs: a mark says where the character at an offset is, and the following ones are behind it on the
/// same line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traced {
    text: String,
    marks: Vec<Mark>,
    gaps: Vec<Gap>,
}

/// Where a text has something whose value is not known: a variable that a program sets when it runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// The byte of the text at which it is.
    pub offset: usize,
    /// What is there, or could be.
    pub unknown: Unknown,
    /// What may be there, where every possibility is known.
    pub choices: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mark {
    /// The byte of the text from which on it holds.
    offset: usize,
    place: Place,
}

/// A character and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The character.
    pub char: char,
    /// Where in its file it is.
    pub position: Position,
}

impl Traced {
    /// Text that is at `place`, and goes on along the line.
    pub fn at(text: impl Into<String>, place: Place) -> Self {
        let text = text.into();
        let marks = vec![Mark { offset: 0, place }];
        let gaps = Vec::new();
        Traced { text, marks, gaps }
    }

    /// Something at `place` that is not known.
    pub fn gap(place: Place, why: String, choices: Option<Vec<String>>) -> Self {
        let unknown = Unknown::new(why).at(place.clone());
        Traced {
            gaps: vec![Gap {
                offset: 0,
                unknown,
                choices,
            }],
            ..Self::at("", place)
        }
    }

    /// The pieces of it that are not known, which have no characters in it.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The text, if all of it is known.
    pub fn known(&self) -> Known<&str> {
        match self.doubt() {
            None => Ok(&self.text),
            Some(unknown) => Err(unknown.clone()),
        }
    }

    /// Why it is not known, if it is not.
    pub(crate) fn doubt(&self) -> Option<&Unknown> {
        self.gaps.first().map(|gap| &gap.unknown)
    }

    /// About how many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        let of_gap = |gap: &Gap| {
            let choices = gap.choices.iter().flatten();
            size_of::<Gap>() + gap.unknown.why.len() + choices.map(String::len).sum::<usize>()
        };
        let gaps: usize = self.gaps.iter().map(of_gap).sum();
        self.text.len() + self.marks.len() * size_of::<Mark>() + gaps
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no character in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where it starts; `None` only for the empty text that is nowhere.
    pub fn place(&self) -> Option<&Place> {
        self.marks.first().map(|mark| &mark.place)
    }

    /// Where the character at byte `offset` is. For the end of the text: behind its last character.
    pub fn place_at(&self, offset: usize) -> Option<Place> {
        let behind = self.marks.partition_point(|mark| mark.offset <= offset);
        let mark = self.marks.get(behind.checked_sub(1)?)?;
        let within = self.text.as_bytes().get(mark.offset..offset);
        let mut place = mark.place.clone();
        place.position.column += within.map_or(0, characters);
        Some(place)
    }

    /// The part of it from byte `start` to byte `end`, which must be between characters; empty otherwise. Gaps at
    /// its ends belong to it.
    pub fn slice(&self, start: usize, end: usize) -> Traced {
        let text = self.text.get(start..end).unwrap_or_default().to_owned();
        let first = self.place_at(start);
        let mut marks: Vec<Mark> = first
            .map(|place| Mark { offset: 0, place })
            .into_iter()
            .collect();
        let inside = |mark: &&Mark| mark.offset > start && mark.offset < end;
        let first = self.marks.partition_point(|mark| mark.offset <= start);
        let moved = |mark: &Mark| Mark {
            offset: mark.offset - start,
            place: mark.place.clone(),
        };
        let rest = self.marks.iter().skip(first);
        marks.extend(rest.take_while(inside).map(moved));
        let within = |gap: &&Gap| (start..=end).contains(&gap.offset);
        let gaps = self.gaps.iter().filter(within).map(|gap| Gap {
            offset: gap.offset - start,
            ..gap.clone()
        });
        let gaps = gaps.collect();
        Traced { text, marks, gaps }
    }

    /// Its words, which blanks separate; of no more than its first 64 KiB.
    pub fn words(&self) -> Vec<Traced> {
        let mut end = self.text.len().min(1 << 16);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &self.text[..end];
        let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
        let words = text.split_whitespace();
        words
            .map(|word| self.slice(start(word), start(word) + word.len()))
            .collect()
    }

    /// It without blanks at its ends.
    pub fn trim(&self) -> Traced {
        let end = self.text.trim_end().len();
        let start = self.text[..end].len() - self.text[..end].trim_start().len();
        self.slice(start, end)
    }

    /// Its first word, and what is behind the blanks after it.
    pub fn split_word(&self) -> Option<(Traced, Traced)> {
        let text = self.trim();
        let end = text
            .text
            .find(char::is_whitespace)
            .unwrap_or(text.text.len());
        if end == 0 {
            return None;
        }
        let rest = text.slice(end, text.text.len());
        let start = rest.text.len() - rest.text.trim_start().len();
        let rest = rest.slice(start, rest.text.len());
        Some((text.slice(0, end), rest))
    }

    /// What is before and behind the first `separator`.
    pub fn split_once(&self, separator: char) -> Option<(Traced, Traced)> {
        let at = self.text.find(separator)?;
        let behind = at + separator.len_utf8();
        Some((self.slice(0, at), self.slice(behind, self.text.len())))
    }

    /// Adds another text, whose characters keep their places.
    pub fn append(&mut self, other: &Traced) {
        let start = self.text.len();
        self.gaps.extend(other.gaps.iter().map(|gap| Gap {
            offset: start + gap.offset,
            ..gap.clone()
        }));
        if other.is_empty() && !self.marks.is_empty() {
            return;
        }
        for mark in &other.marks {
            self.mark_at(start + mark.offset, mark.place.clone());
        }
        self.text += &other.text;
    }

    /// Adds characters that no file has: blanks between words, quotes.
    pub fn add(&mut self, text: &str) {
        self.text += text;
    }

    fn mark_at(&mut self, offset: usize, place: Place) {
        // An empty text's mark is only where it would have been.
        if self.marks.last().is_some_and(|last| last.offset == offset) {
            self.marks.pop();
        }
        self.marks.push(Mark { offset, place });
    }
}

/// A text that is put together from a file's characters, one by one.
pub struct Tracing<'f> {
    file: &'f Arc<Path>,
    traced: Traced,
    /// Where the next character is if it is on the same run.
    next: Option<Position>,
}

impl<'f> Tracing<'f> {
    /// An empty text that is at `position`.
    pub fn new(file: &'f Arc<Path>, position: Position) -> Self {
        let place = Place {
            file: file.clone(),
            position,
        };
        Tracing {
            file,
            traced: Traced::at("", place),
            next: Some(position),
        }
    }

    /// Adds a character.
    pub fn push(&mut self, at: At) {
        if self.next != Some(at.position) {
            let place = Place {
                file: self.file.clone(),
                position: at.position,
            };
            self.traced.mark_at(self.traced.text.len(), place);
        }
        self.traced.text.push(at.char);
        self.next = Some(Position {
            column: at.position.column + 1,
            ..at.position
        });
    }

    /// Whether there is no character in it yet.
    pub fn is_empty(&self) -> bool {
        self.traced.is_empty()
    }

    /// The text.
    pub fn finish(self) -> Traced {
        self.traced
    }
}

impl Extend<At> for Tracing<'_> {
    fn extend<I: IntoIterator<Item = At>>(&mut self, all: I) {
        for at in all {
            self.push(at);
        }
    }
}

fn characters(bytes: &[u8]) -> usize {
    // Bytes that go on with a character are not counted.
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

impl fmt::Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq<str> for Traced {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Traced {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: usize, column: usize) -> Place {
        Place {
            file: Path::new("/f").into(),
            position: Position { line, column },
        }
    }

    #[test]
    fn each_character_knows_its_place() {
        let mut text = Traced::at("äb", place(1, 5));
        text.add(" ");
        text.append(&Traced::at("cd", place(3, 1)));
        assert_eq!(text, "äb cd");
        assert_eq!(text.place_at(0), Some(place(1, 5)));
        assert_eq!(text.place_at(2), Some(place(1, 6)));
        assert_eq!(text.place_at(5), Some(place(3, 2)));
        let part = text.slice(2, 5);
        assert_eq!(part, "b c");
        assert_eq!(part.place(), Some(&place(1, 6)));
        assert_eq!(part.place_at(2), Some(place(3, 1)));
        assert_eq!(text.slice(1, 2), "", "in the middle of a character");
        assert_eq!(Traced::default().place_at(0), None);
    }

    #[test]
    fn a_run_along_a_line_needs_one_mark() {
        let file: Arc<Path> = Path::new("/f").into();
        let mut text = Tracing::new(&file, place(2, 2).position);
        for (index, char) in "aüb".chars().enumerate() {
            let position = place(2, 3 + index).position;
            text.push(At { char, position });
        }
        let text = text.finish();
        assert_eq!(text.marks.len(), 1);
        assert_eq!(text.place_at(3), Some(place(2, 5)));
    }
}
