"""The same pages in Firefox: one signs in and asks by keys alone, and every screen loads without an error."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.browser.asks import PASSWORD
from tests.browser.bidi import firefox, origin

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
ENTER = "\ue007"
SPACE = " "
SCREENS = [
    ("ann", "/requests", "My requests"),
    ("ann", "/ask", "Ask for an outage"),
    ("ann", "/windows", "When is it free?"),
    ("ann", "/plan", "Plan"),
    ("ann", "/field", "My job today"),
    ("eve", "/inbox", "Needs a person"),
    ("eve", "/study", "Study"),
    ("roy", "/today", "Today"),
    ("eve", "/timeline", "Timeline"),
    ("eve", "/map", "Map"),
    ("eve", "/map?storm=yes", "Map"),
    ("eve", "/margin", "Maintenance margin"),
    ("aud", "/rules", "Record and rules"),
    ("aud", "/rules?part=journal", "Record and rules"),
]


@pytest.fixture(scope="module")
def fox(must_have, tmp_path_factory, address):
    must_have(PROGRAM is not None, "Firefox (apt-get install firefox-esr)")
    with firefox(str(PROGRAM), tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def window(fox, address):
    """Give the window, signed out; afterwards see that nothing went elsewhere and nothing broke."""
    fox.open("about:blank")  # Firefox calls it an error that a page is left whose stream is open
    fox.fresh()
    fox.size(1400, 960)
    fox.errors.clear()
    fox.asked.clear()
    yield fox
    strangers = [url for url in fox.asked if not url.startswith(("data:", "blob:")) and origin(url) != address]
    assert not strangers, "every request stays on our origin"
    assert not fox.errors


def element(label: str) -> str:
    """Give the expression for what a label names, as a person finds it."""
    return f"""(() => {{
      const label = [...document.querySelectorAll("label")].find(one => one.innerText.trim().startsWith({json.dumps(label)}));
      return label && (label.control ?? document.getElementById(label.htmlFor));
    }})()"""  # noqa: E501


def button(name: str) -> str:
    return f"[...document.querySelectorAll('button')].find(one => one.innerText.trim() === {json.dumps(name)})"


def sign_in(window, address: str, name: str, path: str) -> None:
    window.open(address + path)
    window.until(element("Name"))
    for label, text in (("Name", name), ("Password", PASSWORD)):
        window.tab_to(element(label))
        window.press(*text)
    window.press(ENTER)
    window.until(button("Sign out"))


@pytest.mark.parametrize(("name", "path", "title"), SCREENS)
def test_every_screen_loads_without_an_error_on_a_desk_and_in_a_hand(window, address, name, path, title):
    sign_in(window, address, name, path)
    window.until(f"document.querySelector('main h1')?.innerText.includes({json.dumps(title)})")
    for width, height in ((1400, 960), (390, 844)):
        window.size(width, height)
        window.until("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("key", "day"), [(ENTER, 10), (SPACE, 17)])
def test_a_request_whose_days_come_with_a_link_is_asked_for_and_granted_by_keys_alone(window, address, key, day):
    days = f"start=2027-02-{day}T00:00-05:00&end=2027-02-{day + 1}T00:00-05:00"
    sign_in(window, address, "ann", f"/ask?asset=branch:2&{days}")
    window.until("document.querySelector('[aria-label=\"Chosen equipment\"]')?.innerText.includes('line 2')")
    window.until("document.querySelector('[aria-label=\"At once\"]')?.innerText.includes('To be studied')")
    window.tab_to(element("Nature of the work"))
    window.press(*"Line")  # a space would open the list
    for label, text in (("Who answers", "Ann of the desk"), ("Telephone, day and night", "+1 555 0100")):
        window.tab_to(element(label))
        window.press(*text)
    window.tab_to(button("File the request"))
    window.press(key)
    window.until("/OTG-/.test(location.pathname)")
    window.until("document.querySelector('section[aria-label=Request]')?.innerText.includes('Approved')")
    window.until(f"document.body.innerText.includes('Wed 2027-02-{day} 00:00 → Thu 2027-02-{day + 1} 00:00')")
