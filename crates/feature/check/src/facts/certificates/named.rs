//! Which files of certificates services name.

use std::path::{Path, PathBuf};

use error::{Position, Result};
use host::Files;

use super::Purpose;
use crate::finding::Place;

/// A file that a service names.
pub(super) struct Named {
    pub(super) service: &'static str,
    pub(super) purpose: Purpose,
    pub(super) file: PathBuf,
    /// Where it is named; `None` for one at a place of its own, which may be left out.
    pub(super) place: Option<Place>,
}

/// A file at a place that a service has for it.
struct Fixed(&'static str, Purpose, &'static str);

/// The authorities without which what is beside them is not accepted.
const AUTHORITIES: [(&str, &str); 6] = [
    ("/etc/pve/local/pve-ssl.pem", "/etc/pve/pve-root-ca.pem"),
    ("/etc/pki/libvirt/servercert.pem", "/etc/pki/CA/cacert.pem"),
    ("/etc/pki/libvirt/clientcert.pem", "/etc/pki/CA/cacert.pem"),
    ("/etc/pki/qemu/server-cert.pem", "/etc/pki/qemu/ca-cert.pem"),
    (
        "/etc/pki/libvirt-vnc/server-cert.pem",
        "/etc/pki/libvirt-vnc/ca-cert.pem",
    ),
    (
        "/etc/pki/libvirt-spice/server-cert.pem",
        "/etc/pki/libvirt-spice/ca-cert.pem",
    ),
];

const FIXED: [Fixed; 9] = [
    Fixed("XAPI", Purpose::Own, "/etc/xensource/xapi-ssl.pem"),
    Fixed("XAPI", Purpose::Own, "/etc/xensource/xapi-pool-tls.pem"),
    Fixed("libvirt", Purpose::Own, "/etc/pki/libvirt/servercert.pem"),
    Fixed("libvirt", Purpose::Own, "/etc/pki/libvirt/clientcert.pem"),
    Fixed("QEMU", Purpose::Own, "/etc/pki/qemu/server-cert.pem"),
    Fixed("QEMU", Purpose::Own, "/etc/pki/libvirt-vnc/server-cert.pem"),
    Fixed(
        "QEMU",
        Purpose::Own,
        "/etc/pki/libvirt-spice/server-cert.pem",
    ),
    Fixed("Proxmox VE", Purpose::Own, "/etc/pve/local/pve-ssl.pem"),
    Fixed(
        "Proxmox VE",
        Purpose::Own,
        "/etc/pve/local/pveproxy-ssl.pem",
    ),
];

/// How a service's configuration names files.
struct Setting {
    service: &'static str,
    /// The configuration: a file, or a directory and the end of the names in it.
    within: &'static [(&'static str, &'static str)],
    key: &'static str,
    purpose: Purpose,
    /// What is behind the value, where that is a directory.
    below: &'static str,
}

const LIBVIRTD: &[(&str, &str)] = &[
    ("/etc/libvirt/libvirtd.conf", ""),
    ("/etc/libvirt/virtproxyd.conf", ""),
];
const QEMU: &[(&str, &str)] = &[("/etc/libvirt/qemu.conf", "")];
const STUNNEL: &[(&str, &str)] = &[("/etc/stunnel", ".conf")];
const NGINX: &[(&str, &str)] = &[
    ("/etc/nginx/nginx.conf", ""),
    ("/etc/nginx/conf.d", ".conf"),
    ("/etc/nginx/sites-enabled", ""),
    ("/etc/nginx/http.d", ".conf"),
];
const APACHE: &[(&str, &str)] = &[
    ("/etc/apache2/sites-enabled", ".conf"),
    ("/etc/httpd/conf.d", ".conf"),
    ("/etc/apache2/vhosts.d", ".conf"),
];
const SUNSTONE: &[(&str, &str)] = &[("/etc/one/sunstone-server.conf", "")];

const SETTINGS: [Setting; 12] = [
    setting("libvirt", LIBVIRTD, "cert_file", Purpose::Own, ""),
    setting("libvirt", LIBVIRTD, "ca_file", Purpose::Authorities, ""),
    setting(
        "QEMU",
        QEMU,
        "default_tls_x509_cert_dir",
        Purpose::Own,
        "server-cert.pem",
    ),
    setting(
        "QEMU",
        QEMU,
        "vnc_tls_x509_cert_dir",
        Purpose::Own,
        "server-cert.pem",
    ),
    setting(
        "QEMU",
        QEMU,
        "vnc_tls_x509_cert_dir",
        Purpose::Authorities,
        "ca-cert.pem",
    ),
    setting(
        "QEMU",
        QEMU,
        "spice_tls_x509_cert_dir",
        Purpose::Own,
        "server-cert.pem",
    ),
    setting(
        "QEMU",
        QEMU,
        "migrate_tls_x509_cert_dir",
        Purpose::Own,
        "server-cert.pem",
    ),
    setting("stunnel", STUNNEL, "cert", Purpose::Own, ""),
    setting("stunnel", STUNNEL, "CAfile", Purpose::Authorities, ""),
    setting("nginx", NGINX, "ssl_certificate", Purpose::Own, ""),
    setting("Apache", APACHE, "SSLCertificateFile", Purpose::Own, ""),
    setting("OpenNebula", SUNSTONE, ":vnc_proxy_cert:", Purpose::Own, ""),
];

const fn setting(
    service: &'static str,
    within: &'static [(&'static str, &'static str)],
    key: &'static str,
    purpose: Purpose,
    below: &'static str,
) -> Setting {
    Setting {
        service,
        within,
        key,
        purpose,
        below,
    }
}

/// The files that services name, each once: of two services the one at whose own place it is.
pub(super) fn all(files: &Files) -> Result<Vec<Named>> {
    let mut all: Vec<Named> = Vec::new();
    for Fixed(service, purpose, file) in &FIXED {
        let file = PathBuf::from(file);
        // A link that leads nowhere is there all the same: the service misses what is behind it.
        if files.exists(&file)? || files.link(&file)?.is_some() {
            let place = None;
            add(
                &mut all,
                Named {
                    service,
                    purpose: *purpose,
                    file,
                    place,
                },
            );
        }
    }
    for setting in &SETTINGS {
        for named in setting.named(files)? {
            add(&mut all, named);
        }
    }
    add_authorities(&mut all);
    if let Some(file) = cockpit(files)? {
        let (service, purpose, place) = ("Cockpit", Purpose::Own, None);
        add(
            &mut all,
            Named {
                service,
                purpose,
                file,
                place,
            },
        );
    }
    Ok(all)
}

fn add(all: &mut Vec<Named>, named: Named) {
    if !all.iter().any(|known| known.file == named.file) {
        all.push(named);
    }
}

/// Adds the authorities that go with what is at libvirt's own places, unless its configuration names others.
fn add_authorities(all: &mut Vec<Named>) {
    for (own, authorities) in AUTHORITIES {
        let known = all.iter().find(|named| named.file == Path::new(own));
        let Some(service) = known.map(|named| named.service) else {
            continue;
        };
        let is_named =
            |named: &Named| named.service == service && named.purpose == Purpose::Authorities;
        if service == "libvirt" && all.iter().any(is_named) {
            continue;
        }
        let (file, purpose, place) = (authorities.into(), Purpose::Authorities, None);
        add(
            all,
            Named {
                service,
                purpose,
                file,
                place,
            },
        );
    }
}

/// The one that Cockpit takes: the last by name (cockpit-ws(8)).
fn cockpit(files: &Files) -> Result<Option<PathBuf>> {
    let directory = Path::new("/etc/cockpit/ws-certs.d");
    let names = files.list(directory)?.unwrap_or_default();
    let mut paths = names.iter().map(|name| directory.join(name));
    let is_one = |path: &PathBuf| {
        path.extension()
            .is_some_and(|end| end == "cert" || end == "crt")
    };
    Ok(paths.rfind(is_one))
}

impl Setting {
    fn named(&self, files: &Files) -> Result<Vec<Named>> {
        let mut all = Vec::new();
        for configuration in self.configurations(files)? {
            let text = files.read(&configuration)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            for (index, line) in text.lines().enumerate() {
                let Some(value) = value(line, self.key).filter(|value| value.starts_with('/'))
                else {
                    continue;
                };
                let blanks = line.len() - line.trim_start().len();
                let position = Position {
                    line: index + 1,
                    column: blanks + 1,
                };
                let value = Path::new(value);
                let file = if self.below.is_empty() {
                    value.into()
                } else {
                    value.join(self.below)
                };
                all.push(Named {
                    service: self.service,
                    purpose: self.purpose,
                    file,
                    place: Some(Place::at(&configuration, position, 0)),
                });
            }
        }
        Ok(all)
    }

    fn configurations(&self, files: &Files) -> Result<Vec<PathBuf>> {
        let mut all = Vec::new();
        for (path, end) in self.within {
            let path = Path::new(path);
            let Some(names) = files.list(path).ok().flatten() else {
                all.push(path.to_owned());
                continue;
            };
            let names = names
                .into_iter()
                .filter(|name| name.to_string_lossy().ends_with(end));
            all.extend(names.map(|name| path.join(name)));
        }
        let mut files_only = Vec::new();
        for path in all {
            let status = files.status(&path)?;
            if status.is_some_and(|status| status.kind == host::Kind::File) {
                files_only.push(path);
            }
        }
        Ok(files_only)
    }
}

/// The value of `key` in a line `key value`, `key = "value"` or `key value;`.
fn value<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let rest = line.trim().strip_prefix(key)?;
    if !rest.starts_with(|c: char| c.is_whitespace() || c == '=') {
        return None;
    }
    let is_around = |c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | ';');
    Some(rest.trim_matches(is_around)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_three_languages() {
        assert_eq!(
            value(" cert_file = \"/a.pem\"", "cert_file"),
            Some("/a.pem")
        );
        assert_eq!(value("cert=/a.pem", "cert"), Some("/a.pem"));
        assert_eq!(
            value("\tssl_certificate /a.pem;", "ssl_certificate"),
            Some("/a.pem")
        );
        assert_eq!(
            value("ssl_certificate_key /a.pem;", "ssl_certificate"),
            None
        );
        assert_eq!(value("# cert = /a.pem", "cert"), None);
        assert_eq!(value("cert", "cert"), None);
    }
}
