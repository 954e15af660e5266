"""Run as a script: an SMTP server that takes every mail and writes who got which Message-ID, a line each, to a file.

``aiosmtpd`` reads mails line by line in Python, which on two cores takes longer than writing them: it would be what is
measured. The other server here speaks the same protocol, takes commands together as most mail servers do, and reads
whole mails.
"""

import asyncio
import re
import sys
from typing import Any, TextIO

ID = re.compile(rb"(?im)^Message-ID:\s*<([^>]+)>")
END = b"\r\n.\r\n"


class Talk(asyncio.Protocol):
    """One connection: the commands of RFC 5321 that a sender needs."""

    def __init__(self, kept: TextIO) -> None:
        self.kept = kept
        self.held = bytearray()
        self.to = ""
        self.in_data = False
        self.seen = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.say(b"220 sink.example ESMTP")

    def say(self, line: bytes) -> None:
        self.transport.write(line + b"\r\n")

    def data_received(self, data: bytes) -> None:
        self.held += data
        while self.mail() if self.in_data else self.command():
            pass

    def mail(self) -> bool:
        at = self.held.find(END, max(self.seen - len(END), 0))
        if at < 0:
            self.seen = len(self.held)
            return False
        found = ID.search(self.held, 0, min(at, 4000))
        self.kept.write(f"{self.to} {found[1].decode() if found else ''} {at}\n")
        del self.held[: at + len(END)]
        self.in_data, self.seen = False, 0
        self.say(b"250 2.0.0 taken")
        return True

    def command(self) -> bool:
        line, found, _ = bytes(self.held).partition(b"\r\n")
        if not found:
            return False
        del self.held[: len(line) + 2]
        verb = line[:4].upper()
        if verb == b"RCPT":
            self.to = line.partition(b"<")[2].partition(b">")[0].decode()
        if verb == b"DATA":
            self.in_data = True
            self.say(b"354 go on")
        elif verb == b"EHLO":
            self.say(b"250-sink.example\r\n250-SIZE 10000000\r\n250-PIPELINING\r\n250 8BITMIME")
        elif verb == b"QUIT":
            self.say(b"221 bye")
            self.transport.close()
        else:
            self.say(b"250 2.0.0 OK")
        return True


class Box:
    """What aiosmtpd hands its mails to."""

    def __init__(self, kept: TextIO) -> None:
        self.kept = kept

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        raw = envelope.original_content
        found = ID.search(raw, 0, 4000)
        self.kept.write(f"{envelope.rcpt_tos[0]} {found[1].decode() if found else ''} {len(raw)}\n")
        return "250 2.0.0 taken"


async def main(kind: str, port: int, path: str) -> None:
    loop = asyncio.get_running_loop()
    with open(path, "a", buffering=1) as kept:  # noqa: PTH123 (line by line, as it comes)
        if kind == "aiosmtpd":
            from aiosmtpd.smtp import SMTP

            server = await loop.create_server(lambda: SMTP(Box(kept), loop=loop), "127.0.0.1", port)
        else:
            server = await loop.create_server(lambda: Talk(kept), "127.0.0.1", port)
        print("ready", flush=True)
        await server.serve_forever()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
