"""A zip from outside. Nothing is ever unpacked to disk, and no more is read than its size makes believable."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise

from mx_changeclass.errors import BrokenContainer
from mx_changeclass.readers.limits import FILES, MOST_BYTES, RATIO, SMALL

_CHUNK = 1 << 20
_ADVICE = "Export the package again from Studio Pro"
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)  # all that zipfile raises
_DRIVE = re.compile(r"[A-Za-z]:")
# What stands before a member: its signature, flags, and the lengths of its name and of what follows that.
_header_at = struct.Struct("<4s2xH18xHH").unpack_from
_HEADER, _UTF_8, _ODD = 30, 0x800, 0x61  # bytes of it; flags: the name is UTF-8; it is encrypted or a patch


class Archive:
    """The files of a zip by their names with slashes.

    Raises ``BrokenContainer``, naming ``label``, where the zip is cut or hostile: a name that leads out
    of it, a symbolic link, an encrypted or doubled member, a member that unpacks beyond all measure.
    """

    def __init__(self, content: bytes, label: str) -> None:
        self._content, self._label = content, label
        self._budget = min(MOST_BYTES, max(SMALL, RATIO * len(content)))
        try:
            self._zip = zipfile.ZipFile(BytesIO(content))
        except _DAMAGE as error:
            raise BrokenContainer(label, f"is a damaged package ({error})", _ADVICE) from None
        members = self._zip.infolist()
        if len(members) > FILES:
            raise BrokenContainer(label, f"holds more than {FILES} files", _ADVICE)
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._unpacked: set[str] = set()  # counted once, however often they are asked for
        for member in members:
            if not member.filename.endswith("/"):  # is_dir() asks for the last letter of a name that may be empty
                name = self._checked(member)
                self._members[name] = member
        offsets = sorted(member.header_offset for member in members)
        apart = len({*offsets}) == len(offsets)
        self._next = (
            dict(pairwise((*offsets, self._zip.start_dir))) if apart else {}
        )  # where the member after one begins

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._members))

    def read(self, name: str) -> bytes | None:
        """The content of a file, None where there is none of that name."""
        member = self._members.get(name)
        if member is None:
            return None
        content = self._plain(member)
        if content is None:
            content = self._unpacked_by_pieces(name, member)
        elif name not in self._unpacked:
            self._budget -= len(content)
        self._unpacked.add(name)
        return content

    def _plain(self, member: zipfile.ZipInfo) -> bytes | None:
        """The content of a member that is what the zip states of it: most are small, and a stream for each would be
        most of the work. None where anything is odd, whatever that is."""
        at, packed = member.header_offset, self._content
        try:
            signature, flags, name, extra = _header_at(packed, at)
            start = at + _HEADER + name + extra
            end = start + member.compress_size
            stated = packed[at + _HEADER : start - extra].decode("utf-8" if flags & _UTF_8 else "cp437")
            if (
                at < 0
                or (signature, stated) != (b"PK\3\4", member.orig_filename)
                or member.flag_bits & _ODD
                or end > self._next.get(at, 0)
                or member.file_size > min(self._budget, _CHUNK)
            ):
                return None
            content = packed[start:end]
            if member.compress_type == zipfile.ZIP_DEFLATED:
                content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, member.file_size + 1)
        except (struct.error, UnicodeDecodeError, zlib.error):
            return None
        return content if (len(content), zlib.crc32(content)) == (member.file_size, member.CRC) else None

    def _unpacked_by_pieces(self, name: str, member: zipfile.ZipInfo) -> bytes:
        content = bytearray()
        try:
            with self._zip.open(member) as stream:
                while chunk := stream.read(_CHUNK):
                    content += chunk
                    self._budget -= 0 if name in self._unpacked else len(chunk)
                    if self._budget < 0:
                        raise BrokenContainer(self._label, "unpacks to more than its size makes believable", _ADVICE)
        except _DAMAGE as error:
            raise BrokenContainer(self._label, f"{name} in it is damaged ({error})", _ADVICE) from None
        return bytes(content)

    def _checked(self, member: zipfile.ZipInfo) -> str:
        name = member.filename.replace("\\", "/")
        problem = ""
        if not name.strip("/"):
            problem = "holds a file without a name"
        elif name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
            problem = f"holds a path that leads out of it ({name})"
        elif stat.S_ISLNK(member.external_attr >> 16):
            problem = f"holds a symbolic link ({name})"
        elif member.flag_bits & 1:
            problem = f"holds an encrypted file ({name})"
        elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            problem = f"holds a file compressed in an unusual way ({name})"
        elif name in self._members:
            problem = f"holds a file twice ({name})"
        if problem:
            raise BrokenContainer(self._label, problem, _ADVICE)
        return name
