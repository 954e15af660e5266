"""A name server for the suite, over UDP on a thread: it knows what a test tells it and says no to everything else."""

import socketserver
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class Handler(socketserver.DatagramRequestHandler):
    server: "NameServer"

    def handle(self) -> None:
        asked = dns.message.from_wire(self.packet)
        question = asked.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.server.asked.append(f"{name} {kind}")
        if self.server.silent:
            return
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.AA | dns.flags.RA
        found = self.server.zone.get((name, kind), [])
        if found:
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, found))
        elif not any(known == name for known, _ in self.server.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.wfile.write(answer.to_wire())


class NameServer(socketserver.ThreadingUDPServer):
    """zone: records by name and kind, as they are written in zone files. silent: it hears and does not answer."""

    daemon_threads = True

    def __init__(self, zone: dict[tuple[str, str], list[str]], *, silent: bool = False) -> None:
        self.zone = zone
        self.silent = silent
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"
