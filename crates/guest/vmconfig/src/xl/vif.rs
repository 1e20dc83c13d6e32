//! The language of `vif=` (`parse_vif_config` of xl): parameters between commas.

/// What one network card of a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Its address, as written.
    pub mac: Option<String>,
    /// The bridge of the host.
    pub bridge: Option<String>,
    /// The card it pretends to be.
    pub model: Option<String>,
    /// `ioemu` or `vif`.
    pub kind: Option<String>,
    /// The program of the host that plugs it in.
    pub script: Option<String>,
    /// Everything else, as `name=value`.
    pub others: Vec<String>,
}

/// The other names xl knows.
const OTHERS: &[&str] = &[
    "accel",
    "backend",
    "devid",
    "forwarddev",
    "gatewaydev",
    "ip",
    "mtu",
    "netdev",
    "rate",
    "trusted",
    "vifname",
];

/// Reads one network card; an empty text is one with nothing said about it.
///
/// # Errors
/// The parameter xl does not know.
pub fn parse(text: &str) -> Result<Spec, String> {
    let mut spec = Spec::default();
    for parameter in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let (name, value) = (name.trim(), value.trim());
        let slot = match name {
            "mac" => &mut spec.mac,
            "bridge" => &mut spec.bridge,
            "model" => &mut spec.model,
            "type" => &mut spec.kind,
            "script" => &mut spec.script,
            name if OTHERS.contains(&name) || name.starts_with("coloft_") => {
                spec.others.push(parameter.to_owned());
                continue;
            }
            _ => return Err(parameter.to_owned()),
        };
        *slot = Some(value.to_owned());
    }
    Ok(spec)
}
