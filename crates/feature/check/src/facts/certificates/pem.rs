//! Certificates in text (RFC 7468). Keys and whatever else is in such a file are passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use error::Position;

/// What a block is called that holds a certificate; the last two are OpenSSL's own.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// A certificate in a text.
pub(super) struct Block {
    /// Where it begins.
    pub(super) position: Position,
    /// Its bytes; `None` where they are not base64, or the block does not end.
    pub(super) der: Option<Vec<u8>>,
}

/// The certificates in `text`, in order.
pub(super) fn certificates(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(label) = border(line, "BEGIN").filter(|label| LABELS.contains(label)) else {
            continue;
        };
        let mut body = String::new();
        let mut ended = false;
        for (_, line) in lines.by_ref() {
            ended = border(line, "END") == Some(label);
            if ended {
                break;
            }
            body += line.trim();
        }
        let position = Position {
            line: index + 1,
            column: 1,
        };
        let der = STANDARD.decode(body).ok().filter(|_| ended);
        blocks.push(Block { position, der });
    }
    blocks
}

/// The label of a block's first (`BEGIN`) or last (`END`) line.
fn border<'t>(line: &'t str, word: &str) -> Option<&'t str> {
    let line = line
        .trim_end()
        .strip_prefix("-----")?
        .strip_suffix("-----")?;
    line.strip_prefix(word)?.strip_prefix(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_between_other_things() {
        let text = "Subject: CN=a\r\n-----BEGIN PRIVATE KEY-----\nleft out\n-----END PRIVATE KEY-----\n\
                    -----BEGIN CERTIFICATE-----\r\nQUI=\r\n-----END CERTIFICATE-----\r\n\
                    -----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nQUI=\n";
        let found = certificates(text);
        let found: Vec<_> = found
            .iter()
            .map(|block| (block.position.line, block.der.as_deref()))
            .collect();
        assert_eq!(found, [(5, Some(&b"AB"[..])), (8, None), (11, None)]);
    }
}
