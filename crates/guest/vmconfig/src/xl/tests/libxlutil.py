"""What Xen's own parser says: reads {"configs": [...], "disks": [...]}, writes a list of verdicts each."""

import ctypes
import glob
import json
import sys

found = sorted(glob.glob("/usr/lib/*/libxlutil.so.4.*"))
if not found:
    sys.exit("libxlutil is missing: apt-get install --no-install-recommends libxenmisc4.17")
xlu = ctypes.CDLL(found[0])
libc = ctypes.CDLL(None)
pointer, text = ctypes.c_void_p, ctypes.c_char_p
libc.open_memstream.restype = pointer
libc.fflush.argtypes = [pointer]
xlu.xlu_cfg_init.restype = pointer
xlu.xlu_cfg_init.argtypes = [pointer, text]
xlu.xlu_cfg_readdata.argtypes = [pointer, text, ctypes.c_int]
xlu.xlu_cfg_get_string.argtypes = [pointer, text, pointer, ctypes.c_int]
xlu.xlu_cfg_get_list.argtypes = [pointer, text, pointer, pointer, ctypes.c_int]
xlu.xlu_cfg_get_listitem.argtypes = [pointer, ctypes.c_int]
xlu.xlu_cfg_get_listitem.restype = text
xlu.xlu_disk_parse.argtypes = [pointer, ctypes.c_int, pointer, pointer]


class Session:
    def __init__(self):
        self.buffer, self.size = pointer(), ctypes.c_size_t()
        self.stream = libc.open_memstream(ctypes.byref(self.buffer), ctypes.byref(self.size))
        self.config = xlu.xlu_cfg_init(self.stream, b"f")

    def said(self):
        libc.fflush(self.stream)
        return ctypes.string_at(self.buffer.value, self.size.value).decode(errors="replace")

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


def config(content):
    session = Session()
    content = content.encode()
    failed = xlu.xlu_cfg_readdata(session.config, content, len(content))
    if failed:
        return {"ok": False, "said": session.said()}
    names = ["name", "extra", "a"]
    return {
        "ok": True,
        "said": session.said(),
        "strings": {name: session.string(name.encode()) for name in names},
        "disk": session.list(b"disk"),
    }


def disk(spec):
    session = Session()
    # Larger than libxl_device_disk; the second and third strings in it are target and name.
    room = ctypes.create_string_buffer(4096)
    specs = (text * 1)(spec.encode())
    failed = xlu.xlu_disk_parse(session.config, 1, specs, room)
    fields = ctypes.cast(room, ctypes.POINTER(text))
    shown = [None if field is None else field.decode(errors="replace") for field in fields[2:4]]
    return {"ok": not failed, "said": session.said(), "target": shown[0], "vdev": shown[1]}


asked = json.load(sys.stdin)
json.dump(
    {
        "configs": [config(content) for content in asked["configs"]],
        "disks": [disk(spec) for spec in asked["disks"]],
    },
    sys.stdout,
)
