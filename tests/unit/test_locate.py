"""Where servers are found when nobody says: every answer is one of a real name server."""

from typing import Any

import dns.rcode
import pytest
from servers.names import Zone, name_server

from careermail.errors import ProviderError
from careermail.providers.standards import locate
from careermail.providers.standards.locate import located

MAIL = {"host": "", "port": 0, "tls": "", "user": "careermail@example.com"}
DAV = {"url": "", "user": "maya@example.com"}


def found(service: Any, zone: Zone, settings: dict[str, Any]) -> tuple[Any, ...]:
    with name_server(zone):
        spot = located(service, settings, "example.com")
    assert spot["user"] == settings["user"]
    return (spot["url"],) if service == "caldav" else (spot["host"], spot["port"], spot["tls"])


@pytest.mark.parametrize(
    ("service", "zone", "expected"),
    [
        ("imap", {"_imaps._tcp": "0 1 993 in.example.com."}, ("in.example.com", 993, "tls")),
        ("imap", {"_imap._tcp": "0 1 143 in.example.com."}, ("in.example.com", 143, "starttls")),
        (
            "imap",
            {"_imap._tcp": "0 1 143 old.example.com.", "_imaps._tcp": "0 1 9993 in.example.com."},
            ("in.example.com", 9993, "tls"),
        ),
        ("imap", {"_imaps._tcp": "0 0 0 .", "_imap._tcp": "0 1 143 example.com."}, ("example.com", 143, "starttls")),
        ("submission", {"_submission._tcp": "0 1 587 out.example.com."}, ("out.example.com", 587, "starttls")),
        ("submission", {"_submissions._tcp": "0 1 465 example.com."}, ("example.com", 465, "tls")),
    ],
)
def test_mail_servers_are_those_that_srv_records_name_and_tls_from_the_first_byte_is_preferred(
    service: str, zone: dict[str, str], expected: tuple[Any, ...]
):
    records = {(f"{name}.example.com", "SRV"): [record] for name, record in zone.items()}
    assert found(service, records, MAIL) == expected


@pytest.mark.parametrize(
    ("service", "zone", "expected"),
    [
        ("imap", {}, ("imap.example.com", 993, "tls")),
        ("imap", {("mail.example.com", "A"): ["192.0.2.1"]}, ("mail.example.com", 993, "tls")),
        ("submission", {}, ("smtp.example.com", 587, "starttls")),
        ("submission", {("mail.example.com", "AAAA"): ["2001:db8::1"]}, ("mail.example.com", 587, "starttls")),
        ("caldav", {}, ("https://caldav.example.com/.well-known/caldav",)),
        ("caldav", {("example.com", "A"): ["192.0.2.1"]}, ("https://example.com/.well-known/caldav",)),
    ],
)
def test_where_dns_names_no_server_the_usual_names_are_tried(service: str, zone: Zone, expected: tuple[Any, ...]):
    assert found(service, zone, DAV if service == "caldav" else MAIL) == expected


@pytest.mark.parametrize(
    ("txt", "url"),
    [
        ([], "https://dav.example.com:8443/.well-known/caldav"),
        (['"path=/dav/"'], "https://dav.example.com:8443/dav/"),
        (['"v=1" "path=/dav/"'], "https://dav.example.com:8443/dav/"),
        (['"path=evil"'], "https://dav.example.com:8443/.well-known/caldav"),
    ],
)
def test_calendars_are_at_the_path_of_the_txt_record_or_the_well_known_one(txt: list[str], url: str):
    zone = {("_caldavs._tcp.example.com", "SRV"): ["0 1 8443 dav.example.com."]}
    zone |= {("_caldavs._tcp.example.com", "TXT"): txt} if txt else {}
    assert found("caldav", zone, DAV) == (url,)


def test_the_first_by_priority_is_taken():
    records = ["20 1 993 spare.example.com.", "10 1 993 first.example.com."]
    assert found("imap", {("_imaps._tcp.example.com", "SRV"): records}, MAIL)[0] == "first.example.com"


def test_what_the_settings_say_stands_and_dns_is_asked_for_the_rest_only():
    zone = {
        ("_imaps._tcp.example.com", "SRV"): ["0 1 993 tls.example.com."],
        ("_imap._tcp.example.com", "SRV"): ["0 1 143 plain.example.com."],
    }
    assert found("imap", zone, {**MAIL, "tls": "starttls"}) == ("plain.example.com", 143, "starttls")
    assert found("imap", zone, {**MAIL, "tls": "tls", "port": 1993}) == ("tls.example.com", 1993, "tls")
    assert found("submission", {}, {**MAIL, "tls": "tls"}) == ("smtp.example.com", 465, "tls")


def test_a_named_server_is_never_looked_up():
    with name_server({}, rcode=dns.rcode.SERVFAIL):
        spot = located("imap", {**MAIL, "host": "192.0.2.1", "port": 993, "tls": "tls"}, "example.com")
    assert (spot["host"], spot["how"]) == ("192.0.2.1", "")


def test_how_a_server_was_found_is_told():
    with name_server({("_imaps._tcp.example.com", "SRV"): ["0 1 993 in.example.com."]}):
        assert located("imap", MAIL, "example.com")["how"] == "as _imaps._tcp.example.com says in DNS"
        assert located("submission", MAIL, "example.com")["how"] == (
            "a guess, since DNS has no _submissions._tcp.example.com, _submission._tcp.example.com;"
            " to be sure, name it in [provider.outbox]"
        )


def test_a_server_out_of_the_domain_is_not_trusted_with_a_password_until_the_admin_names_it():
    zone = {("_imaps._tcp.example.com", "SRV"): ["0 1 993 mail.notexample.com."]}
    with name_server(zone), pytest.raises(ProviderError) as refused:
        located("imap", MAIL, "example.com")
    assert refused.value.urgent
    assert str(refused.value) == (
        "_imaps._tcp.example.com in DNS points out of example.com, to mail.notexample.com;"
        ' if that is right, say so: host = "mail.notexample.com" in [provider.inbox]'
    )


def test_a_domain_that_says_it_has_no_server_is_believed():
    zone = {("_caldavs._tcp.example.com", "SRV"): ["0 0 0 ."], ("example.com", "A"): ["192.0.2.1"]}
    with name_server(zone), pytest.raises(ProviderError, match="has no such server; name one in"):
        located("caldav", DAV, "example.com")


def test_a_name_server_that_fails_is_no_word_about_the_domain_and_is_asked_again_later():
    with name_server({}, rcode=dns.rcode.SERVFAIL), pytest.raises(ProviderError, match="DNS cannot be asked") as failed:
        located("imap", MAIL, "example.com")
    assert (failed.value.permanent, failed.value.urgent) == (False, False)


def test_a_name_server_that_is_silent_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locate, "DNS_SECONDS", 0.2)
    with name_server({}, silent=True), pytest.raises(ProviderError, match="DNS cannot be asked"):
        located("imap", MAIL, "example.com")
