"""PDFs made for a test: lines of text in given sizes, and files that are broken, encrypted or made to harm."""

import zlib
from io import BytesIO

import pypdf


def pdf(*pages: list[tuple[str, float]], compressed: bool = False) -> bytes:
    """Return a PDF whose pages hold lines of text, each with the size of its letters."""
    contents = []
    for lines in pages:
        at, drawn = 780.0, []
        for text, size in lines:
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            drawn.append(f"BT /F1 {size} Tf 1 0 0 1 60 {at:.1f} Tm ({escaped}) Tj ET")
            at -= size * 1.4
        contents.append("\n".join(drawn).encode("latin-1"))
    return _file(contents, compressed=compressed)


def _file(contents: list[bytes], *, compressed: bool) -> bytes:
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(contents):
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
        objects.append(f"{page}/Contents {5 + 2 * number} 0 R >>".encode())
        stream = zlib.compress(content) if compressed else content
        filtered = "/Filter /FlateDecode " if compressed else ""
        objects.append(f"<< {filtered}/Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream")
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += "".join(f"{place:010} 00000 n \n" for place in places).encode()
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def encrypted(content: bytes, password: str) -> bytes:
    """Return the same PDF, which only the password opens."""
    writer = pypdf.PdfWriter(clone_from=BytesIO(content))
    writer.encrypt(user_password=password, algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def swelling(megabytes: int) -> bytes:
    """Return a small PDF whose one page unpacks to many megabytes of drawing."""
    return _file([b"BT /F1 9 Tf (a) Tj ET\n" * (megabytes * 1_000_000 // 22)], compressed=True)
