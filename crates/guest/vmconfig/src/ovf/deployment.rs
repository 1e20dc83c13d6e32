//! Deployments, which an appliance offers to choose from, and the hardware that goes with each.

use std::collections::HashMap;

use error::{Error, Result};

use super::hardware::Item;
use super::{Reader, section};
use crate::choice::Choice;
use crate::limits::shown;
use crate::value::Origin;
use crate::xml::Element;

/// The ids of the deployments that `envelope` offers, the default one first.
pub(super) fn all(envelope: &Element) -> Vec<&str> {
    let Some(options) = section(envelope, "DeploymentOptionSection") else {
        return Vec::new();
    };
    let mut options: Vec<_> = options.all("Configuration").collect();
    let is_default = |option: &Element| matches!(option.attribute("default"), Some("true" | "1"));
    options.sort_by_key(|option| !is_default(option));
    options
        .iter()
        .filter_map(|option| option.attribute("id"))
        .collect()
}

/// The deployment that is meant by `choice`, or the default one.
///
/// # Errors
/// [`error::Kind::Refused`] for one that is not offered.
pub(super) fn chosen<'x>(envelope: &'x Element, choice: &Choice) -> Result<Option<&'x str>> {
    let offered = all(envelope);
    let Some(wanted) = &choice.deployment else {
        return Ok(offered.first().copied());
    };
    match offered.iter().find(|&id| id == wanted) {
        Some(id) => Ok(Some(id)),
        None => {
            let names: Vec<_> = offered.iter().take(20).map(|id| shown(id)).collect();
            let offers = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            Err(Error::refused(format!(
                "it offers no deployment '{}', but {offers}",
                shown(wanted)
            )))
        }
    }
}

/// How well an item fits: the one that fits best holds, of those that describe the same device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// A bound of a range, where nothing else is said.
    Bound,
    /// For every deployment.
    General,
    /// For the one that is meant.
    Own,
}

impl<'x> Reader<'x> {
    /// The items of the hardware that hold in the deployment that is meant.
    pub(super) fn items(&self, hardware: &'x Element) -> Vec<Item<'x>> {
        let names = ["Item", "StorageItem", "EthernetPortItem"];
        let is_item = |element: &&Element| names.contains(&element.name.as_str());
        let mut items: Vec<(Fit, Item<'_>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let listed = hardware.children.iter().filter(is_item);
        for (index, element) in listed.enumerate() {
            let Some(fit) = self.fit(element) else {
                continue;
            };
            let at = format!("VirtualHardwareSection, item {}", index + 1);
            let from = Origin::stated(self.file, at);
            let item = Item { element, from };
            let place = item.id().and_then(|id| places.get(id).copied());
            match place.and_then(|place| items.get_mut(place)) {
                Some((known, held)) if *known < fit => {
                    *known = fit;
                    *held = item;
                }
                Some((known, _)) if *known > fit => {}
                _ => {
                    if let Some(id) = item.id() {
                        places.insert(id, items.len());
                    }
                    items.push((fit, item));
                }
            }
        }
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// How well `element` fits; `None` when it does not hold.
    fn fit(&self, element: &Element) -> Option<Fit> {
        let configurations = element.attribute("configuration");
        let own = configurations.map(|listed| {
            let mut listed = listed.split_whitespace();
            listed.any(|listed| Some(listed) == self.deployment)
        });
        match (own, element.attribute("bound")) {
            (Some(false), _) | (_, Some("min" | "max")) => None,
            (_, Some(_)) => Some(Fit::Bound),
            (None, None) => Some(Fit::General),
            (Some(true), None) => Some(Fit::Own),
        }
    }
}
