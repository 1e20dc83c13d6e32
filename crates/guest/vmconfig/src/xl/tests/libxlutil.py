"""What Xen's own parser says: reads {"configs": [[text, [name, ...]], ...], "disks": [...], "pcis": [...]},
writes a list of verdicts each."""

import ctypes
import glob
import json
import struct
import sys

found = sorted(glob.glob("/usr/lib/*/libxlutil.so.4.*"))
if not found:
    sys.exit("libxlutil is missing: apt-get install --no-install-recommends libxenmisc4.17")
xlu = ctypes.CDLL(found[0])
libc = ctypes.CDLL(None)
pointer, text = ctypes.c_void_p, ctypes.c_char_p
libc.open_memstream.restype = pointer
libc.fflush.argtypes = libc.fclose.argtypes = libc.free.argtypes = [pointer]
xlu.xlu_cfg_init.restype = pointer
xlu.xlu_cfg_init.argtypes = [pointer, text]
xlu.xlu_cfg_readdata.argtypes = [pointer, text, ctypes.c_int]
xlu.xlu_cfg_get_string.argtypes = [pointer, text, pointer, ctypes.c_int]
xlu.xlu_cfg_get_list.argtypes = [pointer, text, pointer, pointer, ctypes.c_int]
xlu.xlu_cfg_get_listitem.argtypes = [pointer, ctypes.c_int]
xlu.xlu_cfg_get_listitem.restype = text
xlu.xlu_cfg_get_long.argtypes = [pointer, text, pointer, ctypes.c_int]
xlu.xlu_cfg_destroy.argtypes = [pointer]
xlu.xlu_disk_parse.argtypes = [pointer, ctypes.c_int, pointer, pointer]
xlu.xlu_pci_parse_spec_string.argtypes = [pointer, pointer, text]


class Session:
    def __init__(self):
        self.buffer, self.size = pointer(), ctypes.c_size_t()
        self.stream = libc.open_memstream(ctypes.byref(self.buffer), ctypes.byref(self.size))
        self.config = xlu.xlu_cfg_init(self.stream, b"f")

    def said(self):
        """What it has reported; ends the session."""
        xlu.xlu_cfg_destroy(self.config)
        libc.fclose(self.stream)
        said = ctypes.string_at(self.buffer.value, self.size.value).decode(errors="replace")
        libc.free(self.buffer)
        return said

    def string(self, name):
        value = text()
        failed = xlu.xlu_cfg_get_string(self.config, name, ctypes.byref(value), 1)
        return None if failed else value.value.decode(errors="replace")

    def list(self, name):
        value, count = pointer(), ctypes.c_int()
        if xlu.xlu_cfg_get_list(self.config, name, ctypes.byref(value), ctypes.byref(count), 1):
            return None
        items = [xlu.xlu_cfg_get_listitem(value, at) for at in range(count.value)]
        return [None if item is None else item.decode(errors="replace") for item in items]


    def value(self, name):
        number = ctypes.c_long()
        failed = xlu.xlu_cfg_get_long(self.config, name, ctypes.byref(number), 1)
        return {
            "string": self.string(name),
            "list": self.list(name),
            "number": None if failed else str(number.value),
        }


def config(asked):
    content, names = asked
    session = Session()
    content = content.encode()
    failed = xlu.xlu_cfg_readdata(session.config, content, len(content))
    values = {} if failed else {name: session.value(name.encode()) for name in names}
    return {"ok": not failed, "values": values, "said": session.said()}


def decoded(address):
    return ctypes.string_at(address).decode(errors="replace") if address else None


FORMATS = [None, "qcow", "qcow2", "vhd", "raw", "empty", "qed"]
BACKENDS = [None, "phy", "tap", "qdisk", "standalone"]
SPECIFICATIONS = [None, "xen", "virtio"]


def disk(spec):
    session = Session()
    # Larger than libxl_device_disk; libxl_types.idl has its members.
    room = ctypes.create_string_buffer(4096)
    specs = (text * 1)(spec.encode())
    failed = xlu.xlu_disk_parse(session.config, 1, specs, room)
    _, domain, target, vdev, backend, format, script = struct.unpack_from("@QPPPiiP", room)
    writable, is_cdrom = struct.unpack_from("@ii", room, 52)
    (specification,) = struct.unpack_from("@i", room, 68)
    return {
        "ok": not failed,
        "target": decoded(target),
        "vdev": decoded(vdev),
        "script": decoded(script),
        "backend": decoded(domain),
        "backend_type": BACKENDS[backend],
        "format": FORMATS[format],
        "specification": SPECIFICATIONS[specification],
        "read_only": not writable,
        "cdrom": bool(is_cdrom),
        "said": session.said(),
    }


def pci(spec):
    session = Session()
    # Larger than libxl_device_pci; -1 is what libxl_device_pci_init makes of a flag that was not given.
    room = ctypes.create_string_buffer(4096)
    failed = xlu.xlu_pci_parse_spec_string(session.config, room, spec.encode())
    func, device, bus, domain, vdevfn, mask = struct.unpack_from("@BBBxiII", room)
    flags = struct.unpack_from("@????", room, 16)
    (name,) = struct.unpack_from("@P", room, 24)
    return {
        "ok": not failed,
        "address": f"{domain:04x}:{bus:02x}:{device:02x}." + (f"{func}" if mask == 1 else "*"),
        "slot": vdevfn >> 3,
        "name": decoded(name),
        "flags": dict(zip(["msitranslate", "power_mgmt", "permissive", "seize"], flags)),
        "said": session.said(),
    }


asked = json.load(sys.stdin)
json.dump(
    {
        "configs": [config(asked) for asked in asked["configs"]],
        "disks": [disk(spec) for spec in asked["disks"]],
        "pcis": [pci(spec) for spec in asked["pcis"]],
    },
    sys.stdout,
)
