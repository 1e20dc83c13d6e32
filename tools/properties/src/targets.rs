//! The fuzz targets that read one format, by name.

use error::Result;

use crate::{appliances, disks, guests, images, packages, streams};

/// What must hold for whatever bytes it is given; an error says why they are not what it reads.
pub type Property = fn(&[u8]) -> Result<()>;

/// What the fuzz target `name` does with its input; `None` when there is no such target, or when it is one that compares
/// several formats.
pub fn property(name: &str) -> Option<Property> {
    use images::Format as Image;
    use streams::Format as Stream;
    Some(match name {
        "inflate" => |data| Stream::Inflate.read(data).map(drop),
        "deflate64" => |data| Stream::Deflate64.read(data).map(drop),
        "lzma" => |data| Stream::Lzma.read(data).map(drop),
        "gzip" => |data| Stream::Gzip.read(data).map(drop),
        "xz" => |data| Stream::Xz.read(data).map(drop),
        "zstd" => |data| Stream::Zstd.read(data).map(drop),
        "bzip2" => |data| Stream::Bzip2.read(data).map(drop),
        "lz4" => |data| Stream::Lz4.read(data).map(drop),
        "lzop" => |data| Stream::Lzop.read(data).map(drop),
        "tar" => |data| Stream::Tar.read(data).map(drop),
        "zip" => |data| Stream::Zip.read(data).map(drop),
        "layers" => |data| Stream::Layers.read(data).map(drop),
        "qcow2" => |data| Image::Qcow2.read(data),
        "vdi" => |data| Image::Vdi.read(data),
        "vhd" => |data| Image::Vhd.read(data),
        "vhdx" => |data| Image::Vhdx.read(data),
        "vmdk" => |data| Image::Vmdk.read(data),
        "vmdk_stream" => |data| Image::VmdkStream.read(data),
        "guest" => guests::guest,
        "vbox" => guests::vbox,
        "manifest" => appliances::manifest,
        "vma" => appliances::vma,
        "xva" => appliances::xva,
        "packages" => packages::packages,
        "recognise" => disks::recognise,
        _ => return None,
    })
}
