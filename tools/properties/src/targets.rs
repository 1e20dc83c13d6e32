//! The fuzz targets that read one format, by name.

use error::Result;

use crate::{appliances, disks, guests, images, manifests, packages, settings, streams, xl};

/// What must hold for whatever bytes it is given; an error says why they are not what it reads.
pub type Property = fn(&[u8]) -> Result<()>;

/// What is asked of the seeds of the fuzz target `name`: first what the target itself does with its input, then what the
/// target does that compares several ways to read it, where there is one. `None` when no target of that name has
/// seeds.
pub fn properties(name: &str) -> Option<&'static [Property]> {
    use images::Format as Image;
    use streams::Format as Stream;

    /// Reads an input once, and in all the ways there are.
    macro_rules! both {
        ($format:path) => {
            &[
                |data| $format.read(data).map(drop),
                |data| $format.compare(data),
            ]
        };
    }

    Some(match name {
        "inflate" => both!(Stream::Inflate),
        "deflate64" => both!(Stream::Deflate64),
        "lzma" => both!(Stream::Lzma),
        "gzip" => both!(Stream::Gzip),
        "xz" => both!(Stream::Xz),
        "zstd" => both!(Stream::Zstd),
        "bzip2" => both!(Stream::Bzip2),
        "lz4" => both!(Stream::Lz4),
        "lzop" => both!(Stream::Lzop),
        "tar" => both!(Stream::Tar),
        "zip" => both!(Stream::Zip),
        "layers" => both!(Stream::Layers),
        "qcow2" => both!(Image::Qcow2),
        "vdi" => both!(Image::Vdi),
        "vhd" => both!(Image::Vhd),
        "vhdx" => both!(Image::Vhdx),
        "vmdk" => both!(Image::Vmdk),
        "vmdk_stream" => both!(Image::VmdkStream),
        "guest" => &[guests::guest, guests::languages],
        "vbox" => &[guests::vbox],
        "manifest" => &[manifests::manifest],
        "vma" => &[appliances::vma, appliances::vma_compared],
        "xva" => &[appliances::xva, appliances::xva_compared],
        "packages" => &[packages::packages],
        "recognise" => &[disks::recognise],
        "settings" => &[settings::settings],
        "xl" => &[xl::xl],
        _ => return None,
    })
}
