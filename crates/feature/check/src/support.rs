//! Until when releases get security updates.
//!
//! The dates are in `support.txt`, with their sources. Whether a day is past is judged by the time that the question
//! names, never by the clock.

use time::{Date, Month, OffsetDateTime};

use crate::facts::Facts;
use crate::finding::{Findings, Place};
use vmconfig::xen::Release;

use crate::release::release_of;

/// The dates, one release in each line.
const DATES: &str = include_str!("support.txt");

/// How many days before its end a release's support is worth a word.
const SOON: i64 = 183;

/// The end of a release's support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its last day.
    On(Date),
    /// It was over before this day: the release is older than the first whose end is known.
    Before(Date),
}

/// One line of the dates.
struct Line {
    release: Release,
    /// Whether it stands for every minor release.
    is_major: bool,
    end: Date,
}

impl Line {
    fn parse(line: &str) -> Option<(&str, Self)> {
        let mut words = line.split(' ').filter(|_| !line.starts_with('#'));
        let (of, release, day) = (words.next()?, words.next()?, words.next()?);
        let line = Line {
            release: release_of(release)?,
            is_major: !release.contains('.'),
            end: date(day)?,
        };
        Some((of, line))
    }

    fn is_for(&self, release: Release) -> bool {
        self.release == release || self.is_major && self.release.major == release.major
    }
}

/// When support of `release` of `of` (`xen`, or a distribution by its id) ends; `None` where that is not known.
pub(crate) fn end(of: &str, release: Release) -> Option<End> {
    let lines = DATES.lines().filter_map(Line::parse);
    let lines: Vec<_> = lines.filter(|(known, _)| *known == of).collect();
    if let Some((_, line)) = lines.iter().find(|(_, line)| line.is_for(release)) {
        return Some(End::On(line.end));
    }
    let (_, first) = lines.iter().min_by_key(|(_, line)| line.release)?;
    (release < first.release).then_some(End::Before(first.end))
}

/// A release to judge.
pub(crate) struct Judged<'a> {
    /// What is released, as `support.txt` calls it.
    pub(crate) of: &'a str,
    /// The release.
    pub(crate) release: Release,
    /// What a message calls both.
    pub(crate) name: &'a str,
    /// Whether the host is about to be upgraded from it.
    pub(crate) is_left: bool,
}

/// Finds that a release has no support any more, or will have none soon.
pub(crate) fn judge(
    facts: &Facts,
    judged: &Judged<'_>,
    place: Option<Place>,
    found: &mut Findings,
) {
    let (Some(end), Some(today)) = (end(judged.of, judged.release), today(facts)) else {
        return;
    };
    let name = judged.name;
    let message = match end {
        End::Before(day) => format!("{name} has had no security updates since before {day}"),
        End::On(day) if day < today => format!("{name} has had no security updates since {day}"),
        End::On(day) => {
            let left = (day - today).whole_days();
            if left <= SOON {
                let message = format!("security updates of {name} end on {day}, in {left} days");
                found.info(place, message);
            }
            return;
        }
    };
    if judged.is_left {
        found.info(place, message);
    } else {
        let finding = found.warning(place, message);
        finding.hint("upgrade to a release that gets them");
    }
}

fn today(facts: &Facts) -> Option<Date> {
    let now = i64::try_from(facts.question().now).ok()?;
    Some(OffsetDateTime::from_unix_timestamp(now).ok()?.date())
}

fn date(text: &str) -> Option<Date> {
    let mut numbers = text.splitn(3, '-').map(str::parse::<u16>);
    let (year, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let month = Month::try_from(u8::try_from(month.ok()?).ok()?).ok()?;
    Date::from_calendar_date(year.ok()?.into(), month, u8::try_from(day.ok()?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_dates_is_read() {
        let lines = DATES.lines();
        let lines: Vec<_> = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        assert!(lines.len() > 100);
        for line in lines {
            assert!(Line::parse(line).is_some(), "{line}");
        }
    }

    #[test]
    fn releases_are_found_by_their_numbers_or_by_the_first_alone() {
        let found = |of, major, minor| match end(of, Release::new(major, minor)) {
            Some(End::On(day)) => day.to_string(),
            Some(End::Before(day)) => format!("before {day}"),
            None => "not known".to_owned(),
        };
        assert_eq!(found("xen", 4, 17), "2027-12-12");
        assert_eq!(found("xen", 3, 4), "before 2017-03-10");
        assert_eq!(found("xen", 4, 99), "not known");
        assert_eq!(found("rocky", 9, 4), "2032-05-31");
        assert_eq!(found("ubuntu", 22, 4), "2027-04-01");
        assert_eq!(found("ubuntu", 23, 10), "2024-07-12");
        assert_eq!(found("ubuntu", 99, 4), "not known");
        assert_eq!(found("xcp-ng", 8, 2), "2025-09-16");
        assert_eq!(found("arch", 1, 0), "not known");
    }
}
