//! Names: labels and UUIDs as other programs print them, and those in directories.

use error::{Error, Result};

/// A label of fixed length: up to its first zero, without the blanks that pad it.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let text = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]);
    text.trim_end().to_owned()
}

/// A UUID in groups, lower case; empty where all is zero.
pub(crate) fn uuid(bytes: &[u8; 16]) -> String {
    if *bytes == [0; 16] {
        return String::new();
    }
    let hex = error::hex(bytes);
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    groups.join("-")
}

/// Checks that `name` can be in a directory.
///
/// # Errors
/// [`error::Kind::Corrupt`] where it is empty, `.` or `..`, or has a `/` or a zero.
pub(crate) fn check(name: &[u8]) -> Result<()> {
    let is_wrong = matches!(name, b"" | b"." | b"..") || name.iter().any(|b| matches!(b, b'/' | 0));
    if is_wrong {
        let name = error::printable(&String::from_utf8_lossy(name));
        return Err(Error::corrupt(format!("a file's name is '{name}'")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_uuids_are_as_blkid_prints_them() {
        assert_eq!(text(b"root\0\0junk"), "root");
        assert_eq!(text(b"EFI SYSTEM  "), "EFI SYSTEM");
        let bytes = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef";
        assert_eq!(uuid(&bytes), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(uuid(&[0; 16]), "");
    }

    #[test]
    fn names_that_lead_elsewhere_are_corrupt() {
        for name in ["", ".", "..", "a/b", "a\0"] {
            assert!(check(name.as_bytes()).is_err(), "{name:?}");
        }
        check(b"..a").unwrap();
        check(b"\xff \n").unwrap();
        let error = check(b"../x").unwrap_err();
        assert_eq!(error.to_text(), "error: a file's name is '../x'");
    }
}
