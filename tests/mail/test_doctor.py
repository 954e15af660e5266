"""The doctor looks at everything that sending needs, against a real mail server, a name server and a mailbox."""

import base64
import json
import ssl

import pytest
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner
from django.core import mail as outbox
from tests import certificates
from tests.bounced import raw
from tests.conftest import free_port
from tests.dns_imitation import NameServer
from tests.mail_server import MailServer, Post

from broadsheet.cli import main
from broadsheet.errors import BadInput
from broadsheet.mail import dns_records, doctor

DOMAIN = "papers.example.org"
RSA_2048 = base64.b64encode(b"k" * 294).decode()
GOOD = {
    (DOMAIN, "TXT"): ['"hello"', '"v=spf1 mx include:send.example.net -all"'],
    ("send.example.net", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    (DOMAIN, "MX"): ["10 mx.example.org."],
    (f"key._domainkey.{DOMAIN}", "TXT"): [f'"v=DKIM1; k=rsa; p={RSA_2048[:200]}" "{RSA_2048[200:]}"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=quarantine; sp=none"'],
}


@pytest.fixture
def names():
    """Start name servers with the zone given; returns the address to ask."""
    running = []

    def start(zone, **more):
        running.append(NameServer(zone, **more))
        return running[-1].address

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def serve(post, settings):
    """Start a mail server and have the settings send there."""
    running = []

    def start(tls="", **options):
        server = MailServer(post, free_port(), **options)
        server.start()
        running.append(server)
        mailer = server.mailer
        mailer["OPTIONS"] |= {"host": "localhost"} | ({"use_tls": True} if tls else {})
        settings.MAILERS = {"default": mailer}
        return mailer["OPTIONS"]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A server's context, and the authority that is trusted."""
    trusted, context = certificates.made(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return context


@pytest.fixture(autouse=True)
def _set_up(settings, tmp_path):
    settings.MAIL_FROM = f"Broadsheet <digest@{DOMAIN}>"
    settings.BOUNCE_ADDRESS = f"bounces@{DOMAIN}"
    settings.PUBLIC_URL = "https://papers.example.org"
    (tmp_path / "mail" / "new").mkdir(parents=True)
    settings.BOUNCES = f"maildir:{tmp_path}/mail"


def looked(**more):
    return {check.name: check for check in doctor.examine("ada@example.org", **more)}


def findings(found):
    return {name: str(check.finding) for name, check in found.items()}


# --- All together -----------------------------------------------------------------------------------------------------


def test_a_good_set_up_is_all_well_and_one_mail_arrives(names, serve, post, tls):
    def login(server, session, envelope, mechanism, given):
        return AuthResult(success=(given.login, given.password) == (b"user", b"secret"))

    serve("yes", tls_context=tls, require_starttls=True, authenticator=login, auth_required=True)
    from django.conf import settings

    settings.MAILERS["default"]["OPTIONS"] |= {"username": "user", "password": "secret"}
    found = looked(selector="key", name_server=names(GOOD))
    assert set(findings(found).values()) == {"ok"}
    assert list(found) == [
        *("Sender", "Links", "Alignment", "SPF", "DKIM", "DMARC", "Bounces reach", "Bounces"),
        *("Connection", "TLS", "Login", "Test mail"),
    ]
    assert found["TLS"].message.startswith("TLSv1.3, certificate valid until ")
    arrived = post.mails[0]
    assert (arrived.sender, arrived.to) == (f"bounces@{DOMAIN}", "ada@example.org")
    assert arrived.message["From"] == f"Broadsheet <digest@{DOMAIN}>"
    assert "dkim=pass" in arrived.message.get_content()
    assert len(post.mails) == 1


def test_the_command_ends_with_1_and_names_what_must_be_mended(settings, serve):
    serve()
    settings.PUBLIC_URL = "http://papers.example.org"
    asked = ["doctor", "mail", "--to", "ada@example.org", "--name-server", f"127.0.0.1:{free_port()}"]
    told = CliRunner().invoke(main, asked)
    assert told.exit_code == 1
    assert "To be mended: Links." in told.stdout
    assert "unsubscribe by https alone (RFC 8058)" in told.stdout
    as_json = json.loads(CliRunner().invoke(main, [*asked, "--json"]).stdout)
    assert as_json["ok"] is False
    assert [check["name"] for check in as_json["checks"] if check["finding"] == "bad"] == ["Links"]


def test_the_command_ends_well_where_all_is_well(serve, names):
    serve()
    told = CliRunner().invoke(main, ["doctor", "mail", "--to", "ada@example.org", "--name-server", names(GOOD)])
    assert told.exit_code == 0, told.output
    assert "Nothing has to be mended." in told.stdout


def test_nobody_is_mailed_at_what_is_no_address():
    looked_at = doctor.examine("ada")
    with pytest.raises(BadInput, match="no mail address"):
        next(looked_at)


def test_settings_for_this_machine_alone_must_be_mended(settings, db):
    settings.MAIL_FROM, settings.BOUNCE_ADDRESS = "broadsheet@localhost", ""
    settings.PUBLIC_URL = settings.BOUNCES = ""
    found = looked()
    assert findings(found) == {
        "Sender": "bad",
        "Links": "bad",
        "Bounces": "weak",
        "Mail server": "unknown",
        "Test mail": "ok",
    }
    assert outbox.outbox[0].subject == "Test mail of Broadsheet"


def test_mail_that_stays_in_files_reaches_nobody(settings, tmp_path, names):
    settings.MAILERS = {
        "default": {
            "BACKEND": "broadsheet.accounts.mail_files.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path / "files")},
        }
    }
    found = looked(name_server=names(GOOD))
    assert found["Mail server"].finding == "bad"
    assert "Test mail" not in found


# --- The mail server --------------------------------------------------------------------------------------------------


def test_a_certificate_that_nobody_vouches_for_is_refused_and_nothing_is_sent(serve, post, tmp_path, names):
    _, context = certificates.made(tmp_path)
    serve("yes", tls_context=context)
    found = looked(name_server=names(GOOD))
    assert found["TLS"].finding == "bad"
    assert "certificate of localhost" in found["TLS"].message
    assert "Test mail" not in found
    assert post.mails == []


def test_a_certificate_about_to_end_is_told_of(serve, tmp_path, monkeypatch, names):
    trusted, context = certificates.made(tmp_path, days=5)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    serve("yes", tls_context=context)
    found = looked(name_server=names(GOOD))
    assert (found["TLS"].finding, found["Test mail"].finding) == ("weak", "ok")


def test_a_server_without_tls_is_said_where_tls_is_wanted(serve, names):
    serve("yes")
    assert "does not begin TLS" in looked(name_server=names(GOOD))["TLS"].message


def test_tls_from_the_start_at_a_port_that_begins_in_the_clear(serve, names):
    options = serve()
    options["use_ssl"] = True
    assert "STARTTLS (587)" in looked(name_server=names(GOOD))["TLS"].hint


def test_tls_from_the_start(post, settings, tls, names):
    server = MailServer(post, free_port(), ssl_context=tls)
    server.start()
    mailer = server.mailer
    mailer["OPTIONS"] |= {"host": "localhost", "use_ssl": True}
    settings.MAILERS = {"default": mailer}
    found = looked(name_server=names(GOOD))
    server.stop()
    assert (found["TLS"].finding, found["Test mail"].finding) == ("ok", "ok")


def test_a_wrong_password_is_said_and_not_shown(serve, tls, names):
    options = serve(
        "yes",
        tls_context=tls,
        auth_required=True,
        authenticator=lambda *given: AuthResult(success=False, handled=False),
    )
    options |= {"username": "user", "password": "not-this-one"}
    found = looked(name_server=names(GOOD))
    assert found["Login"].finding == "bad"
    assert "535" in found["Login"].message
    assert not any("not-this-one" in check.message + check.hint for check in found.values())
    assert "Test mail" not in found


def test_a_server_that_is_not_there(settings, names):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": free_port(), "timeout": 5},
        }
    }
    found = looked(name_server=names(GOOD))
    assert "refused" in found["Connection"].message
    assert "port 25" in found["Connection"].hint


def test_what_the_server_says_to_a_refused_address_is_shown(serve, post, names):
    post.at_address = lambda address: "554 5.7.1 this sender may not"
    serve()
    found = looked(name_server=names(GOOD))
    assert found["Test mail"].finding == "bad"
    assert "554 5.7.1 this sender may not" in found["Test mail"].message


def test_a_password_in_the_clear_to_another_machine_is_bad(settings):
    from django.core.mail import mailers

    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "mail.example.org", "port": 25},
        }
    }
    [check] = doctor._secured(mailers["default"], None, "mail.example.org:25")
    assert (check.finding, "in the clear" in check.message) == ("bad", True)


def test_a_mailbox_that_does_not_open_must_be_mended(settings, tmp_path):
    settings.BOUNCES = f"maildir:{tmp_path}/elsewhere"
    assert doctor.mailbox_of_bounces().finding == "bad"
    settings.BOUNCES, settings.BOUNCE_KEY = "", "a-key"
    assert doctor.mailbox_of_bounces().finding == "ok"


def test_looking_at_the_mailbox_takes_nothing_out(tmp_path):
    path = tmp_path / "mail" / "new" / "1"
    path.write_bytes(raw("full"))
    assert doctor.mailbox_of_bounces().finding == "ok"
    assert path.exists()


def test_bounces_to_another_domain_leave_dmarc_with_dkim_alone():
    assert doctor.alignment("example.org", "mail.example.org").finding == "ok"
    assert doctor.alignment("example.org", "example.net").finding == "weak"
    assert doctor.alignment("example.org", "notexample.org").finding == "weak"


# --- DNS --------------------------------------------------------------------------------------------------------------


def test_where_no_name_server_answers_that_is_said_once_waited_for(serve, names, monkeypatch):
    monkeypatch.setattr(dns_records, "PATIENCE", 0.2)
    serve()
    server = NameServer({}, silent=True)
    found = looked(selector="key", name_server=server.address)
    server.shutdown()
    server.server_close()
    assert {findings(found)[name] for name in ("SPF", "DKIM", "DMARC", "Bounces reach")} == {"unknown"}
    assert {question.split()[0] for question in server.asked} == {DOMAIN}, "after the first silence nothing is asked"
    assert found["Test mail"].finding == "ok"


@pytest.mark.parametrize(
    ("records", "finding", "words"),
    [
        ([], "bad", "does not say who"),
        (['"v=spf1 -all"', '"v=spf1 mx -all"'], "bad", "2 SPF records"),
        (['"v=spf10 -all"'], "bad", "does not say who"),
        (['"v=spf1 +all"'], "bad", "everybody"),
        (['"v=spf1 mx ?all"'], "weak", "of others"),
        (['"v=spf1 mx"'], "weak", "of others"),
        (['"v=spf1 mx ~all"'], "ok", "1 of 10"),
        (['"V=SPF1 " "redirect=d"'], "ok", "1 of 10"),
        (['"v=spf1 ' + "a:x.example " * 11 + '-all"'], "bad", "over 10"),
        (['"v=spf1 include:loop.example -all"'], "ok", "2 of 10"),
        (['"v=spf1 include:many.example include:many.example -all"'], "bad", "over 10"),
    ],
)
def test_spf(records, finding, words, names):
    zone = {
        ("d", "TXT"): records,
        ("loop.example", "TXT"): ['"v=spf1 include:loop.example -all"'],
        ("many.example", "TXT"): ['"v=spf1 a mx exists:x.example ptr a:y.example -all"'],
    }
    found = dns_records.spf(dns_records.Records(names(zone)), "d")
    assert (found.finding, words in found.message) == (finding, True), found


@pytest.mark.parametrize(
    ("record", "finding", "words"),
    [
        (None, "bad", "no key"),
        ("v=DKIM1; p=", "bad", "withdrawn"),
        ("v=DKIM1; p=***", "bad", "cannot be read"),
        (f"p={base64.b64encode(b'k' * 94).decode()}", "bad", "under 1024"),
        (f"k=rsa; p={base64.b64encode(b'k' * 162).decode()}", "weak", "under 2048"),
        (f"k=ed25519; t=y; p={base64.b64encode(b'k' * 32).decode()}", "weak", "a test"),
        (f"k=ed25519; p={base64.b64encode(b'k' * 32).decode()}", "ok", "ed25519"),
    ],
)
def test_dkim(record, finding, words, names):
    zone = {("key._domainkey.d", "TXT"): [f'"{record}"']} if record else {}
    found = dns_records.dkim(dns_records.Records(names(zone)), "d", "key")
    assert (found.finding, words in found.message) == (finding, True), found


def test_without_a_selector_no_key_can_be_found(names):
    found = dns_records.dkim(dns_records.Records(names({})), "d", "")
    assert (found.finding, "--dkim-selector" in found.hint) == ("unknown", True)


@pytest.mark.parametrize(
    ("zone", "finding", "words"),
    [
        ({}, "bad", "no DMARC record"),
        ({"_dmarc.a.example.org": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "bad", "2 records"),
        ({"_dmarc.a.example.org": ["v=DMARC1"]}, "bad", "no policy"),
        ({"_dmarc.a.example.org": ["v=DMARC1;p=none;"]}, "ok", "watch only"),
        ({"_dmarc.example.org": ["v=DMARC1; p=reject; sp=quarantine"]}, "ok", "to quarantine"),
        ({"_dmarc.example.org": ["v=DMARC1; p=reject"]}, "ok", "to reject"),
    ],
)
def test_dmarc(zone, finding, words, names):
    asked = names({(name, "TXT"): [f'"{text}"' for text in texts] for name, texts in zone.items()})
    found = dns_records.dmarc(dns_records.Records(asked), "a.example.org")
    assert (found.finding, words in found.message) == (finding, True), found


def test_a_domain_that_takes_no_mail_gets_no_bounces(names):
    zone = {("null", "MX"): ["0 ."], ("bare", "A"): ["192.0.2.1"], ("mx", "MX"): ["10 mx.example.org."]}
    records = dns_records.Records(names(zone))
    assert [dns_records.receiving(records, name).finding for name in ("null", "bare", "mx", "none")] == [
        "bad",
        "ok",
        "ok",
        "bad",
    ]


def test_what_is_no_name_server_is_refused():
    with pytest.raises(BadInput, match="no name server"):
        dns_records.Records("a word")


def test_tls_is_never_older_than_1_2(serve):
    from django.core.mail import mailers

    serve("yes")
    assert mailers["default"].ssl_context.minimum_version >= ssl.TLSVersion.TLSv1_2
