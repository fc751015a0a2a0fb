"""How files are made that ask for much: of time, of memory, of depth."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

from reliability import whole_files as whole

make = whole.make


def repeated(block: bytes, n: int, around: int = -15) -> bytes:
    """A deflate stream of a block n times, made in no time: each begins anew."""
    packer = zlib.compressobj(9, zlib.DEFLATED, around)
    head = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + again * (n - 1) + packer.flush()


def gzip_bomb(begin: bytes, megabytes: int = 300) -> bytes:
    """gzip that begins so and goes on for long."""
    return gzip.compress(begin) + gzip.compress(bytes(1), 9)[:10] + repeated(b"7" * 2**20, megabytes) + bytes(8)


def packed(score: bytes, size: int | None = None, before: bytes = b"") -> bytes:
    """An .mxl file of a deflated score; size: what it says that it unpacks to."""
    name = b"score.musicxml"
    said = size if size is not None else len(score)
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(score), said & 0xFFFFFFFF, len(name), 0)
    local = b"PK\x03\x04" + fields + name + score
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fields[:-2] + struct.pack("<HHHHII", 0, 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + end


def laughs(root: str, depth: int = 12) -> str:
    entities = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(depth))
    return f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY e0 "ha">{entities}]>'


def outside(root: str) -> str:
    entities = '<!ENTITY % p SYSTEM "file:///dev/zero">%p;<!ENTITY x SYSTEM "http://127.0.0.1:9/x">'
    return f'<?xml version="1.0"?><!DOCTYPE {root} [{entities}]>'


def scored(notes: str, before: str = "") -> bytes:
    return make.musicxml(notes, before).encode()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *others: bytes, bits: int = 1, kind: int = 0, rows: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    body = chunk(b"IDAT", rows or zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(others) + body


def bmp(width: int, height: int, packing: int, pixels: bytes) -> bytes:
    fields = (154, 0, 54, 40, width, height, 1, 8, packing, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IIIIiiHHIIIIII", *fields) + pixels


def parquet(n_rows: int, value: str, n_columns: int = 1, *, prices: bool = False) -> bytes:
    """Rows that are all the same, which says itself in a few bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    names = ["match", "period", "over", "team", "player", "bowler", "outcome", "how"]
    columns = {f"c{i}": pa.array([value] * 1000) for i in range(n_columns)}
    if not prices:
        columns |= {name: pa.array(["1"] * 1000) for name in names} | {"match": pa.array([value] * 1000)}
    table = pa.table(columns)
    with pq.ParquetWriter(buffer, table.schema, compression="zstd") as writer:
        writer.write_table(pa.concat_tables([table] * (n_rows // 1000)), row_group_size=n_rows)
    return buffer.getvalue()


def nested(depth: int) -> bytes:
    inner = b"<score-partwise/>"
    for _ in range(depth):
        inner = make.archive({"score.musicxml": inner})
    return bytes(inner)


def members(n: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
        for i in range(n):
            out.writestr(zipfile.ZipInfo(f"{i}.xml"), b"")
    return buffer.getvalue()
