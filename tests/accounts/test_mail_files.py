"""Mail of a site without a mail server: files that a mail program opens."""

import re
from email import message_from_bytes, policy

from django.core.mail import EmailMessage

KEPT = {"default": {"BACKEND": "broadsheet.accounts.mail_files.EmailBackend"}}


def test_each_mail_is_a_file_of_its_own_that_its_owner_alone_reads(settings, tmp_path):
    folder = tmp_path / "home" / "mail"
    settings.MAILERS = {"default": KEPT["default"] | {"OPTIONS": {"file_path": str(folder)}}}
    assert not folder.exists(), "before the first mail nothing is made"
    for number in range(2):
        EmailMessage(f"Größe {number}", f"Number {number}\n", "desk@example.org", ["ada@example.org"]).send()
    files = sorted(folder.iterdir())
    assert all(re.fullmatch(r"\d{8}-\d{6}-\d{6}-\w{4}\.eml", file.name) for file in files)
    read = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert [mail["Subject"] for mail in read] == ["Größe 0", "Größe 1"]
    assert [mail.get_content() for mail in read] == ["Number 0\n", "Number 1\n"]
    assert folder.stat().st_mode & 0o077 == 0
    assert {file.stat().st_mode & 0o077 for file in files} == {0}
