"""Small IMAP and POP3 servers for the suite: as much of the protocols as reading and tidying a mailbox takes."""

import re
import socketserver
import ssl
import threading
from typing import Any

USER, SECRET = "bounces", "p@ss/word"


class Handler(socketserver.StreamRequestHandler):
    server: "MailboxServer"
    timeout = 10

    def tell(self, line: bytes | str) -> None:
        self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def lines(self) -> Any:
        while line := self.rfile.readline():
            self.server.heard.append(line.decode().strip())
            yield line.decode().rstrip("\r\n")


class Imap(Handler):
    """UIDs are places from 1; flags and what was expunged live in the server."""

    def handle(self) -> None:
        self.tell("* OK [CAPABILITY IMAP4rev1 UIDPLUS] here" if self.server.uidplus else "* OK here")
        for line in self.lines():
            tag, verb, *rest = line.split(" ", 2)
            argument = rest[0] if rest else ""
            if verb.upper() == "UID":
                verb, _, argument = argument.partition(" ")
            answer = getattr(self, f"do_{verb.lower()}")(argument)
            self.tell(f"{tag} {answer or 'OK done'}")
            if verb.upper() == "LOGOUT":
                return

    def do_capability(self, _: str) -> None:
        self.tell("* CAPABILITY IMAP4rev1" + (" UIDPLUS" if self.server.uidplus else ""))

    def do_login(self, argument: str) -> str | None:
        return None if argument == f'{USER} "{SECRET}"' else "NO wrong password"

    def do_select(self, argument: str) -> str | None:
        if argument != '"INBOX"':
            return "NO no such folder"
        self.tell(f"* {len(self.server.messages)} EXISTS")
        return None

    def do_search(self, _: str) -> None:
        flags = self.server.flags
        self.tell("* SEARCH " + " ".join(str(uid) for uid in self.server.messages if not flags.get(uid)))

    def do_fetch(self, argument: str) -> None:
        uid, what = argument.split(" ", 1)
        raw = self.server.messages[int(uid)]
        if "RFC822.SIZE" in what:
            self.tell(f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)})")
        else:
            self.tell(b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)" % (int(uid), int(uid), len(raw), raw))

    def do_store(self, argument: str) -> None:
        uid, _, flags = argument.split(" ", 2)
        self.server.flags.setdefault(int(uid), set()).update(re.findall(r"\\\w+", flags))

    def do_expunge(self, argument: str) -> None:
        named = [int(uid) for uid in argument.split(",")] if argument else list(self.server.messages)
        for uid in named:
            if "\\Deleted" in self.server.flags.get(uid, ()):
                del self.server.messages[uid]

    def do_logout(self, _: str) -> None:
        self.tell("* BYE")


class Pop3(Handler):
    """Numbers are places in this conversation; unique ids are the keys of the server."""

    def handle(self) -> None:
        self.tell("+OK here")
        self.here = list(self.server.messages)
        self.gone: list[int] = []
        for line in self.lines():
            verb, _, argument = line.partition(" ")
            getattr(self, f"do_{verb.lower()}")(argument)
            if verb.upper() == "QUIT":
                return

    def do_user(self, _: str) -> None:
        self.tell("+OK")

    def do_pass(self, given: str) -> None:
        self.tell("+OK" if given == SECRET else "-ERR wrong password")

    def do_uidl(self, _: str) -> None:
        self._several(f"{number} uid-{uid}" for number, uid in enumerate(self.here, 1))

    def do_list(self, _: str) -> None:
        self._several(f"{number} {len(self.server.messages[uid])}" for number, uid in enumerate(self.here, 1))

    def do_retr(self, number: str) -> None:
        raw = self.server.messages[self.here[int(number) - 1]]
        self._several(line.decode() for line in raw.rstrip(b"\r\n").split(b"\r\n"))

    def do_dele(self, number: str) -> None:
        self.gone.append(self.here[int(number) - 1])
        self.tell("+OK")

    def do_quit(self, _: str) -> None:
        for uid in self.gone:
            del self.server.messages[uid]
        self.tell("+OK")

    def _several(self, lines: Any) -> None:
        self.tell("+OK")
        for line in lines:
            self.tell("." + line if line.startswith(".") else line)
        self.tell(".")


class MailboxServer(socketserver.ThreadingTCPServer):
    """A mailbox on a port of its own, on a thread. messages: by their unique id."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, handler: type[Handler], messages: list[bytes], *, uidplus: bool = True, tls: Any = None) -> None:
        self.messages = dict(enumerate(messages, 1))
        self.flags: dict[int, set[str]] = {}
        self.heard: list[str] = []
        self.uidplus = uidplus
        self.tls: ssl.SSLContext | None = tls
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def get_request(self) -> Any:
        sock, address = super().get_request()
        return (
            self.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False) if self.tls else sock
        ), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate goes away: what it makes of that is what is tested."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])
