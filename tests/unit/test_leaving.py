"""What is kept of a mail that is about to leave somebody's own mailbox."""

from datetime import date
from email.message import EmailMessage

import pytest

from careermail.errors import ProviderError
from careermail.mail.tokens import issue, message_id, tagged
from careermail.model import Service
from careermail.providers.shelf.leaving import entry_of
from careermail.providers.shelf.sent import Entry

OWN = Service(address="careermail@example.com", secret=b"ours")
MAYAS = Service(address="careermail@example.com", secret=b"ours", as_manager=True)
UNTAGGED = Service(address="careermail@example.com", secret=b"ours", tags=False)


def mail(**headers: str) -> EmailMessage:
    said = {"From": "Maya <Maya@example.com>", "To": "Jonas <JONAS@example.com>", "Message-ID": "<1@example.com> "}
    message = EmailMessage()
    for name, value in {**said, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        if value:
            message[name] = value
    return message


def test_a_mail_is_known_by_its_ends_its_name_and_what_it_refers_to():
    expected = Entry("maya@example.com", "jonas@example.com", "<1@example.com>", root="<root@example.com>")
    assert entry_of(mail(In_Reply_To="<root@example.com>"), MAYAS) == expected
    assert entry_of(mail(), MAYAS).root == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Message-ID": ""},
        {"From": ""},
        {"From": "maya@example.com, lena@example.com"},
        {"To": ""},
        {"To": "", "Cc": "jonas@example.com"},
        {"To": "jonas@example.com, ana@example.com"},
        {"Bcc": "ana@example.com"},
    ],
)
def test_what_has_not_one_mailbox_one_recipient_and_a_name_is_refused_for_good(headers: dict[str, str]):
    with pytest.raises(ProviderError, match="one address in From, and exactly one in To") as refused:
        entry_of(mail(**headers), MAYAS)
    assert refused.value.permanent


@pytest.mark.parametrize("service", [OWN, MAYAS, UNTAGGED])
def test_what_a_person_answers_is_private_and_what_careermail_is_answered_is_not(service: Service):
    desk = service.desk("maya@example.com")
    name = message_id(service, ["key"], "maya@example.com")
    token = issue(service, name, "jonas@example.com", "due", date(2027, 12, 31))
    ours = mail(From=desk, Reply_To=f"careermail <{tagged(service, desk, token)}>")
    assert not entry_of(ours, service).private
    assert not entry_of(mail(From=desk), service).private
    assert entry_of(mail(From=desk, Reply_To="Lena <lena@example.com>"), service).private
