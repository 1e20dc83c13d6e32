//! The language of `vfb=` (`parse_config_data` of xl_parse.c): the screen of a paravirtual guest.

use crate::value::Secret;

use super::number::atoi;
use super::wrong::parts;

/// What one element of `vfb=` says. xl refuses nothing here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Whether there is a VNC server.
    pub vnc: Option<bool>,
    /// The address that it listens at.
    pub vnc_listen: Option<String>,
    /// Its password.
    pub vnc_password: Option<Secret>,
    /// Its display: TCP port 5900 and more.
    pub vnc_display: Option<i32>,
    /// Whether it looks for a free display.
    pub vnc_unused: Option<bool>,
    /// The keyboard.
    pub keymap: Option<String>,
    /// Whether there is a window on the host's own screen.
    pub sdl: Option<bool>,
    /// What xl passes over: parameters that it does not know, and everything behind the first one without `=`.
    pub ignored: Vec<String>,
}

/// Reads one screen.
pub fn parse(text: &str) -> Spec {
    let mut spec = Spec::default();
    let mut ended = false;
    for part in parts(text) {
        let pair = part.pair().filter(|_| !ended);
        ended |= pair.is_none();
        let Some((name, value)) = pair else {
            spec.ignored.push(part.text.to_owned());
            continue;
        };
        let flag = Some(atoi(value.text) != 0);
        match name {
            "vnc" => spec.vnc = flag,
            "vnclisten" => spec.vnc_listen = Some(value.text.to_owned()),
            "vncpasswd" => spec.vnc_password = Some(Secret::new(value.text)),
            "vncdisplay" => spec.vnc_display = Some(atoi(value.text)),
            "vncunused" => spec.vnc_unused = flag,
            "keymap" => spec.keymap = Some(value.text.to_owned()),
            "sdl" => spec.sdl = flag,
            "opengl" | "display" | "xauthority" => {}
            _ => spec.ignored.push(part.text.to_owned()),
        }
    }
    spec
}
