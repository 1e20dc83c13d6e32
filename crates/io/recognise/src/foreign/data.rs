//! Documents, pictures, sound, film, fonts, databases.

use super::Kind::{Data, Document, Font, Media};
use super::{Known, check};

type Magic = &'static [(usize, &'static [u8])];

const fn document(what: &'static str, magic: Magic) -> Known {
    Known::new(Document, what, magic)
}

const fn media(what: &'static str, magic: Magic) -> Known {
    Known::new(Media, what, magic)
}

const fn font(what: &'static str, magic: Magic) -> Known {
    Known::new(Font, what, magic)
}

const fn data(what: &'static str, magic: Magic) -> Known {
    Known::new(Data, what, magic)
}

pub(super) const TABLE: &[Known] = &[
    // Documents.
    document("a PDF document", &[(0, b"%PDF-")]),
    document("a PostScript document", &[(0, b"%!PS")]),
    document("a PostScript document", &[(0, b"\xc5\xd0\xd3\xc6")]),
    document("an RTF document", &[(0, b"{\\rtf")]),
    document(
        "a Microsoft Office document",
        &[(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")],
    ),
    document("a DjVu document", &[(0, b"AT&TFORM")]),
    document("a Windows help file", &[(0, b"ITSF\x03\0\0\0")]),
    document("an Outlook mailbox", &[(0, b"!BDN")]),
    document("an Outlook attachment", &[(0, b"\x78\x9f\x3e\x22")]),
    document("a Mobipocket book", &[(60, b"BOOKMOBI")]),
    document("a WordPerfect document", &[(0, b"\xffWPC")]),
    document("an AutoCAD drawing", &[(0, b"AC10")]),
    document("a Lotus Notes database", &[(0, b"\x1a\0\0\x04\0\0")]),
    // Pictures.
    media("a PNG picture", &[(0, b"\x89PNG\r\n\x1a\n")]),
    media("a JPEG picture", &[(0, b"\xff\xd8\xff")]).when(check::jpeg),
    media("a GIF picture", &[(0, b"GIF8")]),
    media("a TIFF picture", &[(0, b"II*\0")]),
    media("a TIFF picture", &[(0, b"MM\0*")]),
    media("a TIFF picture", &[(0, b"II+\0")]),
    media("a TIFF picture", &[(0, b"MM\0+")]),
    media("a BMP picture", &[(0, b"BM")]).when(check::bmp),
    media("a Photoshop picture", &[(0, b"8BPS\0")]),
    media("a WebP picture", &[(0, b"RIFF"), (8, b"WEBP")]),
    media("a JPEG 2000 picture", &[(0, b"\0\0\0\x0cjP  ")]),
    media("a JPEG XL picture", &[(0, b"\0\0\0\x0cJXL ")]),
    media("a GIMP picture", &[(0, b"gimp xcf ")]),
    media("an OpenEXR picture", &[(0, b"\x76\x2f\x31\x01")]),
    media("a DICOM picture", &[(128, b"DICM")]),
    media("a FITS picture", &[(0, b"SIMPLE  =")]),
    media("a DPX picture", &[(0, b"SDPX")]),
    media("a DPX picture", &[(0, b"XPDS")]),
    media("a QOI picture", &[(0, b"qoif")]),
    media("a DDS picture", &[(0, b"DDS |\0\0\0")]),
    media("an Apple icon", &[(0, b"icns")]),
    // Sound and film.
    media("a WAV, AVI or other RIFF file", &[(0, b"RIFF")]),
    media("an Ogg file", &[(0, b"OggS\0")]),
    media("a FLAC file", &[(0, b"fLaC")]),
    media("an MP3 file", &[(0, b"ID3")]).when(check::id3),
    media("an MP3 file", &[(0, b"\xff")]).when(check::mp3),
    media("an MP4 or QuickTime film", &[(4, b"ftyp")]),
    media("an MP4 or QuickTime film", &[(4, b"moov")]),
    media("an MP4 or QuickTime film", &[(4, b"mdat")]),
    media("a Matroska film", &[(0, b"\x1a\x45\xdf\xa3")]),
    media(
        "a Windows Media file",
        &[(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")],
    ),
    media("a Flash film", &[(0, b"FLV\x01")]),
    media("an MPEG film", &[(0, b"\0\0\x01\xba")]),
    media("an MPEG film", &[(0, b"\0\0\x01\xb3")]),
    media(
        "an MPEG transport stream",
        &[(0, b"G"), (188, b"G"), (376, b"G"), (564, b"G")],
    ),
    media("an AIFF or other IFF file", &[(0, b"FORM")]),
    media("a MIDI file", &[(0, b"MThd\0\0\0\x06")]),
    media("an AMR file", &[(0, b"#!AMR")]),
    media("a WavPack file", &[(0, b"wvpk")]),
    media("a Monkey's Audio file", &[(0, b"MAC ")]),
    media("an AU file", &[(0, b".snd")]),
    media("a RealMedia file", &[(0, b".RMF")]),
    media("a Core Audio file", &[(0, b"caff\0\x01")]),
    media("a DSD file", &[(0, b"DSD \x1c\0\0\0")]),
    // Fonts.
    font("an OpenType font", &[(0, b"OTTO\0")]),
    font("a TrueType font", &[(0, b"\0\x01\0\0\0")]).when(check::truetype),
    font("a collection of fonts", &[(0, b"ttcf\0")]),
    font("a web font", &[(0, b"wOFF")]),
    font("a web font", &[(0, b"wOF2")]),
    // Databases and other data.
    data("an SQLite database", &[(0, b"SQLite format 3\0")]),
    data("a Berkeley DB database", &[(12, b"\x62\x31\x05\0")]),
    data("a Berkeley DB database", &[(12, b"\0\x05\x31\x62")]),
    data("a Berkeley DB database", &[(12, b"\x61\x15\x06\0")]),
    data("a Berkeley DB database", &[(12, b"\0\x06\x15\x61")]),
    data("a GDBM database", &[(0, b"\xce\x9a\x57\x13")]),
    data("a GDBM database", &[(0, b"\xcf\x9a\x57\x13")]),
    data("an LMDB database", &[(16, b"\xde\xc0\xef\xbe")]),
    data(
        "a Microsoft Access database",
        &[(0, b"\0\x01\0\0Standard ")],
    ),
    data("an ESE database", &[(4, b"\xef\xcd\xab\x89")]),
    data("a PostgreSQL dump", &[(0, b"PGDMP")]),
    data("a Redis dump", &[(0, b"REDIS0")]),
    data("a round-robin database", &[(0, b"RRD\x000")]),
    data("a Git pack", &[(0, b"PACK\0\0\0")]),
    data("a Git bundle", &[(0, b"# v2 git bundle\n")]),
    data("a Git bundle", &[(0, b"# v3 git bundle\n")]),
    data("an HDF5 file", &[(0, b"\x89HDF\r\n\x1a\n")]),
    data("a NetCDF file", &[(0, b"CDF\x01")]),
    data("a NetCDF file", &[(0, b"CDF\x02")]),
    data("a Parquet file", &[(0, b"PAR1")]),
    data("an ORC file", &[(0, b"ORC")]),
    data("an Avro file", &[(0, b"Obj\x01")]),
    data("an Arrow file", &[(0, b"ARROW1\0\0")]),
    data("a NumPy array", &[(0, b"\x93NUMPY")]),
    data("a MATLAB file", &[(0, b"MATLAB 5.0 MAT-file")]),
    data("a language model (GGUF)", &[(0, b"GGUF")]),
    data("a network capture", &[(0, b"\xd4\xc3\xb2\xa1")]),
    data("a network capture", &[(0, b"\xa1\xb2\xc3\xd4")]),
    data("a network capture", &[(0, b"\x4d\x3c\xb2\xa1")]),
    data("a network capture", &[(0, b"\xa1\xb2\x3c\x4d")]),
    data("a network capture", &[(0, b"\x0a\x0d\x0d\x0a")]),
    data("a Windows event log", &[(0, b"ElfFile\0")]),
    data("a Windows registry hive", &[(0, b"regf")]),
    data("a Windows shortcut", &[(0, b"\x4c\0\0\0\x01\x14\x02\0")]),
    data("a systemd journal", &[(0, b"LPKSHHRH")]),
    data("a time zone", &[(0, b"TZif")]),
    data("a catalogue of messages", &[(0, b"\xde\x12\x04\x95")]),
    data("a catalogue of messages", &[(0, b"\x95\x04\x12\xde")]),
    data("a Java keystore", &[(0, b"\xfe\xed\xfe\xed")]),
];
