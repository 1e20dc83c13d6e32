//! Which of several guests in a description is meant.

use error::{Error, Result};

use crate::limits::shown;

/// Names that a message lists.
const LISTED: usize = 20;

/// Which guest of a description is meant, and in which of its deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The guest's name or id, where there are several.
    pub guest: Option<String>,
    /// The id of a deployment of an OVF; its default where none is given.
    pub deployment: Option<String>,
}

impl Choice {
    /// The number of the guest that is meant; `guests` are the names each of them has, the one to show
    /// first.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when none or several are meant.
    pub(crate) fn guest_of(&self, guests: &[Vec<&str>]) -> Result<usize> {
        let count = guests.len();
        let Some(wanted) = &self.guest else {
            return match count {
                1 => Ok(0),
                _ => Err(Error::refused(format!(
                    "it describes {count} guests: {}",
                    listed(guests)
                ))),
            };
        };
        let numbers = |same: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let named = |names: &Vec<&str>| names.iter().any(|name| same(name));
            (0..count)
                .filter(|&number| named(&guests[number]))
                .collect()
        };
        let mut found = numbers(&|name| name == wanted);
        if found.is_empty() {
            let wanted = wanted.to_lowercase();
            found = numbers(&|name| name.to_lowercase() == wanted);
        }
        let wanted = shown(wanted);
        match found.as_slice() {
            &[number] => Ok(number),
            [] => Err(Error::refused(format!(
                "it describes no guest '{wanted}', but {}",
                listed(guests)
            ))),
            many => Err(Error::refused(format!(
                "it describes {} guests called '{wanted}'",
                many.len()
            ))),
        }
    }

    /// Whether `name` is the guest that is meant, for languages that describe one.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when it is not.
    pub fn check(&self, name: Option<&str>) -> Result<()> {
        self.guest_of(&[vec![name.unwrap_or("(nameless)")]])
            .map(drop)
    }
}

/// The first name of each guest.
fn listed(guests: &[Vec<&str>]) -> String {
    let first = |names: &Vec<&str>| shown(names.first().unwrap_or(&"(nameless)"));
    let mut names: Vec<_> = guests.iter().take(LISTED).map(first).collect();
    if guests.len() > LISTED {
        names.push("…".to_owned());
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_chosen_by_any_of_its_names() {
        let guests = [
            vec!["web01", "vm1"],
            vec!["Web02", "vm2"],
            vec!["db", "vm2"],
        ];
        let chosen = |guest: &str| {
            let guest = Some(guest.to_owned());
            let choice = Choice {
                guest,
                deployment: None,
            };
            choice.guest_of(&guests).map_err(|error| error.to_string())
        };
        assert_eq!(chosen("web01"), Ok(0));
        assert_eq!(chosen("vm1"), Ok(0));
        assert_eq!(chosen("WEB02"), Ok(1));
        assert_eq!(
            chosen("mail"),
            Err("it describes no guest 'mail', but web01, Web02, db".to_owned())
        );
        assert_eq!(
            chosen("vm2"),
            Err("it describes 2 guests called 'vm2'".to_owned())
        );
        let none = Choice::default();
        assert_eq!(none.guest_of(&guests[..1]).unwrap(), 0);
        assert_eq!(
            none.guest_of(&guests).unwrap_err().to_string(),
            "it describes 3 guests: web01, Web02, db"
        );
    }
}
